"""A document as HTML that stands alone, for the output area of a notebook.

What comes from outside is text or an image, never markup: text is made visible and escaped, images are data
URIs of a few known types in `<img>`, where even an SVG cannot run scripts or load anything. A notebook
keeps what it displays, so a document has a budget of lines and of image bytes; what exceeds it is counted,
not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from muse.display import words
from muse.display.document import (
    ROLES,
    Block,
    CellDiff,
    Code,
    DiffLine,
    Document,
    Heading,
    Hint,
    Line,
    Notice,
    OutputDiff,
    Payload,
    Picture,
    Prose,
    Section,
    Span,
    Table,
    TextDiff,
    cell_spans,
)
from muse.display.emphasis import Ranges, changed_words
from muse.display.style import SHEET
from muse.display.visible import visible
from muse.display.words import commands

#: Budgets of one document, and of one diff in it.
_MAX_LINES = 3_000
_MAX_LINES_EACH = 500
_MAX_LINE_LENGTH = 1_000
_MAX_IMAGE_BYTES = 4 << 20

_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"))
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_TAGS = {"code": "code", "strong": "b"}
_ROWS = {"+": "add", "-": "del", "@": "at", "…": "note"}


def render(document: Document) -> str:
    """The document as one `<div>` with its style sheet; its notices come first."""
    ordered = sorted(document, key=lambda block: not isinstance(block, Notice))
    return f'<div class="muse-doc"><style>{SHEET}</style>{_Page().blocks(ordered)}</div>'


class _Page:
    """One rendering: the blocks of a document share what is left of its budget."""

    def __init__(self) -> None:
        self.lines_left = _MAX_LINES
        self.bytes_left = _MAX_IMAGE_BYTES

    def blocks(self, blocks: Iterable[Block]) -> str:
        return "".join(map(self.block, blocks))

    def block(self, block: Block) -> str:
        match block:
            case Line():
                pad = f' style="padding-left: {1.5 * block.indent}em"' if block.indent else ""
                return f'<div class="muse-line"{pad}>{_spans(block.spans)}</div>'
            case Heading():
                return f'<div class="muse-heading"><b>{_spans(block.spans)}</b></div>'
            case Table():
                return _table(block)
            case Prose():
                return f'<div class="muse-line">{_prose(commands(block.text))}</div>'
            case Hint():
                return f'<div class="muse-hint">{_prose(commands(block.text))}</div>'
            case Notice():
                return f'<div class="muse-notice">{_prose(commands(block.text))}</div>'
            case Section():
                opened = " open" if block.open else ""
                return (
                    f'<details class="muse-section"{opened}><summary>{_spans(block.title)}</summary>'
                    f'<div class="muse-inside">{self.blocks(block.blocks)}</div></details>'
                )
            case TextDiff():
                return self.diff(block.lines)
            case CellDiff():
                return self.cell(block)
            case Code():
                return self.code(block)
            case Picture():
                figure = self.figure(block.payload, block.alt, block.alt)
                return f'<div class="muse-pictures">{figure}</div>'

    def cell(self, cell: CellDiff) -> str:
        title = " ".join(_badge(span) for span in cell.title)
        changes = self.diff(cell.source) + "".join(map(self.output, cell.outputs))
        return f'<div class="muse-cell"><div class="muse-title">{title}</div>{changes}</div>'

    def output(self, output: OutputDiff) -> str:
        """The label of an output, the diff of its text, or both images side by side."""
        before, after = output.before, output.after
        change = "" if before and after else "added" if after else "removed"
        badge = f" {_badge(Span(change, change))}" if change else ""
        label = f'<div class="muse-label">output {_escaped(output.kind)}{badge}</div>'
        if output.lines:
            return label + self.diff(output.lines)
        sides = (("before", before), ("after", after)) if before and after else (("", before or after),)
        figures = (self.figure(payload, name, f"{output.kind} {name}") for name, payload in sides if payload)
        return f'{label}<div class="muse-pictures">{"".join(figures)}</div>'

    def figure(self, payload: Payload, caption: str, alt: str) -> str:
        """An image with its size, or its type and size where it cannot be shown."""
        data = payload.data
        size = words.size(payload.size)
        if data is None or payload.mime not in _IMAGES or len(data) > self.bytes_left:
            image, described = "", f"{payload.mime}, {size}"
        else:
            from binascii import b2a_base64

            self.bytes_left -= len(data)
            base64 = b2a_base64(data, newline=False).decode("ascii")
            image = f'<img alt="{_escaped(alt)}" src="data:{payload.mime};base64,{base64}">'
            described = size
        text = f"{caption} · {described}" if caption else described
        return f'<figure class="muse-figure">{image}<figcaption>{_escaped(text)}</figcaption></figure>'

    def diff(self, lines: tuple[DiffLine, ...]) -> str:
        shown = lines[: self.take(len(lines))]
        marks = changed_words(shown)
        rows = "".join(_row(entry, marks.get(index, [])) for index, entry in enumerate(shown))
        return _lines(rows, len(lines) - len(shown))

    def code(self, code: Code) -> str:
        lines = code.text.removesuffix("\n").split("\n")
        shown = lines[: self.take(len(lines))]
        rows = "".join(f'<span class="muse-row muse-whole">{_clipped(text)}\n</span>' for text in shown)
        return _lines(rows, len(lines) - len(shown))

    def take(self, wanted: int) -> int:
        """How many of the lines may be shown; they are taken off the budget."""
        granted = min(wanted, _MAX_LINES_EACH, self.lines_left)
        self.lines_left -= granted
        return granted


def _escaped(text: str, *, tabs: bool = False) -> str:
    return visible(text, tabs=tabs).translate(_ESCAPES)


def _clipped(text: str) -> str:
    rest = len(text) - _MAX_LINE_LENGTH
    shown = _escaped(text[:_MAX_LINE_LENGTH], tabs=True)
    if rest <= 0:
        return shown
    return f'{shown} <span class="muse-dim">… {words.plural(rest, "more character")}</span>'


def _prose(text: str) -> str:
    """A sentence; its parts in backquotes become code."""
    parts = _escaped(text).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    marked = (f'<code class="muse-code">{part}</code>' if number % 2 else part for number, part in enumerate(parts))
    return "".join(marked)


def _spans(parts: Iterable[Span]) -> str:
    return "".join(map(_span, parts))


def _span(part: Span) -> str:
    text = _escaped(part.text)
    tag = _TAGS.get(part.role, "span")
    return f'<{tag} class="muse-{part.role}">{text}</{tag}>' if part.role in ROLES else text


def _badge(part: Span) -> str:
    """A span of a title; what says what happened to a cell or an output stands out."""
    if part.role in ("added", "removed", "changed"):
        return f'<span class="muse-badge muse-{part.role}">{_escaped(part.text)}</span>'
    return _span(part)


def _table(table: Table) -> str:
    names = "".join(f"<th>{_escaped(name)}</th>" for name in table.header)
    head = f"<thead><tr>{names}</tr></thead>" if names else ""
    cells = ("".join(f"<td>{_spans(cell_spans(cell))}</td>" for cell in row) for row in table.rows)
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    return f'<table class="muse-table">{head}<tbody>{rows}</tbody></table>'


def _lines(rows: str, hidden: int) -> str:
    if hidden:
        note = f"… {words.plural(hidden, 'more line')}; a terminal shows them all"
        rows += f'<span class="muse-row muse-note">{note}\n</span>'
    return f'<pre class="muse-lines">{rows}</pre>' if rows else ""


def _row(entry: DiffLine, marks: Ranges) -> str:
    """A line of a diff. Its newline keeps lines apart where styles are stripped, and when copied."""
    kind = _ROWS.get(entry.kind)
    sign = "" if entry.kind == "@" else f'<span class="muse-sign">{_escaped(entry.kind)} </span>'
    text = "".join(_marked(entry.text, marks)) if marks else _clipped(entry.text)
    return f'<span class="muse-row{f" muse-{kind}" if kind else ""}">{sign}{text}\n</span>'


def _marked(text: str, marks: Ranges) -> Iterator[str]:
    position = 0
    for start, end in marks:
        yield _escaped(text[position:start], tabs=True)
        yield f"<b>{_escaped(text[start:end], tabs=True)}</b>"
        position = end
    yield _escaped(text[position:], tabs=True)
