"""Where nothing may be written: what only looks works, what would write says so in two lines, and nothing changes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.testing.repositories import damage, litter, state_of, write_contents
from tests import kept
from tests.commands import muse, ok, process, refused
from tests.crash.apart import apart, become, make_read_only, own_mounts
from tests.crash.campaign import Campaign, Row
from tests.crash.contents import SMALL, SMALL_EDITED
from tests.crash.odd.odd import need_mounts

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

Words = tuple[str, ...]

LOOKING: tuple[Words, ...] = (
    *(("status",), ("log",), ("diff",), ("diff", "HEAD~1"), ("show",), ("show", "HEAD:notes.md"), ("branch",)),
    *(("tag",), ("op", "log"), ("config",), ("shelf", "list"), ("fsck",), ("gc", "--dry-run"), ("doctor",)),
)
WRITING: tuple[Words, ...] = (
    *(("commit", "-m", "x"), ("commit", "--amend", "-m", "x"), ("add", "."), ("checkout", "-b", "other")),
    *(("checkout", "main", "--force"), ("branch", "other"), ("tag", "other"), ("undo",), ("restore", "data/table.csv")),
    *(("reset", "HEAD~1"), ("reset", "--hard", "HEAD~1"), ("shelf", "push"), ("gc", "--forget", "--yes")),
    *(("op", "restore", "1"), ("config", "durability", "off")),
)


def start() -> None:
    """A repository with two commits and work that is not committed, in the current folder."""
    ok("init")
    write_contents(".", SMALL)
    ok("commit", "-m", "first")
    ok("checkout", "-b", "work")
    write_contents(".", SMALL_EDITED)
    ok("commit", "-m", "second")
    Path("data/table.csv").write_text("not committed")
    ok("status")


def start_without_caches() -> None:
    """As after a clone, or a copy that left them out."""
    start()
    shutil.rmtree(".muse/cache")


def everything() -> dict[str, tuple[int, int, int]]:
    """Every file and folder, with what shows whether it was touched."""
    found = {}
    for folder, folders, files in os.walk("."):
        for name in (*folders, *files):
            state = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (state.st_ino, state.st_ctime_ns, state.st_size)
    return found


def closed(
    prepare: Callable[[], object], close: Callable[[str], None], check: Callable[[], None], place: str
) -> None:
    """Prepare a repository in a new folder, close something in it, and check it, in a process of its own."""
    need_mounts(place)

    def work() -> None:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            os.chmod(folder, 0o755)
            os.chdir(folder)
            prepare()
            apart(lambda: close_and_check(folder))

    def close_and_check(folder: str) -> None:
        close(folder)
        os.chdir(folder)
        check()

    apart(work)


def whole_disk(folder: str) -> None:
    """As on a mounted image, or a share that one may only look at."""
    own_mounts()
    make_read_only(folder)


def the_repository(folder: str) -> None:
    """`.muse` alone."""
    own_mounts()
    make_read_only(os.path.join(folder, ".muse"))


def somebody_elses(folder: str) -> None:
    """A user who may read everything, and own nothing."""
    become(65534, 65534)


def check_looking() -> None:
    """Everything that looks works, and nothing changes; also without what is only a cache."""
    before = everything()
    for words in LOOKING:
        answer = muse(*words)
        assert (answer.status, answer.err) == (0, ""), (words, answer)
    assert everything() == before


def check_writing() -> None:
    """Everything that would write says so, in this process and in one of its own, and nothing changes."""
    before = everything()
    for words in WRITING:
        for type_in in (muse, process) if words[0] == "commit" else (muse,):
            answer = type_in(*words)
            assert (answer.status, answer.out, len(answer.err.splitlines())) == (5, "", 2), (words, answer)
            assert "Read-only file system" in answer.err or "Permission denied" in answer.err, (words, answer)
    assert everything() == before


def check_unfinished() -> None:
    """A folder that a dead command left half-way and nobody can finish: what looks says so in a line, and goes on."""
    for words in (("status",), ("diff",), ("show",)):
        answer = muse(*words)
        assert (answer.status, answer.err) == (0, ""), answer
        assert "the files of this folder are not finished: " in answer.out, answer
    check_writing()


def leave_half_way() -> None:
    """As a command does that dies right after its entry."""
    start()
    ok("commit", "-m", "third")
    number = kept.newest(".").number
    ok("reset", "--hard", "HEAD~1")
    Path("data/table.csv").write_text("not committed")
    Path(".muse/applied").write_text(f"{number}\n")


@pytest.mark.parametrize("close", [whole_disk, the_repository, somebody_elses])
def test_everything_is_closed(close: Callable[[str], None], rows: list[Row], place: str) -> None:
    if close is somebody_elses and os.getuid():
        pytest.skip("only root can become somebody else")
    checks = [
        (start, check_looking),
        (start, check_writing),
        (start_without_caches, check_looking),
        (leave_half_way, check_unfinished),
    ]
    Campaign("odd file system", rows).run_each(
        f"read-only: {close.__name__.replace('_', ' ')}", checks, lambda one: closed(one[0], close, one[1], place)
    )


@pytest.mark.parametrize("part", ["ops", "objects/pack"])
def test_a_part_is_closed(part: str, rows: list[Row], place: str) -> None:
    """A command is done or not done, also where only the log or only the packs cannot be written."""

    def close(folder: str) -> None:
        own_mounts()
        make_read_only(os.path.join(folder, ".muse", part))

    def check(words: Words) -> None:
        def one() -> None:
            before = state_of(".")
            answer = muse(*words)
            assert "Traceback" not in answer.err
            done = state_of(".") != before
            if answer.status == 0:
                assert done and part != "ops", answer
            else:
                assert (answer.status, answer.out, len(answer.err.splitlines())) == (5, "", 2), answer
                assert f".muse/{part}" in answer.err and not done, answer
            assert not litter(".") and not damage(".")

        closed(start, close, one, place)

    words = [words for words in WRITING if words[0] not in ("config", "gc")]
    Campaign("odd file system", rows).run_each(f"read-only: {part} alone", words, check)


def test_files_that_cannot_be_changed_are_seen_before_anything_is(place: str) -> None:
    """A folder of data that is mounted read-only: a command that must change it is refused, and all others work."""

    def prepare() -> None:
        start()
        ok("commit", "-m", "third")

    def close(folder: str) -> None:
        own_mounts()
        make_read_only(os.path.join(folder, "data"))

    def check() -> None:
        before = state_of(".")
        restore = "restore", "data/table.csv", "--from", "main"
        for words in (("checkout", "main"), restore, ("reset", "--hard", "main")):
            said = refused(*words, status=5)
            assert "cannot change files in" in said and "/data: Read-only file system" in said, said
        assert state_of(".") == before and not litter(".")
        Path("notes.md").write_text("more")
        ok("commit", "-m", "fourth")
        ok("restore", "notes.md", "--from", "main")
        assert Path("notes.md").read_bytes() == SMALL["notes.md"][1]

    closed(prepare, close, check, place)
