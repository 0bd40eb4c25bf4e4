"""List, make, rename and delete branches."""

from __future__ import annotations

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State, reading
from muse.core.commands.revs import check_name, resolve
from muse.core.commands.writing import Draft, writing
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Notice, Prose, Span, Table, line
from muse.display.result import Result
from muse.display.words import short_id
from muse.verbs._refs import note_tag, subject_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

EXAMPLE = "muse branch try-log-scale"


class Branch(NamedTuple):
    """A branch: its name, the digest and subject of its commit, and whether it is checked out."""

    name: str
    commit: bytes | None
    subject: str
    current: bool


class _Fields(NamedTuple):
    did: str
    branches: tuple[Branch, ...]
    notes: tuple[str, ...] = ()


class BranchResult(Result, _Fields):
    """The branches after the command.

    Attributes:
        did: What was done, in a sentence; empty when they were only listed.
        branches: Every branch, by name.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterable[Block]:
        """The answer for people."""
        notes = tuple(map(Notice, self.notes))
        if self.did:
            return (*notes, Prose(self.did))
        if not self.branches:
            return (*notes, line("No branch yet."))
        return (*notes, Table(tuple(self._row(branch) for branch in self.branches)))

    def _row(self, branch: Branch) -> tuple[Span, ...]:
        at = short_id(id_of(branch.commit)) if branch.commit is not None else "no commit yet"
        mark = Span("*" if branch.current else " ", "strong")
        return (mark, Span(show(branch.name), "branch"), Span(at, "id"), Span(branch.subject))

    def json(self) -> object:
        """The answer for programs."""
        return {
            "branches": [
                {
                    "name": branch.name,
                    "commit_id": id_of(branch.commit) if branch.commit is not None else None,
                    "current": branch.current,
                }
                for branch in self.branches
            ],
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("name", nargs="?", help="the branch to make, or to delete or rename")
    parser.add_argument("start", nargs="?", help="the commit it starts at (what is checked out); with -m: the new name")
    parser.add_argument("-d", "--delete", action="store_true", help="delete the branch; its commits can be undone back")
    parser.add_argument("-m", "--move", action="store_true", help="rename the branch")


def branch(
    name: str | None = None,
    start: str | None = None,
    *,
    delete: bool = False,
    move: bool = False,
    repo: Repo | None = None,
) -> BranchResult:
    """List branches; with a name, make, delete or rename one.

    Args:
        name: The branch.
        start: Where a new one starts, what is checked out when not given; with `move`, the new name.
        delete: Delete it.
        move: Rename it.

    Raises:
        UsageProblem: There is, or there is no, branch of that name; or it is checked out.
        Refused: Somebody changed the repository while a branch was deleted or renamed.
    """
    repo = repo or Repo.open()
    if name is None:
        if delete or move:
            raise UsageProblem("no branch was named", "`muse branch` lists them.")
        return reading(repo, lambda state: BranchResult("", _list(state), tuple(state.notes)))
    if delete and move:
        raise UsageProblem(
            "-d and -m do not go together", "`muse branch -d NAME` deletes, `muse branch -m NAME NEW` renames."
        )
    flags = (*(("-d",) if delete else ()), *(("-m",) if move else ()))
    args = (*flags, name, *((start,) if start is not None else ()))
    work = _delete if delete else _move if move else _make
    return writing(repo, "branch", args, lambda state: work(state, name, start), again=not (delete or move))


def _list(state: State) -> tuple[Branch, ...]:
    view = state.view
    found = [
        Branch(name, commit, subject_of(state, commit), name == view.branch)
        for name, commit in sorted(view.branches.items())
    ]
    if view.branch is not None and view.branch not in view.branches:
        found.append(Branch(view.branch, None, "", True))
    return tuple(found)


def _draft(state: State, did: str, branches: dict[str, bytes], current: str | None) -> Draft[BranchResult]:
    after = state._replace(view=state.view._replace(branch=current, branches=branches))
    listed = _list(after)
    return Draft(lambda left: BranchResult(did, listed, tuple(state.notes)), after.view)


def _make(state: State, name: str, start: str | None) -> Draft[BranchResult]:
    view = state.view
    if name in view.branches:
        raise UsageProblem(f"there is a branch {show(name)} already", f"`muse checkout {show(name)}` goes there.")
    commit = resolve(state, start or "HEAD")
    branches = {**view.branches, check_name(name, "branch"): commit}
    note_tag(state, name)
    return _draft(state, f"Made branch {name} at {short_id(id_of(commit))}.", branches, view.branch)


def _delete(state: State, name: str, start: str | None) -> Draft[BranchResult]:
    view = state.view
    if start is not None:
        raise UsageProblem("one branch at a time can be deleted", f"`muse branch -d {show(name)}`")
    if name not in view.branches:
        raise UsageProblem(f"there is no branch {show(name)}", "`muse branch` lists them.")
    if name == view.branch:
        raise UsageProblem(f"branch {show(name)} is checked out", "`muse checkout` another one first.")
    branches = {other: commit for other, commit in view.branches.items() if other != name}
    return _draft(state, f"Deleted branch {name}. `muse undo` brings it back.", branches, view.branch)


def _move(state: State, name: str, start: str | None) -> Draft[BranchResult]:
    view = state.view
    if start is None:
        raise UsageProblem("the new name is missing", f"`muse branch -m {show(name)} NEW`")
    if start in view.branches:
        raise UsageProblem(f"there is a branch {show(start)} already", "Choose another name, or delete it first.")
    if name not in view.branches and name != view.branch:
        raise UsageProblem(f"there is no branch {show(name)}", "`muse branch` lists them.")
    note_tag(state, check_name(start, "branch"))
    branches = {start if other == name else other: commit for other, commit in view.branches.items()}
    return _draft(state, f"Renamed branch {name} to {start}.", branches, start if view.branch == name else view.branch)
