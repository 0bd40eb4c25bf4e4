"""Bring the folder to another branch or commit."""

from __future__ import annotations

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State
from muse.core.commands.revs import check_name, resolve
from muse.core.commands.writing import EXCLUSIVE, Draft, writing
from muse.core.commits import trees
from muse.core.commits.records import read_commit, tree_of
from muse.core.folder.plan import Target
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, Prose, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.verbs._refs import note_tag
from muse.verbs._travel import Files, changes_of, entangled, planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.core.operations.view import View

EXAMPLE = "muse checkout HEAD~1"


class _Fields(NamedTuple):
    branch: str | None
    commit: bytes | None
    subject: str
    moved: bool
    files: Files
    unstaged: tuple[str, ...]
    notes: tuple[str, ...]


class CheckoutResult(Result, _Fields):
    """What is checked out now.

    Attributes:
        branch: The branch; None when it is a commit on no branch.
        commit: Digest of the commit; None on a branch without one.
        subject: The first line of its message.
        moved: False when it was checked out already.
        files: What changed in the folder.
        unstaged: Paths that were in the way and staged otherwise: `force` took them off the stage.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        now = "Now" if self.moved else "Already"
        at = (short_id(id_of(self.commit)), "id") if self.commit is not None else ""
        if self.branch is None:
            yield line(f"{now} at commit ", at, f" {self.subject}")
        elif self.commit is None:
            yield line(f"{now} on branch ", (self.branch, "branch"), ", no commit yet")
        else:
            yield line(f"{now} on branch ", (self.branch, "branch"), " at ", at, f" {self.subject}")
        if self.unstaged:
            yield Prose(f"Took {plural(len(self.unstaged), 'file')} off the stage; `muse undo` brings that back.")
        yield from self.files.blocks()
        if self.branch is None:
            yield Hint("a commit made here gets a branch of its own; `muse undo` goes back")

    def json(self) -> object:
        """The answer for programs."""
        return {
            "branch": self.branch,
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            "moved": self.moved,
            **self.files.json(),
            "unstaged": list(self.unstaged),
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("target", help="a branch, tag, commit id, HEAD~2, or @{2 hours ago}")
    parser.add_argument("-b", "--new-branch", action="store_true", help="make a branch of that name here first")
    parser.add_argument("--force", action="store_true", help="replace uncommitted work that is in the way; it is saved")


def checkout(
    target: str, *, new_branch: bool = False, force: bool = False, repo: Repo | None = None
) -> CheckoutResult:
    """Bring the folder to another branch or commit. Uncommitted changes elsewhere are taken along.

    Args:
        target: A branch, or anything that names a commit.
        new_branch: Make a branch of that name at what is checked out, and go on it.
        force: Replace uncommitted work that is in the way. It is saved: `undo` brings it back.

    Raises:
        Refused: Uncommitted work is in the way, or somebody changed the repository at the same time.
        UsageProblem: `target` names nothing.
    """
    repo = repo or Repo.open()
    args = (*(("-b",) if new_branch else ()), target, *(("--force",) if force else ()))
    if new_branch:
        return writing(repo, "checkout", args, lambda state: _start_branch(state, target), lock=EXCLUSIVE, again=False)
    return writing(repo, "checkout", args, lambda state: _go(state, target, force), lock=EXCLUSIVE, again=False)


def _start_branch(state: State, name: str) -> Draft[CheckoutResult]:
    view = state.view
    if name in view.branches:
        raise UsageProblem(f"there is a branch {show(name)} already", f"`muse checkout {show(name)}` goes there.")
    note_tag(state, check_name(name, "branch"))
    branches = {**view.branches, name: view.commit} if view.commit is not None else view.branches
    after = view._replace(branch=name, branches=branches)
    return _draft(state, after, after if name != view.branch else None)


def _go(state: State, target: str, force: bool) -> Draft[CheckoutResult]:
    view = state.view
    after = _destination(state, target)
    if (after.branch, after.commit) == (view.branch, view.commit):
        return _draft(state, after, None)
    before, wanted = tree_of(state.store, view.commit), tree_of(state.store, after.commit)
    targets = [Target(*change) for change in trees.compare(state.store, before, wanted)]
    stage = view.stage(state.store)
    touched = {one.path: one.after for one in targets if one.path in stage}
    clash = {path for path, entry in touched.items() if stage[path] != entry}
    clash |= entangled(stage, [one.path for one in targets if one.after is not None])
    plans = planned(state, targets, doing=f"check out {show(target)}", force=force, also=clash)
    if touched or clash:
        # What is not in the way is as the destination has it, so there is nothing left to stage.
        kept = {path: entry for path, entry in stage.items() if path not in touched and path not in clash}
        after = after.with_stage(state.store, kept)
    draft = _draft(state, after, after)

    def answer(left: tuple[str, ...]) -> CheckoutResult:
        return draft.answer(left)._replace(files=Files(changes_of(plans), left), unstaged=tuple(sorted(clash)))

    return draft._replace(planned=plans, answer=answer)


def _destination(state: State, target: str) -> View:
    view = state.view
    if target in view.branches:
        return view._replace(branch=target, commit=view.branches[target])
    if target == view.branch:
        return view
    try:
        return view._replace(branch=None, commit=resolve(state, target))
    except UsageProblem as error:
        if error.kind == "unknown-revision":
            error.hint = "`muse branch` lists branches; `muse checkout -b NAME` makes one; `muse restore` is for files."
        raise


def _draft(state: State, after: View, record: View | None) -> Draft[CheckoutResult]:
    subject = read_commit(state.store, after.commit).subject if after.commit is not None else ""
    moved = record is not None
    return Draft(
        lambda left: CheckoutResult(after.branch, after.commit, subject, moved, Files(), (), tuple(state.notes)), record
    )
