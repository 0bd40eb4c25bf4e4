"""The difference of two versions of a file, as data and for programs; `_sections` has it for people."""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.core.types import LINK, Change, Entry
from muse.display.document import DiffLine
from muse.display.words import size
from muse.verbs._sides import Side, sides
from muse.verbs._work import is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muse.notebook.diff import CellChange, CellCounts, NotebookDiff
    from muse.verbs._sides import Source


class FileDiff(NamedTuple):
    """One file, before and after.

    Attributes:
        change: Its path and both entries.
        old, new: Its size and bytes; None where it is not there.
        notebook: The difference by cell, for notebooks.
    """

    change: Change
    old: Side | None
    new: Side | None
    notebook: NotebookDiff | None

    @property
    def status(self) -> str:
        """ "added", "deleted" or "changed"."""
        return status_of(self.change)

    @property
    def lost(self) -> bool:
        """Whether a version of it is damaged or missing."""
        return any(side.lost for side in (self.old, self.new) if side is not None)

    @property
    def kind(self) -> str:
        """ "notebook", "link", "text", "binary", "large": too large to be looked into, or "lost": it cannot be had."""
        if self.notebook is not None:
            return "notebook"
        if self.lost:
            return "lost"
        contents = [side.data for side in (self.old, self.new) if side is not None]
        if None in contents:
            return "large"
        if LINK in (entry.mode for entry in self.change[1:] if isinstance(entry, Entry)):
            return "link"
        return "text" if all(map(is_text, filter(None, contents))) else "binary"

    @property
    def same_bytes(self) -> bool:
        """True when only the mode differs."""
        _, before, after = self.change
        return before is not None and after is not None and before.digest == after.digest

    @property
    def sizes(self) -> str:
        """Both sizes in words: "10 B → 2.0 KB"; one where the file came or went."""
        there = [side for side in (self.old, self.new) if side is not None]
        return " → ".join("lost" if side.lost else size(side.size) for side in there)

    @property
    def stat(self) -> LineCounts | CellCounts | None:
        """How much changed: in lines, or in cells; None for what has neither."""
        if self.notebook is not None:
            return self.notebook.counts
        if self.kind not in ("text", "link"):
            return None
        from muse.display.lines import stat

        return LineCounts(*stat(*_texts(self)))

    @property
    def only_noise(self) -> bool:
        """True when the two are a notebook that differs by noise alone."""
        _, before, after = self.change
        same_mode = before is not None and after is not None and before.mode == after.mode
        return self.notebook is not None and self.notebook.empty and same_mode


class LineCounts(NamedTuple):
    """How many lines were added, and how many removed."""

    added: int
    removed: int


def status_of(change: Change) -> str:
    """ "added", "deleted" or "changed"."""
    if change.before is None:
        return "added"
    return "deleted" if change.after is None else "changed"


def any_lost(files: Iterable[FileDiff]) -> bool:
    """Whether a version of one of them is damaged or missing."""
    return any(file.lost for file in files)


def file_diffs(changes: Iterable[Change], before: Source, after: Source) -> Iterator[FileDiff]:
    """Read both sides of every change, but for those that are too large."""
    for change in changes:
        old, new = sides(change, before, after)
        readable = all(side.data is not None for side in (old, new) if side is not None)
        notebook = notebook_diff(change, old and old.data, new and new.data) if readable else None
        yield FileDiff(change, old, new, notebook)


def notebook_diff(change: Change, old: bytes | None, new: bytes | None) -> NotebookDiff | None:
    """The difference by cell; None for what is no notebook on either side."""
    if not is_notebook(change.path) or LINK in (entry.mode for entry in (change.before, change.after) if entry):
        return None
    from muse.notebook.diff import diff
    from muse.notebook.model import NotANotebook, read

    try:
        return diff(read(old) if old is not None else None, read(new) if new is not None else None)
    except NotANotebook:
        return None


def text_lines(file: FileDiff) -> tuple[DiffLine, ...]:
    """The lines of a text file that differ."""
    from muse.display.lines import line_diff

    return line_diff(*_texts(file))


def json(file: FileDiff) -> dict[str, object]:
    """A file as `--json` prints it."""
    return {**head_json(file), **_details(file)}


def head_json(file: FileDiff) -> dict[str, object]:
    """What is said of every file."""
    return {
        "path": file.change.path,
        "status": file.status,
        "kind": file.kind,
        "old_size": _size(file.old),
        "new_size": _size(file.new),
    }


def _size(side: Side | None) -> int | None:
    return side.size if side is not None and not side.lost else None


def _details(file: FileDiff) -> dict[str, object]:
    if file.notebook is not None:
        cells = [_cell_json(change) for change in file.notebook.changes]
        return {"cells": cells, "metadata_changed": file.notebook.metadata_changed}
    if file.kind in ("binary", "large", "lost"):
        return {}
    return {"lines": [[entry.kind, entry.text] for entry in text_lines(file)]}


def _cell_json(change: CellChange) -> dict[str, object]:
    cell = change.new or change.old
    return {
        "status": change.status,
        "id": cell.id if cell else None,
        "old_position": change.old.position if change.old else None,
        "new_position": change.new.position if change.new else None,
        "source_changed": change.source_changed,
        "outputs_changed": change.outputs_changed,
        "metadata_changed": change.rest_changed,
        "moved": change.moved,
    }


def is_text(data: bytes) -> bool:
    """Whether the bytes of a file are text in UTF-8."""
    if b"\0" in data[:8000]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _texts(file: FileDiff) -> tuple[str, str]:
    """Both texts; the targets of links as lines, as a missing newline says nothing there."""
    from muse.display.lines import ended

    old, new = (((side and side.data) or b"").decode("utf-8", "surrogateescape") for side in (file.old, file.new))
    return (ended(old), ended(new)) if file.kind == "link" else (old, new)
