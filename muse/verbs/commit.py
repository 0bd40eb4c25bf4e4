"""Record the state of the folder as a commit."""

from __future__ import annotations

from muse.core.base.clock import now
from muse.core.base.errors import MuseError, UsageProblem, blames_the_process
from muse.core.base.named import NamedTuple
from muse.core.base.names import writable
from muse.core.commands.command import State
from muse.core.commands.writing import SHARED, Draft, writing
from muse.core.commits import trees
from muse.core.commits.records import Commit, encode_commit, read_commit, tree_of
from muse.core.repo import Repo
from muse.core.settings.identity import author
from muse.core.types import Change, id_of
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.notebook import session
from muse.verbs import _work
from muse.verbs._files import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.core.folder.scan import Skipped

EXAMPLE = 'muse commit -m "first look"'


class _Fields(NamedTuple):
    commit: bytes | None
    branch: str | None
    record: Commit | None
    amended: bytes | None
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
        amended: Digest of the commit that it replaces, or was to replace; None for a commit that is new.
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

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        from muse.verbs.status import skipped_lines

        yield from map(Notice, self.notes)
        if self.unsaved is not None:
            yield Notice(self.unsaved.notice("commit"))
        if self.commit is None:
            yield line(self._nothing())
            yield from skipped_lines(self.skipped)
            return
        at = short_id(id_of(self.commit))
        yield line((f"[{self.branch}", "branch"), " ", (at, "id"), ("]", "branch"), f" {self.subject}")
        if self.changes:
            yield line((self._counts(), "dim"))
        yield from skipped_lines(self.skipped)
        if self.new_branch:
            yield Hint(f"no branch was checked out, so the commit got one: {self.branch}")
        if self.amended is not None:
            yield Hint(f"it replaces {short_id(id_of(self.amended))}; `muse undo` brings that back")

    def _nothing(self) -> str:
        why = "nothing is staged" if self.only_staged else "the folder is as in the last commit"
        if self.amended is None:
            return f"Nothing to commit: {why}."
        return f"Nothing to amend: {why}, and no other message was given."

    def _counts(self) -> str:
        statuses = [status_of(change) for change in self.changes]
        counts = [f"{statuses.count(word)} {word}" for word in ("added", "changed", "deleted") if word in statuses]
        return f"{plural(len(statuses), 'file')}: {', '.join(counts)}"

    def json(self) -> object:
        """The answer for programs."""
        return {
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            "branch": self.branch,
            "amended": id_of(self.amended) if self.commit is not None and self.amended is not None else None,
            "message": self.record.message if self.record is not None else None,
            **{
                status: [change.path for change in self.changes if status_of(change) == status]
                for status in ("added", "changed", "deleted")
            },
            "unsaved": session.sources(self.unsaved),
            "skipped": [one._asdict() for one in self.skipped],
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("-m", "--message", help="what changed, and why (else muse says what changed)")
    parser.add_argument("--staged", action="store_true", help="only what `muse add` has staged")
    parser.add_argument("--amend", action="store_true", help="replace the last commit by one that has this too")


def commit(
    message: str | None = None, *, staged: bool = False, amend: bool = False, repo: Repo | None = None
) -> CommitResult:
    """Record what is staged; with nothing staged, the whole folder.

    Args:
        message: What changed, and why. Without one the message says which files and cells changed.
        staged: Only what is staged, never the whole folder.
        amend: Replace the commit that is checked out: same parents and author, and its message when none is given.

    Raises:
        SystemTrouble: A file cannot be read, or the disk is full; nothing was recorded.
        Refused: Another command changed branch or stage (to amend: anything) at the same time.
        UsageProblem: There is no commit to amend.
    """
    repo = repo or Repo.open()
    session.save_first(repo.root)
    message = message if message is None else writable(message)
    flags = (*(("--staged",) if staged else ()), *(("--amend",) if amend else ()))
    args = (*(("-m", message) if message is not None else ()), *flags)

    def build(state: State) -> Draft[CommitResult]:
        return _Build(state, message, only_staged=staged, amend=amend).draft()

    return writing(repo, "commit", args, build, lock=SHARED, again=not amend)


class _Build:
    """Decides what a commit holds, from one state of the repository."""

    def __init__(self, state: State, message: str | None, *, only_staged: bool, amend: bool) -> None:
        self.state, self.amend = state, amend
        self.message = message if message and message.strip() else None
        self.view, self.store = state.view, state.store
        self.stage = self.view.stage(self.store)
        self.only_staged = only_staged or bool(self.stage)
        self.skipped: tuple[Skipped, ...] = ()
        if amend and self.view.commit is None:
            raise UsageProblem("there is no commit to amend yet", '`muse commit -m "..."` makes the first one.')

    def draft(self) -> Draft[CommitResult]:
        unsaved = session.unsaved_runs(self.state.repo.root)
        changes = self._staged_changes() if self.only_staged else self._all_changes()
        record = self._amended(changes) if self.amend else self._new(changes)
        if record is None:
            return Draft(lambda left: self._answer(None, None, (), unsaved, self.view.branch), None)
        if self.amend:
            changes = self._against_parent(record)
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
        branch: str | None,
    ) -> CommitResult:
        return CommitResult(
            commit=commit,
            branch=branch,
            record=record,
            amended=self.view.commit if self.amend else None,
            changes=changes,
            skipped=self.skipped,
            only_staged=self.only_staged,
            new_branch=commit is not None and self.view.branch is None,
            unsaved=unsaved,
            notes=tuple(self.state.notes),
        )

    def _new(self, changes: tuple[Change, ...]) -> Commit | None:
        """A commit on top of the one that is checked out; None when nothing changed."""
        if not changes:
            return None
        message = self.message
        if message is None:
            from muse.verbs._message import what_changed

            message = what_changed(self.store, changes)
        parents = (self.view.commit,) if self.view.commit is not None else ()
        tree = self._laid_over(tree_of(self.store, self.view.commit), changes)
        return Commit(tree, parents, author(self.state.repo.settings), now(), message)

    def _amended(self, changes: tuple[Change, ...]) -> Commit | None:
        """The commit that is checked out as it should have been; None when it is so already."""
        assert self.view.commit is not None
        old = read_commit(self.store, self.view.commit)
        new = old._replace(tree=self._laid_over(old.tree, changes), message=self.message or old.message)
        return new._replace(time=now()) if new != old else None

    def _laid_over(self, tree: bytes | None, changes: tuple[Change, ...]) -> bytes:
        return trees.update(self.store, tree, [(change.path, change.after) for change in changes])

    def _against_parent(self, record: Commit) -> tuple[Change, ...]:
        parent = record.parents[0] if record.parents else None
        return tuple(trees.compare(self.store, tree_of(self.store, parent), record.tree))

    def _staged_changes(self) -> tuple[Change, ...]:
        found = _work.staged_changes(self.store, tree_of(self.store, self.view.commit), self.stage)
        return tuple(change for change in found if change.before != change.after)

    def _all_changes(self) -> tuple[Change, ...]:
        work = _work.look(self.state, storing=True)
        if work.troubles:
            raise _with_a_way_out(work.troubles[0])
        self.skipped = work.skipped
        self.state.notes.extend(work.warnings)
        return work.changes


def _with_a_way_out(trouble: MuseError) -> MuseError:
    """What stands in the way of a commit of the whole folder need not stand in the way of a commit."""
    if not blames_the_process(trouble):
        trouble.hint = f"{trouble.hint} Or `muse add` the other files; if it is new, .museignore may name it.".lstrip()
    return trouble
