"""Record the state of the folder as a commit."""

from __future__ import annotations

from typing import NamedTuple

from muse.core import trees
from muse.core.clock import now
from muse.core.command import State
from muse.core.identity import author
from muse.core.names import show, writable
from muse.core.records import Commit, encode_commit
from muse.core.repo import Repo
from muse.core.types import Change, Entry, id_of
from muse.core.writing import SHARED, Draft, writing
from muse.display.document import Block, Document, Hint, Notice, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.notebook import session
from muse.verbs import _work
from muse.verbs._files import notebook_diff, status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.core.scan import Skipped

EXAMPLE = 'muse commit -m "first look"'

_VERBS = {"added": "add", "changed": "update", "deleted": "remove"}


class _Fields(NamedTuple):
    commit: bytes | None
    branch: str | None
    record: Commit | None
    changes: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    only_staged: bool
    new_branch: bool
    unsaved: session.Unsaved | None
    notes: tuple[str, ...]


class CommitResult(Result, _Fields):
    """The commit that was made.

    Attributes:
        commit: Its digest; None when there was nothing to commit.
        branch: The branch it is on.
        record: What it says: author, time, message; None as well.
        changes: The files in it that differ from its parent.
        skipped: What was left out, and why.
        only_staged: Nothing but the stage was looked at.
        new_branch: The branch was made to give the commit a name.
        unsaved: What the kernel ran and the notebook on the disk does not hold.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """1 when there was nothing to commit."""
        return 0 if self.commit is not None else 1

    @property
    def subject(self) -> str:
        """The first line of its message; empty when there was nothing to commit."""
        return self.record.subject if self.record is not None else ""

    def document(self) -> Document:
        """The answer for people."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        from muse.verbs.status import skipped_lines

        for note in self.notes:
            yield Notice(note)
        if self.unsaved is not None:
            yield Notice(self.unsaved.notice("commit"))
        if self.commit is None:
            why = "nothing is staged" if self.only_staged else "the folder is as in the last commit"
            yield line(f"Nothing to commit: {why}.")
            yield from skipped_lines(self.skipped)
            return
        at = short_id(id_of(self.commit))
        yield line((f"[{self.branch}", "branch"), " ", (at, "id"), ("]", "branch"), f" {self.subject}")
        yield line((self._counts(), "dim"))
        yield from skipped_lines(self.skipped)
        if self.new_branch:
            yield Hint(f"no branch was checked out, so the commit got one: {self.branch}")

    def _counts(self) -> str:
        statuses = [status_of(change) for change in self.changes]
        counts = [f"{statuses.count(word)} {word}" for word in ("added", "changed", "deleted") if word in statuses]
        return f"{plural(len(statuses), 'file')}: {', '.join(counts)}"

    def json(self) -> object:
        """The answer for programs."""
        return {
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            "branch": self.branch,
            "message": self.record.message if self.record is not None else None,
            **{
                status: [change.path for change in self.changes if status_of(change) == status]
                for status in ("added", "changed", "deleted")
            },
            "unsaved": [run.source for run in self.unsaved.runs] if self.unsaved else [],
            "skipped": [{"path": path, "why": why, "size": size} for path, why, size in self.skipped],
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("-m", "--message", help="what changed, and why (else muse says what changed)")
    parser.add_argument("--staged", action="store_true", help="only what `muse add` has staged")


def commit(message: str | None = None, *, staged: bool = False, repo: Repo | None = None) -> CommitResult:
    """Record what is staged; with nothing staged, the whole folder.

    Args:
        message: What changed, and why. Without one the message says which files and cells changed.
        staged: Only what is staged, never the whole folder.

    Raises:
        SystemTrouble: A file cannot be read, or the disk is full; nothing was recorded.
        Refused: Another command changed branch or stage at the same time.
    """
    repo = repo or Repo.open()
    session.save_first(repo.root)
    message = message if message is None else writable(message)
    args = (*(("-m", message) if message is not None else ()), *(("--staged",) if staged else ()))
    return writing(repo, "commit", args, lambda state: _Build(state, message, staged).draft(), lock=SHARED)


class _Build:
    """Decides what a commit holds, from one state of the repository."""

    def __init__(self, state: State, message: str | None, only_staged: bool) -> None:
        self.state, self.message = state, message
        self.view, self.store = state.view, state.store
        self.stage = self.view.stage(self.store)
        self.only_staged = only_staged or bool(self.stage)
        self.skipped: tuple[Skipped, ...] = ()

    def draft(self) -> Draft[CommitResult]:
        unsaved = session.unsaved_runs(self.state.repo.root)
        tree, changes = self._staged_changes() if self.only_staged else self._all_changes()
        if not changes:
            return Draft(lambda left: self._answer(None, None, (), unsaved), None)
        record = Commit(
            tree=trees.update(self.store, tree, [(change.path, change.after) for change in changes]),
            parents=(self.view.commit,) if self.view.commit is not None else (),
            author=author(self.state.repo.settings),
            time=now(),
            message=self.message if self.message and self.message.strip() else self._say(changes),
        )
        digest = self.store.add(encode_commit(record))
        branch = self.view.branch or f"detached-{short_id(id_of(digest))}"
        view = self.view._replace(branch=branch).moved_to(digest).with_stage(self.store, {})
        return Draft(lambda left: self._answer(digest, record, changes, unsaved, branch), view)

    def _answer(
        self,
        commit: bytes | None,
        record: Commit | None,
        changes: tuple[Change, ...],
        unsaved: session.Unsaved | None,
        branch: str | None = None,
    ) -> CommitResult:
        notes = tuple(self.state.notes)
        new = commit is not None and self.view.branch is None
        return CommitResult(
            commit, branch or self.view.branch, record, changes, self.skipped, self.only_staged, new, unsaved, notes
        )

    def _staged_changes(self) -> tuple[bytes | None, tuple[Change, ...]]:
        from muse.core.dag import tree_of

        tree = tree_of(self.store, self.view.commit)
        found = _work.staged_changes(self.store, tree, self.stage)
        return tree, tuple(change for change in found if change.before != change.after)

    def _all_changes(self) -> tuple[bytes | None, tuple[Change, ...]]:
        work = _work.look(self.state, storing=True)
        if work.troubles:
            raise work.troubles[0]
        self.skipped = work.skipped
        self.state.notes.extend(work.warnings)
        return work.tree, work.changes

    def _say(self, changes: tuple[Change, ...]) -> str:
        """A message that says what changed: "Update analysis.ipynb: 3 cells"."""
        first = changes[0]
        text = f"{_VERBS[status_of(first)]} {show(first.path)}"
        if len(changes) == 1:
            text += self._cells(first)
        elif len(changes) == 2:
            other = _VERBS[status_of(changes[1])]
            text += f" and {'' if other == _VERBS[status_of(first)] else other + ' '}{show(changes[1].path)}"
        else:
            words = [_VERBS[status_of(change)] for change in changes]
            text = ", ".join(
                f"{word} {plural(words.count(word), 'file')}" for word in ("add", "update", "remove") if word in words
            )
        return text[0].upper() + text[1:]

    def _cells(self, change: Change) -> str:
        sides = [self._read(change.before), self._read(change.after)]
        found = notebook_diff(change, *sides) if None not in sides else None
        return f": {plural(len(found.changes), 'cell')}" if found is not None and found.changes else ""

    def _read(self, entry: Entry | None) -> bytes | None:
        return self.store.read(entry.digest) if entry is not None else None


