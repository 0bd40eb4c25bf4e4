"""The user's folder in tests: put anything anywhere, take stock, let time pass."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK, Entry, digest_of

FIFO = "p"


class What(NamedTuple):
    """What stands at a path: its mode as in a tree, or `FIFO`; its bytes, or the target of a link."""

    mode: str
    data: bytes = b""

    @property
    def entry(self) -> Entry:
        """As a tree holds it."""
        return Entry(self.mode, digest_of(self.data))


Contents = dict[str, What]


def file(data: bytes) -> What:
    """A plain file."""
    return What(FILE, data)


def put(root: str | os.PathLike[str], path: str, what: What | None) -> None:
    """Put something at a path, in place of whatever stands there or on the way; None takes it away."""
    place = os.fspath(root)
    *above, name = path.split("/")
    for part in above:
        place = os.path.join(place, part)
        if os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place)):
            os.unlink(place)
        os.makedirs(place, exist_ok=True)
    place = os.path.join(place, name)
    if os.path.isdir(place) and not os.path.islink(place):
        shutil.rmtree(place)
    elif os.path.lexists(place):
        os.unlink(place)
    if what is None:
        return
    if what.mode == FOLDER:
        os.mkdir(place)
    elif what.mode == FIFO:
        os.mkfifo(place)
    elif what.mode == LINK:
        os.symlink(what.data, os.fsencode(place))
    else:
        fd = os.open(place, os.O_WRONLY | os.O_CREAT, 0o755 if what.mode == EXECUTABLE else 0o644)
        os.write(fd, what.data)
        os.close(fd)


def put_all(root: str | os.PathLike[str], contents: Mapping[str, What]) -> None:
    """Put everything there."""
    for path, what in contents.items():
        put(root, path, what)


def read(root: str | os.PathLike[str]) -> Contents:
    """All that the folder holds, folders too, apart from its `.muse`."""
    return dict(_read(os.fspath(root), ""))


def _read(folder: str, prefix: str) -> Iterator[tuple[str, What]]:
    for name in sorted(os.listdir(folder)):
        path, place = prefix + name, os.path.join(folder, name)
        if path == ".muse":
            continue
        bits = os.lstat(place).st_mode
        if stat.S_ISLNK(bits):
            yield path, What(LINK, os.fsencode(os.readlink(place)))
        elif stat.S_ISDIR(bits):
            yield path, What(FOLDER)
            yield from _read(place, path + "/")
        elif stat.S_ISREG(bits):
            with open(place, "rb") as opened:
                yield path, What(EXECUTABLE if bits & stat.S_IXUSR else FILE, opened.read())
        else:
            yield path, What(FIFO)


#: A file deep below, one that runs, links inside and out, a FIFO, an empty folder.
ONE_OF_EACH = {
    "a/b/f": file(b"deep"),
    "x": What("x", b"run"),
    "link": What("l", b"a/b/f"),
    "away": What("l", b".."),
    "into": What("l", b"a"),
    "pipe": What(FIFO),
    "empty": What("d"),
}


def read_files(root: str | os.PathLike[str]) -> Contents:
    """Files and links alone."""
    return {path: what for path, what in read(root).items() if what.mode != FOLDER}


def tick(root: str | os.PathLike[str]) -> None:
    """Go on when the file system's clock has: what changes next has another time."""
    probe = os.path.join(root, ".muse", "probe")
    with open(probe, "w"):
        before = os.stat(probe).st_ctime_ns
    while os.stat(probe).st_ctime_ns <= before:
        os.utime(probe)


@contextmanager
def later(seconds: float = 10) -> Iterator[None]:
    """Some time has passed: what changed before looks settled."""
    now = time.time_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: now() + int(seconds * 1e9))
        yield


@contextmanager
def right_after(path: str | os.PathLike[str]) -> Iterator[None]:
    """No time at all has passed since something at that path changed, however slow the machine is."""
    changed = os.lstat(path).st_ctime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: changed)
        yield
