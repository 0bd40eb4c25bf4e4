"""`folder.listing`: what stands in one folder, and what the rules leave out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import names
from muse.core.folder import listing
from muse.core.folder.ignore import Rules
from muse.core.folder.listing import UNSEEN, Listing
from tests.core.folders import FIFO, What, file, later, put, put_all, right_after
from tests.core.names_to_try import NAMES
from tests.core.strange import NOT_OURS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def listed(root: Path, tracked: set[str] | None = None, rules: Rules | None = None) -> Listing:
    fd = os.open(root, os.O_RDONLY)
    try:
        return listing.list_folder(fd, tracked or set(), rules or Rules.root())
    finally:
        os.close(fd)


def test_names_are_sorted_by_what_they_are(root: Path) -> None:
    put_all(
        root,
        {
            **{"f": file(b""), "x": What("x"), "l": What("l", b"d"), "broken": What("l", b"nowhere")},
            **{"skip.log": file(b""), "keep.log": file(b""), ".muse ": file(b"")},
            **{"d": What("d"), ".MUSE": What("d"), "pipe": What(FIFO)},
        },
    )
    assert listed(root, {"keep.log"}, Rules.root(b"*.log\n")) == Listing(
        files=("broken", "f", "keep.log", "l", "x"),
        folders=("d",),
        others=("pipe",),
        ignored=(".MUSE", "skip.log"),
        forced=("keep.log",),
        bad=(".muse ",),
    )


@given(found=st.sets(NAMES, max_size=8), tracked=st.sets(NAMES, max_size=4), dots=st.booleans())
def test_every_name_is_in_one_place(
    tmp_path_factory: pytest.TempPathFactory, found: set[str], tracked: set[str], dots: bool
) -> None:
    root = tmp_path_factory.getbasetemp() / "listed"
    put(root.parent, "listed", What("d"))
    for name in found:
        put(root, name, file(b""))
    rules = Rules.root(b".*\n" if dots else None)
    where = listed(root, tracked, rules)
    assert sorted([*where.files, *where.ignored, *where.bad], key=str) == sorted(found)
    assert set(where.ignored) == {name for name in found - tracked if rules.ignored(name, False)}
    assert set(where.bad) == {name for name in found - set(where.ignored) if names.is_bad(name)}
    assert where.holds_for(tracked)
    others = {*found}
    assert where.holds_for(others) == (listed(root, others, rules) == where)


@given(found=st.dictionaries(NAMES, st.sampled_from("fdp"), max_size=8), data=st.data(), dots=st.booleans())
def test_what_only_the_tracked_names_leave_is_what_closed_rules_leave(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, str], data: st.DataObject, dots: bool
) -> None:
    root = tmp_path_factory.getbasetemp() / "closed"
    put(root.parent, "closed", What("d"))
    for name, kind in found.items():
        put(root, name, {"f": file(b""), "d": What("d"), "p": What(FIFO)}[kind])
    tracked = data.draw(st.sets(st.sampled_from(sorted(found)))) if found else set()
    rules = Rules.root(b".*\n" if dots else None)
    everything, closed = listed(root, tracked, rules), listed(root, tracked, rules.closed())
    assert everything.only(tracked) == closed == closed.only(tracked)
    assert set(closed.forced) == tracked
    assert set(closed.ignored) == found.keys() - tracked


def test_when_a_listing_can_be_trusted_again(root: Path) -> None:
    fd = os.open(root, os.O_RDONLY)
    with right_after(root):
        assert listing.folder_signature(fd) == UNSEEN
    with later():
        before = listing.folder_signature(fd)
        assert before != UNSEEN
        put(root, "new", file(b""))
        assert listing.folder_signature(fd) != before
    os.close(fd)


@pytest.mark.parametrize(
    ("files", "ignored"),
    [
        ({}, False),
        ({".museignore": b"data\n"}, True),
        ({".gitignore": b"data\n"}, True),
        ({".museignore": b"", ".gitignore": b"data\n"}, False),
        ({".museignore": b"data\n", ".gitignore": b"!data\n"}, True),
    ],
)
def test_the_rules_of_a_folder(root: Path, files: dict[str, bytes], ignored: bool) -> None:
    for name, data in files.items():
        (root / name).write_bytes(data)
    fd = os.open(root, os.O_RDONLY)
    assert listing.rules_of(fd, "", None, None).ignored("data", False) == ignored
    assert listing.rules_of(fd, "sub", Rules.root(), None).ignored("data", False) == ignored
    os.close(fd)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_a_rule_file(root: Path, make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert callable(make)
    make(root / ".museignore")
    fd = os.open(root, os.O_RDONLY)
    assert not listing.rules_of(fd, "", None, None).ignored("data", False)
    os.close(fd)


def test_a_rule_file_that_is_a_link_does_not_count(root: Path) -> None:
    (root / "rules").write_bytes(b"data\n")
    (root / ".museignore").symlink_to("rules")
    fd = os.open(root, os.O_RDONLY)
    assert not listing.rules_of(fd, "", None, None).ignored("data", False)
    os.close(fd)


def test_a_rule_file_is_looked_for_only_where_it_is_known_to_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".gitignore").write_bytes(b"data\n*ignore\n")
    fd = os.open(root, os.O_RDONLY)
    for rules in (None, Rules.root(b"*ignore\n")):
        known = listed(root, set(), rules)
        assert listing.rules_of(fd, "", rules, known).ignored("data", False)
    monkeypatch.setattr(listing, "_small_file", None)
    assert not listing.rules_of(fd, "", None, Listing(files=("f",))).ignored("data", False)
    os.close(fd)
