"""List every command that changed the repository, and go back to any."""

from __future__ import annotations

from itertools import islice, takewhile

from muse.core.base.errors import UsageProblem
from muse.core.commands.command import State, reading
from muse.core.commands.writing import EXCLUSIVE, Draft, writing
from muse.core.folder.plan import Target
from muse.core.operations.ops import Operation
from muse.core.repo import Repo
from muse.core.types import Entry, id_of
from muse.display.document import Block, Hint, Notice, Span, Table, line
from muse.display.result import Result
from muse.display.words import plural, short_id, when
from muse.verbs import _steps
from muse.verbs._steps import StepResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse op log"
#: Most numbers that are listed in one line.
_SHOWN = 20


class OpLogResult(Result, tuple[Operation, ...]):
    """Operations, newest first. A tuple: `log[0].command`.

    Attributes:
        lost: Numbers of operations that are damaged or missing.
        notes: Warnings.
    """

    lost: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """3 when some operations cannot be had."""
        return 3 if self.lost else 0

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        if self:
            yield Table(tuple(self._row(operation) for operation in self))
        elif not self.lost:
            yield line("Nothing has happened yet.")
        if self.lost:
            shown = ", ".join(map(str, self.lost[:_SHOWN]))
            yield line((f"{plural(len(self.lost), 'operation')} cannot be had", "error"), f": {shown}")
            yield Hint("`muse doctor` stands in for them, and keeps what they held as far as it is there")

    def _row(self, operation: Operation) -> tuple[Span, ...]:
        view = operation.view
        at = short_id(id_of(view.commit)) if view.commit is not None else ""
        return (
            Span(str(operation.number), "strong"),
            Span(when(operation.time), "dim"),
            Span(f"{operation.user}@{operation.host}", "dim"),
            Span(operation.command),
            Span(view.branch or "", "branch"),
            Span(at, "id"),
        )

    def json(self) -> object:
        """The answer for programs: a list."""
        return [
            {
                "number": operation.number,
                "command": operation.command,
                "time": operation.time,
                "user": operation.user,
                "host": operation.host,
                "branch": operation.view.branch,
                "commit_id": id_of(operation.view.commit) if operation.view.commit is not None else None,
            }
            for operation in self
        ]


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("action", nargs="?", choices=["log", "restore"], default="log", help="list, or go back")
    parser.add_argument("number", nargs="?", type=int, default=None, help="with `restore`: the operation to go back to")
    parser.add_argument("-n", "--limit", type=int, metavar="N", help="list at most this many")
    parser.add_argument("--force", action="store_true", help="replace uncommitted work that is in the way; it is saved")


def op(
    action: str = "log",
    number: int | None = None,
    *,
    limit: int | None = None,
    force: bool = False,
    repo: Repo | None = None,
) -> OpLogResult | StepResult:
    """List operations, or go back to one.

    Args:
        action: "log" or "restore".
        number: The operation to go back to.
        limit: List at most this many.
        force: Replace uncommitted work that is in the way. It is saved.

    Raises:
        UsageProblem: There is no such operation, or `limit` is not positive.
        Refused: Uncommitted work is in the way.
    """
    repo = repo or Repo.open()
    if action == "log":
        if number is not None:
            raise UsageProblem("`muse op log` takes no number", f"`muse op restore {number}` goes back to it.")
        if limit is not None and limit < 1:
            raise UsageProblem(f"{limit} is no number of operations to list", "Give -n a number from 1 up.")
        return reading(repo, lambda state: _log(state, limit))
    if number is None:
        raise UsageProblem("no operation was named", "`muse op log` lists them; then, say, `muse op restore 12`.")
    args = ("restore", str(number), *(("--force",) if force else ()))
    return writing(repo, "op", args, lambda state: _restore(state, number, force), lock=EXCLUSIVE, again=False)


def _log(state: State, limit: int | None) -> OpLogResult:
    lost: list[int] = []
    found = OpLogResult(islice(state.operations(lost), limit))
    found.lost, found.notes = tuple(lost), tuple(state.notes)
    return found


def _restore(state: State, number: int, force: bool) -> Draft[StepResult]:
    destination = _steps.read(state, number) if number > 0 else None
    if destination is None or number > state.number:
        raise UsageProblem(f"there is no operation {number}", "`muse op log` lists those that are kept.")
    if number == state.number:
        return _steps.nowhere(state, f"Operation {number} is the newest: nothing to restore.")
    step = _steps.Step(
        doing=f"go back to operation {number} (`{destination.command}`)",
        did=f"Went back to operation {number} (`{destination.command}`)",
        hint="`muse undo` takes this back",
        back="`muse undo`",
        about=destination,
        destination=destination,
        targets=_targets(state, number, force),
        commit_first=True,
    )
    return step.draft(state, force=force)


def _targets(state: State, number: int, force: bool) -> list[Target]:
    """For each file that a later operation changed: its first `before` is wanted, its last `after` expected."""
    first: dict[str, Entry | None] = {}
    last: dict[str, Entry | None] = {}
    later = list(takewhile(lambda operation: operation.number > number, state.operations()))
    for operation in reversed(later):
        for path, before, after in _steps.files_of(state, operation, force=force):
            first.setdefault(path, before)
            last[path] = after
    return [Target(path, last[path], before) for path, before in first.items()]
