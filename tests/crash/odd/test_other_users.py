"""A repository that several people use: what may be read and written follows from the umask and the group."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.testing.repositories import damage, litter, state_of
from tests.commands import muse, ok, process, refused
from tests.crash.apart import apart, become, no_mounts
from tests.crash.campaign import Campaign, Row

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else"),
]

#: Two people, and the group that both are in.
ADA, BOB, OURS = 54321, 54322, 54300
_SHARED, _OPEN, _PRIVATE = 0o002, 0o022, 0o077


@pytest.fixture
def ours(place: str) -> str:
    """A folder of the group: what is made in it belongs to the group, too."""
    if reason := no_mounts(tempfile.mkdtemp(dir=place)):
        pytest.skip(reason)
    folder = tempfile.mkdtemp(dir=place)
    os.chown(folder, ADA, OURS)
    os.chmod(folder, 0o2775)
    return folder


def by(user: int, umask: int, folder: str, work: Callable[[], None]) -> None:
    """Let somebody do some work in a folder."""

    def inside() -> None:
        os.chdir(folder)
        become(user, user, OURS, umask=umask)
        work()

    apart(inside)


def start() -> None:
    """Make a repository with two branches."""
    ok("init")
    os.mkdir("data")
    for name in ("notes.txt", "data/table.csv", "run.sh"):
        Path(name).write_text("old")
    os.chmod("run.sh", os.stat("run.sh").st_mode | 0o100)
    ok("commit", "-m", "first")
    ok("checkout", "-b", "work")
    Path("data/table.csv").write_text("new")
    os.mkdir("more")
    Path("more/file").write_text("new")
    ok("commit", "-m", "second")


def work_on() -> None:
    """Whatever one does in a repository that somebody else has made."""
    ok("checkout", "main")
    assert "clean" in ok("status")
    ok("undo")
    ok("redo")
    Path("mine.txt").write_text("mine")
    ok("add", "mine.txt")
    ok("commit", "--staged", "-m", "third")
    ok("branch", "other")
    ok("shelf", "list")
    ok("gc", "--forget", "--yes")
    ok("fsck")
    answer = process("status")
    assert (answer.status, answer.err) == (0, ""), answer
    assert not litter(".") and not damage(".")


def test_a_group_works_in_one_repository(rows: list[Row], ours: str) -> None:
    """With a umask of 002, as such groups have it."""
    steps = [(ADA, start), (BOB, work_on), (ADA, lambda: ok("checkout", "work")), (BOB, lambda: ok("undo"))]
    Campaign("odd file system", rows).run_each(
        "another user: umask 002", steps, lambda step: by(step[0], _SHARED, ours, lambda: (step[1](), None)[1])
    )
    for folder, folders, files in os.walk(os.path.join(ours, ".muse")):
        for name in (*folders, *files):
            found = os.lstat(os.path.join(folder, name))
            assert found.st_gid == OURS and found.st_mode & stat.S_IWGRP, f"{name} is not the group's"


def test_who_may_only_read(rows: list[Row], ours: str) -> None:
    """With a umask of 022 others look, and are told what they may not do."""
    by(ADA, _OPEN, ours, start)
    before = state_of(ours)

    def look() -> None:
        for words in (("status",), ("log",), ("diff", "main"), ("show",), ("op", "log"), ("fsck",), ("doctor",)):
            ok(*words)
        answer = process("status")
        assert (answer.status, answer.err) == (0, ""), answer

    def write() -> None:
        for words in (("commit", "-m", "x"), ("checkout", "main"), ("branch", "x"), ("undo",), ("add", ".")):
            assert "Permission denied" in refused(*words, status=5)

    Campaign("odd file system", rows).run_each(
        "another user: umask 022", [look, write], lambda work: by(BOB, _OPEN, ours, work)
    )
    assert state_of(ours) == before


def test_who_may_not_even_read(rows: list[Row], ours: str) -> None:
    """With a umask of 077 others are told so in two lines."""
    by(ADA, _PRIVATE, ours, start)
    before = state_of(ours)

    def attempt(words: tuple[str, ...]) -> None:
        for type_in in (muse, process):
            answer = type_in(*words)
            assert answer.status in (2, 5) and len(answer.err.splitlines()) == 2, answer
            assert "Traceback" not in answer.err and "mistake" not in answer.err, answer
            assert "Permission denied" in answer.err, answer

    words = [("status",), ("log",), ("fsck",), ("commit", "-m", "x"), ("checkout", "main"), ("init",), ("gc",)]
    Campaign("odd file system", rows).run_each(
        "another user: umask 077", words, lambda one: by(BOB, _PRIVATE, ours, lambda: attempt(one))
    )
    assert state_of(ours) == before


@pytest.mark.parametrize("umask", [_SHARED, _OPEN, _PRIVATE])
def test_files_have_the_modes_that_the_umask_leaves(umask: int, ours: str) -> None:
    """Those that a checkout writes, and those below `.muse`."""

    def check() -> None:
        start()
        ok("checkout", "main")
        ok("checkout", "work")
        modes = {"run.sh": 0o777, "data/table.csv": 0o666, "more/file": 0o666, "more": 0o777}
        modes |= {".muse/HEAD": 0o666, ".muse/applied": 0o666, ".muse/ops/000000000001": 0o666, ".muse/ops": 0o777}
        os.unlink("run.sh")
        ok("restore", "run.sh")
        for path, bits in modes.items():
            found = stat.S_IMODE(os.stat(path).st_mode) & 0o777
            assert found == bits & ~umask, f"{path} has {found:o}"

    by(ADA, umask, ours, check)


@pytest.mark.parametrize("mode", [0o311, 0o100])
def test_a_current_folder_that_cannot_be_read(mode: int, ours: str) -> None:
    """What needs no file of it works; what would leave its files out says so, and does not."""

    def check() -> None:
        start()
        os.chmod("data", mode)
        os.chdir("data")
        assert "cannot open the folder data: Permission denied" in ok("status")
        assert process("status").status == 0
        ok("log")
        assert ok("show", "HEAD:data/table.csv").strip() == "new"
        assert "cannot open the folder data" in refused("commit", "-m", "x", status=5)

    by(ADA, _SHARED, ours, check)
