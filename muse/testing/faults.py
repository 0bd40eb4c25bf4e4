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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

#: Calls that create, change, remove, or make durable. Names that a machine does not have do no harm.
CALLS = (
    *("open", "openat", "creat", "write", "writev", "pwrite64", "ftruncate", "fallocate", "copy_file_range"),
    *("link", "linkat", "symlink", "symlinkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat"),
    *("fsync", "fdatasync", "sync", "syncfs", "flock"),
)

#: Calls that open what is there, or read it.
READS = ("open", "openat", "read", "pread64", "getdents64", "readlink", "readlinkat")

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
        """Whether it can change a disk: reading cannot, nor opening a file to read it."""
        return self.name not in READS or bool(self.flags & {"O_CREAT", "O_TMPFILE", "O_TRUNC"})

    def __str__(self) -> str:
        return f"{self.name} {self.nth} ({' '.join(self.paths)})"


class Trace(NamedTuple):
    """What a command called.

    Attributes:
        main: The calls of its main thread.
        others: Those of all other threads, each counted in its own.
    """

    main: list[Call]
    others: list[Call]


class Fault(NamedTuple):
    """What happens at which call.

    Attributes:
        call: The call.
        what: "signal=SIGKILL", "signal=SIGINT" or "error=ENOSPC".
        anywhere: Any thread may be hit, the first that comes to its n-th call of that name; else it is the main one.
    """

    call: Call
    what: str
    anywhere: bool = False

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


def trace(
    command: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    names: Sequence[str] = CALLS,
    status: int = 0,
    filtered: bool = False,
) -> Trace:
    """Run a command undisturbed, and list its calls.

    Args:
        command: The program and its arguments.
        cwd, env: Where it runs, and its whole environment.
        names: The calls to list.
        status: The exit status that it ends with.
        filtered: Whether a filter refuses some of them (see `muse.testing.lacking`): these are listed too.

    Raises:
        CalledProcessError: It ended with another.
    """
    options = _FAST[:1] if filtered else _FAST  # what a filter refuses is not stopped at
    ended, calls = _strace([f"--trace={','.join(f'?{name}' for name in names)}", *options], command, cwd, env)
    if ended.returncode != status:
        raise subprocess.CalledProcessError(ended.returncode, command, ended.stdout, ended.stderr)
    return Trace([call for main, call in calls if main], [call for main, call in calls if not main])


def run(command: Sequence[str], fault: Fault, *, cwd: str, env: Mapping[str, str]) -> Outcome:
    """Run a command with a fault."""
    name, nth = fault.call.name, fault.call.nth
    options = [f"--trace={name}", f"--inject={name}:{fault.what}:when={nth}"]
    if fault.what.startswith("error"):
        options += _FAST  # a signal would not be delivered; and it must not strike at the n-th call of another thread
    elif fault.anywhere:
        options.append("--follow-forks")
    ended, calls = _strace(options, command, cwd, env)
    hit = next((call for main, call in calls if call.nth == nth and (main or fault.anywhere)), None)
    return Outcome(ended.returncode, ended.stdout, ended.stderr, hit)


def follow(
    options: Sequence[str], command: Sequence[str], cwd: str, env: Mapping[str, str], read: Callable[[Iterable[str]], T]
) -> tuple[subprocess.CompletedProcess[str], T]:
    """Run a command under `strace`. Returns how it ended, and what `read` makes of the lines of the log."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace", prefix="trace-") as log:
        words = ["strace", "--output", log.name, *options, "--", *command]
        ended = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False)
        return ended, read(log)


def _strace(
    options: Sequence[str], command: Sequence[str], cwd: str, env: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], list[tuple[bool, Call]]]:
    options = ["--decode-fds=path", "--string-limit=0", *options]
    return follow(options, command, cwd, env, lambda log: list(_calls(log, os.path.realpath(cwd))))


def _calls(lines: Iterable[str], folder: str) -> Iterator[tuple[bool, Call]]:
    """The calls of a log, and for each whether the main thread made it: the first that is named."""
    threads: list[str] = []
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        thread, name, arguments = match[1], match[2], match[3].partition(") = ")[0]
        threads = threads or [thread]
        counts[thread, name] += 1
        flags = frozenset(_FLAG.findall(arguments)) if name in ("open", "openat") else frozenset()
        call = Call(name, counts[thread, name], tuple(_paths(arguments, folder)), flags)
        yield thread == threads[0], call


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
