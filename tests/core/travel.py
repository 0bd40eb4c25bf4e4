"""A folder on its way from one state to another, as a command takes it there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from muse.core.folder import worktree
from muse.core.folder.plan import Target, plan
from muse.core.folder.worktree import Staging
from muse.core.operations.ops import Operation
from muse.core.operations.view import Section, encode_changes
from muse.core.packs.store import ObjectStore
from tests.core import faults
from tests.core.folders import Contents, What, file, put_all
from tests.core.stores import an_operation, new_repo, writable

OLD, NEW, MINE = file(b"old"), file(b"new"), file(b"mine")
SAMPLE_BEFORE: Contents = {
    **{"a/x": OLD, "a/b/y": OLD, "same": OLD, "gone": OLD, "deep/er/est": OLD},
    **{"file": OLD, "folder/one": OLD, "folder/two": OLD, "link": What("l", b"same"), "run": What("x", b"old")},
}
SAMPLE_AFTER: Contents = {
    **{"a/x": NEW, "a/b/y": NEW, "same": OLD, "new/deep/f": NEW},
    **{"file/now/folder": NEW, "folder": NEW, "link": What("l", b".."), "run": OLD},
}


CHANGING = ("rename", "rename_noreplace", "exchange", "unlink", "rmdir", "mkdir")


class Stop(BaseException):
    """Stands for SIGKILL: nothing that cleans up may rely on being run."""


class Place:
    """A folder that goes from one state to another, as a command would take it."""

    def __init__(self, root: str | os.PathLike[str], before: Mapping[str, What], after: Mapping[str, What]) -> None:
        self.layout = new_repo(root).layout
        self.root = self.layout.root
        self.store: ObjectStore = writable(self.layout)
        put_all(self.root, before)
        for what in after.values():
            self.store.add(what.data)
        targets = [target(path, before.get(path), after.get(path)) for path in sorted({*before, *after})]
        found = plan(self.root, self.store, targets, lambda *arguments: False)
        assert found.collisions == ()
        self.planned = found.planned
        self.changes = tuple(one.change for one in found.planned)
        section = Section(encode_changes(self.changes))
        self.operation: Operation = an_operation(5, worktree=section, folder=5)

    def go(self, *, durable: bool = False) -> tuple[str, ...]:
        """Stage and put in place."""
        staging = Staging(self.layout, "0123", durable=durable)
        staging.write(self.changes, self.store)
        try:
            return worktree.put_in_place(self.root, self.planned, staging, durable=durable)
        finally:
            staging.discard()

    def die_after(self, calls: int) -> bool:
        """As `go`, but stop before that call which changes the folder, from 0; False when all were made."""
        staging = Staging(self.layout, "0123", durable=False)
        staging.write(self.changes, self.store)
        with faults.tripping(calls, Stop(), names=CHANGING), suppress(Stop):
            worktree.put_in_place(self.root, self.planned, staging, durable=False)
            return False
        return True

    def die_again_after(self, calls: int) -> None:
        """As `resume`, but stop half-way."""
        with faults.tripping(calls, Stop(), names=CHANGING), suppress(Stop):
            self.resume()

    def resume(self) -> tuple[str, ...]:
        """As the next command does."""
        worktree.clear_restore(self.layout)
        return worktree.resume(self.layout, self.operation, self.store, durable=False).left


def target(path: str, before: What | None, after: What | None) -> Target:
    return Target(path, before.entry if before else None, after.entry if after else None)


def with_folders(files: Mapping[str, What]) -> Contents:
    """Files, and the folders that they need."""
    above = {path.rsplit("/", up)[0] for path in files for up in range(1, path.count("/") + 1)}
    return {**dict.fromkeys(above, What("d")), **files}
