"""What stands at a path in a commit: a file as it was, or the list of a folder. What `muse show REV:PATH` answers.

A file is read as far as it can be shown. The rest is read when its bytes are asked for, and then a piece at a time.
"""

from __future__ import annotations

import os

from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import reading
from muse.core.repo import Repo
from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK, Change, Entry, id_of
from muse.display.document import Block, Code, Hint, Notice, Picture, Span, Table, line, spans
from muse.display.result import Result
from muse.display.words import short_id, size
from muse.verbs._files import is_text, notebook_diff
from muse.verbs._paths import quoted
from muse.verbs._sections import payload, picture_type
from muse.verbs._sides import LARGEST_TEXT, Side

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from muse.core.commands.command import State

_MODES = {FILE: "file", EXECUTABLE: "executable", LINK: "link", FOLDER: "folder"}
#: What is no text is put into JSON up to this many bytes.
_LARGEST_BASE64 = 1 << 20


class _File(NamedTuple):
    path: str
    commit: bytes
    entry: Entry
    content: Side
    repo: Repo
    notes: tuple[str, ...]


class FileResult(Result, _File):
    """A file as it was in a commit.

    Attributes:
        path: Its path from the root.
        commit: Digest of the commit.
        entry: Its mode and digest.
        content: Its size, and its bytes when it is small enough to be shown.
        repo: Where it is.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def data(self) -> bytes:
        """The bytes of the file; of a link: where it points."""
        if self.content.data is not None:
            return self.content.data
        return reading(self.repo, lambda state: state.store.read(self.entry.digest))

    def write_raw(self, write: Callable[[bytes], object]) -> tuple[str, ...]:
        """Write the bytes of the file, a piece at a time; gives the warnings.

        Raises:
            Damaged: What is stored is not what was written; of a large file that is known after its last piece.
        """
        if self.content.data is not None:
            write(self.content.data)
        else:
            reading(self.repo, lambda state: self._copy(state, write))
        return self.notes

    def _copy(self, state: State, write: Callable[[bytes], object]) -> None:
        for piece in state.store.pieces(self.entry.digest):
            write(piece)

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        data, mime = self.content.data, picture_type(self.path)
        if data is not None and self.entry.mode == LINK:
            yield line("link to ", (show(os.fsdecode(data)), "path"))
        elif mime:
            yield Picture(payload(mime, self.content), show(self.path))
        elif data is None or not is_text(data):
            yield line((f"{'binary' if data is not None else 'too large to show'}, {size(self.content.size)}", "dim"))
            place = quoted(f"{short_id(id_of(self.commit))}:{self.path}")
            yield Hint(f"in a terminal, `muse show {place} > FILE` writes it to a file")
        elif found := notebook_diff(Change(self.path, None, self.entry), None, data):
            from muse.display.notebook import whole_notebook

            assert found.new is not None
            yield from whole_notebook(found.new)
        else:
            yield Code(data.decode("utf-8")) if data else line(("empty", "dim"))

    def json(self) -> object:
        """The answer for programs."""
        text, base64 = self._encoded()
        return {
            "path": self.path,
            "commit_id": id_of(self.commit),
            "mode": _MODES[self.entry.mode],
            "size": self.content.size,
            "blob_id": id_of(self.entry.digest),
            "text": text,
            "base64": base64,
            "notes": list(self.notes),
        }

    def _encoded(self) -> tuple[str | None, str | None]:
        """The content as text or in base64; neither where it is too large."""
        data = self.content.data
        if data is not None and len(data) <= LARGEST_TEXT and is_text(data):
            return data.decode("utf-8"), None
        if data is None or len(data) > _LARGEST_BASE64:
            return None, None
        from binascii import b2a_base64

        return None, b2a_base64(data, newline=False).decode("ascii")


class Listed(NamedTuple):
    """A name in a folder.

    Attributes:
        name: The name.
        entry: Its mode and digest.
        size: Its size in bytes; None for a folder, and for a file that is lost.
    """

    name: str
    entry: Entry
    size: int | None

    @property
    def lost(self) -> bool:
        """Whether it is a file that is damaged or missing."""
        return self.size is None and self.entry.mode != FOLDER


class _Folder(NamedTuple):
    path: str
    commit: bytes
    entries: tuple[Listed, ...]
    notes: tuple[str, ...]


class FolderResult(Result, _Folder):
    """A folder as it was in a commit.

    Attributes:
        path: Its path from the root, which is "".
        commit: Digest of the commit.
        entries: What stands in it, in order of names.
        notes: Warnings.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """3 when a file is lost."""
        return 3 if any(one.lost for one in self.entries) else 0

    def blocks(self) -> Iterable[Block]:
        """The answer for people."""
        listed = Table(tuple(map(_row, self.entries))) if self.entries else line(("empty", "dim"))
        return (*map(Notice, self.notes), listed)

    def json(self) -> object:
        """The answer for programs."""
        return {
            "path": self.path,
            "commit_id": id_of(self.commit),
            "mode": _MODES[FOLDER],
            "entries": [
                {
                    "name": one.name,
                    "mode": _MODES[one.entry.mode],
                    "size": one.size,
                    "blob_id": id_of(one.entry.digest) if one.entry.mode != FOLDER else None,
                }
                for one in self.entries
            ],
            "notes": list(self.notes),
        }


def _row(one: Listed) -> tuple[Span | tuple[Span, ...], ...]:
    name = (show(one.name), "path")
    if one.entry.mode == FOLDER:
        return (spans(name, "/"),)
    mode = _MODES[one.entry.mode] if one.entry.mode != FILE else ""
    return spans(name, (size(one.size), "dim") if one.size is not None else ("lost", "error"), (mode, "dim"))
