"""`commands.revs`: what people call a commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import Damaged, UsageProblem
from muse.core.commands import revs
from muse.core.commands.command import State
from muse.core.commits import dag, trees
from muse.core.commits.records import Author, Commit, encode_commit
from muse.core.operations.view import Section, View
from muse.core.types import id_of
from tests.core.stores import an_operation, new_repo, put_operation, writable


class Place:
    """A repository with a small history: root - one - two - merge, with side beside two."""

    def __init__(self, folder: Path) -> None:
        self.repo = new_repo(folder)
        self.store = writable(self.repo.layout)
        self.store.add(b"a blob")
        self.root = self.commit("root")
        self.one = self.commit("one", self.root)
        self.two = self.commit("two", self.one)
        self.side = self.commit("side", self.one)
        self.merge = self.commit("merge", self.two, self.side)
        writer = self.store.writer
        assert writer is not None
        (ref,) = writer.finish()
        self.store = writable(self.repo.layout, [ref])
        branches = {"main": self.merge, "side": self.side, "a/b": self.one, "deadbeef": self.two}
        view = View("main", self.merge, branches).with_section(self.store, "tags", {"v1": self.two, "side": self.root})
        self.state = State(self.repo, None, view, self.store, [])

    def commit(self, message: str, *parents: bytes) -> bytes:
        time = "2026-03-14T12:00:00+00:00"
        return self.store.add(encode_commit(Commit(trees.EMPTY_DIGEST, parents, Author("Ada", ""), time, message)))

    def find(self, text: str) -> bytes:
        return revs.resolve(self.state, text)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HEAD", "merge"),
        ("@", "merge"),
        ("main", "merge"),
        ("HEAD~", "two"),
        ("HEAD~1", "two"),
        ("HEAD^", "two"),
        ("HEAD^1", "two"),
        ("HEAD^2", "side"),
        ("HEAD^0", "merge"),
        ("HEAD~0", "merge"),
        ("HEAD~2", "one"),
        ("HEAD^2~", "one"),
        ("HEAD^2^", "one"),
        ("HEAD~3", "root"),
        ("HEAD^^^", "root"),
        ("HEAD~~~", "root"),
        ("@~2", "one"),
        ("a/b", "one"),
        ("a/b^", "root"),
        ("v1", "two"),
        ("v1~2", "root"),
        ("side", "side"),
        ("deadbeef", "two"),
    ],
)
def test_names_and_steps(place: Place, text: str, name: str) -> None:
    assert place.find(text) == getattr(place, name)


@pytest.mark.parametrize("digits", [4, 7, 12, 40, 64])
def test_ids_may_be_shortened(place: Place, digits: int) -> None:
    whole = place.one.hex()
    for text in (whole[:digits], f"sha256:{whole[:digits]}"):
        assert place.find(text) == place.one
        assert place.find(f"{text}~1") == place.root


@pytest.mark.parametrize(
    "text",
    [
        "", "nothing", "HEAD~4", "HEAD^3", "HEAD~999999999", "HEAD~" + "9" * 5000, "main~5", "~1", "^", "HEAD~x",
        "HEAD^-1", "abc", "g" * 8, "0" * 65, "sha256:", "sha256:" + "0" * 64, "ABCD", "head", "v1@{now", "HEAD@{}",
        "\0", "a\nb", "..", "HEAD~\u0661",
    ],
)  # fmt: skip
def test_what_names_nothing(place: Place, text: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        place.find(text)
    assert refused.value.message.isprintable()
    assert refused.value.hint


def test_blobs_and_trees_are_no_commits(place: Place) -> None:
    for digest in (place.store.add(b"a blob"), trees.EMPTY_DIGEST):
        with pytest.raises(UsageProblem, match="names no commit"):
            place.find(id_of(digest))


def test_an_ambiguous_id_lists_the_candidates(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(place.store), "starting_with", lambda store, digits, damage: {place.one, place.two})
    with pytest.raises(UsageProblem, match="abcd is the beginning of 2 commits") as refused:
        place.find("abcd")
    for digest in (place.one, place.two):
        assert id_of(digest)[:19] in refused.value.hint


def test_before_the_first_commit(tmp_path: Path) -> None:
    repo = new_repo(tmp_path)
    with pytest.raises(UsageProblem, match="there is no commit yet"):
        revs.resolve(State(repo, None, View(), writable(repo.layout), []), "HEAD")


def test_a_commit_that_is_lost_is_damage(place: Place) -> None:
    view = place.state.view._replace(branches={"lost": bytes(32)})
    with pytest.raises(Damaged, match="is missing"):
        revs.resolve(place.state._replace(view=view), "lost~1")


def test_tags_that_are_lost_hide_nothing_else(place: Place) -> None:
    view = place.state.view._replace(sections={"tags": Section(None, bytes(32))})
    state = place.state._replace(view=view)
    for text in ("HEAD~1", "main^", place.two.hex()[:10]):
        assert revs.resolve(state, text) == place.two
    with pytest.raises(Damaged, match="is missing"):
        revs.resolve(state, "v1")


def test_far_steps_are_taken_in_the_commit_graph(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [place.root]
    for number in range(300):
        made.append(place.commit(str(number), made[-1]))
    far = place.state._replace(view=place.state.view._replace(branches={"main": made[-1]}))
    place.state = far
    assert list(dag.history(place.store, made[-1:], place.repo.layout.graph_cache, number=301))[-1][0] == place.root
    monkeypatch.setattr(revs, "read_commit", None)
    monkeypatch.setattr(dag, "read_commit", None)
    assert place.find("main~300") == place.root
    assert place.find("main~200") == made[100]
    with pytest.raises(UsageProblem, match="main~301 goes back beyond the first commit"):
        place.find("main~301")


MOMENTS = {"10:00": "root", "11:00": "one", "12:00": "two"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("@{2026-03-14 12:00}", "two"),
        ("@{2026-03-14 11:59}", "one"),
        ("HEAD@{2026-03-14 10:30}", "root"),
        ("main@{2026-03-14 11:00}", "one"),
        ("@{1 hour ago}", "two"),
        ("@{2 hours ago}", "one"),
        ("@{now}", "two"),
        ("@{now}~1", "one"),
    ],
)
def test_what_was_checked_out_at_a_moment(place: Place, monkeypatch: pytest.MonkeyPatch, text: str, name: str) -> None:
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T13:00:00+00:00")
    for number, (clock, commit) in enumerate(MOMENTS.items(), 1):
        digest = getattr(place, commit)
        view = View("main", digest, {"main": digest})
        operation = an_operation(number, time=f"2026-03-14T{clock}:00+00:00", view=view)
        place.state = place.state._replace(operation=put_operation(place.repo.layout, operation))
    assert place.find(text) == getattr(place, name)
    for nothing in ("@{2026-03-14 09:59}", "side@{now}", "@{3 moons ago}"):
        with pytest.raises(UsageProblem):
            place.find(nothing)


GOOD_NAMES = ["main", "a/b", "feature-1", "v1.0", "é", "日本語", "x" * 200, "deadbeef", "a@b", "head"]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_good_names(name: str) -> None:
    assert revs.check_name(name, "branch") == name


BAD_NAMES = [
    "", "HEAD", "@", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{b", "a..b", "a//b", "/a", "a/", "-a",
    ".a", "a.", "a/.muse", "a/..", "a\nb", "a\x7f", "x" * 201, "a/./b", "{", "}",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names(name: str) -> None:
    with pytest.raises(UsageProblem, match=r"cannot be the name of a branch") as refused:
        revs.check_name(name, "branch")
    assert refused.value.message.isprintable()


@given(name=st.text(max_size=8), step=st.sampled_from(["", "~1", "^", "^2~3", "@{now}"]))
def test_no_good_name_can_be_taken_for_something_else(name: str, step: str) -> None:
    try:
        revs.check_name(name, "branch")
    except UsageProblem:
        return
    base, _ = revs._split(name + step)
    at = revs._AT.fullmatch(base)
    assert (at.group(1) if at else base) == name


def test_an_id_whose_part_of_the_index_is_damaged_is_not_unknown(place: Place) -> None:
    """The pack opens, and only who looks for an object there notices."""
    (ref,) = place.store.refs
    place.store.close()
    path = Path(place.repo.layout.pack(ref.name))
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=ref.name):
        place.find(id_of(place.one))
    with pytest.raises(UsageProblem):
        place.find("nothing")
