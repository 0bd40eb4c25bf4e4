"""`commits.records`: trees and commits come back as they were, and a hostile one is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base import names
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged, Refused, TooNew
from muse.core.commits import records
from muse.core.commits.records import Author, Commit
from muse.core.types import Entry, digest_of
from tests.core.names_to_try import BAD, NAMES

DIGESTS = st.binary(min_size=32, max_size=32)
ENTRIES = st.builds(Entry, st.sampled_from("fxld"), DIGESTS)
TREES = st.dictionaries(NAMES, ENTRIES, max_size=8)
# Text without the lone surrogates that stand for no byte.
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.binary(max_size=20).map(
    lambda data: data.decode("utf-8", "surrogateescape")
)
COMMITS = st.builds(
    Commit,
    DIGESTS,
    st.lists(DIGESTS, max_size=3).map(tuple),
    st.builds(Author, TEXTS, TEXTS),
    st.just("2026-03-14T12:00:00+01:00"),
    TEXTS,
)


@given(tree=TREES)
def test_trees_come_back_in_order(tree: records.Tree) -> None:
    found = records.decode_columns(records.encode_tree(tree), "it").entries()
    assert found == tree
    assert list(found) == sorted(tree, key=names.sort_key)


@given(tree=TREES, order=st.randoms(use_true_random=False))
def test_the_same_entries_are_the_same_tree(tree: records.Tree, order: Any) -> None:
    shuffled = list(tree.items())
    order.shuffle(shuffled)
    assert records.encode_tree(dict(shuffled)) == records.encode_tree(tree)


@given(commit=COMMITS)
def test_commits_come_back(commit: Commit) -> None:
    assert records.decode_commit(records.encode_commit(commit), "it") == commit


def test_the_bytes_of_records_are_fixed() -> None:
    tree = {"b": Entry("x", bytes(32)), "a": Entry("f", b"\1" * 32)}
    data = records.encode_tree(tree)
    assert unpack(data, "it") == ("tree", 1, ("a", "b"), "fx", b"\1" * 32 + bytes(32))
    assert digest_of(data).hex()[:16] == "36f58a7a8edee615"
    commit = Commit(bytes(32), (), Author("Ada", "ada@example.org"), "2026-03-14T12:00:00+00:00", "first\n")
    assert unpack(records.encode_commit(commit), "it") == (
        *("commit", 1, bytes(32), (), ("Ada", "ada@example.org")),
        *("2026-03-14T12:00:00+00:00", "first\n"),
    )
    assert digest_of(records.encode_commit(commit)).hex()[:16] == "072d053b09691782"


@pytest.mark.parametrize(
    ("message", "subject"), [("", ""), ("a", "a"), ("a\n\nb", "a"), ("\n\n a \nb", "a"), ("  ", ""), ("a\r\nb", "a")]
)
def test_the_subject_is_the_first_line(message: str, subject: str) -> None:
    assert Commit(b"", (), Author("", ""), "", message).subject == subject


# Hostile records


@pytest.mark.parametrize("name", BAD, ids=ascii)
@pytest.mark.parametrize("others", [[], ["a", "z"]])
def test_a_tree_with_a_bad_name_is_refused(name: str, others: list[str]) -> None:
    data = records.encode_tree({each: Entry("f", bytes(32)) for each in (name, *others)})
    with pytest.raises(Damaged, match="which could write outside the folder"):
        records.decode_columns(data, "it")


Z = bytes(32)


def short(value: object) -> str:
    """A value as it names a test."""
    return repr(value).replace(repr(Z)[2:-1], "0")


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "tree",
        b"tree",
        {},
        ["tree"],
        ["blob", 1, ["a"], "f", Z],
        ["tree", 0, ["a"], "f", Z],
        ["tree", None, ["a"], "f", Z],
        ["tree", "1", ["a"], "f", Z],
        ["tree", 1, ["a"], "f", Z, 0],
        ["tree", 1, ["a", "a"], "ff", Z + Z],
        ["tree", 1, ["a"], "ff", Z],
        ["tree", 1, ["a"], "f", Z + Z],
        ["tree", 1, ["a"], "f", Z[1:]],
        ["tree", 1, ["a"], "q", Z],
        ["tree", 1, ["a"], ["f"], Z],
        ["tree", 1, ["a"], b"f", Z],
        ["tree", 1, ["a"], [["f"]], Z],
        ["tree", 1, ["a"], "f", "0" * 32],
        ["tree", 1, [b"a"], "f", Z],
        ["tree", 1, [1], "f", Z],
        ["tree", 1, [None], "f", Z],
        ["tree", 1, [{}], "f", Z],
        ["tree", 1, [["a"]], "f", Z],
        ["tree", 1, "a", "f", Z],
        ["tree", 1, {"a": 1}, "f", Z],
    ],
    ids=short,
)
def test_what_is_no_tree(value: object) -> None:
    with pytest.raises(Damaged, match="it is not a tree"):
        records.decode_columns(pack(value), "it")


GOOD = [*("commit", 1, Z, [Z, Z], ["Ada", "ada@example.org"]), *("2026-03-14T12:00:00+00:00", "first")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        GOOD[:-1],
        [*GOOD, 1],
        ["tree", *GOOD[1:]],
        [*GOOD[:1], 0, *GOOD[2:]],
        *([*GOOD[:2], tree, *GOOD[3:]] for tree in (None, "0" * 32, Z[1:], Z + Z)),
        *([*GOOD[:3], parents, *GOOD[4:]] for parents in (None, 1, Z, [None], [Z, "0" * 32], {Z: 1}, "ab")),
        *([*GOOD[:4], author, *GOOD[5:]] for author in (None, "ab", ["a"], ["a", 1], [b"a", "b"], ["a", "b", "c"])),
        *([*GOOD[:5], time, GOOD[6]] for time in (None, 0, b"2026")),
        *([*GOOD[:6], message] for message in (None, 0, b"first", ["first"])),
    ],
    ids=short,
)
def test_what_is_no_commit(value: object) -> None:
    records.decode_commit(pack(GOOD), "it")
    with pytest.raises(Damaged, match="it is not a commit"):
        records.decode_commit(pack(value), "it")


def test_a_newer_record_says_so() -> None:
    with pytest.raises(TooNew, match=r"it was written by a newer muse \(version 2\)"):
        records.decode_columns(pack(["tree", 2, ["a"], "f", Z]), "it")
    with pytest.raises(TooNew, match=r"it was written by a newer muse \(version 3\)"):
        records.decode_commit(pack(["commit", 3, "other", "fields"]), "it")


WORDS = st.sampled_from(["", "a", "..", "f", "tree", "commit"])
LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.just(Z) | WORDS
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))


@settings(max_examples=150)
@given(
    kind=st.sampled_from(["tree", "commit"]), values=st.lists(ANYTHING, max_size=5), at=st.integers(0, 6), odd=ANYTHING
)
def test_any_value_is_a_record_or_damaged(kind: str, values: list[Any], at: int, odd: Any) -> None:
    for value in ([kind, 1, *values], [*GOOD[:at], odd, *GOOD[at + 1 :]]):
        for decode in (records.decode_columns, records.decode_commit):
            try:
                decode(pack(value), "it")
            except Damaged as error:
                assert error.message.startswith("it ")


@given(data=st.binary())
def test_any_bytes_are_a_record_or_damaged(data: bytes) -> None:
    for decode in (records.decode_columns, records.decode_commit):
        with pytest.raises(Damaged):
            decode(data, "it")


def test_what_could_not_be_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"a name": Entry("f", Z)}
    commit = Commit(Z, (), Author("Ada", "ada@example.org"), "2026-01-01T00:00:00Z", "a message")
    longest = max(len(records.encode_tree(tree)), len(records.encode_commit(commit)))
    monkeypatch.setattr(records, "MAX_RECORD", longest)
    records.encode_tree(tree)
    records.encode_commit(commit)
    with pytest.raises(Refused, match="muse keeps at most"):
        records.encode_tree({"a" * longest: Entry("f", Z)})
    with pytest.raises(Refused, match="muse keeps at most"):
        records.encode_commit(commit._replace(message="a" * longest))
