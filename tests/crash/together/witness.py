"""A reader of the log that sees every operation, and checks that each does what its command says, and no more.

So nothing that was recorded can be lost to another command: whatever goes, goes with an operation that says so.
"""

from __future__ import annotations

from muse.core.base.errors import MuseError
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.operations.view import EMPTY, View
from muse.core.packs.pack import PackGone
from muse.core.paths import Layout

#: The sections of the view that a command may change.
_SECTIONS = {
    "commit": {"stage"},
    "add": {"stage"},
    "restore": {"stage"},
    "reset": {"stage"},
    "shelf": {"stage", "shelf"},
    "tag": {"tags"},
    "checkout --force": {"stage"},
}
_TRIES = 10


class Witness:
    """Reads the log as it grows.

    Args:
        root: The repository.
        keep: How many operations gc has to keep.

    Attributes:
        seen: Every operation that was seen, by number.
        parents: The commits that they made, with their parents.
        unseen: How many were dropped before they could be seen.
        problems: What is wrong.
    """

    def __init__(self, root: str, keep: int = 0) -> None:
        self._keep = keep
        self._layout = Layout(root)
        self._digests: dict[int, bytes] = {}
        self._tags: dict[int, dict[str, bytes]] = {}
        self._last = 0
        self.seen: dict[int, Operation] = {}
        self.parents: dict[bytes, tuple[bytes, ...]] = {}
        self.unseen = 0
        self.problems: list[str] = []

    def look(self) -> None:
        """Take in what was recorded since the last time. A reader never sees an error."""
        try:
            newest = ops.newest(self._layout)
            if newest is None:
                return
            for number in range(self._last + 1, newest.number + 1):
                self._take(number)
            self._last = newest.number
        except Exception as error:
            self.problems.append(f"reader: {type(error).__name__}: {error}")

    def _take(self, number: int) -> None:
        try:
            operation, digest = ops.read_with_digest(self._layout, number)
        except FileNotFoundError:
            self.unseen += 1  # dropped meanwhile
            return
        self.seen[number], self._digests[number] = operation, digest
        self._read_tags(operation)
        before = self.seen.get(number - 1)
        if before is None:
            return
        if operation.previous != self._digests[number - 1]:
            self.problems.append(f"operation {number} does not rest on the one that was seen before it")
        why = self._wrong(before, operation)
        if why:
            command = operation.command
            self.problems.append(f"operation {number} (`{command}`): {why}\n{before.view}\n{operation.view}")
        self._note_commit(before, operation)

    def _read_tags(self, operation: Operation) -> None:
        """The tags after it, where they can still be had: what is long is no part of the entry."""
        for _ in range(_TRIES):
            store = ops.open_store(self._layout, ops.newest(self._layout))
            try:
                self._tags[operation.number] = operation.view.tags(store)
                return
            except PackGone:
                continue
            except MuseError:
                return  # its operation was dropped
            finally:
                store.close()

    def _wrong(self, before: Operation, after: Operation) -> str:
        """What an operation did to the view that its command does not say; empty when all is right."""
        if after.verb in ("undo", "redo"):
            return self._wrong_step(before, after)
        if after.verb not in (*_SECTIONS, "branch", "checkout", "gc"):
            return "nobody typed that"
        verb = after.verb + (" --force" if "--force" in after.args and after.verb == "checkout" else "")
        changed = _changed_sections(before.view, after.view) - _SECTIONS.get(verb, set())
        if changed:
            return f"it changes {changed}"
        if after.oldest != before.oldest and not self._may_drop(after):
            return f"it drops operations below {after.oldest}"
        if after.verb == "tag" and self._tags_differ(before, after):
            return "other tags than its own changed"
        if after.view.branches != _branches(before.view, after):
            return "other branches than its own changed"
        moves = after.verb in ("commit", "checkout", "reset")
        head = (before.view.branch, before.view.commit) == (after.view.branch, after.view.commit)
        return "" if moves or head else "something else is checked out"

    def _may_drop(self, after: Operation) -> bool:
        if after.verb != "gc" or "--forget" in after.args:
            return after.verb == "gc"
        kept = [number for number in range(after.oldest, after.number) if number in self.seen]
        return sum(self.seen[number].verb != "gc" for number in kept) >= self._keep

    def _wrong_step(self, before: Operation, after: Operation) -> str:
        number = before.at - 1 if after.verb == "undo" else before.redo[-1]
        redo = (*before.redo, before.at) if after.verb == "undo" else before.redo[:-1]
        there = self.seen.get(number)
        if after.redo != redo or (there is not None and after.at != there.at and after.verb == "undo"):
            return f"it leads to {after.at}, with {after.redo} to redo"
        return f"its view is not that of {number}" if there is not None and there.view != after.view else ""

    def _tags_differ(self, before: Operation, after: Operation) -> bool:
        old, new = self._tags.get(before.number), self._tags.get(after.number)
        if old is None or new is None:
            return False
        deleted = after.args[0] == "-d"
        name = after.args[1] if deleted else after.args[0]
        if (name in old) != deleted or (name in new) == deleted:
            return True
        return {**old, name: b""} != {**new, name: b""}

    def _note_commit(self, before: Operation, after: Operation) -> None:
        old, new = before.view.commit, after.view.commit
        if after.verb == "commit" and new is not None:
            above = (old,) if old is not None else ()
            self.parents[new] = self.parents.get(old or b"", ()) if "--amend" in after.args else above

    def kept(self) -> set[bytes]:
        """The commits that the operations which count at the end reach."""
        oldest = self.seen[self._last].oldest if self._last else 1
        pending: set[bytes] = set()
        for number in range(oldest, self._last + 1):
            if number in self.seen:
                view = self.seen[number].view
                pending.update(view.branches.values(), self._tags.get(number, {}).values())
                pending.update({view.commit} - {None})  # type: ignore[arg-type]
        found: set[bytes] = set()
        while pending:
            commit = pending.pop()
            if commit not in found:
                found.add(commit)
                pending.update(self.parents.get(commit, ()))
        return found


def _changed_sections(old: View, new: View) -> set[str]:
    names = old.sections.keys() | new.sections.keys()
    return {name for name in names if old.sections.get(name, EMPTY) != new.sections.get(name, EMPTY)}


def _branches(view: View, after: Operation) -> dict[str, bytes]:
    """The branches after an operation, as its command says."""
    branches, args, commit = dict(view.branches), after.args, after.view.commit
    if after.verb in ("commit", "reset") and after.view.branch is not None and commit is not None:
        return branches | {after.view.branch: commit}
    if after.verb == "branch" and args[0] == "-d":
        branches.pop(args[1], None)
    elif after.verb == "branch":
        branches[args[0]] = after.view.branches.get(args[0], b"")
    return branches
