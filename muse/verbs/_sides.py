"""The two sides of a change: how large each is, and its bytes where both are small enough to be compared.

A size costs no reading, so a file of gigabytes is told from its new version without a byte of either.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.base.named import NamedTuple
from muse.verbs._work import is_notebook, read_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from muse.core.folder.folders import Folders
    from muse.core.packs.store import ObjectStore
    from muse.core.types import Change, Entry

    class Source(Protocol):
        """Where the files of one side are."""

        def size(self, path: str, entry: Entry) -> int:
            """The size of a file in bytes."""

        def read(self, path: str, entry: Entry) -> bytes:
            """The bytes of a file."""

#: Above this many bytes a file is described, not read. A notebook is mostly pictures, which are not compared as text.
LARGEST_TEXT = 8 << 20
LARGEST_NOTEBOOK = 100 << 20


class Side(NamedTuple):
    """One side of a change.

    Attributes:
        size: Its size in bytes.
        data: Its bytes; None when one of the two sides is too large to be compared, or is lost.
        lost: Whether it is damaged or missing.
    """

    size: int
    data: bytes | None = None
    lost: bool = False


_LOST = Side(0, lost=True)


class Stored:
    """Files as commits and the stage have them."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def size(self, path: str, entry: Entry) -> int:
        """The size of the object.

        Raises:
            Missing, Damaged: It cannot be had.
        """
        return self._store.size(entry.digest)

    def read(self, path: str, entry: Entry) -> bytes:
        """The bytes of the object, checked.

        Raises:
            Missing, Damaged: They cannot be had.
        """
        return self._store.read(entry.digest)


class InFolder:
    """Files as they stand in the folder.

    Args:
        exact: Whether they must be as they were seen.
    """

    def __init__(self, folders: Folders, *, exact: bool = True) -> None:
        self._folders, self._exact = folders, exact

    def size(self, path: str, entry: Entry) -> int:
        """The size of what stands there; 0 when it is gone, which `read` reports."""
        seen = self._folders.seen(path)
        return seen[2] if seen is not None else 0

    def read(self, path: str, entry: Entry) -> bytes:
        """The bytes of a file that were seen to be `entry`, see `read_as`."""
        return read_as(self._folders, path, entry, exact=self._exact)


def largest(path: str) -> int:
    """The most bytes that a file of that name may have to be looked into."""
    return LARGEST_NOTEBOOK if is_notebook(path) else LARGEST_TEXT


def sides(change: Change, before: Source, after: Source) -> tuple[Side | None, Side | None]:
    """Both sides of a change; None stands for the side on which the file is not there."""
    old, new = _sized(before, change.path, change.before), _sized(after, change.path, change.after)
    if max(side.size for side in (old, new) if side is not None) > largest(change.path):
        return old, new
    return _read(old, before, change.path, change.before), _read(new, after, change.path, change.after)


def _sized(source: Source, path: str, entry: Entry | None) -> Side | None:
    try:
        return Side(source.size(path, entry)) if entry is not None else None
    except Damaged:
        return _LOST


def _read(side: Side | None, source: Source, path: str, entry: Entry | None) -> Side | None:
    if side is None or side.lost or entry is None:
        return side
    try:
        data = source.read(path, entry)
    except Damaged:
        return _LOST
    return Side(len(data), data)
