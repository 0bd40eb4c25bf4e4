"""Show what changed since the last commit."""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.base.named import NamedTuple
from muse.core.base.names import show, sort_key
from muse.core.commands.command import State, reading
from muse.core.folder.folders import Folders
from muse.core.repo import Repo
from muse.core.types import Change, id_of
from muse.display.document import Block, Hint, Notice, Part, Prose, line
from muse.display.result import Result
from muse.display.words import short_id, size
from muse.notebook import session
from muse.verbs import _work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.core.folder.scan import Skipped
    from muse.core.operations.view import Stage
    from muse.notebook.diff import CellCounts

EXAMPLE = "muse status"

_ROLES = {"added": "added", "changed": "changed", "deleted": "removed"}


class _Fields(NamedTuple):
    branch: str | None
    commit: bytes | None
    changes: tuple[Change, ...]
    staged: tuple[Change, ...]
    noise: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    cells: dict[str, CellCounts]
    unsaved: session.Unsaved | None
    troubles: tuple[str, ...]
    notes: tuple[str, ...]


class StatusResult(Result, _Fields):
    """What differs between the commit, the stage and the folder.

    Attributes:
        branch: What is checked out; None when a commit is.
        commit: Digest of the commit; None before the first.
        changes: Files in the folder that differ from what would be there after committing the stage.
        staged: What is staged, against the commit.
        noise: Notebooks that differ by noise alone.
        skipped: What is left out, and why.
        cells: For notebooks among `changes`: how many cells changed in which way.
        unsaved: What the kernel ran and the notebook on the disk does not hold.
        troubles: What could not be read, in a sentence each; a commit would stop there.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def clean(self) -> bool:
        """True when a commit would have nothing to record."""
        return not (self.changes or self.staged or self.troubles)

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        for note in (*self.notes, *self.troubles):
            yield Notice(note)
        if self.unsaved is not None:
            yield Notice(self.unsaved.notice("look"))
        yield self._where()
        if self.staged:
            yield line(("Staged for the next commit", "strong"))
            yield from (self._file(change, counted=False) for change in self.staged)
        if self.changes:
            yield line((f"Changed{', not staged' if self.staged else ''}", "strong"))
            yield from (self._file(change) for change in self.changes)
        if self.noise:
            yield line(("Only noise differs (execution counts, muse commands, …)", "dim"))
            yield from (line((show(change.path), "dim"), indent=1) for change in self.noise)
        yield from skipped_lines(self.skipped)
        if self.clean:
            yield line("Nothing to commit, the folder is clean." if self.commit else "Nothing here to commit yet.")
        elif self.changes or self.staged:
            yield Hint('`muse diff` shows the changes, `muse commit -m "..."` records them')

    def _where(self) -> Block:
        at = short_id(id_of(self.commit)) if self.commit is not None else ""
        if self.branch is None:
            return line("At commit ", (at, "id"), ", on no branch")
        if self.commit is None:
            return line("On branch ", (self.branch, "branch"), ", no commit yet")
        return line("On branch ", (self.branch, "branch"), " at ", (at, "id"))

    def _file(self, change: Change, *, counted: bool = True) -> Block:
        from muse.verbs._files import status_of

        status = status_of(change)
        parts: list[Part] = [(f"{status:<8}", _ROLES[status]), " ", (show(change.path), "path")]
        counts = self.cells.get(change.path) if counted else None
        if counts is not None and (summary := counts.summary()):
            parts += ["  ", (summary, "dim")]
        return line(*parts, indent=1)

    def json(self) -> object:
        """The answer for programs."""
        from muse.verbs._files import status_of

        return {
            "branch": self.branch,
            "commit_id": id_of(self.commit) if self.commit is not None else None,
            "clean": self.clean,
            **{
                status: [change.path for change in self.changes if status_of(change) == status]
                for status in ("added", "changed", "deleted")
            },
            "staged": [change.path for change in self.staged],
            "conflicts": [],
            "noise": [change.path for change in self.noise],
            "unsaved": session.sources(self.unsaved),
            "stale": [],
            "skipped": [one._asdict() for one in self.skipped],
            "cells": {path: dict(zip(counts._fields, counts, strict=True)) for path, counts in self.cells.items()},
            "notes": [*self.notes, *self.troubles],
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""


def status(*, repo: Repo | None = None) -> StatusResult:
    """Compare the folder with the commit that is checked out.

    Raises:
        NotARepository: There is none here.
        Damaged: The history that is needed cannot be read.
    """
    repo = repo or Repo.open()
    session.save_first(repo.root)
    return reading(repo, _look, live=True)


def _look(state: State) -> StatusResult:
    stage, trouble = _stage(state)
    work = _work.look(state, staged=stage)
    staged, changes, noise = _split(state, work, stage)
    return StatusResult(
        branch=state.view.branch,
        commit=state.view.commit,
        changes=changes,
        staged=staged,
        noise=noise,
        skipped=work.skipped,
        cells=_cells(state, changes),
        unsaved=session.unsaved_runs(state.repo.root),
        troubles=(*trouble, *(trouble.message for trouble in work.troubles)),
        notes=(*state.notes, *work.warnings),
    )


def _stage(state: State) -> tuple[Stage, tuple[str, ...]]:
    """What is staged; where that cannot be read: nothing, and a line that says so."""
    try:
        return state.view.stage(state.store), ()
    except Damaged as error:
        return {}, (f"what is staged cannot be read, and `muse doctor` says how to go on: {error.message}",)


def _split(
    state: State, work: _work.Work, stage: Stage
) -> tuple[tuple[Change, ...], tuple[Change, ...], tuple[Change, ...]]:
    """What is staged against the commit; what in the folder differs from both; what of that is noise."""
    disk = {change.path: change for change in (*work.changes, *work.noise)}
    staged = _work.staged_changes(state.store, work.tree, stage)
    changes = [change for change in work.changes if change.path not in stage]
    noise = [change for change in work.noise if change.path not in stage]
    with Folders(state.repo.root) as folders:
        for path, committed, entry in staged:
            since = Change(path, entry, disk[path].after if path in disk else committed)
            if since.before != since.after:
                (noise if _work.is_noise(state, folders, since) else changes).append(since)
    changes.sort(key=_by_path)
    noise.sort(key=_by_path)
    return staged, tuple(changes), tuple(noise)


def _by_path(change: Change) -> bytes:
    return sort_key(change.path)


def _cells(state: State, changes: tuple[Change, ...]) -> dict[str, CellCounts]:
    """What changed in each notebook that was there before and still is."""
    counts: dict[str, CellCounts] = {}
    with Folders(state.repo.root) as folders:
        for change in changes:
            if change.before is None or change.after is None or not _work.is_notebook(change.path):
                continue
            from muse.verbs._files import notebook_diff

            try:
                old = state.store.read(change.before.digest)
            except Damaged:
                continue
            new = _work.read_as(folders, change.path, change.after, exact=not state.final)
            found = notebook_diff(change, old, new)
            if found is not None:
                counts[change.path] = found.counts
    return counts


def _why(skipped: Skipped) -> str:
    from muse.verbs._paths import quoted

    words = {
        "large": f"{size(skipped.size)}; `muse add {quoted(skipped.path)}` takes it",
        "special": "not a file",
        "repository": "a repository of its own",
        "name": "a name that is not safe on every system",
    }
    return words[skipped.why]


def skipped_lines(skipped: tuple[Skipped, ...]) -> Iterator[Block]:
    """A line for each path that was left out."""
    for one in skipped:
        yield Prose(f"left out: {show(one.path)} ({_why(one)})")

