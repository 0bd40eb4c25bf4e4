"""What a diff shows of each file: a section with its lines, its cells, its picture, or only its sizes."""

from __future__ import annotations

from muse.core.base.names import show
from muse.core.types import EXECUTABLE, FILE, LINK
from muse.display.document import Block, CellDiff, OutputDiff, Part, Payload, Section, TextDiff, line, spans
from muse.verbs._files import text_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muse.core.types import Change
    from muse.verbs._files import FileDiff
    from muse.verbs._sides import Side

_LARGEST_PICTURE = 1 << 20
_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}


def document(files: Iterable[FileDiff]) -> Iterator[Block]:
    """One section for each file."""
    for file in files:
        summary = file.notebook.counts.summary() if file.notebook is not None else ""
        yield Section(spans(*title(file), *(("  ", (summary, "dim")) if summary else ())), tuple(_body(file)))


def title(file: FileDiff) -> Iterator[Part]:
    """The path, and whether the file came or went."""
    yield show(file.change.path), "path"
    if file.status != "changed":
        yield " "
        yield file.status, "added" if file.status == "added" else "removed"


def _body(file: FileDiff) -> Iterator[Block]:
    if words := mode_change(file.change):
        yield line((words, "changed"))
    if file.notebook is not None:
        from muse.display.notebook import notebook_document

        yield from notebook_document(file.notebook)
        if file.notebook.empty and file.status == "changed" and not file.same_bytes:
            yield line(("only noise differs (execution counts, kernel versions, muse commands)", "dim"))
    elif file.lost:
        yield line((no_text(file), "error"))
    elif mime := _picture(file):
        yield CellDiff((), (), (OutputDiff("image", *_payloads(mime, file)),))
    elif file.same_bytes:
        return
    elif words := no_text(file):
        yield line((words, "dim"))
    else:
        yield TextDiff(text_lines(file))


def _picture(file: FileDiff) -> str:
    """The MIME type of a picture that changed and can be shown; empty for any other file."""
    return picture_type(file.change.path) if not file.same_bytes and file.kind != "link" else ""


def picture_type(path: str) -> str:
    """The MIME type of a picture that a browser shows, by the name of the file; empty for any other file."""
    return _PICTURES.get(path.lower().rpartition(".")[2], "")


def _payloads(mime: str, file: FileDiff) -> tuple[Payload | None, Payload | None]:
    old, new = (payload(mime, side) if side is not None else None for side in (file.old, file.new))
    return old, new


def payload(mime: str, side: Side) -> Payload:
    """A picture as documents hold it: its bytes, as long as they are few."""
    return Payload(mime, side.size, side.data if side.size <= _LARGEST_PICTURE else None)


def no_text(file: FileDiff) -> str:
    """What is said of a file that has no lines to compare; empty for one that has."""
    words = {"binary": "binary", "large": "too large to show", "lost": "cannot be had"}.get(file.kind)
    return f"{words}, {file.sizes}" if words else ""


def mode_change(change: Change) -> str:
    """What became of the mode, in words; empty when it stayed."""
    _, before, after = change
    if before is None or after is None or before.mode == after.mode:
        return ""
    words = {EXECUTABLE: "executable", LINK: "a link", FILE: "a plain file"}
    return f"was {words[before.mode]}, is {words[after.mode]}"
