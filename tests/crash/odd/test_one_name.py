"""Where `A.txt` and `a.txt` are one name: nothing is overwritten unseen, and a change of case alone is a change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.testing.repositories import damage, litter
from tests.commands import muse, ok, refused
from tests.core.folders import file
from tests.core.travel import Place
from tests.crash.apart import apart
from tests.crash.campaign import Campaign, Row
from tests.crash.odd.folding import fold_names

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

Files = dict[str, str]

_CASES: dict[str, tuple[Files, Files]] = {
    "the case alone": ({"a.txt": "one"}, {"A.txt": "one"}),
    "case and contents": ({"a.txt": "one"}, {"A.txt": "two"}),
    "an accent": ({"caf\u00e9": "one"}, {"CAF\u00c9": "one"}),
    "a folder": ({"Data/a": "one", "Data/b": "two"}, {"data/a": "one", "data/b": "three"}),
    "a folder and a file in it": ({"Data/a": "one", "kept": "k"}, {"data/A": "two", "kept": "k"}),
    "back and forth with others": ({"x": "1", "Y": "2", "z": "3"}, {"X": "1", "y": "two", "Z": "3"}),
}


def folded(work: Callable[[], None], place: str) -> None:
    """Do some work in an empty folder on such a file system, in a process of its own."""

    def one_name() -> None:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            os.chdir(folder)
            work()

    apart(one_name)


def spelt() -> Files:
    """Every file, by the name that it has on the disk."""
    return {
        os.path.relpath(os.path.join(folder, name)): Path(folder, name).read_text()
        for folder, _, files in os.walk(".")
        for name in files
        if ".muse" not in folder
    }


def write(files: Files) -> None:
    """Make the folder hold these files, with their names as they are written here."""
    for path in spelt():
        os.unlink(path)
        if os.path.dirname(path) and not os.listdir(os.path.dirname(path)):
            os.rmdir(os.path.dirname(path))
    for path, text in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        Path(path).write_text(text)


def there_and_back(before: Files, after: Files) -> None:
    """Both are committed, and checked out in turn."""
    fold_names()
    ok("init")
    write(before)
    ok("commit", "-m", "before")
    write(after)
    ok("commit", "-m", "after")
    for words, wanted in (
        (("checkout", "HEAD~1"), before),
        (("checkout", "main"), after),
        (("undo",), before),
        (("redo",), after),
        (("reset", "--hard", "HEAD~1"), before),
    ):
        ok(*words)
        assert spelt() == wanted, words
        assert "clean" in ok("status")
    assert not damage(".") and not litter(".")


def stopped_anywhere(before: Files, after: Files) -> None:
    """A command that dies on its way through the folder is finished by the next."""
    fold_names()
    for at in range(100):
        old, new = ({path: file(text.encode()) for path, text in files.items()} for files in (before, after))
        place = Place(os.path.abspath(str(at)), old, new)
        died = place.die_after(at)
        os.chdir(str(at))
        assert place.resume() == (), f"died at {at}: left alone"
        assert spelt() == after, f"died at {at}"
        os.chdir("..")
        if not died:
            return
    raise AssertionError("it never came to the end")


@pytest.mark.parametrize("check", [there_and_back, stopped_anywhere])
def test_the_case_of_a_name_changes(check: Callable[[Files, Files], None], rows: list[Row], place: str) -> None:
    what = f"one name: {check.__name__.replace('_', ' ')}"
    Campaign("odd file system", rows).run_each(
        what, _CASES, lambda name: folded(lambda: check(*_CASES[name]), place)
    )


def test_a_commit_with_both_is_refused(place: str) -> None:
    """Clearly, and nothing changes; everything that needs no folder works."""

    def check() -> None:
        ok("init")
        write({"start": "s"})
        ok("commit", "-m", "start")
        ok("checkout", "-b", "both")
        write({"start": "s", "a.txt": "one", "A.txt": "two", "in/B": "3", "in/b": "4"})
        ok("commit", "-m", "both")
        ok("checkout", "main")
        fold_names()
        for words in (("checkout", "both"), ("restore", ".", "--from", "both"), ("reset", "--hard", "both")):
            assert "are one name on this file system" in refused(*words, status=4)
            assert spelt() == {"start": "s"}
        assert "A.txt" in ok("show", "both") and ok("show", "both:a.txt").strip() == "one"
        ok("restore", "a.txt", "--from", "both")
        assert spelt() == {"start": "s", "a.txt": "one"}
        ok("fsck")

    folded(check, place)


def test_a_file_of_ones_own_that_differs_by_case(place: str) -> None:
    """It is in the way as one of the same name would be; forced, it is saved, and comes back."""

    def check() -> None:
        ok("init")
        write({"start": "s"})
        ok("commit", "-m", "start")
        ok("checkout", "-b", "other")
        write({"start": "s", "a.txt": "one"})
        ok("commit", "-m", "other")
        ok("checkout", "main")
        fold_names()
        write({"start": "s", "A.TXT": "mine"})
        assert "uncommitted work" in refused("checkout", "other", status=4)
        assert spelt() == {"start": "s", "A.TXT": "mine"}
        ok("checkout", "other", "--force")
        assert spelt() == {"start": "s", "a.txt": "one"}
        ok("undo")
        assert sorted(spelt().values()) == ["mine", "s"]

    folded(check, place)


def test_the_repository_by_another_name(place: str) -> None:
    """`.MUSE` is `.muse`: nobody stages, restores or removes anything in it."""

    def check() -> None:
        ok("init")
        write({"start": "s"})
        ok("commit", "-m", "start")
        fold_names()
        assert os.path.samefile(".MUSE", ".muse")
        for words in (("add", ".MUSE"), ("add", ".Muse/HEAD"), ("restore", ".MUSE/HEAD")):
            answer = muse(*words)
            assert answer.status in (1, 2) or "othing" in answer.out, answer
        assert "clean" in ok("status") and not litter(".") and not damage(".")

    folded(check, place)
