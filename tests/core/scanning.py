"""A folder to scan, and a plain model of what a scan should find in it."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import pytest

from muse.core.commits import trees
from muse.core.folder import files, scan
from muse.core.folder.files import Content
from muse.core.folder.scan import Scan, Skipped
from muse.core.stat_cache import StatCache
from muse.core.types import Change, Entry
from tests.core.folders import FIFO, Contents, later, read
from tests.core.stores import MemoryStore

Files = dict[str, Entry]


class Place:
    """A folder, the commit it is compared with, and the cache that goes from scan to scan."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)
        os.makedirs(os.path.join(self.root, ".muse", "cache"))
        self.store = MemoryStore()
        self.committed: Files = {}
        self.tree: bytes | None = None
        self.cache = StatCache(os.path.join(self.root, ".muse", "cache", "stat"))
        self.reads: list[str] = []
        self.sunk: dict[str, Content] = {}

    def scan(
        self, *, staged: Collection[str] = (), settled: bool = False, within: Collection[str] = ("",)
    ) -> Scan:
        """Compare. `settled`: as if nothing had changed for a while."""
        self.reads, self.sunk = [], {}
        original = files.read_entry

        def counted(dir_fd: int, name: str, path: str, **options: Any) -> Content:
            self.reads.append(path)
            return original(dir_fd, name, path, **options)

        def sink(path: str, before: Entry | None, content: Content) -> None:
            self.sunk[path] = content

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "read_entry", counted)
            with later(10 if settled else 0):
                return scan.scan(
                    self.root, self.store, self.tree, self.cache, staged=staged, sink=sink, within=within
                )

    def commit(self, files: Files) -> None:
        """Commit exactly these files."""
        self.tree = trees.update(self.store, None, files.items())
        self.committed = files

    def commit_all(self) -> None:
        """Commit everything that a scan would take."""
        self.commit(visible(read(self.root), self.committed))

    def reload(self) -> None:
        """Go on as another process."""
        assert self.cache.save()
        self.cache = StatCache(self.cache.path)


def visible(contents: Contents, committed: Files) -> Files:
    """The files that count."""
    return {
        path: what.entry
        for path, what in contents.items()
        if what.mode in "fxl" and not is_left_out(path, contents, committed)
    }


def is_left_out(path: str, contents: Contents, committed: Files) -> bool:
    return not is_tracked(path, committed) and (is_in_closed(path, contents) or is_ignored(path, False))


def is_in_closed(path: str, contents: Contents) -> bool:
    parts = path.split("/")
    return any(is_closed("/".join(parts[:length]), contents) for length in range(1, len(parts)))


def is_tracked(path: str, committed: Files) -> bool:
    return path in committed or any(each.startswith(path + "/") for each in committed)


def is_ignored(path: str, is_folder: bool) -> bool:
    name = path.rpartition("/")[2]
    return name in (".git", ".muse", ".DS_Store") or name.startswith(".~") or (is_folder and name == "__pycache__")


def is_repository(folder: str, contents: Contents) -> bool:
    return f"{folder}/.git" in contents or f"{folder}/.muse" in contents


def is_environment(folder: str, contents: Contents) -> bool:
    mark = contents.get(f"{folder}/pyvenv.cfg")
    return mark is not None and mark.mode in "fxl"


def is_closed(folder: str, contents: Contents) -> bool:
    return is_ignored(folder, True) or is_environment(folder, contents) or is_repository(folder, contents)


def differences(before: Files, after: Files) -> set[Change]:
    return {
        Change(path, before.get(path), after.get(path))
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }


def left_out(contents: Contents, committed: Files) -> set[Skipped]:
    """What a scan should name."""
    found = set()
    for path, what in contents.items():
        if what.mode == FIFO and not is_left_out(path, contents, committed):
            found.add(Skipped(path, "special"))
        silent = is_in_closed(path, contents) or is_ignored(path, True) or is_environment(path, contents)
        if what.mode == "d" and is_repository(path, contents) and not silent:
            found.add(Skipped(path, "repository"))
    return found


def check(place: Place, result: Scan) -> None:
    contents = read(place.root)
    expected = differences(place.committed, visible(contents, place.committed))
    assert set(result.changes) == expected
    assert len(result.changes) == len(expected)
    assert [change.path.encode("utf-8", "surrogateescape") for change in result.changes] == sorted(
        change.path.encode("utf-8", "surrogateescape") for change in result.changes
    )
    assert set(result.skipped) == left_out(contents, place.committed)
    assert result.troubles == ()
    for path, content in place.sunk.items():
        assert content.data == contents[path].data
        assert content.entry == contents[path].entry
