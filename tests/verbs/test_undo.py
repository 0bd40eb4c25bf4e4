"""`muse undo`: every command can be taken back, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from muse.core.types import digest_of
from muse.testing.repositories import read_contents
from tests.commands import commit_id, muse, ok, refused, saved

STAY = "the files stay as they are: the changes are uncommitted again; `muse redo` brings it back\n"


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits on main."""
    for content in ("one", "two"):
        Path("a.txt").write_text(f"{content}\n")
        ok("commit", "-m", content)
    return repository


def test_a_commit_leaves_the_files(two: Path) -> None:
    assert ok("undo") == f"Undid `commit -m two` (operation 3)\nNow on branch main at 20ff89aac2\n{STAY}"
    assert Path("a.txt").read_text() == "two\n"
    assert muse("status", "--json").json["changed"] == ["a.txt"]
    assert ok("undo") == f"Undid `commit -m one` (operation 2)\nNow on branch main, no commit yet\n{STAY}"
    assert muse("status", "--json").json["added"] == ["a.txt"]


def test_back_to_the_beginning_and_no_further(two: Path) -> None:
    ok("undo")
    ok("undo")
    answer = muse("undo")
    assert (answer.status, answer.err) == (1, "")
    assert answer.out == "Nothing to undo: this is where the repository began.\n"


def test_a_checkout_brings_the_files_back(two: Path) -> None:
    ok("checkout", "HEAD~1")
    assert ok("undo") == (
        "Undid `checkout HEAD~1` (operation 4)\n"
        "Now on branch main at 2c3d5aefdf\n"
        "1 file: 1 changed\n"
        "`muse redo` brings it back\n"
    )
    assert Path("a.txt").read_text() == "two\n"


def test_every_command(two: Path) -> None:
    Path("b.txt").write_text("b\n")
    for words in (
        ["add", "b.txt"],
        ["restore", "--staged", "b.txt"],
        ["restore", "a.txt", "--from", "HEAD~1"],
        ["branch", "idea"],
        ["branch", "-m", "idea", "plan"],
        ["branch", "-d", "plan"],
        ["checkout", "-b", "side"],
        ["op", "restore", "2"],
    ):
        before = muse("status", "--json").out, muse("branch", "--json").out, read_contents(str(two))
        ok(*words)
        after = muse("status", "--json").out, muse("branch", "--json").out, read_contents(str(two))
        assert before != after, words
        ok("undo")
        assert (muse("status", "--json").out, muse("branch", "--json").out, read_contents(str(two))) == before, words
        ok("redo")
        assert (muse("status", "--json").out, muse("branch", "--json").out, read_contents(str(two))) == after, words


def test_work_done_since_is_in_the_way(two: Path) -> None:
    ok("checkout", "HEAD~1")
    Path("a.txt").write_text("work\n")
    assert refused("undo", status=4) == (
        "error: cannot undo `checkout HEAD~1` (operation 4): uncommitted work in a.txt would be overwritten\n"
        "Add --force: then it is saved and `muse op restore 4` brings it back.\n"
    )
    assert Path("a.txt").read_text() == "work\n"
    assert ok("undo", "--force").splitlines()[-1] == "what was replaced is saved: `muse op restore 4` brings it back"
    assert Path("a.txt").read_text() == "two\n"
    assert digest_of(b"work\n") in saved(two)
    ok("op", "restore", "4")
    assert Path("a.txt").read_text() == "work\n"


def test_a_new_command_starts_from_where_undo_led(two: Path) -> None:
    ok("undo")
    Path("a.txt").write_text("three\n")
    ok("commit", "-m", "three")
    assert [one["message"] for one in muse("log", "--json").json] == ["three", "one"]
    assert muse("redo").status == 1
    ok("undo")
    ok("undo")
    assert muse("status", "--json").json["commit_id"] is None


def test_an_undone_commit_can_still_be_named(two: Path) -> None:
    second = commit_id()
    ok("undo")
    assert commit_id(second[7:17]) == second


def test_json(two: Path) -> None:
    first = commit_id("HEAD~1")
    assert muse("undo", "--json").json == {
        "operation": 3,
        "command": "commit -m two",
        "branch": "main",
        "commit_id": first,
        "files": [],
        "left": [],
        "notes": [],
    }
    ok("undo")
    answer = muse("undo", "--json")
    assert (answer.status, answer.json["operation"], answer.json["command"]) == (1, None, None)


def test_from_python(two: Path) -> None:
    result = api.undo()
    assert result.operation is not None
    assert (result.operation.number, result.branch) == (3, "main")
