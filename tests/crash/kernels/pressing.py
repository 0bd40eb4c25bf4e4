"""Ctrl+C at any file call of a `%muse` cell: this runs inside a kernel, beside threads that are at work.

The calls of the main thread are counted from where a cell begins to where it ends. A real SIGINT arrives before one
of them is carried out, or right after it, when its caller has not heard of the outcome yet.
"""

from __future__ import annotations

import builtins
import fcntl
import hashlib
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from muse.core.system import syscalls
from muse.testing import repositories

BEFORE, AFTER = "before", "after"

#: What muse does to a disk, by the names under which it calls.
CALLS: tuple[tuple[ModuleType, str], ...] = (
    *((os, name) for name in ("open", "close", "dup", "write", "fsync", "link", "symlink", "rename", "unlink")),
    *((os, name) for name in ("mkdir", "rmdir")),
    *((syscalls, name) for name in ("exchange", "rename_noreplace", "sync_file_system")),
    (builtins, "open"),
    (fcntl, "flock"),
)
#: What a thread says all the time.
SAID = "at work"
_SECONDS = 1200
_RANDOM = re.compile(r"[0-9a-f]{16,}|(?<=^)\d+$")


class Pressing:
    """Counts the calls of a cell, and presses Ctrl+C at some.

    Args:
        place: A folder for the files of the threads.
    """

    def __init__(self, place: str) -> None:
        self.place, self.main = place, threading.get_ident()
        self.calls: list[str] | None = None
        self.points: dict[int, str] = {}
        self.before: Counter[str] = Counter()
        self.facts: dict[str, Any] | None = None
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._print)]
        for module, name in CALLS:
            setattr(module, name, self._guarded(name, getattr(module, name)))
        shell = InteractiveShell.instance()
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)
        for thread in self.threads:
            thread.start()

    def arm(self, folder: str, points: dict[int, str]) -> None:
        """Count the calls of the next cell, which works in `folder`, and press at these."""
        os.chdir(folder)
        self.before = self._descriptors()
        self.points, self.facts = points, {}

    def tell(self) -> None:
        """Show what was seen of that cell."""
        assert self.facts is not None
        self.facts["alive"] = all(thread.is_alive() for thread in self.threads)
        self.facts["open"] = sorted((self._descriptors() - self.before).elements())
        display({"application/json": self.facts}, raw=True)
        self.facts = None

    def _begin(self, info: object) -> None:
        if self.facts == {}:
            self.calls = []

    def _end(self, result: object) -> None:
        if self.calls is None:
            return
        calls, self.calls, self.points = self.calls, None, {}
        as_ever = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        left = repositories.litter(os.getcwd())
        self.facts = {"calls": calls, "handler": as_ever, "litter": left}

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            if self.calls is None or threading.get_ident() != self.main:
                return call(*arguments, **options)
            when = self.points.get(len(self.calls))
            self.calls.append(f"{name} {_RANDOM.sub('#', str(arguments[0]))}")
            if when == BEFORE:
                signal.raise_signal(signal.SIGINT)
            try:
                answer = call(*arguments, **options)
            except OSError:
                if when == AFTER:
                    signal.raise_signal(signal.SIGINT)
                raise
            if when == AFTER:
                _press_after(answer, opens=name in ("open", "dup"))
            return answer

        return guarded

    def _descriptors(self) -> Counter[str]:
        """What this process has open, but for the files of its threads."""
        found: Counter[str] = Counter()
        for fd in os.listdir("/proc/self/fd"):
            try:
                found[os.readlink(f"/proc/self/fd/{fd}")] += 1
            except FileNotFoundError:
                continue  # that of the listing
        others = self.place, os.environ["IPYTHONDIR"]
        return Counter({path: count for path, count in found.items() if not path.startswith(others)})

    def _write(self) -> None:
        """Compute, and write a file."""
        path = os.path.join(self.place, "own.txt")
        for number in range(_SECONDS * 100):
            if self.stop.wait(0.01):
                return
            with open(path, "w") as file:
                file.write(hashlib.sha256(b"%d" % number).hexdigest())

    def _print(self) -> None:
        for number in range(_SECONDS * 20):
            if self.stop.wait(0.05):
                return
            sys.stdout.write(f"{SAID} {number}\n")


def _press_after(answer: Any, *, opens: bool) -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        if opens:  # whom it was meant for will never hear of it
            os.close(answer) if isinstance(answer, int) else answer.close()
        raise
