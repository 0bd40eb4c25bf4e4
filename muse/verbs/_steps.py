"""Going back and forth in the log: what undo, redo and `op restore` share.

Each is a new operation with the view of an older one, and with the list of files of what it takes back, reversed.
So going back can itself be taken back, and nothing that was on the disk is lost.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.base.named import NamedTuple
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, was_faster
from muse.core.folder.plan import Target
from muse.core.operations import history
from muse.core.operations.ops import Operation
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, Prose, line
from muse.display.result import Result
from muse.display.words import short_id
from muse.verbs._travel import Files, changes_of, planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from muse.core.types import Change


class _Fields(NamedTuple):
    did: str
    operation: Operation | None
    branch: str | None
    commit: bytes | None
    files: Files
    hint: str
    notes: tuple[str, ...]


class StepResult(Result, _Fields):
    """Where a step through the log led.

    Attributes:
        did: What was done, in words; why not, when nothing was.
        operation: The operation that was taken back, brought back, or gone back to; None when there was none.
        branch, commit: What is checked out now.
        files: What changed in the folder.
        hint: What to do next.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """1 when there was nowhere to go."""
        return 0 if self.operation is not None else 1

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        yield Prose(self.did)
        if self.operation is None:
            return
        at = (short_id(id_of(self.commit)), "id") if self.commit is not None else ""
        if self.branch is None:
            yield line("Now at commit ", at, ", on no branch")
        elif self.commit is None:
            yield line("Now on branch ", (self.branch, "branch"), ", no commit yet")
        else:
            yield line("Now on branch ", (self.branch, "branch"), " at ", at)
        yield from self.files.blocks()
        if self.hint:
            yield Hint(self.hint)

    def json(self) -> object:
        """The answer for programs."""
        return {
            "operation": self.operation.number if self.operation is not None else None,
            "command": self.operation.command if self.operation is not None else None,
            "branch": self.branch,
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            **self.files.json(),
            "notes": list(self.notes),
        }


def nowhere(state: State, why: str) -> Draft[StepResult]:
    """The answer when there is nothing to undo or redo."""
    view = state.view
    return Draft(lambda left: StepResult(why, None, view.branch, view.commit, Files(), "", tuple(state.notes)), None)


def of_the_same(build: Callable[[State], Draft[StepResult]]) -> Callable[[State], Draft[StepResult]]:
    """The same, but it stops where the last command is not the one that it saw at first, though the view may be.

    Somebody may have made a branch and deleted it: nobody wanted that to be taken back.
    """
    seen: list[int] = []

    def checked(state: State) -> Draft[StepResult]:
        if state.operation is not None:
            seen.append(state.operation.at)
            if seen[0] != seen[-1]:
                raise was_faster(state.operation)
        return build(state)

    return checked


def read(state: State, number: int) -> Operation | None:
    """Operation `number`, if it is still kept.

    Raises:
        Damaged: It is damaged or missing; or it was, and `doctor` has stood in for it.
    """
    if number not in state.kept:
        return None
    try:
        return state.operation_at(number)
    except Damaged:
        whole = list(state.operations([]))
        if any(number in operation.lost for operation in whole):
            raise _stood_in_for(number, [one.number for one in whole if one.number < state.number]) from None
        raise


def _stood_in_for(number: int, others: list[int]) -> Damaged:
    """The error that leads past an operation that nobody can repair any more, to one of the others, newest first."""
    hint = "`muse op log` lists what is left"
    if others:
        near = next((one for one in others if one < number), others[-1])
        hint += f"; `muse op restore {near}` goes back to operation {near}"
    return Damaged(f"operation {number} is lost: `muse doctor` has stood in for it", f"{hint}.")


def files_of(state: State, operation: Operation, *, force: bool) -> tuple[Change, ...]:
    """What an operation changed in the folder; nothing, and a note, where that is lost and `force` is given.

    Raises:
        Damaged: It is lost, or not what was written.
    """
    try:
        return operation.changes(state.store) if operation.changes_folder else ()
    except Damaged as error:
        if not history.is_damage(error):
            raise
        lost = f"which files `{operation.command}` (operation {operation.number}) changed is lost"
        if not force:
            raise Damaged(f"{lost}: {error.message}", "Add --force: then these files stay as they are.") from None
        state.notes.append(f"{lost}: they stay as they are")
        return ()


def reversed_targets(changes: Iterable[Change]) -> list[Target]:
    """Take back a list of changes."""
    return [Target(path, after, before) for path, before, after in changes]


class Step(NamedTuple):
    """A step through the log.

    Attributes:
        doing, did: What it does, in words: "undo `commit`", "Undid `commit`".
        hint: What to do next.
        back: What brings back work that was replaced.
        about: The operation that it takes back, brings back, or goes back to.
        destination: The operation whose view it takes.
        targets: What it wants of the files.
        commit_first: Whether it is still the same step after a commit.
    """

    doing: str
    did: str
    hint: str
    back: str
    about: Operation
    destination: Operation
    targets: list[Target]
    commit_first: bool = False

    def draft(self, state: State, *, force: bool) -> Draft[StepResult]:
        """What to record.

        Raises:
            Refused: Uncommitted work is in the way.
        """
        view = self.destination.view
        plans = planned(
            state, self.targets, doing=self.doing, back=self.back, force=force, commit_first=self.commit_first
        )
        hint = f"what was replaced is saved: {self.back} brings it back" if force and plans else self.hint

        def answer(left: tuple[str, ...]) -> StepResult:
            files = Files(changes_of(plans), left)
            return StepResult(self.did, self.about, view.branch, view.commit, files, hint, tuple(state.notes))

        return Draft(answer, view, plans)
