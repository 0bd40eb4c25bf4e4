"""Move the branch that is checked out to another commit; the stage and the files as asked."""

from __future__ import annotations

import os

from muse.core.base.errors import Damaged, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.commands.command import State
from muse.core.commands.revs import resolve
from muse.core.commands.writing import EXCLUSIVE, NO_LOCK, Draft, writing
from muse.core.commits import trees
from muse.core.commits.records import read_commit, tree_of
from muse.core.folder.plan import Target
from muse.core.operations import history
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.verbs import _work
from muse.verbs._travel import Files, changes_of, planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.core.folder.worktree import Planned
    from muse.core.operations.view import Stage

EXAMPLE = "muse reset HEAD~1"

_MODES = {
    "soft": "only the commit: what it leaves behind is staged, the files stay",
    "mixed": "the commit and the stage: nothing is staged, the files stay; what happens by default",
    "hard": "the files too: they become as in REV; uncommitted work that goes is saved",
}


class _Fields(NamedTuple):
    mode: str
    branch: str | None
    before: bytes | None
    commit: bytes
    subject: str
    moved: bool
    staged: tuple[str, ...]
    files: Files
    notes: tuple[str, ...]


class ResetResult(Result, _Fields):
    """Where the branch was, and is now.

    Attributes:
        mode: "soft", "mixed" or "hard".
        branch: The branch that was moved; None when it is a commit that is checked out.
        before: Digest of the commit that was checked out; None before the first.
        commit: Digest of the commit that is checked out now.
        subject: The first line of its message.
        moved: False when commit, stage and files were so already.
        staged: The paths that are staged now.
        files: What changed in the folder.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        at = (short_id(id_of(self.commit)), "id")
        name = ("branch ", (self.branch, "branch")) if self.branch is not None else ("what is checked out",)
        if not self.moved:
            yield line("Nothing to reset: ", *name, " is at ", at, f" {self.subject}")
            return
        if self.before == self.commit:
            what = "files" if self.files.changes else "stage"
            yield line(f"Reset the {what}: ", *name, " stays at ", at, f" {self.subject}")
        else:
            was = (short_id(id_of(self.before)), "id") if self.before is not None else "no commit"
            yield line("Reset ", *name, " from ", was, " to ", at, f" {self.subject}")
        if self.staged:
            yield line((f"{plural(len(self.staged), 'file')} staged", "dim"))
        yield from self.files.blocks()
        files = "what was replaced is saved" if self.mode == "hard" else "the files stay as they are"
        yield Hint(f"{files}; `muse undo` takes it back")

    def json(self) -> object:
        """The answer for programs."""
        return {
            "mode": self.mode,
            "branch": self.branch,
            "before": id_of(self.before) if self.before is not None else None,
            "commit_id": id_of(self.commit),
            "moved": self.moved,
            "staged": list(self.staged),
            **self.files.json(),
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("rev", nargs="?", help="the commit to move to (what is checked out)")
    modes = parser.add_mutually_exclusive_group()
    for mode, meaning in _MODES.items():
        modes.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, help=meaning)


def reset(rev: str = "HEAD", *, mode: str = "mixed", repo: Repo | None = None) -> ResetResult:
    """Move the branch that is checked out to another commit.

    Commits that are left behind stay in the log of operations. Untracked files stay, unless `hard` needs their place.

    Args:
        rev: The commit; what is checked out when not given.
        mode: "soft" stages what the commits left behind hold, "mixed" empties the stage, and both leave the files;
            "hard" makes the tracked files as they are in `rev`. What it replaces is saved: `undo` brings it back.

    Raises:
        UsageProblem: `rev` names no commit.
        Refused: Somebody changed the repository at the same time.
        SystemTrouble: A file cannot be read.
    """
    repo = repo or Repo.open()
    if mode not in _MODES:
        raise UsageProblem(f"{mode!r} is no way to reset", f"Choose one of {', '.join(_MODES)}.")
    lock = EXCLUSIVE if mode == "hard" else NO_LOCK
    args = (*((f"--{mode}",) if mode != "mixed" else ()), rev)
    return writing(repo, "reset", args, lambda state: _reset(state, rev, mode), lock=lock, again=False)


def _reset(state: State, rev: str, mode: str) -> Draft[ResetResult]:
    view, store = state.view, state.store
    commit = _commit(state, rev)
    stage = _stage(state, mode)
    kept = _left_behind(state, commit, stage or {}) if mode == "soft" else {}
    plans = _as_in(state, commit, stage or {}) if mode == "hard" else ()
    moved = commit != view.commit or kept != stage or bool(plans)
    after = view.moved_to(commit).with_stage(store, kept)
    subject = read_commit(store, commit).subject

    def answer(left: tuple[str, ...]) -> ResetResult:
        files = Files(changes_of(plans), left)
        return ResetResult(
            mode, view.branch, view.commit, commit, subject, moved, tuple(kept), files, tuple(state.notes)
        )

    return Draft(answer, after if moved else None, plans)


def _commit(state: State, rev: str) -> bytes:
    try:
        return resolve(state, rev)
    except UsageProblem as error:
        if error.kind == "unknown-revision" and os.path.lexists(rev):
            error.hint = "`muse restore --staged PATH` takes a file off the stage, `muse restore PATH` brings one back."
        raise


def _stage(state: State, mode: str) -> Stage | None:
    """What is staged; None where that is lost, and nothing of it is to be kept."""
    try:
        return state.view.stage(state.store)
    except Damaged as error:
        if mode == "soft" or not history.is_damage(error):
            raise
        state.notes.append(f"what was staged is lost: {error.message}")
        return None


def _left_behind(state: State, commit: bytes, stage: Stage) -> Stage:
    """What makes, on top of `commit`, the tree that committing the stage would have made where it was."""
    store = state.store
    tree = trees.update(store, tree_of(store, state.view.commit), stage.items())
    return {change.path: change.after for change in trees.compare(store, tree_of(store, commit), tree)}


def _as_in(state: State, commit: bytes, stage: Stage) -> tuple[Planned, ...]:
    """What makes every tracked file as it is in `commit`; files that are only in the folder stay."""
    store, wanted = state.store, tree_of(state.store, commit)
    work = _work.look(state, staged=stage)
    if work.troubles:
        raise work.troubles[0]
    state.notes.extend(work.warnings)
    paths = {change.path for change in (*work.changes, *work.noise) if change.before is not None}
    paths.update(stage, (change.path for change in trees.compare(store, work.tree, wanted)))
    targets = [Target(path, None, trees.file_at(store, wanted, path)) for path in sorted(paths)]
    return planned(state, targets, doing="reset", force=True)
