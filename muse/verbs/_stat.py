"""How much changed in each file, in a line: what `--stat` shows instead of what changed."""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.display.document import Block, Cell, Part, Span, Table, line, spans
from muse.display.words import plural
from muse.verbs import _files
from muse.verbs._files import FileDiff, LineCounts
from muse.verbs._sections import mode_change, no_text, title

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muse.notebook.diff import CellCounts

#: Signs in the longest bar.
_WIDTH = 20


class _Row(NamedTuple):
    """A file, and how much changed in it: at most one of the two is known."""

    file: FileDiff
    lines: LineCounts | None
    cells: CellCounts | None


def document(files: Iterable[FileDiff]) -> Iterator[Block]:
    """A table with a row for each file, and a line for all of them; nothing for no files."""
    rows = [_counted(file) for file in files]
    if rows:
        longest = max((sum(row.lines) for row in rows if row.lines is not None), default=0)
        yield Table(tuple(_cells(row, longest) for row in rows))
        yield line(*_total(rows))


def json(file: FileDiff) -> dict[str, object]:
    """A file as `--stat --json` prints it."""
    counts = {}
    if (stat := file.stat) is not None:
        unit = "lines" if isinstance(stat, LineCounts) else "cells"
        counts[unit] = dict(zip(stat._fields, stat, strict=True))
    return {**_files.head_json(file), "stat": counts}


def bar(counts: LineCounts, longest: int) -> tuple[str, str]:
    """As many "+" and "-" as lines, or in proportion where the longest bar would be too long; one at least of each."""
    added, removed = (-(-count * _WIDTH // longest) if longest > _WIDTH else count for count in counts)
    if added + removed > _WIDTH:
        added, removed = (added - 1, removed) if added > removed else (added, removed - 1)
    return "+" * added, "-" * removed


def _counted(file: FileDiff) -> _Row:
    stat = file.stat
    return _Row(file, stat, None) if isinstance(stat, LineCounts) else _Row(file, None, stat)


def _cells(row: _Row, longest: int) -> tuple[Cell, ...]:
    """The cells of the table: the name, lines added, lines removed, and the bar or what there is to say."""
    name, mode = spans(*title(row.file)), mode_change(row.file.change)
    if row.lines is None or not any(row.lines):
        return name, Span(""), Span(""), Span(", ".join(filter(None, (_words(row), mode))))
    plus, minus = bar(row.lines, longest)
    signs = spans((plus, "added"), (minus, "removed"), f"  {mode}" if mode else "")
    added, removed = _signed(row.lines)
    return name, added, removed, signs


def _signed(counts: LineCounts) -> tuple[Span, Span]:
    added, removed = (f"{sign}{count:,}" if count else "" for sign, count in zip("+-", counts, strict=True))
    return Span(added, "added"), Span(removed, "removed")


def _words(row: _Row) -> str:
    if row.cells is not None:
        return row.cells.summary()
    return "" if row.file.same_bytes else no_text(row.file)


def _total(rows: list[_Row]) -> Iterator[Part]:
    yield f"{plural(len(rows), 'file')} changed", "strong"
    lines = LineCounts(*(map(sum, zip((0, 0), *(row.lines for row in rows if row.lines), strict=True))))
    if any(lines):
        yield ": "
        yield from (part for span in _signed(lines) if span.text for part in (span, " "))
        yield "line" if sum(lines) == 1 else "lines"
    cells = [row.cells for row in rows if row.cells is not None]
    summary = type(cells[0])(*map(sum, zip(*cells, strict=True))).summary() if cells else ""
    if summary:
        yield f"{', ' if any(lines) else ': '}{summary}"
