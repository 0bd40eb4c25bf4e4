"""File systems that lack something: everything works all the same, or muse says in two lines what is missing.

The kernel refuses what is taken away, see `muse.testing.lacking`: at every call, of the real commands.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from muse.core.packs import join
from muse.core.paths import Layout
from muse.core.settings import toml
from muse.core.system import publish
from muse.testing import lacking
from muse.testing.repositories import damage, litter, read_contents
from tests.commands import muse, ok, refused
from tests.crash.apart import apart, together
from tests.crash.campaign import Campaign, Row
from tests.crash.odd.odd import a_day, without
from tests.environment import absent

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

Lacks = tuple[str, ...]

_NO_LINKS = ("link", "RENAME_NOREPLACE")
#: What may be missing, alone and as real systems miss it: vfat, old network file systems, sandboxes.
LACKS: tuple[Lacks, ...] = (
    *((ability,) for ability in lacking.ABILITIES if ability != "symlink"),
    ("O_TMPFILE", "link"),
    ("O_TMPFILE", "flock"),
    ("link", "flock"),
    ("syncfs", "RENAME_EXCHANGE"),
    _NO_LINKS,
    ("O_TMPFILE", *_NO_LINKS, "RENAME_EXCHANGE", "syncfs"),
    ("O_TMPFILE", "link", "RENAME_EXCHANGE", "flock", "syncfs"),
)
_NO_LOCKS = "this file system has no locks: run one muse command at a time in this folder"


@pytest.fixture(autouse=True, scope="module")
def able() -> None:
    """Nothing can be taken away everywhere."""
    if reason := lacking.missing():
        absent(reason)


@pytest.fixture
def odd(rows: list[Row]) -> Campaign:
    """What counts the points."""
    return Campaign("odd file system", rows)


def test_everything_works_without(odd: Campaign, place: str) -> None:
    """Where there are no locks, muse says so."""

    def day(lacks: Lacks) -> None:
        without(lacks, partial(a_day, said=_NO_LOCKS if "flock" in lacks else ""), place)

    odd.run_each("lacks an ability", LACKS, day)


def test_the_way_of_creating_names_is_found_once(place: str) -> None:
    """By `init`, which writes it down: whoever comes later must take the same."""

    def init(way: str) -> None:
        ok("init")
        assert toml.read(Layout(".").config)["store.publish"] == way

    for lacks, way in (((), publish.LINK), (("link",), publish.RENAME), (_NO_LINKS, publish.LOCK)):
        without(lacks, partial(init, way), place)


def test_where_nothing_is_exclusive_nothing_is_written(place: str) -> None:
    def attempt() -> None:
        Path("notes.txt").write_text("notes")
        for words in (("init",), ("commit", "-m", "notes"), ("add", "notes.txt"), ("init",)):
            assert "can create no file only if it is absent" in refused(*words, status=5)
        assert "no commit yet" in ok("status")
        assert not litter(".") and Path("notes.txt").read_text() == "notes"

    without((*_NO_LINKS, "flock"), attempt, place)


def test_a_repository_that_came_from_a_file_system_with_links(place: str) -> None:
    """What is missing is named, and what to type; then it works."""

    def move() -> None:
        def elsewhere() -> None:
            lacking.drop(("link", "O_TMPFILE"))
            said = refused("commit", "-m", "two", status=5)
            assert "no hard links" in said and "muse config store.publish rename" in said, said
            ok("config", "store.publish", "rename")
            ok("commit", "-m", "two")
            assert not litter(".") and not damage(".")

        Path("notes.txt").write_text("one")
        ok("init")
        ok("commit", "-m", "one")
        Path("notes.txt").write_text("two")
        apart(elsewhere)

    without((), move, place)


def test_folders_that_cannot_be_synced(place: str) -> None:
    """As those that a virtual machine shares with its host."""

    def day() -> None:
        sync = os.fsync

        def of_files(fd: Any) -> None:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            sync(fd)

        os.fsync = of_files
        a_day()

    without((), day, place)


def test_without_links_to_files(place: str) -> None:
    """A commit that holds one cannot be checked out there; all others can."""

    def check() -> None:
        def elsewhere() -> None:
            lacking.drop(("symlink",))
            assert "cannot make a link in" in refused("checkout", "links", status=5)
            assert read_contents(".") == before and not litter(".")
            assert "clean" in ok("status") and ok("show", "links:link") is not None
            ok("checkout", "links~1")

        Path("notes.txt").write_text("one")
        ok("init")
        ok("commit", "-m", "one")
        ok("checkout", "-b", "links")
        os.symlink("notes.txt", "link")
        Path("notes.txt").write_text("two")
        ok("commit", "-m", "two")
        ok("checkout", "main")
        before = read_contents(".")
        apart(elsewhere)

    without((), check, place)


def test_two_writers_at_once(odd: Campaign, place: str) -> None:
    """Both succeed, or one is told why not; what was acknowledged is there."""

    def write(who: str) -> list[str]:
        done = []
        for number in range(8):
            name = f"{who}-{number}"
            Path(name).write_text(name)
            for words in (("branch", name), ("add", name), ("commit", "--staged", "-m", name)):
                answer = muse(*words)
                assert answer.status in (0, 1, 4), answer
                assert "Traceback" not in answer.err and len(answer.err.splitlines()) <= 2, answer
                if words[0] == "branch" and not answer.status:
                    done.append(name)
        return done

    def both() -> None:
        join.MANY = 4
        ok("init")
        Path("start").write_text("start")
        ok("commit", "-m", "start")
        one, two = together(lambda: write("one"), lambda: write("two"))
        names = {branch["name"] for branch in muse("branch", "--json").json["branches"]}
        assert {*one, *two} <= names and one and two, "an acknowledged branch is gone"
        ok("fsck")
        assert not damage(".")

    odd.run_each("two writers at once", LACKS, lambda lacks: without(lacks, both, place))
