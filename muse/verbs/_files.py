"""The difference of two versions of a file, as data, for people and for programs."""

from __future__ import annotations

from typing import NamedTuple

from muse.core.names import show
from muse.core.types import EXECUTABLE, LINK, Change, Entry
from muse.display.document import (
    Block,
    CellDiff,
    DiffLine,
    Line,
    OutputDiff,
    Part,
    Payload,
    Section,
    TextDiff,
    line,
    spans,
)
from muse.display.words import size
from muse.verbs._work import is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from muse.notebook.diff import CellChange, NotebookDiff

    #: Gives the bytes of one side of a change.
    Reader = Callable[[str, Entry], bytes]

#: Above this many bytes a file is described, not compared line by line.
_LARGEST_TEXT = 8 << 20
_LARGEST_PICTURE = 1 << 20
_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}


class FileDiff(NamedTuple):
    """One file, before and after.

    Attributes:
        change: Its path and both entries.
        old, new: Its bytes; None where it is not there.
        notebook: The difference by cell, for notebooks.
    """

    change: Change
    old: bytes | None
    new: bytes | None
    notebook: NotebookDiff | None

    @property
    def status(self) -> str:
        """ "added", "deleted" or "changed"."""
        return status_of(self.change)

    @property
    def kind(self) -> str:
        """ "notebook", "link", "text" or "binary"."""
        if self.notebook is not None:
            return "notebook"
        if LINK in (entry.mode for entry in self.change[1:] if isinstance(entry, Entry)):
            return "link"
        return "text" if _is_text(self.old) and _is_text(self.new) else "binary"

    @property
    def only_noise(self) -> bool:
        """True when the two are a notebook that differs by noise alone."""
        _, before, after = self.change
        same_mode = before is not None and after is not None and before.mode == after.mode
        return self.notebook is not None and self.notebook.empty and same_mode


def status_of(change: Change) -> str:
    """ "added", "deleted" or "changed"."""
    if change.before is None:
        return "added"
    return "deleted" if change.after is None else "changed"


def file_diffs(changes: Iterable[Change], before: Reader, after: Reader) -> Iterator[FileDiff]:
    """Read both sides of every change."""
    for change in changes:
        old = before(change.path, change.before) if change.before is not None else None
        new = after(change.path, change.after) if change.after is not None else None
        yield FileDiff(change, old, new, notebook_diff(change, old, new))


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


def document(files: Iterable[FileDiff]) -> Iterator[Block]:
    """One section for each file."""
    for file in files:
        yield Section(spans(*_title(file)), tuple(_body(file)))


def _title(file: FileDiff) -> Iterator[Part]:
    yield show(file.change.path), "path"
    if file.status != "changed":
        yield " "
        yield file.status, "added" if file.status == "added" else "removed"
    if file.notebook is not None and (summary := file.notebook.counts.summary()):
        yield "  "
        yield summary, "dim"


def _body(file: FileDiff) -> Iterator[Block]:
    yield from _mode_line(file.change)
    if file.notebook is not None:
        from muse.display.notebook import notebook_document

        yield from notebook_document(file.notebook)
        if file.notebook.empty and file.old is not None and file.new is not None and file.old != file.new:
            yield line(("only noise differs (execution counts, kernel versions, muse commands)", "dim"))
    elif mime := _picture(file):
        yield CellDiff((), (), (OutputDiff("image", _payload(mime, file.old), _payload(mime, file.new)),))
    elif file.kind == "binary":
        sides = [f"{size(len(side))}" for side in (file.old, file.new) if side is not None]
        yield line((f"binary, {' → '.join(sides)}", "dim"))
    elif file.old != file.new:
        yield TextDiff(text_lines(file))


def _picture(file: FileDiff) -> str:
    """The MIME type of a picture that can be shown; empty for any other file."""
    ending = file.change.path.lower().rpartition(".")[2]
    return _PICTURES.get(ending, "") if file.old != file.new and file.kind != "link" else ""


def _payload(mime: str, data: bytes | None) -> Payload | None:
    return Payload(mime, len(data), data if len(data) <= _LARGEST_PICTURE else None) if data is not None else None


def _mode_line(change: Change) -> Iterator[Line]:
    if change.before is not None and change.after is not None and change.before.mode != change.after.mode:
        words = {EXECUTABLE: "executable", LINK: "a link", "f": "a plain file"}
        yield line((f"was {words[change.before.mode]}, is {words[change.after.mode]}", "changed"))


def text_lines(file: FileDiff) -> tuple[DiffLine, ...]:
    """The lines of a text file that differ."""
    from muse.display.lines import ended, line_diff

    old, new = _text(file.old), _text(file.new)
    return line_diff(ended(old), ended(new)) if file.kind == "link" else line_diff(old, new)


def json(file: FileDiff) -> dict[str, object]:
    """A file as `--json` prints it."""
    found: dict[str, object] = {"path": file.change.path, "status": file.status, "kind": file.kind}
    if file.notebook is not None:
        found["cells"] = [_cell_json(change) for change in file.notebook.changes]
        found["metadata_changed"] = file.notebook.metadata_changed
    elif file.kind != "binary":
        found["lines"] = [[entry.kind, entry.text] for entry in text_lines(file)]
    for side, data in (("old_size", file.old), ("new_size", file.new)):
        found[side] = len(data) if data is not None else None
    return found


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


def _is_text(data: bytes | None) -> bool:
    if data is None:
        return True
    if len(data) > _LARGEST_TEXT or b"\0" in data[:8000]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "surrogateescape")
