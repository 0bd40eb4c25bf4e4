"""A document as text, for a terminal and for every front end that shows no HTML.

Text from outside is made visible first, so the only escape codes in the result are the colours added here,
and the result can always be printed.
"""

from __future__ import annotations

from itertools import zip_longest

from muse.core.base.named import NamedTuple
from muse.display import words
from muse.display.document import (
    Block,
    Cell,
    CellDiff,
    Code,
    DiffLine,
    Document,
    Heading,
    Hint,
    Line,
    Notice,
    OutputDiff,
    Picture,
    Prose,
    Section,
    Span,
    Table,
    TextDiff,
    cell_spans,
)
from muse.display.visible import visible
from muse.display.words import commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INDENT = "  "
_LONG = (Section, CellDiff, TextDiff, Code)
_GUTTER = "  "

#: What a terminal is told for a role, or for the kind of a line of a diff.
_CODES = {
    "strong": "1",
    "dim": "2",
    "id": "33",
    "branch": "1;32",
    "added": "32",
    "removed": "31",
    "changed": "33",
    "warning": "1;33",
    "error": "1;31",
    "code": "36",
    "+": "32",
    "-": "31",
    "@": "36",
    "…": "2",
}


class _Style(NamedTuple):
    colour: bool
    width: int

    def narrower(self) -> _Style:
        return self._replace(width=max(self.width - len(_INDENT), 0))

    def paint(self, text: str, role: str) -> str:
        code = _CODES.get(role) if self.colour and text else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    def spans(self, parts: Iterable[Span], default: str = "") -> str:
        return "".join(self.paint(visible(text), role if role in _CODES else default) for text, role in parts)


def render(document: Document, *, colour: bool = False, width: int = 0) -> str:
    """The document as lines without a newline at the end.

    Args:
        document: What to show; its notices come first.
        colour: Whether to add ANSI colours.
        width: Columns of the terminal, to which tables are cut; 0 cuts nothing.
    """
    ordered = sorted(document, key=lambda block: not isinstance(block, Notice))
    return "\n".join(_blocks(ordered, _Style(colour, width)))


def _blocks(blocks: Iterable[Block], style: _Style) -> Iterator[str]:
    """The lines of all blocks, with an empty line around those that need room."""
    previous: Block | None = None
    for block in blocks:
        if previous is not None and _apart(previous, block):
            yield ""
        yield from _block(block, style)
        previous = block


def _apart(previous: Block, block: Block) -> bool:
    """Whether an empty line stands between: around what is long, and between a list and its hint."""
    if isinstance(previous, Heading):
        return False
    if isinstance(block, Hint) and isinstance(previous, (Line, Table)):
        return isinstance(previous, Table) or previous.indent > 0
    return isinstance(block, (Heading, *_LONG)) or isinstance(previous, _LONG)


def _block(block: Block, style: _Style) -> Iterator[str]:
    match block:
        case Line():
            yield _INDENT * block.indent + style.spans(block.spans)
        case Heading():
            yield style.spans(block.spans, "strong")
        case Table():
            yield from _table(block, style)
        case Prose():
            yield visible(commands(block.text))
        case Hint():
            yield style.paint(visible(commands(block.text)), "dim")
        case Notice():
            yield style.paint("! " + visible(commands(block.text)), "warning")
        case Section():
            yield style.spans(block.title, "strong")
            yield from _indented(_blocks(block.blocks, style.narrower()))
        case TextDiff():
            yield from _diff(block.lines, style)
        case CellDiff():
            yield _GUTTER.join(style.spans((part,)) for part in block.title)
            yield from _indented(_diff(block.source, style))
            for output in block.outputs:
                yield from _indented(_output(output, style))
        case Code():
            yield from (visible(text, tabs=True) for text in block.text.removesuffix("\n").split("\n"))
        case Picture():
            described = f"{visible(block.payload.mime)}, {words.size(block.payload.size)}"
            yield f"[{described}] {visible(block.alt)}".rstrip()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (_INDENT + line if line else line for line in lines)


def _diff(lines: Iterable[DiffLine], style: _Style) -> Iterator[str]:
    for kind, text in lines:
        sign = {"@": "", "…": "… "}.get(kind, kind)
        yield style.paint(sign + visible(text, tabs=True), kind)


def _output(output: OutputDiff, style: _Style) -> Iterator[str]:
    """A line that says what became of an output, then the diff of its text."""
    before, after = output.before, output.after
    change = "" if before and after else " added" if after else " removed"
    sizes = " → ".join(words.size(payload.size) for payload in (before, after) if payload)
    last = after or before
    what = f": {visible(last.mime)}, {sizes}" if last and not output.lines else ""
    yield style.paint(f"output {visible(output.kind)}{change}{what}", "dim")
    yield from _diff(output.lines, style)


def _table(table: Table, style: _Style) -> Iterator[str]:
    header = tuple(Span(name, "dim") for name in table.header)
    rows = [tuple(map(_visible_cell, row)) for row in (header, *table.rows) if row]
    columns = zip_longest(*rows, fillvalue=())
    widths = [max(map(_cell_columns, column)) for column in columns]
    for row in rows:
        yield _row(row, widths, style)


def _visible_cell(cell: Cell) -> tuple[Span, ...]:
    return tuple(Span(visible(text), role) for text, role in cell_spans(cell))


def _row(row: tuple[tuple[Span, ...], ...], widths: list[int], style: _Style) -> str:
    """The cells side by side. The last one is not padded, but cut where the terminal ends."""
    start = sum(widths[: len(row) - 1]) + len(_GUTTER) * (len(row) - 1)
    padded = [
        _painted(cell, style) + " " * (width - _cell_columns(cell))
        for cell, width in zip(row[:-1], widths, strict=False)
    ]
    last = _fitted(row[-1], style.width - start) if style.width > start else row[-1]
    return _GUTTER.join([*padded, _painted(last, style)]).rstrip(" ")


def _painted(cell: tuple[Span, ...], style: _Style) -> str:
    return "".join(style.paint(text, role) for text, role in cell)


def _cell_columns(cell: tuple[Span, ...]) -> int:
    return sum(_columns(span.text) for span in cell)


def _fitted(cell: tuple[Span, ...], columns: int) -> tuple[Span, ...]:
    """The cell, or its beginning that fits with an ellipsis."""
    whole = "".join(span.text for span in cell)
    if _columns(whole) <= columns:
        return cell
    cut = _cut(whole, columns)
    kept: list[Span] = []
    for text, role in cell:
        kept.append(Span(cut[: len(text)], role))
        cut = cut[len(text) :]
    return tuple(kept)


def _columns(text: str) -> int:
    """How many columns a terminal gives to `text`."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _cut(text: str, columns: int) -> str:
    """The beginning of `text` that fits with an ellipsis."""
    text = text[: columns - 1]
    while _columns(text) >= columns:
        text = text[:-1]
    return text.rstrip() + "…"
