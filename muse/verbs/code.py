"""Work on the code of a folder: `code add` is `add`."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.repo import Repo
from muse.verbs.add import AddResult, add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

EXAMPLE = "muse code add ."


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("action", choices=["add"], help="what to do")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or NOTEBOOK#CELLS")


def code(action: str, *paths: str | os.PathLike[str], repo: Repo | None = None) -> AddResult:
    """Stage files for the next commit, as `add` does.

    Raises:
        UsageProblem: `action` is not "add".
    """
    if action != "add":
        raise UsageProblem(f"`muse code {action}` is no command", "`muse code add PATH` stages files.")
    return add(*paths, repo=repo)
