"""Start a repository in a folder."""

from __future__ import annotations

import os

from muse.core.base.errors import NotARepository, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands import create
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.operations import ops
from muse.core.paths import MUSE
from muse.core.repo import ROOT_VARIABLE, Repo, find_root, misplaced
from muse.core.system import sweep
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.verbs._paths import is_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse init"


class _Fields(NamedTuple):
    root: str
    created: bool
    notes: tuple[str, ...] = ()


class InitResult(Result, _Fields):
    """Where the repository is, whether it is new, and warnings."""

    __slots__ = ()

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        if not self.created:
            yield line("There is a repository in ", (show(self.root), "path"), " already.")
            return
        yield line("Started a repository in ", (show(self.root), "path"), ".")
        yield Hint('`muse commit -m "first look"` records what is there now')

    def json(self) -> object:
        """The answer for programs."""
        return {"root": self.root, "created": self.created, "notes": list(self.notes)}


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("folder", nargs="?", help="where to start it (the current folder)")


def init(folder: str | os.PathLike[str] | None = None, *, repo: Repo | None = None) -> InitResult:
    """Start a repository. In a folder that is one already, nothing changes.

    Args:
        folder: Where; the folder of `repo`, `$MUSE_REPO_ROOT` or the current folder when not given.

    Raises:
        UsageProblem: There is no such folder, it belongs to muse, or something else stands in the place of `.muse`.
        SystemTrouble: The system refused.
    """
    named = folder if folder is not None else repo.root if repo is not None else os.environ.get(ROOT_VARIABLE)
    try:
        root = os.path.abspath(os.path.expanduser(os.fspath(named or os.curdir)))
    except FileNotFoundError:
        raise UsageProblem("the current folder was removed", "Go to another one, or name it.") from None
    if not os.path.isdir(root):
        raise UsageProblem(f"there is no folder {show(root)}", "Make it first, or name another.")
    here = Repo(root)
    above = _above(root)
    if os.path.lexists(here.layout.muse):
        if os.path.islink(here.layout.muse) or not os.path.isdir(here.layout.muse):
            raise misplaced(here.layout.muse)
        sweep.sweep(here.layout)
    create.create(here.layout)
    if ops.newest_number(here.layout):
        return InitResult(root, False)
    return writing(here, "init", (), lambda state: _first(state, root, above))


def _above(root: str) -> str:
    """The repository that a folder lies in; empty when there is none."""
    try:
        above = find_root(os.path.dirname(root))
    except NotARepository:
        return ""
    if is_below(root, os.path.join(above, MUSE)):
        raise UsageProblem(f"{show(root)} belongs to muse itself", f"The repository is in {show(above)}.")
    return above


def _first(state: State, root: str, above: str) -> Draft[InitResult]:
    if state.number:  # another process was faster
        return Draft(lambda left: InitResult(root, False), None)
    inner = [f"{show(above)} is a repository, too; what is new in this folder is left out there"] if above else []
    return Draft(lambda left: InitResult(root, True, (*inner, *state.notes)), state.view)
