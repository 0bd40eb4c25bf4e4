"""Work in a process of its own: with mounts that nobody else sees, as another user, or without an ability.

The process is forked, so that it starts at once and knows all that the test knows. Its mounts vanish with it, however
it ends.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

READ_ONLY, REMOUNT, BIND = 1, 32, 4096
_RECURSIVE, _PRIVATE = 16384, 1 << 18
_NEW_MOUNTS, _NEW_USERS, _SET_DUMPABLE = 0x00020000, 0x10000000, 4


def apart(work: Callable[[], T]) -> T:
    """Do some work in a forked process; what it returned.

    Raises:
        AssertionError: It raised something, or died.
    """
    return together(work)[0]


def together(*works: Callable[[], T]) -> list[T]:
    """Do all of that at once, each in a process of its own; what they returned. Raises as `apart` does."""
    started = [_start(work) for work in works]
    try:
        return [_read(reading) for _, reading in started]
    finally:
        for child, reading in started:
            os.close(reading)
            os.kill(child, signal.SIGKILL)  # it has answered, or nobody waits for it any more
            os.waitpid(child, 0)


def _start(work: Callable[[], object]) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(work, writing)
    os.close(writing)
    return child, reading


def _read(reading: int) -> Any:
    with open(reading, "rb", closefd=False) as answer:
        told = answer.read()
    assert told, "the process ended without a word"
    value, error = pickle.loads(told)
    assert not error, error
    return value


def _answer(work: Callable[[], object], writing: int) -> NoReturn:
    """Tell what the work returned or raised, and end, whatever tests would run after it."""
    try:
        told = pickle.dumps((work(), ""))
    except BaseException as error:
        told = pickle.dumps((None, f"{error}\n{traceback.format_exc()}"))
    try:
        with open(writing, "wb") as answer:
            answer.write(told)
    finally:
        os._exit(0)


def own_mounts() -> None:
    """From here on, what this process mounts is seen by itself and its children alone.

    Raises:
        OSError: The system does not permit it.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEW_MOUNTS | (_NEW_USERS if user else 0))
    if user:
        for name, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)
    _call("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)


def mount(where: str, *, kind: str = "", source: str = "none", flags: int = 0, options: str = "") -> str:
    """Mount something; gives `where`, which is made if it is missing.

    Raises:
        OSError: The system does not permit it, or cannot do it.
    """
    if not os.path.lexists(where):
        os.makedirs(where)
    _call("mount", os.fsencode(source), os.fsencode(where), kind.encode() or None, flags, options.encode() or None)
    return where


def unmount(where: str) -> None:
    """Take a mount away."""
    _call("umount2", os.fsencode(where), 0)


def make_read_only(where: str) -> None:
    """Nothing below a folder can be changed any more, by whoever it is."""
    mount(where, source=where, flags=BIND)
    mount(where, source=where, flags=BIND | REMOUNT | READ_ONLY)


def become(user: int, *groups: int, umask: int = 0o022) -> None:
    """Go on as another user in these groups, for good, in the same folder. Only root may."""
    here = os.getcwd()
    own_mounts()
    for path in (sys.base_prefix, here):
        _open_the_way(path)
    os.chdir(here)
    os.setgroups([*groups])
    os.setresgid(groups[0], groups[0], groups[0])
    os.setresuid(user, user, user)
    _call("prctl", _SET_DUMPABLE, 1, 0, 0, 0)  # as a process that this user started: what is below /proc is his
    os.umask(umask)


def _open_the_way(path: str) -> None:
    """Let everybody come to a folder that lies in one of root's own: the interpreter, say."""
    above = [path[:end] for end, letter in enumerate(path) if letter == "/" and end]
    closed = next((folder for folder in above if not os.stat(folder).st_mode & stat.S_IXOTH), None)
    if closed is not None:
        beside = tempfile.mkdtemp()
        mount(beside, source=path, flags=BIND)
        mount(closed, kind="tmpfs", options="mode=755")
        mount(path, source=beside, flags=BIND)
        unmount(beside)
        os.rmdir(beside)


def no_mounts(place: str) -> str | None:
    """Why nothing can be mounted here, in one line; None when it can."""
    if not hasattr(ctypes.CDLL(None), "unshare"):
        return "no mounts of one's own on this system"

    def attempt() -> str | None:
        try:
            own_mounts()
            mount(place, kind="tmpfs")
        except OSError as error:
            return f"nothing can be mounted here ({error.strerror}): run as root, or permit user namespaces"
        return None

    return apart(attempt)


def _call(name: str, *words: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*words) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
