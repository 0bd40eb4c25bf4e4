"""Which file or folder a call is about: by its path, or by the number of what is open."""

from __future__ import annotations

import os

from muse.testing.disk import ROOT, Disk
from muse.testing.nodes import Link
from muse.testing.traced import DATA, Traced, Unrecorded

#: Folder and name.
Place = tuple[int, str]


class Handle:
    """An open file or folder."""

    def __init__(self, node: int, *, append: bool) -> None:
        self.node, self.append, self.offset = node, append, 0


class Handles:
    """What a process has open below a folder. All its threads share it.

    Args:
        root: The folder, which is also the current one.
        disk: What lies there, kept as it is now by the caller.
    """

    def __init__(self, root: str, disk: Disk) -> None:
        self._root, self._disk = os.fsencode(os.path.realpath(root)), disk
        self._open: dict[int, Handle] = {}

    def find(self, number: str) -> Handle | None:
        """What is open under a number, if it lies below the folder."""
        return self._open.get(int(number)) if number.isdigit() else None

    def add(self, number: int, node: int | None, *, append: bool = False) -> None:
        """Something was opened; None for what lies elsewhere."""
        self._open.pop(number, None)
        if node is not None:
            self._open[number] = Handle(node, append=append)

    def is_about(self, call: Traced) -> bool:
        """Whether a call is about anything below the folder."""
        if call.name in DATA:
            return self.find(call.words[0]) is not None
        return any(self.find(word) is not None for word in call.words) or any(self.places(call))

    def places(self, call: Traced) -> list[Place | None]:
        """For each path of a call where it leads; None for one that lies elsewhere."""
        found: list[Place | None] = []
        strings, at = iter(call.strings), "AT_FDCWD"
        for word in call.words:
            if word.startswith('""'):
                path = next(strings)
                is_target = not found and call.name.startswith("symlink")
                found.append(None if is_target else self._place(at, path))
                at = "AT_FDCWD"
            else:
                at = word
        return found[1:] if call.name.startswith("symlink") else found

    def _place(self, at: str, path: bytes) -> Place | None:
        folder: int | None = ROOT
        if path.startswith(b"/"):
            if not (path + b"/").startswith(self._root + b"/"):
                return None
            path = path[len(self._root) :]
        elif at != "AT_FDCWD":
            handle = self.find(at)
            if handle is None:
                return None
            folder = handle.node
        parts = [os.fsdecode(part) for part in path.split(b"/") if part not in (b"", b".")]
        if ".." in parts:
            raise Unrecorded(f"a path that leads upwards: {path!r}")
        for part in parts[:-1]:
            folder = self._disk.folder(folder).names.get(part) if folder is not None else None
            if folder is not None and isinstance(self._disk.nodes[folder], Link):
                raise Unrecorded(f"a path through a link: {path!r}")
        return (folder, parts[-1] if parts else "") if folder is not None else None

    def node(self, place: Place) -> int | None:
        """What stands there; None for nothing."""
        folder, name = place
        return self._disk.folder(folder).names.get(name) if name else folder

    def follow(self, call: Traced) -> None:
        """A descriptor was closed, moved or copied."""
        handle = self.find(call.words[0])
        if call.name == "execve":
            self._open.clear()
        elif call.name == "close":
            self._open.pop(int(call.words[0]), None)
        elif call.name == "lseek":
            if handle is not None:
                handle.offset = call.result
        elif call.name != "fcntl" or "F_DUPFD" in call.words[1]:
            self._open.pop(call.result, None)
            if handle is not None:
                self._open[call.result] = handle
