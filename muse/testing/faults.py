"""Faults to try a program with: kill it, interrupt it, or refuse it, at one system call of its run.

The program is the real process; nothing in it knows of the test. `strace` follows it: first through an undisturbed
run, which lists every call that could change a disk, then through one run for each call to try, on a fresh copy of
the same files. The call that is hit is not carried out (after an interrupt it is).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

#: Calls that create, change, remove, or make durable. Names that a machine does not have do no harm.
CALLS = (
    *("open", "openat", "creat", "write", "writev", "pwrite64", "ftruncate", "fallocate", "copy_file_range"),
    *("link", "linkat", "symlink", "symlinkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat"),
    *("fsync", "fdatasync", "sync", "syncfs", "flock"),
)

_LINE = re.compile(r"(?:(\d+) +)?(\w+)\((.*)")
#: A descriptor with its path, or a quoted path.
_PATH = re.compile(r'(?:AT_FDCWD|\d+)<([^>]*)>|"((?:[^"\\]|\\.)+)"')
#: Stop at the calls in question alone; then all threads must be followed.
_FAST = ("--follow-forks", "--seccomp-bpf")
_FLAG = re.compile(r"\bO_[A-Z]+")
_RANDOM = re.compile(r"[0-9a-f]{16,}|#\d+|(?<=pipe:\[)\d+")


class Call(NamedTuple):
    """One system call of an undisturbed run.

    Attributes:
        name: As in "renameat2".
        nth: Which call of that name it was, from 1.
        paths: What it was about, relative to the folder of the run where below it; random names are "#".
        flags: For a call that opens: how.
    """

    name: str
    nth: int
    paths: tuple[str, ...]
    flags: frozenset[str]

    @property
    def changes(self) -> bool:
        """Whether it can change a disk: opening a file to read it cannot."""
        return self.name not in ("open", "openat") or bool(self.flags & {"O_CREAT", "O_TMPFILE", "O_TRUNC"})

    def __str__(self) -> str:
        return f"{self.name} {self.nth} ({' '.join(self.paths)})"


class Fault(NamedTuple):
    """What happens at which call: "signal=SIGKILL", "signal=SIGINT" or "error=ENOSPC"."""

    call: Call
    what: str

    def __str__(self) -> str:
        return f"{self.what.partition('=')[2]} at {self.call}"


class Outcome(NamedTuple):
    """How a run ended.

    Attributes:
        status: The exit status; minus the number of the signal that ended it.
        out, err: What it printed.
        hit: The call at which the fault struck; None when the run never came so far.
    """

    status: int
    out: str
    err: str
    hit: Call | None


def missing() -> str | None:
    """Why no faults can be had here, in one line that says what to install; None when they can."""
    if shutil.which("strace") is None:
        return "no strace: apt install strace"
    tried = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return f"strace may not be used here: {tried.stderr.strip()}" if tried.returncode else None


def trace(command: Sequence[str], *, cwd: str, env: Mapping[str, str]) -> list[Call]:
    """Run a command undisturbed, and list the calls of its main thread that are among `CALLS`.

    Raises:
        CalledProcessError: It failed.
    """
    names = ",".join(f"?{name}" for name in CALLS)
    ended, calls = _strace([f"--trace={names}", *_FAST], command, cwd, env)
    ended.check_returncode()
    return calls


def run(command: Sequence[str], fault: Fault, *, cwd: str, env: Mapping[str, str]) -> Outcome:
    """Run a command with a fault."""
    name, nth = fault.call.name, fault.call.nth
    options = [f"--trace={name}", f"--inject={name}:{fault.what}:when={nth}"]
    if fault.what.startswith("error"):
        options += _FAST  # a signal would not be delivered; and it must not strike at the n-th call of another thread
    ended, calls = _strace(options, command, cwd, env)
    hit = next((call for call in calls if call.nth == nth), None)
    return Outcome(ended.returncode, ended.stdout, ended.stderr, hit)


def _strace(
    options: Sequence[str], command: Sequence[str], cwd: str, env: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], list[Call]]:
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace", prefix="trace-") as log:
        fixed = ["strace", "--decode-fds=path", "--string-limit=0", "--output", log.name]
        words = [*fixed, *options, "--", *command]
        ended = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False)
        return ended, _calls(log, os.path.realpath(cwd))


def _calls(lines: Iterable[str], folder: str) -> list[Call]:
    """The calls of the first thread that a log names."""
    main: str | None = None
    counts: Counter[str] = Counter()
    calls: list[Call] = []
    for line in lines:
        match = _LINE.match(line)
        if match is None or match[1] != (main := main or match[1]):
            continue
        name, arguments = match[2], match[3].partition(") = ")[0]
        counts[name] += 1
        flags = frozenset(_FLAG.findall(arguments)) if name in ("open", "openat") else frozenset()
        calls.append(Call(name, counts[name], tuple(_paths(arguments, folder)), flags))
    return calls


def _paths(arguments: str, folder: str) -> Iterator[str]:
    """The paths among the arguments; one given with a descriptor of its folder is joined with that."""
    below = ""
    for descriptor, name in _PATH.findall(arguments):
        if name:
            yield _tidy(os.path.join(below or folder, name), folder)
        below = descriptor if not name else ""
    if below:
        yield _tidy(below, folder)


def _tidy(path: str, folder: str) -> str:
    path = path.removesuffix(" (deleted)")
    inside = path == folder or path.startswith(folder + "/")
    return _RANDOM.sub("#", os.path.relpath(path, folder) if inside else path)
