"""What lies on a disk that may lose its power: files, folders and links, with what is durable of each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress, product
from typing import NamedTuple

#: Of so many changes to one folder every subset may have survived; of more, each beginning.
EVERY = 8

#: What a folder holds: name to the number of a node.
Names = dict[str, int]


class File:
    """A file.

    Args:
        mode: `FILE` or `EXECUTABLE`.
        data: What it holds, durably.
    """

    def __init__(self, mode: str, data: bytes = b"") -> None:
        self.mode, self.data = mode, bytearray(data)
        #: What is durable: mode and bytes.
        self.synced = mode, data
        self.is_dirty = False
        self._written: list[tuple[int, int]] = []

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes, not durably."""
        end = offset + len(data)
        self.resize(max(len(self.data), end))
        self.data[offset:end] = data
        self._written.append((offset, end))

    def resize(self, size: int) -> None:
        """Cut it, or let it grow by zeros, not durably."""
        del self.data[size:]
        self.data.extend(bytes(size - len(self.data)))
        self.is_dirty = True

    def chmod(self, mode: str) -> None:
        """Make it executable or not, not durably."""
        self.mode, self.is_dirty = mode, True

    def sync(self) -> None:
        """Make durable what it holds."""
        self.synced, self.is_dirty, self._written = (self.mode, bytes(self.data)), False, []

    def now(self) -> tuple[str, bytes]:
        """Mode and bytes as a process sees them."""
        return (self.mode, bytes(self.data)) if self.is_dirty else self.synced

    def remains(self) -> list[tuple[str, bytes]]:
        """What a power cut may leave of it: all; what is durable; zeros where it was written; half of that."""
        if not self.is_dirty:
            return [self.synced]
        old, new, zeroed = self.synced[1], bytes(self.data), bytearray(self.data)
        for start, end in self._written:
            zeroed[start:end] = bytes(len(zeroed[start:end]))
        grown = len(new) > len(old)
        half = new[: (len(old) + len(new)) // 2] if grown else new[: len(new) // 2] + old[len(new) // 2 :]
        found = [(self.mode, new), self.synced, (self.mode, bytes(zeroed)), (self.mode, half)]
        return list(dict.fromkeys(found))


class Folder:
    """A folder.

    Args:
        names: What it holds, durably.
    """

    def __init__(self, names: Names | None = None) -> None:
        self.names = dict(names or {})
        self._synced = dict(self.names)
        #: What the calls since then did to it, each to some names.
        self.changes: list[list[tuple[str, int | None]]] = []

    def change(self, change: list[tuple[str, int | None]]) -> None:
        """Give and take names, not durably."""
        self.changes.append(change)
        self.names = self.kept(self.changes)

    def sync(self) -> None:
        """Make its names durable."""
        self._synced, self.changes = self.names, []

    def kept(self, changes: Iterable[list[tuple[str, int | None]]]) -> Names:
        """The names that are there when these changes alone have survived."""
        names: dict[str, int | None] = dict(self._synced)
        for change in changes:
            names.update(change)
        return {name: node for name, node in names.items() if node is not None}

    def remains(self) -> list[Names]:
        """What a power cut may leave of it, all changes first and none of them last."""
        if len(self.changes) > EVERY:
            subsets = [self.changes[:end] for end in range(len(self.changes), -1, -1)]
        else:
            masks = product((True, False), repeat=len(self.changes))
            subsets = [list(compress(self.changes, mask)) for mask in masks]
        return list({frozenset(names.items()): names for names in map(self.kept, subsets)}.values())


class Link(NamedTuple):
    """A symbolic link."""

    target: bytes


Node = File | Folder | Link
