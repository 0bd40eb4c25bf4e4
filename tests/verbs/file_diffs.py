"""Differences of files, without a repository."""

from __future__ import annotations

from muse.core.types import Change, Entry, digest_of
from muse.verbs import _files
from muse.verbs._files import FileDiff


class Held:
    """One side of a change, in memory. It counts what is read of it.

    Args:
        data: Its bytes.
        size: Its size, where it is not theirs.
    """

    def __init__(self, data: bytes | None, size: int | None = None) -> None:
        self.data, self.reads = data or b"", 0
        self._size = len(self.data) if size is None else size

    def size(self, path: str, entry: Entry) -> int:
        """The size."""
        return self._size

    def read(self, path: str, entry: Entry) -> bytes:
        """The bytes."""
        self.reads += 1
        return self.data


def change(path: str, old: bytes | None, new: bytes | None, modes: str = "ff") -> Change:
    """What became of a file."""
    before, after = (
        Entry(mode, digest_of(data)) if data is not None else None for mode, data in zip(modes, (old, new), strict=True)
    )
    return Change(path, before, after)


def diff(path: str, old: bytes | None, new: bytes | None, modes: str = "ff") -> FileDiff:
    """The difference between two versions of a file."""
    (found,) = _files.file_diffs([change(path, old, new, modes)], Held(old), Held(new))
    return found
