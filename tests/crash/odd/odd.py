"""A day in an odd place: every kind of command, in a process that has its own mounts or lacks something."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from muse.core.packs import join
from muse.core.paths import Layout
from muse.testing import lacking
from muse.testing.repositories import Contents, damage, litter, put, read_contents
from tests.commands import Answer, muse
from tests.crash.apart import apart, mount, no_mounts, own_mounts
from tests.crash.contents import NEW, OLD
from tests.environment import absent

T = TypeVar("T")

#: These rest on the lock on the folder.
_LOCKING = ("commit", "checkout", "undo", "redo", "gc")


def without(lacks: Collection[str], work: Callable[[], T], place: str) -> T:
    """Do some work in an empty folder that lacks something, in a process of its own; what it returned."""

    def lame() -> T:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            os.chdir(folder)
            lacking.drop(lacks)
            return work()

    return apart(lame)


def alone(work: Callable[[], T], place: str, mounts: Sequence[str] = ()) -> T:
    """Do some work in an empty folder with disks mounted in it, in a process of its own; what it returned."""
    need_mounts(place)
    folder = tempfile.mkdtemp(dir=place)

    def inside() -> T:
        own_mounts()
        for where in mounts:
            mount(os.path.join(folder, where), kind="tmpfs")
        os.chdir(folder)
        return work()

    return apart(inside)


def need_mounts(place: str) -> None:
    """The test mounts; it is skipped where that is not possible."""
    if reason := no_mounts(tempfile.mkdtemp(dir=place)):
        absent(reason)


def two_branches(run: Callable[..., object], old: Contents, new: Contents) -> None:
    """A repository with old files on `main`, and new ones on `work`, which is checked out.

    Args:
        run: Carries out a command.
    """
    run("init")
    fill(old)
    run("commit", "-m", "old")
    run("checkout", "-b", "work")
    fill(new)
    run("commit", "-m", "new")


def fill(contents: Contents) -> None:
    """Make the folder hold these files; folders stay, as one may be mounted, unless a file takes their place."""
    there = files()
    for path in there.keys() - contents.keys():
        os.unlink(path)
    for path, what in contents.items():
        if there.get(path) != what:
            put(".", path, what)


def files() -> Contents:
    """What the folder holds, without its folders: one that is mounted stays when it is empty."""
    return {path: what for path, what in read_contents(".").items() if what[0] != "d"}


def a_day(type_in: Callable[..., Answer] = muse, *, said: str = "") -> None:
    """Two branches there and back, more than fifty files at once; packs are joined, and collected.

    Args:
        type_in: Types a command.
        said: What every command that rests on a lock must say.
    """
    join.MANY = 4

    def done(*words: str) -> None:
        answer = type_in(*words)
        assert (answer.status, answer.err) == (0, ""), (words, answer)
        assert said in answer.out or words[0] not in _LOCKING, (words, answer)
        assert not litter("."), f"left by {words}: {litter('.')}"

    two_branches(done, OLD, NEW)
    for words, wanted in ((("checkout", "main"), OLD), (("undo",), NEW), (("redo",), OLD), (("branch", "b"), OLD)):
        done(*words)
        assert files() == wanted, f"{words}: the folder is another"
    for number in range(5):
        Path("kept.txt").write_text(f"{number}")
        done("commit", "-m", f"{number}")
    assert len(os.listdir(Layout(".").packs)) < 6 or type_in is not muse, "no packs were joined"
    for words in (("gc",), ("fsck",), ("status",)):
        done(*words)
    assert not damage("."), damage(".")
