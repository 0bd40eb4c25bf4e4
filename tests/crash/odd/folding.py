"""A file system that takes `A.txt` for `a.txt` and keeps the name that a file was made with, simulated in a process.

Every call of `os` that takes a name finds the file whose name differs by case alone. It is as on macOS and on USB
sticks, where a file gets the case of its name changed by renaming it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

from muse.core.system import syscalls

_listdir, _lstat, _readlink, _unlink = os.listdir, os.lstat, os.readlink, os.unlink
_ONE_NAME = ("open", "stat", "lstat", "unlink", "mkdir", "rmdir", "readlink", "access", "listdir", "scandir", "statvfs")
_TWO_NAMES = {"rename": ("src_dir_fd", "dst_dir_fd"), "link": ("src_dir_fd", "dst_dir_fd"), "symlink": (None, "dir_fd")}


def fold_names() -> None:
    """From here on, and for good, this process sees every file system so."""
    for name in _ONE_NAME:
        setattr(os, name, _of_one(getattr(os, name)))
    for name, keys in _TWO_NAMES.items():
        setattr(os, name, _of_two(name, getattr(os, name), keys))
    syscalls.exchange = _no_exchange


def _no_exchange(source: str, dir_fd: int, name: str, *, src_dir_fd: int | None = None) -> None:
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), name)


def _of_one(call: Callable[..., Any]) -> Callable[..., Any]:
    def folded(path: Any = ".", *arguments: Any, dir_fd: int | None = None, **options: Any) -> Any:
        if isinstance(path, int):
            return call(path, *arguments, **options)
        return call(_find(path, dir_fd), *arguments, **options)

    return folded


def _of_two(name: str, call: Callable[..., Any], keys: tuple[str | None, str]) -> Callable[..., Any]:
    def folded(source: Any, target: Any, *arguments: Any, **options: Any) -> Any:
        if keys[0] is not None:
            source = _find(source, options.pop(keys[0], None))
        wanted = _absolute(target, options.pop(keys[1], None))
        found = _find(target, None) if os.path.isabs(os.fspath(target)) else _find(wanted, None)
        if name != "rename":
            return call(source, found, *arguments, **options)
        if found != wanted and found != source:
            _unlink(found)  # what is replaced goes with its name
        return call(source, os.path.join(os.path.dirname(found), os.path.basename(wanted)), **options)

    return folded


def _absolute(path: Any, dir_fd: int | None) -> str:
    above = _readlink(f"/proc/self/fd/{dir_fd}") if dir_fd is not None else os.getcwd()
    return os.path.join(above, os.fsdecode(path))


def _find(path: Any, dir_fd: int | None) -> str:
    """The path as it is spelt on the disk, as far as it is there."""
    found = "/"
    for part in _absolute(path, dir_fd).split("/"):
        if part and part != ".":
            found = os.path.join(found, _spelt(found, part))
    return found


def _spelt(folder: str, name: str) -> str:
    try:
        _lstat(os.path.join(folder, name))
        return name
    except OSError:
        pass
    try:
        names = _listdir(folder)
    except OSError:
        return name
    return next((other for other in names if other.casefold() == name.casefold()), name)
