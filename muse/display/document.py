"""What a verb has to say, as data: a document is a tuple of blocks that say what they are, not how they look.

A verb describes its result once. `text.render` and `html.render` turn any document into what a terminal or a
notebook shows, so no verb knows escape codes or HTML, and a new block costs one function in each renderer.
"""

from __future__ import annotations

from muse.core.base.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    DiffKind = Literal[" ", "+", "-", "@", "…"]


#: What a span may be; any other role is shown as plain text. "id" is a commit or an object.
ROLES = frozenset(
    ("strong", "dim", "id", "branch", "path", "added", "removed", "changed", "warning", "error", "code")
)



class Span(NamedTuple):
    """A piece of a line: text as the user wrote it (renderers make it safe), and what it is (see `ROLES`)."""

    text: str
    role: str = ""


class Line(NamedTuple):
    """One line. `indent` counts levels, not columns."""

    spans: tuple[Span, ...]
    indent: int = 0


class Heading(NamedTuple):
    """A line that names what follows."""

    spans: tuple[Span, ...]


class Table(NamedTuple):
    """Rows of cells; rows may be of unequal length."""

    rows: tuple[tuple[Cell, ...], ...]
    header: tuple[str, ...] = ()


class Prose(NamedTuple):
    """A sentence. Parts in backquotes are commands."""

    text: str


class Hint(NamedTuple):
    """What to do next. Parts in backquotes are commands."""

    text: str


class Notice(NamedTuple):
    """A warning. Both renderers put the notices of a document before everything else."""

    text: str


class Section(NamedTuple):
    """Blocks under a title, which a notebook can fold away; `open` is how it starts."""

    title: tuple[Span, ...]
    blocks: tuple[Block, ...]
    open: bool = True


class DiffLine(NamedTuple):
    """A line of a diff, without its newline.

    Kinds: " " in both, "+" new, "-" old, "@" where the next lines stand, "…" a remark on the line before.
    """

    kind: DiffKind
    text: str


class TextDiff(NamedTuple):
    """What changed in a text."""

    lines: tuple[DiffLine, ...]


class Payload(NamedTuple):
    """One side of an output: its type, its size in bytes, and its bytes when it is an image to be shown."""

    mime: str
    size: int
    data: bytes | None = None


class OutputDiff(NamedTuple):
    """One output before and after.

    Args:
        kind: What a person would call it: "image", "text", "table", "stdout", "error", …
        before: None when the output is new.
        after: None when the output is gone.
        lines: The diff of its text; empty for images and for types that have no text.
    """

    kind: str
    before: Payload | None
    after: Payload | None
    lines: tuple[DiffLine, ...] = ()


class CellDiff(NamedTuple):
    """One cell of a notebook: which, what changed in its source, and what in its outputs.

    The renderers set the spans of the title apart; those with the role "added", "removed" or "changed" become
    badges in HTML.
    """

    title: tuple[Span, ...]
    source: tuple[DiffLine, ...]
    outputs: tuple[OutputDiff, ...] = ()


class Code(NamedTuple):
    """A whole source or file, shown as it is. `language` is its name in lower case, or empty."""

    text: str
    language: str = ""


class Picture(NamedTuple):
    """An image, with the words that stand for it where it cannot be shown."""

    payload: Payload
    alt: str = ""


#: A cell of a table.
Cell = Span | tuple[Span, ...]
Block = Line | Heading | Table | Prose | Hint | Notice | Section | TextDiff | CellDiff | Code | Picture
Document = tuple[Block, ...]
Part = str | tuple[str, str] | Span


def cell_spans(cell: Cell) -> tuple[Span, ...]:
    """The spans of a cell of a table."""
    return (cell,) if isinstance(cell, Span) else cell


def spans(*parts: Part) -> tuple[Span, ...]:
    """Spans from strings (plain) and pairs (text, role)."""
    return tuple(Span(part) if isinstance(part, str) else Span(*part) for part in parts)


def line(*parts: Part, indent: int = 0) -> Line:
    """A line from strings (plain) and pairs (text, role)."""
    return Line(spans(*parts), indent)


def heading(*parts: Part) -> Heading:
    """A heading from strings (plain) and pairs (text, role)."""
    return Heading(spans(*parts))
