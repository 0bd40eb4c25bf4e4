"""Notebooks as documents: their difference, one block for each cell that changed, and a whole one, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator

from muse.display.document import (
    Block,
    CellDiff,
    Code,
    DiffLine,
    Line,
    OutputDiff,
    Part,
    Picture,
    Section,
    heading,
    line,
    spans,
)
from muse.display.lines import ended, line_diff
from muse.display.outputs import Outputs
from muse.notebook.diff import CellChange, NotebookDiff
from muse.notebook.model import Cell, Notebook

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
    if cell := change.new or change.old:
        yield from _name(cell)
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


def _name(cell: Cell) -> Iterator[Part]:
    """Which cell: its place, its kind where it is no code, and its id."""
    yield f"cell {cell.position}", "strong"
    if cell.kind != "code":
        yield cell.kind, "dim"
    if cell.id:
        yield cell.id[:_ID_LENGTH], "dim"


def _source(change: CellChange) -> tuple[DiffLine, ...]:
    """The lines of the source that changed; all of them for a cell that came or went."""
    before = change.old.source if change.old else ""
    after = change.new.source if change.new else ""
    return line_diff(ended(before), ended(after))


def whole_notebook(notebook: Notebook) -> tuple[Section | Line, ...]:
    """Every cell with its source and its outputs, as they stand in the notebook: cells that are noise too."""
    outputs = Outputs(NotebookDiff((), False, None, notebook), images=True)
    cells = tuple(_whole_cell(cell, notebook.language, outputs) for cell in notebook.cells)
    return cells or (line(("a notebook without cells", "dim")),)


def _whole_cell(cell: Cell, language: str, outputs: Outputs) -> Section:
    shown = outputs.of(CellChange("added", None, cell, False, False, False, False))
    source = (Code(cell.source, language if cell.kind == "code" else cell.kind),) if cell.source else ()
    name = [part for word in _name(cell) for part in (word, "  ")][:-1]
    return Section(spans(*name), (*source, *(block for output in shown for block in _whole_output(output))))


def _whole_output(output: OutputDiff) -> Iterator[Block]:
    """The text of an output under its name; an image, or what has no text, by itself."""
    if output.lines:
        yield heading((f"output {output.kind}", "dim"))
        yield Code("\n".join(text for _, text in output.lines))
    elif output.after:
        yield Picture(output.after, output.kind)
