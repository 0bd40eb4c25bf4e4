"""Choose what the next commit takes: files, folders, or single cells of a notebook."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State
from muse.core.commands.writing import SHARED, Draft, writing
from muse.core.commits import trees
from muse.core.folder import scan
from muse.core.folder.files import Content, NotAFile
from muse.core.folder.folders import Blocked, Folders
from muse.core.repo import Repo
from muse.core.types import Change, Entry
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.notebook import session
from muse.verbs import _saving, _work
from muse.verbs._files import status_of
from muse.verbs._paths import is_under, quoted, to_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Sequence

    from muse.core.folder.scan import Skipped
    from muse.core.operations.view import Stage

EXAMPLE = "muse add analysis.ipynb#3,5-7 data.csv"

_ROLES = {"added": "added", "changed": "changed", "deleted": "removed"}


class _Fields(NamedTuple):
    staged: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    unsaved: session.Unsaved | None
    notes: tuple[str, ...]


class AddResult(Result, _Fields):
    """What this command staged, against the commit that is checked out.

    Attributes:
        staged: The paths whose staged content this command changed.
        skipped: What was left out of the folders that were named, and why.
        unsaved: What the kernel ran and the notebook on the disk does not hold, where that notebook was named.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        from muse.verbs.status import skipped_lines

        yield from map(Notice, self.notes)
        if self.unsaved is not None:
            yield Notice(self.unsaved.notice("add"))
        if not self.staged:
            yield line("Nothing to stage: what is there is as in the last commit, staged already, or ignored.")
            yield from skipped_lines(self.skipped)
            return
        yield line(("Staged for the next commit", "strong"))
        for change in self.staged:
            status = status_of(change)
            yield line((f"{status:<8}", _ROLES[status]), " ", (show(change.path), "path"), indent=1)
        yield from skipped_lines(self.skipped)
        yield Hint('`muse commit -m "..."` records what is staged, `muse restore --staged PATH` takes it back')

    def json(self) -> object:
        """The answer for programs."""
        return {
            "staged": [{"path": change.path, "status": status_of(change)} for change in self.staged],
            "unsaved": session.sources(self.unsaved),
            "skipped": [one._asdict() for one in self.skipped],
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or NOTEBOOK#CELLS")


def add(*paths: str | os.PathLike[str], repo: Repo | None = None) -> AddResult:
    """Stage files, folders, or single cells of a notebook for the next commit.

    Args:
        paths: Files and folders; `NOTEBOOK#3,5-7` for cells by position, `NOTEBOOK#id:abc` by id. A file with
            that very name wins. A file that is gone is staged as removed.

    Raises:
        UsageProblem: A path names nothing.
        SystemTrouble: A file cannot be read.
    """
    repo = repo or Repo.open()
    typed = [os.fspath(path) for path in paths]
    if not typed:
        raise UsageProblem("nothing was named to add", "`muse add .` stages everything in this folder.")
    session.save_first(repo.root)
    patience = _saving.Patience()
    return writing(repo, "add", typed, lambda state: _Adding(state, typed, patience).draft(), lock=SHARED)


class _Adding:
    """Turns what was typed into a stage."""

    def __init__(self, state: State, typed: Sequence[str], patience: _saving.Patience) -> None:
        self.state, self.typed, self.patience = state, typed, patience
        self.root, self.store = state.repo.root, state.store
        self.before: Stage = state.view.stage(self.store)
        self.stage: Stage = dict(self.before)
        self.work: _work.Work | None = None
        self.skipped: list[Skipped] = []
        from muse.core.commits.records import tree_of

        self.tree = tree_of(self.store, state.view.commit)

    def draft(self) -> Draft[AddResult]:
        unsaved = self._unsaved()
        with Folders(self.root) as folders:
            for typed in self.typed:
                self._add(folders, typed)
        stage = {path: entry for path, entry in self.stage.items() if entry != self._committed(path)}
        changed = [path for path in sorted(stage) if path not in self.before or self.before[path] != stage[path]]
        staged = tuple(Change(path, self._committed(path), stage[path]) for path in changed)
        view = self.state.view.with_stage(self.store, stage) if stage != self.before else None
        return Draft(lambda left: AddResult(staged, tuple(self.skipped), unsaved, tuple(self.state.notes)), view)

    def _unsaved(self) -> session.Unsaved | None:
        """What the kernel ran and its notebook does not hold, where that notebook or a cell of it was named."""
        found = session.unsaved_runs(self.root)
        if found is None:
            return None
        path = os.path.relpath(os.path.realpath(found.path), os.path.realpath(self.root))
        named = [to_repository(self.root, typed) for typed in self.typed]
        return found if any(is_under(path, one) or path == one.rpartition("#")[0] for one in named) else None

    def _committed(self, path: str) -> Entry | None:
        return trees.file_at(self.store, self.tree, path)

    def _add(self, folders: Folders, typed: str) -> None:
        path = to_repository(self.root, typed)
        if path and self._add_file(folders, path):
            return
        if not path or folders.is_folder(path):
            self._add_folder(path)
        elif self._committed(path) is not None or path in self.stage:
            self.stage[path] = None
        elif not (self._add_cells(folders, path) or self._remove_folder(path)):
            raise UsageProblem(f"{show(typed)} names no file here", self._hint(typed))

    def _hint(self, typed: str) -> str:
        """What may have been meant: answers give paths from the root."""
        from_root = os.path.join(self.root, typed)
        if not os.path.lexists(from_root):
            return "`muse status` lists what can be added."
        return f"Paths count from the folder you are in: `muse add {quoted(os.path.relpath(from_root))}`."

    def _add_file(self, folders: Folders, path: str) -> bool:
        content = self._read_saved(folders, path)
        if content is None:
            return False
        committed = self._committed(path)
        content.put_into(self.store, committed.digest if committed is not None else None)
        for other in self.stage:
            if other != path and (is_under(other, path) or is_under(path, other)):
                self.stage[other] = None  # a file and a folder cannot share a name
        self.stage[path] = content.entry
        return True

    def _read_saved(self, folders: Folders, path: str) -> Content | None:
        """A file or link, or None; a notebook that is being saved is waited for."""
        before = self._committed(path)

        def saving(found: Content | None) -> list[str]:
            if found is None or found.data is None or not _work.is_notebook(path):
                return []
            data = found.data
            busy = _saving.is_being_saved(self.root, path, found.entry, lambda: _saving.is_beginning(data, before))
            return [path] if busy else []

        found, warnings = _saving.once_saved(lambda: self._read(folders, path), saving, self.patience)
        self.state.notes.extend(warnings)
        return found

    def _read(self, folders: Folders, path: str) -> Content | None:
        """A file or link; the bytes of a notebook in memory, so that one can look at them."""
        seen = folders.seen(path) if _work.is_notebook(path) else None
        try:
            return folders.content(path, None if seen is not None and seen[2] <= scan.LARGE else self.store.incoming)
        except (FileNotFoundError, NotADirectoryError, NotAFile, Blocked):
            return None

    def _add_folder(self, folder: str) -> None:
        if self.work is None:
            within = [to_repository(self.root, typed) for typed in self.typed]
            self.work = _work.look(self.state, staged=self.before, storing=True, within=within)
            self.state.notes.extend([note for note in self.work.warnings if note not in self.state.notes])
        if self.work.troubles:
            raise self.work.troubles[0]
        for skipped in self.work.skipped:
            if is_under(skipped.path, folder) and skipped not in self.skipped and skipped.path not in self.stage:
                self.skipped.append(skipped)
        self._reset(folder)
        for change in self.work.changes:
            if is_under(change.path, folder):
                self.stage[change.path] = change.after

    def _reset(self, folder: str) -> None:
        """Unstage what was staged in a folder before, but for exactly what is there: noise was added by name."""
        assert self.work is not None
        noise = {change.path: change.after for change in self.work.noise}
        for path, entry in self.before.items():
            if is_under(path, folder) and self.stage[path] == entry and noise.get(path) != entry:
                self.stage[path] = self._committed(path)

    def _remove_folder(self, folder: str) -> bool:
        entry = trees.lookup(self.store, self.tree, folder)
        if entry is None:
            return False
        for path, _ in trees.walk(self.store, entry.digest, folder + "/"):
            self.stage[path] = None
        return True

    def _add_cells(self, folders: Folders, path: str) -> bool:
        name, mark, cells = path.rpartition("#")
        disk = self._read_saved(folders, name) if mark and _work.is_notebook(name) else None
        if disk is None or disk.data is None:
            return False
        from muse.notebook.model import NotANotebook
        from muse.notebook.pick import parse_selector, pick

        entry = self.stage[name] if name in self.stage else self._committed(name)
        base = self.store.read(entry.digest) if entry is not None else None
        try:
            picked = pick(base, disk.data, parse_selector(cells))
        except NotANotebook as error:
            raise UsageProblem(f"{show(name)}: {error}", "Add the whole file instead.") from None
        self.stage[name] = Entry(disk.entry.mode, self.store.add(picked, like=entry.digest if entry else None))
        return True
