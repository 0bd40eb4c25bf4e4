"""`damage.affected`: which commits are affected by the loss of an object, and which of their paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.commits import trees
from muse.core.commits.records import Author, Commit, encode_commit, encode_tree
from muse.core.damage import affected
from muse.core.damage.affected import Affected, Broken
from muse.core.types import FOLDER, Entry, digest_of
from tests.core.stores import MemoryStore

CONTENTS = [b"0", b"1", b"2", b"3"]
FILES = st.dictionaries(st.sampled_from(["a", "b", "x/a", "x/b", "x/y/a", "z/a"]), st.sampled_from(CONTENTS))


def commit(store: MemoryStore, tree: bytes, time: int = 0) -> bytes:
    """A commit of a tree."""
    record = Commit(tree, (), Author("a", "b"), f"2026-03-14T12:00:{time:02}+00:00", f"at {time}")
    return store.add(encode_commit(record))


def tree_of(store: MemoryStore, files: dict[str, bytes]) -> bytes:
    """A tree with these files."""
    return trees.update(store, None, [(path, store.file(data)) for path, data in files.items()])


@given(st.lists(FILES, max_size=4), st.sets(st.sampled_from(CONTENTS)))
def test_every_path_that_is_lost_and_no_other(snapshots: list[dict[str, bytes]], lost: set[bytes]) -> None:
    store = MemoryStore()
    commits = [commit(store, tree_of(store, files), time) for time, files in enumerate(snapshots)]
    found = Affected(store, {digest_of(data) for data in lost}).broken(commits)
    wanted = {}
    for digest, files in zip(commits, snapshots, strict=True):
        paths = {path for path, data in files.items() if data in lost}
        if paths:
            wanted[digest] = paths
    assert {one.commit: {*one.paths} for one in found} == wanted
    assert all(one.total == len(one.paths) for one in found)
    assert [one.record and one.record.subject for one in found] == sorted(
        [f"at {time}" for time, digest in enumerate(commits) if digest in wanted], reverse=True
    )


def test_what_an_object_affects() -> None:
    store = MemoryStore()
    commits = [commit(store, tree_of(store, {"x/a": b"lost", "b": b"%d" % time}), time) for time in range(3)]
    found = Affected(store, {digest_of(b"lost")})
    found.broken(commits)
    assert sorted(found.commits[digest_of(b"lost")]) == sorted(commits)
    assert found.paths == {digest_of(b"lost"): ["x/a"]}


def test_a_lost_folder_stands_for_all_in_it() -> None:
    store = MemoryStore()
    tree = tree_of(store, {"x/y/a": b"1", "x/y/b": b"2", "c": b"3"})
    folder = trees.lookup(store, tree, "x/y")
    assert folder is not None
    at = commit(store, tree)
    lost = {folder.digest, digest_of(b"3")}
    assert [one.paths for one in Affected(store, lost).broken([at])] == [("c", "x/y/")]
    assert [one.paths for one in Affected(store, {tree}).broken([at])] == [("./",)]


def test_a_lost_commit() -> None:
    assert Affected(MemoryStore(), {bytes(32)}).broken([bytes(32)]) == (Broken(bytes(32), None, ("./",), 1),)


def test_many_paths_are_counted_and_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affected, "MOST", 3)
    store = MemoryStore()
    at = commit(store, tree_of(store, {f"{number}": b"lost" for number in range(9)}))
    (one,) = Affected(store, {digest_of(b"lost")}).broken([at])
    assert (one.paths, one.total) == (("0", "1", "2"), 9)


def test_a_tree_that_nests_deeper_than_any_scan_goes() -> None:
    store = MemoryStore()
    tree = tree_of(store, {"a": b"lost"})
    for _ in range(5000):
        tree = store.add(encode_tree({"d": Entry(FOLDER, tree)}))
    (one,) = Affected(store, {digest_of(b"lost")}).broken([commit(store, tree)])
    assert (len(one.paths), one.total) == (1, 1)


def test_a_tree_is_looked_at_once() -> None:
    store = MemoryStore()
    tree = tree_of(store, {"x/a": b"1", "x/b": b"2", "y/a": b"3"})
    commits = [commit(store, tree, time) for time in range(20)]
    store.reads.clear()
    assert Affected(store, {bytes(32)}).broken(commits) == ()
    assert len(store.reads) == 20 + 3
