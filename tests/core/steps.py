"""What a command does to the disk, step by step: where it waits, which names it gives and takes.

A place is written from `.muse` on, "*" for a name made of random digits or none at all; the folder of the user is "..".
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from muse.core.system import syscalls

_RANDOM = re.compile(r"[^/]*(?:[0-9a-f]{16}|#[0-9]+)[^/]*$")
_OF_A_DESCRIPTOR = "/proc/self/fd/"


class Steps(list[str]):
    """The steps so far, as in "fsync objects/pack/*" or "link ops/000000000001".

    Args:
        muse: The `.muse` that places are written from.

    Attributes:
        early: Names that were given to bytes which were not on the disk yet.
    """

    def __init__(self, muse: str) -> None:
        super().__init__()
        self._muse = os.path.realpath(muse)
        self._dirty: set[int] = set()
        self.early: list[str] = []

    def place(self, path: str) -> str:
        """A path, as it is written here."""
        return _RANDOM.sub("*", os.path.relpath(path.removesuffix(" (deleted)"), self._muse))

    def wrote(self, fd: int) -> None:
        """Bytes were written."""
        self._dirty.add(os.fstat(fd).st_ino)

    def synced(self, fd: int) -> None:
        """Bytes, or the names in a folder, are on the disk."""
        self._dirty.discard(os.fstat(fd).st_ino)
        self.append(f"fsync {self.place(os.readlink(f'{_OF_A_DESCRIPTOR}{fd}'))}")

    def all_synced(self, path: str) -> bool:
        """Everything is."""
        self._dirty.clear()
        self.append(f"syncfs {self.place(path)}")
        return True

    def named(self, call: str, source: str, target: str, dir_fd: int | None) -> None:
        """A file got a name."""
        above = os.readlink(f"{_OF_A_DESCRIPTOR}{dir_fd}") if dir_fd is not None else ""
        place = self.place(os.path.join(above, target))
        state = os.stat(source) if source.startswith(_OF_A_DESCRIPTOR) else os.lstat(source)
        if stat.S_ISREG(state.st_mode) and state.st_ino in self._dirty:
            self.early.append(place)
        self.append(f"{call} {place}")

    def removed(self, call: str, path: str, dir_fd: int | None) -> None:
        """A name was taken away."""
        above = os.readlink(f"{_OF_A_DESCRIPTOR}{dir_fd}") if dir_fd is not None else ""
        self.append(f"{call} {self.place(os.path.join(above, path))}")


@contextmanager
def watching(muse: str) -> Iterator[Steps]:
    """Note every step that this process takes until the block ends; one that fails is none."""
    steps = Steps(muse)
    with pytest.MonkeyPatch.context() as patch:
        for name, note in _NOTES.items():
            patch.setattr(os, name, _noting(getattr(os, name), note, steps))
        patch.setattr(syscalls, "sync_file_system", steps.all_synced)
        patch.setattr(syscalls, "exchange", _noting(syscalls.exchange, _exchange, steps))
        patch.setattr(syscalls, "rename_noreplace", _noting(syscalls.rename_noreplace, _rename_noreplace, steps))
        yield steps


def _noting(call: Callable[..., Any], note: Callable[..., None], steps: Steps) -> Callable[..., Any]:
    def noted(*arguments: Any, **options: Any) -> Any:
        if note in _BEFORE and os.path.lexists(arguments[0]):
            note(steps, arguments, options)
            return call(*arguments, **options)
        answer = call(*arguments, **options)
        note(steps, arguments, options)
        return answer

    return noted


def _write(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    steps.wrote(arguments[0])


def _fsync(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    steps.synced(arguments[0])


def _link(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    steps.named("link", arguments[0], arguments[1], None)


def _rename(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    if options.get("src_dir_fd") is not None:
        steps.removed("aside", arguments[0], options["src_dir_fd"])
    else:
        steps.named("rename", arguments[0], arguments[1], options.get("dst_dir_fd"))


def _exchange(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    source, dir_fd, name = arguments
    steps.named("exchange", source, name, dir_fd)


def _rename_noreplace(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    source, name, dir_fd = arguments
    steps.named("place", source, name, dir_fd)


def _unlink(steps: Steps, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    steps.removed("unlink", arguments[0], options.get("dir_fd"))


_NOTES = {"write": _write, "fsync": _fsync, "link": _link, "rename": _rename, "unlink": _unlink}
#: What must be looked at before its name is gone.
_BEFORE = (_rename, _exchange, _rename_noreplace)
