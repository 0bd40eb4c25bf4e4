"""What changed in the outputs of cells, told by the type that tells it best.

Images are told as images, everything else by the lines of its text, HTML by its source; of what has no text
only the sizes are told. Only what changed is resolved and decoded, and images only as long as all of them
together stay small, because the answer is itself an output that a notebook keeps.
"""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.display import words
from muse.display.document import DiffLine, OutputDiff, Payload
from muse.display.lines import ended, line_diff
from muse.display.visible import without_ansi
from muse.notebook.diff import CellChange, NotebookDiff, pair_outputs
from muse.notebook.model import TRACEBACK, Notebook, Output, size_of

_MAX_IMAGE_BYTES = 1 << 20
_MAX_LINE_LENGTH = 2_000
_SVG = "image/svg+xml"
_JSON = "application/json"
#: Stands for what an output has beside its data, such as the width of an image.
_REST = "metadata"

#: Types by what a person calls them, in the order in which they are asked for a difference.
_NAMES = {
    **dict.fromkeys(("image/png", "image/jpeg", "image/gif", _SVG), "image"),
    TRACEBACK: "error",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/latex": "latex",
    "text/html": "html",
    _JSON: "json",
}


class Outputs:
    """The outputs of one difference of notebooks; they share a limit for images.

    Args:
        diff: The difference whose changes will be asked for.
        images: Whether to give the bytes of images, up to 1 MiB for all of them together.
    """

    def __init__(self, diff: NotebookDiff, *, images: bool) -> None:
        self._diff = diff
        self._bytes_left = _MAX_IMAGE_BYTES if images else 0

    def of(self, change: CellChange) -> tuple[OutputDiff, ...]:
        """The outputs of one cell that differ, in order."""
        old, new = self._diff.old, self._diff.new
        return tuple(
            self._told(_side(before, old), _side(after, new))
            for before, after in pair_outputs(change.old, change.new)
        )

    def _told(self, old: _Side | None, new: _Side | None) -> OutputDiff:
        sides = [side for side in (old, new) if side]
        mime = _telling(sides)
        is_image = _NAMES.get(mime) == "image"
        shown = is_image and self._afford(sum(side.size(mime) for side in sides))
        before = old.payload(mime, shown) if old else None
        after = new.payload(mime, shown) if new else None
        return OutputDiff(sides[-1].name(mime), before, after, () if is_image else _lines(old, new, mime))

    def _afford(self, n_bytes: int) -> bool:
        """Whether these images still fit; if so they are counted."""
        if n_bytes > self._bytes_left:
            return False
        self._bytes_left -= n_bytes
        return True


class _Side(NamedTuple):
    """An output, and the notebook that resolves its texts."""

    output: Output
    notebook: Notebook

    def name(self, mime: str) -> str:
        """What a person calls the output: the name of a stream, or what it shows."""
        if self.output.kind == "stream":
            return self.output.name
        html = self.output.data.get("text/html", "") if mime in ("text/plain", "text/html") else ""
        return "table" if "<table" in self.notebook.resolve(html) else _NAMES.get(mime, mime)

    def size(self, mime: str) -> int:
        return size_of(self.output.rest if mime == _REST else self.output.data[mime], mime)

    def text(self, mime: str) -> str:
        return self.output.rest if mime == _REST else self.notebook.resolve(self.output.data[mime])

    def readable(self, mime: str) -> str:
        """The text as it looked on the screen, or spread over lines where it is data."""
        text = self.text(mime)
        if mime in (_JSON, _REST):
            return _spread(text)
        if mime == TRACEBACK:
            what = self.text("text/plain")
            text = text if what in without_ansi(text) else f"{what}\n{text}"
        return _on_screen(text)

    def payload(self, mime: str, shown: bool) -> Payload:
        data = _decoded(self.text(mime), mime) if shown else None
        return Payload(mime, self.size(mime) if data is None else len(data), data)


def _side(output: Output | None, notebook: Notebook | None) -> _Side | None:
    return _Side(output, notebook) if output and notebook else None


def _telling(sides: list[_Side]) -> str:
    """The first type whose content differs; outputs that are compared offer the same types."""
    first, last = sides[0].output.data, sides[-1].output.data
    for mime in (*_NAMES, *sorted(first)):
        if mime in first and (len(sides) == 1 or first[mime] != last[mime]):
            return mime
    return _REST


def _lines(old: _Side | None, new: _Side | None, mime: str) -> tuple[DiffLine, ...]:
    """The lines of the text that differ; none when the type has no text for people."""
    if mime not in _NAMES and not mime.startswith("text/") and mime != _REST:
        return ()
    before, after = old.readable(mime) if old else "", new.readable(mime) if new else ""
    if before == after and old and new:
        before, after = old.text(mime), new.text(mime)
    return tuple(DiffLine(kind, _cut(text)) for kind, text in line_diff(ended(before), ended(after)))


def _cut(text: str) -> str:
    rest = len(text) - _MAX_LINE_LENGTH
    return text if rest <= 0 else f"{text[:_MAX_LINE_LENGTH]} … {words.plural(rest, 'more character')}"


def _on_screen(text: str) -> str:
    """What a terminal would show: no colours, and only the last state of a line that was written over."""
    rows = without_ansi(text).split("\n") if "\x1b" in text or "\r" in text else [text]
    return "\n".join(row.rstrip("\r").rpartition("\r")[2] for row in rows)


def _spread(text: str) -> str:
    """JSON on many lines, so that lines can be compared; any other text as it is."""
    import json

    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except RecursionError:
        return text


def _decoded(text: str, mime: str) -> bytes | None:
    """The bytes of an image; None when the text does not hold any."""
    if mime == _SVG:
        return text.encode("utf-8", "replace")
    from binascii import a2b_base64

    try:
        return a2b_base64(text)
    except ValueError:
        return None
