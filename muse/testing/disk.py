"""A disk that may lose its power: what is durable on it, and what has changed since.

It promises as little as a disk may. What was written to a file is durable when that file was synced, and a name when
its folder was. Syncing a file does not make its name durable, nor a name the bytes it stands for. What one call does
to one folder survives whole or not at all; what it does to two may survive in one of them, as where there is no
journal. A symbolic link holds its target from the start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK
from muse.testing.nodes import File, Folder, Link, Names, Node
from muse.testing.repositories import Contents

#: The number of the folder that holds everything.
ROOT = 0


class Make(NamedTuple):
    """Something new that has no name yet; it gets the next number. The bytes are the target of a link."""

    mode: str
    data: bytes = b""


class Write(NamedTuple):
    """Bytes written to a file."""

    node: int
    offset: int
    data: bytes


class Resize(NamedTuple):
    """A file cut, or grown by zeros."""

    node: int
    size: int


class Chmod(NamedTuple):
    """A file made executable or not."""

    node: int
    mode: str


class Rename(NamedTuple):
    """Names given and taken by one call: to link, to remove and to exchange are of this kind, too.

    Attributes:
        changes: The number of the folder, the name, and what it stands for then; None for nothing.
    """

    changes: tuple[tuple[int, str, int | None], ...]


class Sync(NamedTuple):
    """A file or a folder made durable; None for all there is."""

    node: int | None


Effect = Make | Write | Resize | Chmod | Rename | Sync


class Disk:
    """All that lies below a folder; the folder itself is node 0.

    Args:
        root: The folder; what it holds counts as durable.
    """

    def __init__(self, root: str) -> None:
        self.nodes: list[Node] = []
        self._scan(root, {})

    def _scan(self, path: str, known: dict[tuple[int, int], int]) -> int:
        """Take in what stands at a path; two names of one file are one node."""
        found = os.lstat(path)
        key = found.st_dev, found.st_ino
        if key in known:
            return known[key]
        number = known[key] = len(self.nodes)
        if os.path.islink(path):
            self.nodes.append(Link(os.fsencode(os.readlink(path))))
        elif os.path.isdir(path):
            self.nodes.append(Folder())  # before what it holds, which takes the next numbers
            names = {name: self._scan(os.path.join(path, name), known) for name in sorted(os.listdir(path))}
            self.nodes[number] = Folder(names)
        else:
            with open(path, "rb") as file:
                self.nodes.append(File(EXECUTABLE if found.st_mode & 0o100 else FILE, file.read()))
        return number

    def file(self, number: int) -> File:
        """The file of that number."""
        found = self.nodes[number]
        assert isinstance(found, File), f"node {number} is not a file"
        return found

    def folder(self, number: int) -> Folder:
        """The folder of that number."""
        found = self.nodes[number]
        assert isinstance(found, Folder), f"node {number} is not a folder"
        return found

    def apply(self, effect: Effect) -> None:
        """Let one operation happen."""
        match effect:
            case Make(mode, data):
                self.nodes.append(Folder() if mode == FOLDER else Link(data) if mode == LINK else File(mode))
            case Write(node, offset, data):
                self.file(node).write(offset, data)
            case Resize(node, size):
                self.file(node).resize(size)
            case Chmod(node, mode):
                self.file(node).chmod(mode)
            case Rename(changes):
                for number in dict.fromkeys(number for number, _, _ in changes):
                    self.folder(number).change([(name, node) for at, name, node in changes if at == number])
            case Sync(synced):
                for held in self.nodes if synced is None else [self.nodes[synced]]:
                    if not isinstance(held, Link):
                        held.sync()

    def unsynced(self) -> dict[int, Folder]:
        """The folders with changes that are not durable."""
        found = ((number, node) for number, node in enumerate(self.nodes) if isinstance(node, Folder))
        return {number: folder for number, folder in found if folder.changes}

    def paths(self, lost: dict[int, Names]) -> Iterator[tuple[str, Node]]:
        """Every path with what stands there; folders in `lost` have other names than a process sees."""
        pending = [("", ROOT)]
        while pending:
            prefix, number = pending.pop()
            for name, below in (lost[number] if number in lost else self.folder(number).names).items():
                node = self.nodes[below]
                yield prefix + name, node
                if isinstance(node, Folder):
                    pending.append((f"{prefix}{name}/", below))

    def contents(self) -> Contents:
        """All that is there, as a process sees it."""
        return contents(self.paths({}), {})


def contents(paths: Iterable[tuple[str, Node]], held: Mapping[File, tuple[str, bytes]]) -> Contents:
    """What stands at these paths, when files hold something else than a process sees."""
    found: Contents = {}
    for path, node in paths:
        if isinstance(node, File):
            found[path] = held[node] if node in held else node.now()
        else:
            found[path] = (FOLDER, b"") if isinstance(node, Folder) else (LINK, node.target)
    return found
