"""Recording what a real process does to the files below a folder: every operation, in order, with its data.

`strace` follows all its threads; nothing in the process knows of it. A call that could change the disk in a way that
cannot be recorded makes the recording fail. So does one that was overlooked: in the end what was recorded must give
what lies there, byte for byte.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from subprocess import CalledProcessError
from typing import NamedTuple

from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK
from muse.testing import faults, traced
from muse.testing.disk import Chmod, Disk, Effect, Make, Rename, Resize, Sync, Write
from muse.testing.handles import Handle, Handles, Place
from muse.testing.nodes import File, Link
from muse.testing.traced import Traced, Unrecorded

_NAMELESS = re.compile(r"/proc/self/fd/(\d+)")


class Step(NamedTuple):
    """One system call: its name, the names it was about, and what it did."""

    call: str
    about: tuple[str, ...]
    effects: tuple[Effect, ...]


class Recording(NamedTuple):
    """What a process did.

    Attributes:
        before: The files when it began. To be copied, not changed.
        steps: All that it did to them.
    """

    before: Disk
    steps: tuple[Step, ...]


def record(command: Sequence[str], *, cwd: str, env: Mapping[str, str], status: int = 0) -> Recording:
    """Run a command, and record what it does to the files below the folder it runs in.

    Args:
        command: The program and its arguments. It starts no other process.
        cwd, env: Where it runs, and its whole environment.
        status: The exit status that it ends with.

    Raises:
        CalledProcessError: It ended with another.
        Unrecorded: It did what cannot be recorded.
    """
    before, recorder = Disk(cwd), _Recorder(cwd)
    ended, _ = faults.follow(traced.OPTIONS, command, cwd, env, lambda log: recorder.read(traced.read(log)))
    if ended.returncode != status:
        raise CalledProcessError(ended.returncode, command, ended.stdout, ended.stderr)
    if recorder.disk.contents() != (found := Disk(cwd).contents()):
        wrong = sorted({path for path, _ in recorder.disk.contents().items() ^ found.items()})
        raise Unrecorded(f"what was recorded does not give what lies there: {wrong}")
    return Recording(before, tuple(recorder.steps))


class _Recorder:
    """Turns calls into steps, with all that is there and all that is open in mind."""

    def __init__(self, root: str) -> None:
        self.disk = Disk(root)
        self.steps: list[Step] = []
        self._open = Handles(root, self.disk)
        self._effects: list[Effect] = []

    def read(self, calls: Iterable[Traced]) -> None:
        """Record all these calls."""
        for call in calls:
            self._check(call)
            places = self._open.places(call) if call.name in traced.NAMED else []
            if call.name in ("open", "openat", "creat"):
                self._opened(call, places[0])
            elif call.name in traced.NAMED:
                self._named(call, places)
            elif call.name in traced.DATA:
                self._data(call)
            elif call.name in traced.DESCRIPTORS:
                self._open.follow(call)
            if self._effects:
                named = call.strings if call.name in traced.NAMED else []
                about = tuple(os.path.basename(os.fsdecode(path)) for path in named)
                self.steps.append(Step(call.name, about, tuple(self._effects)))
                self._effects = []

    def _do(self, effect: Effect) -> None:
        self.disk.apply(effect)
        self._effects.append(effect)

    def _make(self, mode: str, data: bytes = b"") -> int:
        self._do(Make(mode, data))
        return len(self.disk.nodes) - 1

    def _check(self, call: Traced) -> None:
        """Fail for what cannot be recorded."""
        text, pattern = str(call), traced.SOMETIMES.get(call.name)
        odd = call.name in traced.NOT_OURS or '""...' in text or (pattern is not None and pattern.search(text))
        if call.name in traced.NEVER or (odd and (call.name.startswith("clone") or self._open.is_about(call))):
            raise Unrecorded(f"this cannot be recorded: {call}")

    def _opened(self, call: Traced, place: Place | None) -> None:
        self._open.add(call.result, None)
        if place is None:
            return
        flags = {*call.words[-1].split("|"), *call.words[-2].split("|")}
        flags |= {"O_CREAT", "O_TRUNC"} if call.name == "creat" else set()
        mode = EXECUTABLE if call.words[-1].isdigit() and int(call.words[-1], 8) & 0o100 else FILE
        node = self._make(mode) if "O_TMPFILE" in flags else self._open.node(place)
        if node is None:
            node = self._make(mode)
            self._do(Rename(((*place, node),)))
        there = self.disk.nodes[node]
        if isinstance(there, Link):
            if not flags.isdisjoint({"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"}):
                raise Unrecorded(f"a file changed through a link: {call}")
            return
        if "O_TRUNC" in flags and isinstance(there, File) and there.data:
            self._do(Resize(node, 0))
        self._open.add(call.result, node, append="O_APPEND" in flags)

    def _named(self, call: Traced, places: list[Place | None]) -> None:
        """A call that gives or takes names, or changes what has one."""
        if match := _NAMELESS.fullmatch(os.fsdecode(call.strings[0])):
            handle = self._open.find(match[1])
            if handle is not None and places[-1] is not None:
                self._do(Rename(((*places[-1], handle.node),)))
                return
        inside = [place for place in places if place is not None]
        if not inside:
            return
        if len(inside) < len(places):
            raise Unrecorded(f"from elsewhere, or to elsewhere: {call.name} {call.strings}")
        first, last, node = inside[0], inside[-1], self._open.node(inside[0])
        if call.name in ("unlink", "unlinkat", "rmdir"):
            self._do(Rename(((*first, None),)))
        elif call.name in ("mkdir", "mkdirat"):
            self._do(Rename(((*first, self._make(FOLDER)),)))
        elif call.name in ("symlink", "symlinkat"):
            self._do(Rename(((*first, self._make(LINK, call.strings[0])),)))
        elif call.name in ("link", "linkat"):
            self._do(Rename(((*last, node),)))
        elif call.name in ("rename", "renameat", "renameat2"):
            self._renamed(first, last, exchange="RENAME_EXCHANGE" in call.words[-1])
        else:
            assert node is not None
            size_or_mode = call.words[-1] if call.name != "fchmodat" else call.words[2]
            self._changed(call.name, node, size_or_mode)

    def _renamed(self, old: Place, new: Place, *, exchange: bool) -> None:
        node, other = self._open.node(old), self._open.node(new)
        if node != other:  # of two names of one file none goes
            self._do(Rename(((*old, other if exchange else None), (*new, node))))

    def _changed(self, name: str, node: int, value: str) -> None:
        if name.endswith("truncate"):
            self._do(Resize(node, int(value)))
        elif isinstance(self.disk.nodes[node], File):
            self._do(Chmod(node, EXECUTABLE if int(value, 8) & 0o100 else FILE))

    def _data(self, call: Traced) -> None:
        """A call that changes what is open, or makes something durable."""
        handle = self._open.find(call.words[0])
        if call.name == "sync" or (call.name == "syncfs" and handle is not None):
            self._do(Sync(None))
        elif handle is None:
            return
        elif call.name in ("fsync", "fdatasync"):
            self._do(Sync(handle.node))
        elif call.name in ("ftruncate", "fchmod"):
            self._changed(call.name, handle.node, call.words[1])
        else:
            self._write(call, handle)

    def _write(self, call: Traced, handle: Handle) -> None:
        data = b"".join(call.strings)[: call.result]
        if call.name == "pwrite64":
            self._do(Write(handle.node, int(call.words[-1]), data))
            return
        if handle.append:
            handle.offset = len(self.disk.file(handle.node).data)
        self._do(Write(handle.node, handle.offset, data))
        handle.offset += len(data)
