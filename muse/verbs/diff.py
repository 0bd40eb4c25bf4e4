"""Show what changed, notebooks cell by cell."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.commands.command import State, reading
from muse.core.commands.revs import resolve
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.folder.folders import Folders
from muse.core.repo import Repo
from muse.core.types import Change
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.notebook import session
from muse.verbs import _files, _sections, _stat, _work
from muse.verbs._files import FileDiff
from muse.verbs._paths import is_under, to_repository
from muse.verbs._sides import InFolder, Stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Iterator

EXAMPLE = "muse diff HEAD~1"


class _Fields(NamedTuple):
    files: tuple[FileDiff, ...]
    unsaved: session.Unsaved | None
    notes: tuple[str, ...]
    exit_code: bool = False
    stat: bool = False


class DiffResult(Result, _Fields):
    """The files that differ.

    Attributes:
        files: One entry for each, in order of paths.
        unsaved: What the kernel ran and the notebook on the disk does not hold.
        notes: Warnings.
        exit_code: Whether a difference makes the exit status 1.
        stat: Whether it shows how much changed instead of what; `files[0].stat` has it in any case.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """3 when a version of a file is lost; 1 when it was asked for and something differs."""
        return 3 if _files.any_lost(self.files) else int(self.exit_code and bool(self.files))

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        if self.unsaved is not None:
            yield Notice(self.unsaved.notice("look"))
        if not self.files:
            yield line("No changes.")
        yield from (_stat if self.stat else _sections).document(self.files)
        if _files.any_lost(self.files):
            yield Hint("`muse doctor` repairs what can be repaired")

    def json(self) -> object:
        """The answer for programs."""
        return {
            "files": [(_stat if self.stat else _files).json(file) for file in self.files],
            "unsaved": session.sources(self.unsaved),
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("names", nargs="*", metavar="REV|PATH", help="one or two commits, then files or folders")
    parser.add_argument("--staged", action="store_true", help="what is staged, against the last commit")
    parser.add_argument("--stat", action="store_true", help="how much changed in each file, in a line")
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 when something differs")


def diff(
    *names: str | os.PathLike[str],
    staged: bool = False,
    stat: bool = False,
    exit_code: bool = False,
    repo: Repo | None = None,
) -> DiffResult:
    """Compare the folder with the last commit; or with another; or two commits.

    Args:
        names: No commit, one, or two; then files and folders to look at alone.
        staged: Compare what is staged with the last commit.
        stat: Show how much changed in each file, in a line.
        exit_code: Whether a difference makes `exit_status` 1.

    Raises:
        UsageProblem: A name is neither a commit nor a path.
    """
    repo = repo or Repo.open()
    typed = [os.fspath(name) for name in names]
    if not staged:
        session.save_first(repo.root)
    found = reading(repo, lambda state: _Diff(state, typed, staged).run(), live=True)
    return found._replace(stat=stat, exit_code=exit_code)


class _Diff:
    def __init__(self, state: State, typed: list[str], staged: bool) -> None:
        self.state, self.staged = state, staged
        self.stored = Stored(state.store)
        self.revs: list[bytes] = []
        self.paths: list[str] = []
        for name in typed:
            self._sort(name)
        if staged and self.revs:
            raise UsageProblem("--staged compares with the last commit only", "`muse diff --staged [PATH]`")
        self.notes: tuple[str, ...] = ()

    def _sort(self, name: str) -> None:
        """A commit comes first; what is no commit, or comes after two, is a path."""
        if not self.paths and len(self.revs) < 2 and not (os.path.lexists(name) and "~" not in name):
            rev = self._commit(name)
            if rev is not None:
                self.revs.append(rev)
                return
        path = to_repository(self.state.repo.root, name)
        if not os.path.lexists(os.path.join(self.state.repo.root, path)) and not self._is_tracked(path):
            if len(self.revs) == 2 and self._commit(name) is not None:
                raise UsageProblem(f"{name} is a third commit", "`muse diff` compares two at most.")
            raise UsageProblem(f"{name} is neither a commit nor a file", "`muse log` lists commits.")
        self.paths.append(path)

    def _commit(self, name: str) -> bytes | None:
        try:
            return resolve(self.state, name)
        except UsageProblem as error:
            if error.kind != "unknown-revision":
                raise
            return None

    def _is_tracked(self, path: str) -> bool:
        tips = [*self.revs, *([self.state.view.commit] if self.state.view.commit is not None else [])]
        store = self.state.store
        return any(trees.lookup(store, tree_of(store, tip), path) is not None for tip in tips)

    def run(self) -> DiffResult:
        if len(self.revs) == 2:
            files = self._commits(*self.revs)
        elif self.staged:
            files = self._stage()
        else:
            files = self._folder(self.revs[0] if self.revs else self.state.view.commit)
        live = len(self.revs) < 2 and not self.staged
        unsaved = session.unsaved_runs(self.state.repo.root) if live else None
        return DiffResult(tuple(files), unsaved, (*self.state.notes, *self.notes))

    def _wanted(self, changes: Iterable[Change]) -> list[Change]:
        if not self.paths:
            return list(changes)
        return [change for change in changes if any(is_under(change.path, path) for path in self.paths)]

    def _commits(self, old: bytes, new: bytes) -> list[FileDiff]:
        store = self.state.store
        changes = self._wanted(trees.compare(store, tree_of(store, old), tree_of(store, new)))
        return list(_files.file_diffs(changes, self.stored, self.stored))

    def _stage(self) -> list[FileDiff]:
        state = self.state
        tree = tree_of(state.store, state.view.commit)
        changes = _work.staged_changes(state.store, tree, state.view.stage(state.store))
        return list(_files.file_diffs(self._wanted(changes), self.stored, self.stored))

    def _folder(self, commit: bytes | None) -> list[FileDiff]:
        state = self.state
        stage = state.view.stage(state.store)
        work = _work.look(state, staged=stage)
        self.notes = (*work.warnings, *(trouble.message for trouble in work.troubles))
        changes = {change.path: change for change in work.changes}
        if commit != state.view.commit:
            changes = self._against(commit, work)
        with Folders(state.repo.root) as folders:
            there = InFolder(folders, exact=not state.final)
            files = list(_files.file_diffs(self._wanted(changes.values()), self.stored, there))
        return [file for file in files if not file.only_noise]

    def _against(self, commit: bytes | None, work: _work.Work) -> dict[str, Change]:
        """The folder against another commit: what the commits differ in, laid over what the folder differs in."""
        store = self.state.store
        other = tree_of(store, commit)
        found = {change.path: change for change in trees.compare(store, other, work.tree)}
        for change in (*work.changes, *work.noise):
            before = found[change.path].before if change.path in found else change.before
            found[change.path] = Change(change.path, before, change.after)
        return {path: change for path, change in sorted(found.items()) if change.before != change.after}
