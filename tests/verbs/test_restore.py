"""`muse restore`: files as they were in a commit, and nothing of what stood there lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from muse.core.types import digest_of
from tests.commands import commit_id, muse, ok, refused, saved
from tests.samples import code, notebook

LISTS = "lists the commits that changed it, `--from REV` takes it from one."


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits: the second changes a.txt, removes gone.txt and adds new.txt."""
    Path("a.txt").write_text("one\n")
    Path("gone.txt").write_text("gone\n")
    ok("commit", "-m", "first look")
    Path("a.txt").write_text("two\n")
    Path("gone.txt").unlink()
    Path("new.txt").write_text("new\n")
    ok("commit", "-m", "second look")
    return repository


def test_a_file_as_in_the_last_commit(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    assert ok("restore", "a.txt") == (
        "Restored from 6ba22a22eb\n1 file: 1 changed\nwhat was there is saved: `muse undo` brings it back\n"
    )
    assert Path("a.txt").read_text() == "two\n"
    assert digest_of(b"work\n") in saved(two)
    ok("undo")
    assert Path("a.txt").read_text() == "work\n"


def test_a_file_as_in_another_commit(two: Path) -> None:
    ok("restore", "a.txt", "gone.txt", "--from", "HEAD~1")
    assert Path("a.txt").read_text() == "one\n"
    assert Path("gone.txt").read_text() == "gone\n"
    found = muse("status", "--json").json
    assert (found["commit_id"], found["changed"], found["added"]) == (commit_id(), ["a.txt"], ["gone.txt"])


def test_the_whole_folder_less_what_is_not_tracked(two: Path) -> None:
    Path("mine.txt").write_text("mine\n")
    ok("restore", ".", "--from", "HEAD~1")
    assert sorted(os.listdir()) == [".muse", "a.txt", "gone.txt", "mine.txt"]
    ok("undo")
    assert sorted(os.listdir()) == [".muse", "a.txt", "mine.txt", "new.txt"]


@pytest.mark.parametrize("words", [["restore"], ["restore", "--staged"], ["add"]])
def test_an_empty_variable_is_not_the_whole_folder(two: Path, words: list[str]) -> None:
    Path("a.txt").write_text("work\n")
    assert refused(*words, "", status=2) == "error: an empty text is no path\n`.` is the whole of the current folder.\n"
    assert Path("a.txt").read_text() == "work\n"
    assert muse("status", "--json").json["staged"] == []


def test_nothing_to_restore(two: Path) -> None:
    assert ok("restore", ".") == "Nothing to restore: what was named is as in 6ba22a22eb.\n"
    assert muse("op", "log", "--json").json[0]["command"] == 'commit -m "second look"'.replace('"', "'")


def test_a_file_that_was_removed(two: Path) -> None:
    Path("a.txt").unlink()
    ok("restore", "a.txt")
    assert Path("a.txt").read_text() == "two\n"


def test_the_executable_bit(two: Path) -> None:
    Path("run.sh").write_text("ls\n")
    os.chmod("run.sh", 0o755)
    ok("commit")
    os.chmod("run.sh", 0o644)
    ok("restore", "run.sh")
    assert os.access("run.sh", os.X_OK)


def test_what_is_restored_leaves_the_stage(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    ok("add", "a.txt")
    assert ok("restore", "a.txt").splitlines()[:2] == ["Took 1 file off the stage.", "Restored from 6ba22a22eb"]
    assert muse("status", "--json").json["clean"]


def test_a_staged_file_that_no_commit_has_stays(two: Path) -> None:
    Path("b.txt").write_text("work\n")
    ok("add", "b.txt")
    assert ok("restore", "b.txt") == "Took 1 file off the stage.\n"
    assert Path("b.txt").read_text() == "work\n"
    assert muse("status", "--json").json["added"] == ["b.txt"]


def test_off_the_stage_alone(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    Path("b.txt").write_text("work\n")
    ok("add", ".")
    assert ok("restore", "--staged", "a.txt") == "Took 1 file off the stage.\n"
    assert Path("a.txt").read_text() == "work\n"
    assert muse("status", "--json").json["staged"] == ["b.txt"]
    assert ok("restore", "--staged", ".") == "Took 1 file off the stage.\n"
    assert refused("restore", "--staged", ".", status=2) == (
        "error: nothing of . is staged\n`muse status` lists what is.\n"
    )


def test_noise_is_replaced(two: Path) -> None:
    first, again = notebook(code("x = 1", count=1)), notebook(code("x = 1", count=2))
    Path("nb.ipynb").write_bytes(first)
    ok("commit")
    Path("nb.ipynb").write_bytes(again)
    answer = ok("restore", "nb.ipynb")
    assert "is nb.ipynb open? reload it: File > Reload Notebook from Disk" in answer
    assert Path("nb.ipynb").read_bytes() == first
    assert digest_of(again) in saved(two)


def test_json(two: Path) -> None:
    assert muse("restore", ".", "--from", "HEAD~1", "--json").json == {
        "commit_id": commit_id("HEAD~1"),
        "files": [
            {"path": "a.txt", "status": "changed"},
            {"path": "new.txt", "status": "deleted"},
            {"path": "gone.txt", "status": "added"},
        ],
        "left": [],
        "unstaged": [],
        "notes": [],
    }
    Path("b.txt").write_text("work\n")
    ok("add", "b.txt")
    assert muse("restore", "--staged", "b.txt", "--json").json == {
        "commit_id": None,
        "files": [],
        "left": [],
        "unstaged": ["b.txt"],
        "notes": [],
    }


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["no pe"], "no pe is not in the last commit", f"`muse log 'no pe'` {LISTS}"),
        (
            ["new.txt", "--from", "nope"],
            "nope names no commit",
            "`muse log` lists commits, `muse branch` lists branches.",
        ),
        (["b.txt", "--from", "HEAD~1"], "b.txt is not in HEAD~1", f"`muse log b.txt` {LISTS}"),
        (
            ["a.txt", "--from", "HEAD", "--staged"],
            "--staged and --from do not go together",
            "`muse restore --staged PATH` is all it takes.",
        ),
    ],
)
def test_what_cannot_be_restored(two: Path, words: list[str], message: str, hint: str) -> None:
    Path("b.txt").write_text("work\n")
    assert refused("restore", *words, status=2) == f"error: {message}\n{hint}\n"


def test_from_python(two: Path) -> None:
    result = api.restore("a.txt", rev="HEAD~1")
    assert [change.path for change in result.files.changes] == ["a.txt"]
