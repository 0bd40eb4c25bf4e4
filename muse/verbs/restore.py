"""Bring files back as they were in a commit, or take them off the stage."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State
from muse.core.commands.revs import resolve
from muse.core.commands.writing import EXCLUSIVE, NO_LOCK, Draft, writing
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.folder.plan import Target
from muse.core.repo import Repo
from muse.core.types import Entry, id_of
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.verbs._paths import is_under, quoted, to_repository
from muse.verbs._travel import Files, changes_of, planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

EXAMPLE = "muse restore analysis.ipynb --from HEAD~1"


class _Fields(NamedTuple):
    commit: bytes | None
    files: Files
    unstaged: tuple[str, ...]
    notes: tuple[str, ...]


class RestoreResult(Result, _Fields):
    """What was brought back.

    Attributes:
        commit: Digest of the commit that the files come from; None when only the stage changed.
        files: What changed in the folder.
        unstaged: The paths that were taken off the stage.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        if self.unstaged:
            yield line(f"Took {plural(len(self.unstaged), 'file')} off the stage.")
        if self.commit is None:
            return
        at = (short_id(id_of(self.commit)), "id")
        if not self.files.changes:
            if not self.unstaged:
                yield line("Nothing to restore: what was named is as in ", at, ".")
            return
        yield line("Restored from ", at)
        yield from self.files.blocks()
        yield Hint("what was there is saved: `muse undo` brings it back")

    def json(self) -> object:
        """The answer for programs."""
        return {
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            **self.files.json(),
            "unstaged": list(self.unstaged),
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file or a folder")
    parser.add_argument("--from", dest="rev", metavar="REV", help="the commit to take them from (what is checked out)")
    parser.add_argument("--staged", action="store_true", help="take them off the stage; the files stay")


def restore(
    *paths: str | os.PathLike[str], rev: str | None = None, staged: bool = False, repo: Repo | None = None
) -> RestoreResult:
    """Bring files back as they were in a commit; what is replaced is saved first.

    Args:
        paths: Files and folders. Files of a folder that the commit does not have, and that are tracked, go.
        rev: The commit to take them from; what is checked out when not given.
        staged: Only take the paths off the stage.

    Raises:
        UsageProblem: A path is in neither commit, or there is no commit.
    """
    repo = repo or Repo.open()
    typed = [os.fspath(path) for path in paths]
    args = (*typed, *(("--from", rev) if rev is not None else ()), *(("--staged",) if staged else ()))
    if staged and rev is not None:
        raise UsageProblem("--staged and --from do not go together", "`muse restore --staged PATH` is all it takes.")
    if staged:
        return writing(repo, "restore", args, lambda state: _unstage(state, typed), lock=NO_LOCK)
    return writing(repo, "restore", args, lambda state: _restore(state, typed, rev), lock=EXCLUSIVE, again=False)


def _unstage(state: State, typed: Sequence[str]) -> Draft[RestoreResult]:
    stage = state.view.stage(state.store)
    wanted = [to_repository(state.repo.root, one) for one in typed]
    gone = tuple(path for path in stage if any(is_under(path, folder) for folder in wanted))
    if not gone:
        raise UsageProblem(f"nothing of {', '.join(map(show, typed))} is staged", "`muse status` lists what is.")
    kept = {path: entry for path, entry in stage.items() if path not in gone}
    return Draft(
        lambda left: RestoreResult(None, Files(), gone, tuple(state.notes)), state.view.with_stage(state.store, kept)
    )


def _restore(state: State, typed: Sequence[str], rev: str | None) -> Draft[RestoreResult]:
    commit = resolve(state, rev or "HEAD")
    source, current = tree_of(state.store, commit), tree_of(state.store, state.view.commit)
    stage = state.view.stage(state.store)
    wanted: dict[str, Entry | None] = {}
    unstaged: set[str] = set()
    for one in typed:
        path = to_repository(state.repo.root, one)
        found = {**dict.fromkeys(_below(state, current, path)), **_below(state, source, path)}
        here = {name for name in stage if is_under(name, path)}
        unstaged |= here
        if not found and not here:
            raise UsageProblem(
                f"{show(one)} is not in {rev or 'the last commit'}",
                f"`muse log {quoted(one)}` lists the commits that changed it, `--from REV` takes it from one.",
            )
        wanted |= found
    targets = [Target(path, None, entry) for path, entry in wanted.items()]
    plans = planned(state, targets, doing="restore", force=True)
    kept = {path: entry for path, entry in stage.items() if path not in unstaged}
    view = state.view.with_stage(state.store, kept) if kept != stage else state.view
    changed = bool(plans) or kept != stage
    return Draft(
        lambda left: RestoreResult(commit, Files(changes_of(plans), left), tuple(sorted(unstaged)), tuple(state.notes)),
        view if changed else None,
        plans,
    )


def _below(state: State, tree: bytes | None, path: str) -> dict[str, Entry]:
    entry = trees.lookup(state.store, tree, path)
    if entry is None:
        return {}
    if entry.mode != "d":
        return {path: entry}
    return dict(trees.walk(state.store, entry.digest, path + "/" if path else ""))
