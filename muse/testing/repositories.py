"""Repositories to try things on: made, copied, taken stock of.

Everything is compared by value: `Contents` is all that a folder holds, `State` all that a repository promises. Two
states are equal when nobody could tell them apart, whatever random names lie below `.muse/`.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from muse.core.base.errors import MuseError
from muse.core.commits import dag, records, trees
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.packs.store import ObjectStore
from muse.core.paths import MUSE, Layout
from muse.core.settings import toml
from muse.core.system import temps
from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK, id_of
from muse.core.upkeep.reach import COMMIT, roots

#: All that a folder holds: path to (mode, bytes). The bytes of a link are its target, those of a folder are empty.
Contents = dict[str, tuple[str, bytes]]


class State(NamedTuple):
    """Everything a repository promises.

    Attributes:
        operation: The newest operation without what is random in it; None in a repository without history.
        commits: The digests of all commits that any branch, tag or checkout reaches.
        contents: The user's files.
        settings: What people have set in the repository, by key.
    """

    operation: Operation | None
    commits: frozenset[bytes]
    contents: Contents
    settings: tuple[tuple[str, object], ...] = ()


def write_contents(root: str, contents: Mapping[str, tuple[str, bytes]]) -> None:
    """Make the folder hold exactly these files, apart from `.muse/`."""
    for name in os.listdir(root):
        if name != MUSE:
            put(root, name, None)
    for path, what in contents.items():
        put(root, path, what)


def put(root: str, path: str, what: tuple[str, bytes] | None) -> None:
    """Put a file, a link or a folder in the place of whatever stands there; None only takes that away."""
    place = os.path.join(root, path)
    if os.path.isdir(place) and not os.path.islink(place):
        shutil.rmtree(place)
    elif os.path.lexists(place):
        os.unlink(place)
    if what is None:
        return
    mode, data = what
    os.makedirs(place if mode == FOLDER else os.path.dirname(place), exist_ok=True)
    if mode == LINK:
        os.symlink(data, os.fsencode(place))
    elif mode != FOLDER:
        with open(place, "wb") as file:
            file.write(data)
        os.chmod(place, 0o755 if mode == EXECUTABLE else 0o644)


def read_contents(root: str) -> Contents:
    """All that the folder holds, apart from `.muse/`; empty folders too."""
    return dict(_walk(root, ""))


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, tuple[str, bytes]]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = prefix + entry.name
        if path == MUSE:
            continue
        if entry.is_symlink():
            yield path, (LINK, os.fsencode(os.readlink(entry)))
        elif entry.is_dir():
            yield path, (FOLDER, b"")
            yield from _walk(entry.path, path + "/")
        else:
            yield path, _file(entry.path)


def _file(path: str) -> tuple[str, bytes]:
    with open(path, "rb") as file:
        mode = EXECUTABLE if os.fstat(file.fileno()).st_mode & stat.S_IXUSR else FILE
        return mode, file.read()


def copy(root: str, target: str) -> str:
    """A copy of the whole folder with everything in it, times included; no byte is shared. Returns `target`."""
    return shutil.copytree(root, target, symlinks=True)


def state_of(root: str) -> State:
    """Take stock of a repository.

    Raises:
        MuseError: Its newest operation or a commit cannot be read.
    """
    layout = Layout(root)
    newest = ops.newest(layout)
    if newest is None:
        return State(None, frozenset(), read_contents(root), _settings(layout))
    store = ObjectStore(layout, newest.packs)
    try:
        commits = frozenset(digest for digest, _ in dag.history(store, _tips(newest, store)))
    finally:
        store.close()
    settled = newest._replace(write_id=b"", previous=b"", packs=(), retires=())
    return State(settled, commits, read_contents(root), _settings(layout))


def _settings(layout: Layout) -> tuple[tuple[str, object], ...]:
    """All but what `init` found out about the file system."""
    return tuple(sorted((key, value) for key, value in toml.read(layout.config).items() if key != "store.publish"))


def _tips(operation: Operation, store: ObjectStore) -> set[bytes]:
    view = operation.view
    found = {*view.branches.values(), *view.tags(store).values()}
    return found if view.commit is None else found | {view.commit}


def damage(root: str) -> list[str]:
    """What cannot be read back of all that any operation that counts reaches; empty when everything is whole.

    Every commit, tree and file is read and its hash is compared, and so is all that is staged, shelved, or saved of
    the folder. Operations that a `doctor` has stood in for do not count.
    """
    layout = Layout(root)
    newest = ops.newest(layout)
    if newest is None:
        return []
    reader = _Reader(ObjectStore(layout, newest.packs))
    try:
        for number in reversed(ops.numbers(layout, newest.oldest)):
            if number not in reader.lost:
                reader.operation(layout, number)
    finally:
        reader.store.close()
    return reader.problems


class _Reader:
    """Reads everything once, and notes what cannot be read."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.done: set[bytes] = set()
        self.problems: list[str] = []
        self.lost: set[int] = set()

    def operation(self, layout: Layout, number: int) -> None:
        try:
            operation = ops.read(layout, number)
            self.lost.update(operation.lost)
            for kind, digest in roots(operation, self.store):
                if kind == COMMIT:
                    self._commits(digest)
                else:
                    self._blobs([digest])
        except MuseError as error:
            self.problems.append(f"operation {number}: {error.message}")

    def _commits(self, tip: bytes) -> None:
        pending = [tip]
        while pending:
            digest = pending.pop()
            if digest in self.done:
                continue
            self.done.add(digest)
            try:
                commit = records.read_commit(self.store, digest)
                pending += commit.parents
                self._tree(commit.tree)
            except MuseError as error:
                self.problems.append(f"commit {id_of(digest)}: {error.message}")

    def _tree(self, digest: bytes) -> None:
        if digest in self.done:
            return
        self.done.add(digest)
        tree: records.Tree = trees.read_tree(self.store, digest)
        for entry in tree.values():
            if entry.mode == FOLDER:
                self._tree(entry.digest)
        self._blobs(entry.digest for entry in tree.values() if entry.mode != FOLDER)

    def _blobs(self, digests: Iterable[bytes]) -> None:
        for digest in digests:
            if digest not in self.done:
                self.done.add(digest)
                self.store.read(digest)


def litter(root: str, *, grace: float = 0) -> list[str]:
    """What a dead command left below `.muse/` and the next one should have removed, as paths from there.

    A pack that no operation names is not litter: it waits for gc.

    Args:
        root: The repository.
        grace: Seconds for which a file of those families is spared whose writers may take no lock. Where files can
            live without a name a dead command leaves none.
    """
    muse = os.path.join(root, MUSE)
    found = [os.path.join(folder, name) for folder, _, files in os.walk(muse) for name in files]
    stale = [path for path in found if _is_stale(path, grace)]
    waiting = os.path.join(muse, "restore")
    held = [os.path.join(waiting, name) for name in os.listdir(waiting)] if os.path.isdir(waiting) else []
    return sorted({os.path.relpath(path, muse) for path in (*stale, *held)})


def _is_stale(path: str, grace: float) -> bool:
    name = os.path.basename(path)
    old = abs(time.time() - os.lstat(path).st_mtime) >= grace  # a time in the future counts as old, too
    return temps.is_muse_temp(name) or (temps.is_object_temp(name) and old)
