"""Bad things to do to a repository, and commits as only an enemy writes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from muse.core.base import codec
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.commits.records import Author, Commit, encode_commit, encode_tree
from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import FILE, Entry

#: A folder of a tree that may hold any name: what stands below it, as bytes (a file), an entry, or a folder again.
Names = Mapping[str, "bytes | Entry | Names"]
#: Writes what a commit holds; gives the digest of its tree.
Build = Callable[[ObjectStore], bytes]


def cut(path: Path) -> None:
    """Only the first half of the file reached the disk."""
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    """Nothing of the file reached the disk."""
    os.truncate(path, 0)


def zero(path: Path) -> None:
    """The file has its length, and only zeros."""
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    """One bit in the middle is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def garbage(path: Path) -> None:
    """Something else was written there."""
    path.write_bytes(b"\xc1 not what muse wrote \xff" * 40)


DAMAGE: tuple[Callable[[Path], None], ...] = (cut, empty, zero, flip, garbage)


def packs(repo: Repo) -> list[Path]:
    """The packs of the store, oldest first."""
    newest = ops.newest(repo.layout)
    assert newest is not None
    return [Path(repo.layout.pack(ref.name)) for ref in newest.packs]


def muse_files(repo: Repo) -> set[str]:
    """Every file below `.muse/` but the caches, which may be written at any time."""
    found = (os.path.join(folder, name) for folder, _, names in os.walk(repo.layout.muse) for name in names)
    return {path for path in found if not path.startswith(repo.layout.cache)}


def tree(store: ObjectStore, names: Names) -> bytes:
    """Write a tree without looking at the names."""
    entries = {}
    for name, what in names.items():
        if isinstance(what, bytes):
            what = Entry(FILE, store.add(what))
        elif not isinstance(what, Entry):
            what = Entry("d", tree(store, what))
        entries[name] = what
    return store.add(encode_tree(entries))


def raw_tree(store: ObjectStore, names: Iterable[str], data: bytes = b"evil") -> bytes:
    """Write a tree of files whose names are in no order, and may be there twice."""
    order = list(names)
    return store.add(codec.pack(["tree", 1, order, FILE * len(order), store.add(data) * len(order)]))


def from_elsewhere(repo: Repo, build: Names | Build, branch: str = "theirs") -> None:
    """Make a branch at a commit that holds just that, as if it had been fetched."""

    def record(state: State) -> Draft[None]:
        digest = build(state.store) if callable(build) else tree(state.store, build)
        commit = Commit(digest, (), Author("Mal", "mal@example.org"), "2026-03-14T12:00:00+00:00", "evil")
        tip = state.store.add(encode_commit(commit))
        return Draft(lambda left: None, state.view._replace(branches={**state.view.branches, branch: tip}))

    writing(repo, "fetch", (), record)
