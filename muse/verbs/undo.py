"""Take back the last command."""

from __future__ import annotations

from muse.core.commands.command import State
from muse.core.commands.writing import EXCLUSIVE, Draft, writing
from muse.core.repo import Repo
from muse.verbs import _steps
from muse.verbs._steps import StepResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

EXAMPLE = "muse undo"


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("--force", action="store_true", help="replace uncommitted work that is in the way; it is saved")


def undo(*, force: bool = False, repo: Repo | None = None) -> StepResult:
    """Take back the last command, whatever it was; again for the one before. `redo` brings it back.

    The files that the command changed go back too. Undoing a commit leaves the files: the changes are uncommitted
    again.

    Args:
        force: Replace uncommitted work that is in the way. It is saved.

    Raises:
        Refused: Uncommitted work is in the way, or somebody changed the repository at the same time.
    """
    repo = repo or Repo.open()
    args = ("--force",) if force else ()
    build = _steps.of_the_same(lambda state: _undo(state, force))
    return writing(repo, "undo", args, build, lock=EXCLUSIVE, again=False)


def _undo(state: State, force: bool) -> Draft[StepResult]:
    newest = state.operation
    if newest is None or newest.at <= 1:
        return _steps.nowhere(state, "Nothing to undo: this is where the repository began.")
    undone, before = _steps.read(state, newest.at), _steps.read(state, newest.at - 1)
    if undone is None or before is None:
        return _steps.nowhere(state, "Nothing to undo: what came before is not kept any more.")
    what = f"`{undone.command}` (operation {undone.number})"
    stay = "the files stay as they are: the changes are uncommitted again; " if undone.verb == "commit" else ""
    step = _steps.Step(
        doing=f"undo {what}",
        did=f"Undid {what}",
        hint=f"{stay}`muse redo` brings it back",
        back=f"`muse op restore {newest.number}`",
        about=undone,
        destination=before,
        targets=_steps.reversed_targets(_steps.files_of(state, undone, force=force)),
    )
    return step.draft(state, force=force)._replace(at=before.at, redo=(*newest.redo, undone.number))
