"""The difference of two notebooks as a document: one block for each cell that changed."""

from __future__ import annotations

from collections.abc import Iterator

from muse.display.document import CellDiff, DiffLine, Line, Part, line, spans
from muse.display.lines import ended, line_diff
from muse.display.outputs import Outputs
from muse.notebook.diff import CellChange, NotebookDiff

_ID_LENGTH = 8


def notebook_document(diff: NotebookDiff, *, images: bool = True) -> tuple[CellDiff | Line, ...]:
    """The blocks for a difference, in reading order; none when nothing changed.

    Args:
        diff: What changed.
        images: Whether to show images; else, and beyond 1 MiB of them, only their sizes are given.
    """
    outputs = Outputs(diff, images=images)
    cells = tuple(
        CellDiff(spans(*_title(change)), _source(change), outputs.of(change)) for change in diff.changes
    )
    return (*cells, line(("notebook metadata changed", "changed"))) if diff.metadata_changed else cells


def _title(change: CellChange) -> Iterator[Part]:
    """Which cell, by its place in the newest notebook that has it, then what happened to it."""
    cell = change.new or change.old
    if cell:
        yield f"cell {cell.position}", "strong"
        if cell.kind != "code":
            yield cell.kind, "dim"
        if cell.id:
            yield cell.id[:_ID_LENGTH], "dim"
    if not change.old or not change.new:
        yield change.status, change.status
        return
    if change.moved:
        yield f"moved from {change.old.position}", "changed"
    if change.old.kind != change.new.kind:
        yield f"was {change.old.kind}", "changed"
    if change.old.source != change.new.source:
        yield "source changed", "changed"
    if change.outputs_changed:
        yield "outputs changed", "changed"
    if change.rest_changed:
        yield "metadata changed", "changed"


def _source(change: CellChange) -> tuple[DiffLine, ...]:
    """The lines of the source that changed; all of them for a cell that came or went."""
    before = change.old.source if change.old else ""
    after = change.new.source if change.new else ""
    return line_diff(ended(before), ended(after))
