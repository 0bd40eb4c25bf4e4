"""A disk that is really full: a small tmpfs on which a few pages, or a few names, are left.

However little is left, the command is done or not done, says so in two lines, loses nothing and leaves nothing behind;
when there is room again, the same command works.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import pytest

from muse.core.types import FILE
from muse.testing import repositories
from muse.testing.repositories import Contents, State, damage, litter, state_of, write_contents
from tests.commands import Answer, muse, ok, process
from tests.crash.apart import apart, mount, own_mounts
from tests.crash.campaign import Campaign, Row
from tests.crash.checks import is_behind
from tests.crash.contents import noise
from tests.crash.odd.odd import need_mounts
from tests.crash.points import Sampling

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

_PAGE = 4096
#: How much is left: up to more than any of the commands needs. One in so many is typed in a process of its own.
_LEFT = {"pages": 29, "names": 14}
_REAL = 15
_OPTIONS = {"pages": "size=4m", "names": "size=64m,nr_inodes=500"}
_OLD: Contents = {f"data/{number}.bin": (FILE, noise(f"old {number}", 9_000)) for number in range(8)}
_NEW: Contents = {f"data/{number}.bin": (FILE, noise(f"new {number}", 9_000)) for number in range(8)}
_FEW: Contents = {"notes.txt": (FILE, b"notes")}
# Half of the first pack is dead then, and what is not must be copied.
_HALF = _OLD | {f"data/{number}.bin": (FILE, noise(f"new {number}", 9_000)) for number in range(4)}
_FIRST, _SECOND = ("commit", "-m", "first"), ("commit", "-m", "second")


class Case(NamedTuple):
    """A command, on a repository that is prepared for it."""

    steps: tuple[tuple[Contents | None, tuple[str, ...]], ...]
    work: Contents | None
    command: tuple[str, ...]


_TWO = (_OLD, _FIRST), (None, ("checkout", "-b", "work")), (_NEW, _SECOND)
CASES = {
    "commit": Case(((_OLD, _FIRST),), _NEW, _SECOND),
    "add": Case(((_OLD, _FIRST),), _NEW, ("add", ".")),
    "checkout": Case(_TWO, None, ("checkout", "main")),
    "undo": Case((*_TWO, (None, ("checkout", "main"))), None, ("undo",)),
    "checkout of more files": Case(
        ((_FEW, _FIRST), (None, ("checkout", "-b", "work")), (_FEW | _NEW, _SECOND), (None, ("checkout", "main"))),
        None,
        ("checkout", "work"),
    ),
    "gc": Case(((_OLD, _FIRST), (_HALF, ("commit", "--amend"))), None, ("gc", "--forget", "--yes")),
}


class Tried(NamedTuple):
    """A command that was given so much room, what it said, and what was wrong with it; empty when nothing was."""

    name: str
    left: str
    said: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.name} with {self.left} left: {self.said}"


@pytest.mark.parametrize("what", _LEFT)
def test_full(what: str, rows: list[Row], usual: Sampling, place: str) -> None:
    """Every command with any number of pages or names left, from none on."""
    need_mounts(place)
    room = usual.every(1, range(_LEFT[what]))
    tried = [one for name in CASES for one in apart(partial(attempts, name, what, room, place))]
    Campaign("odd file system", rows).run_each(f"full: {what} run out", tried, complain)
    said = "".join(one.said for one in tried)
    reached = {file for file in ("/pack", "/ops/", "/HEAD", "/restore", "/applied") if file in said}
    assert len(reached) == 5 or len(room) < _LEFT[what], f"only {reached} were ever refused"


def complain(one: Tried) -> None:
    """Fail where something was wrong."""
    assert not one.wrong, one.wrong


def attempts(name: str, what: str, room: Sequence[int], place: str) -> list[Tried]:
    """Try a command with so much room on a disk that only this process sees."""
    case = CASES[name]
    own_mounts()
    with tempfile.TemporaryDirectory(dir=place) as prepared:
        os.chdir(prepared)
        ok("init")
        for contents, words in (*case.steps, (case.work, ("status",))):
            if contents is not None:
                write_contents(".", contents)
            ok(*words)
        os.chdir("/")
        disk = mount(tempfile.mkdtemp(dir=place), kind="tmpfs", options=_OPTIONS[what])
        return [attempt(Tried(name, f"{left} {what}", "", ""), prepared, disk, what, left) for left in room]


def attempt(one: Tried, prepared: str, disk: str, what: str, left: int) -> Tried:
    """Try it once, on a fresh copy."""
    root = repositories.copy(prepared, os.path.join(disk, "root"))
    os.chdir(root)
    words = CASES[one.name].command
    try:
        with full(disk, what, left):
            before = state_of(root)
            answer = process(*words) if left % _REAL == 0 else muse(*words)
            one = one._replace(said=answer.err or answer.out)
            check_full(root, before, answer)
        check_room_again(root, before, words, answer)
    except Exception as error:
        one = one._replace(wrong=f"{type(error).__name__}: {error}")
    os.chdir("/")
    shutil.rmtree(root)
    return one


@contextmanager
def full(disk: str, what: str, left: int) -> Iterator[None]:
    """Fill a disk but for so many pages or names; afterwards there is room again."""
    ballast, found = os.path.join(disk, "ballast"), os.statvfs(disk)
    os.mkdir(ballast)
    if what == "pages":
        with open(os.path.join(ballast, "file"), "wb") as file:
            file.write(bytes((found.f_bavail - left) * _PAGE))
    else:
        for number in range(found.f_favail - left - 1):
            os.close(os.open(os.path.join(ballast, str(number)), os.O_CREAT))
    found = os.statvfs(disk)
    assert left == (found.f_bavail if what == "pages" else found.f_favail)
    try:
        yield
    finally:
        shutil.rmtree(ballast)


def check_full(root: str, before: State, answer: Answer) -> None:
    """Done, or not done at all; two lines that say so; nothing lost, nothing left."""
    after = state_of(root)
    assert not damage(root) and not litter(root), f"{damage(root)}, {litter(root)}"
    if answer.status == 0:
        assert after != before and not answer.err, "said to be done"
        return
    if answer.out:
        assert after != before and answer.status == 5 and "not forgotten" in answer.out and not answer.err, answer
        return
    assert (answer.status, answer.out, len(answer.err.splitlines())) == (5, "", 2), answer
    assert "No space left on device" in answer.err, answer
    assert "recorded" in answer.err or after == before, "refused, and not as before"


def check_room_again(root: str, before: State, words: tuple[str, ...], answer: Answer) -> None:
    """The same command works, or it had been recorded: then the next one finishes it."""
    behind = is_behind(root)
    if answer.status and "recorded" not in answer.err:
        ok(*words)
    status = ok("status")
    assert ("finished: " in status) == behind, status
    assert state_of(root).operation != before.operation and not is_behind(root)
    ok("fsck")
    assert not damage(root) and not litter(root), f"{damage(root)}, {litter(root)}"
