"""Bring back what undo took back."""

from __future__ import annotations

from muse.core.commands.command import State
from muse.core.commands.writing import EXCLUSIVE, Draft, writing
from muse.core.folder.plan import Target
from muse.core.repo import Repo
from muse.verbs import _steps
from muse.verbs._steps import StepResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

EXAMPLE = "muse redo"


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("--force", action="store_true", help="replace uncommitted work that is in the way; it is saved")


def redo(*, force: bool = False, repo: Repo | None = None) -> StepResult:
    """Bring back the command that the last undo took back. Any new command ends that.

    Args:
        force: Replace uncommitted work that is in the way. It is saved.

    Raises:
        Refused: Uncommitted work is in the way, or somebody changed the repository at the same time.
    """
    repo = repo or Repo.open()
    args = ("--force",) if force else ()
    build = _steps.of_the_same(lambda state: _redo(state, force))
    return writing(repo, "redo", args, build, lock=EXCLUSIVE, again=False)


def _redo(state: State, force: bool) -> Draft[StepResult]:
    newest = state.operation
    if newest is None or not newest.redo:
        return _steps.nowhere(state, "Nothing to redo.")
    again = _steps.read(state, newest.redo[-1])
    if again is None:
        return _steps.nowhere(state, "Nothing to redo: that command is not kept any more.")
    what = f"`{again.command}` (operation {again.number})"
    step = _steps.Step(
        doing=f"redo {what}",
        did=f"Redid {what}",
        hint="",
        back=f"`muse op restore {newest.number}`",
        about=again,
        destination=again,
        targets=[Target(*change) for change in _steps.files_of(state, again, force=force)],
    )
    return step.draft(state, force=force)._replace(at=again.number, redo=newest.redo[:-1])
