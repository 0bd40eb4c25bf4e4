"""`muse op`: the list of everything that happened, and the way back to any of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from muse.core.operations.ops import Operation
from muse.core.paths import Layout
from muse.testing.repositories import read_contents
from muse.verbs.op import OpLogResult
from tests.commands import commit_id, muse, ok, refused
from tests.core.damaged import flip


@pytest.fixture
def busy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which Ada did a few things."""
    monkeypatch.setenv("LOGNAME", "ada")
    ok("init")
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    Path("a.txt").write_text("two\n")
    ok("commit", "-m", "second look")
    ok("checkout", "HEAD~1")
    return folder


def test_log(busy: Path) -> None:
    host = os.uname().nodename
    assert ok("op").splitlines()[:3] == [
        f"4  2026-03-14 12:00  ada@{host}  checkout HEAD~1                3239b604a4",
        f"3  2026-03-14 12:00  ada@{host}  commit -m 'second look'  main  9e0c6270fe",
        f"2  2026-03-14 12:00  ada@{host}  commit -m 'first look'   main  3239b604a4",
    ]
    assert ok("op", "log", "-n", "1").split() == ok("op").splitlines()[0].split()


def test_log_lists_what_can_be_read(busy: Path) -> None:
    layout = Layout(".")
    os.unlink(layout.operation(3))
    flip(Path(layout.operation(2)))
    answer = muse("op", "log")
    assert (answer.status, answer.err) == (3, "")
    assert [words[0] for words in map(str.split, answer.lines[:2])] == ["4", "1"]
    assert answer.lines[2:] == [
        "2 operations cannot be had: 3, 2",
        "`muse doctor` stands in for them, and keeps what they held as far as it is there",
    ]
    assert [one["number"] for one in muse("op", "log", "--json").json] == [4, 1]
    assert muse("op", "log", "-n", "1").status == 0
    found = api.op()
    assert isinstance(found, OpLogResult) and found.lost == (3, 2)
    muse("doctor")
    assert [words.split()[0] for words in ok("op", "log").splitlines()] == ["5", "4", "1"]


def test_log_as_json(busy: Path) -> None:
    found = muse("op", "log", "--json").json
    assert found[1] == {
        "number": 3,
        "command": "commit -m 'second look'",
        "time": "2026-03-14T12:00:00+00:00",
        "user": "ada",
        "host": os.uname().nodename,
        "branch": "main",
        "commit_id": commit_id("main"),
    }
    assert [one["number"] for one in found] == [4, 3, 2, 1]
    assert (found[0]["branch"], found[3]["commit_id"]) == (None, None)


def test_restore(busy: Path) -> None:
    Path("b.txt").write_text("mine\n")
    assert ok("op", "restore", "3") == (
        "Went back to operation 3 (`commit -m 'second look'`)\n"
        "Now on branch main at 9e0c6270fe\n"
        "1 file: 1 changed\n"
        "`muse undo` takes this back\n"
    )
    assert read_contents(str(busy)) == {"a.txt": ("f", b"two\n"), "b.txt": ("f", b"mine\n")}
    ok("op", "restore", "2")
    assert Path("a.txt").read_text() == "two\n"
    assert muse("status", "--json").json["changed"] == ["a.txt"]


def test_restore_over_several_that_changed_the_same_file(busy: Path) -> None:
    ok("checkout", "main")
    Path("a.txt").write_text("three\n")
    ok("restore", "a.txt")
    ok("restore", "a.txt", "--from", "HEAD~1")
    ok("op", "restore", "4")
    assert Path("a.txt").read_text() == "one\n"
    ok("undo")
    assert Path("a.txt").read_text() == "one\n"
    ok("op", "restore", "5")
    assert Path("a.txt").read_text() == "three\n"


def test_work_in_the_way_refuses(busy: Path) -> None:
    Path("a.txt").write_text("work\n")
    assert refused("op", "restore", "3", status=4).startswith(
        "error: cannot go back to operation 3 (`commit -m 'second look'`): uncommitted work in a.txt would be"
    )
    ok("op", "restore", "3", "--force")
    assert Path("a.txt").read_text() == "two\n"
    ok("undo")
    assert Path("a.txt").read_text() == "work\n"


def test_what_is_committed_is_no_work_in_the_way(busy: Path) -> None:
    """Though it is not what the last command had put there."""
    ok("undo")
    Path("a.txt").write_text("three\n")
    ok("commit", "-m", "third look")
    number = muse("op", "--json").json[0]["number"]
    ok("op", "restore", "2")
    assert Path("a.txt").read_text() == "two\n" and not muse("status", "--json").json["clean"]
    ok("op", "restore", str(number))
    assert Path("a.txt").read_text() == "three\n" and muse("status", "--json").json["clean"]


def test_restore_as_json(busy: Path) -> None:
    second = commit_id("main")
    assert muse("op", "restore", "3", "--json").json == {
        "operation": 3,
        "command": "commit -m 'second look'",
        "branch": "main",
        "commit_id": second,
        "files": [{"path": "a.txt", "status": "changed"}],
        "left": [],
        "notes": [],
    }


def test_where_one_is_already(busy: Path) -> None:
    answer = muse("op", "restore", "4")
    assert (answer.status, answer.out) == (1, "Operation 4 is the newest: nothing to restore.\n")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["restore"], "no operation was named", "`muse op log` lists them; then, say, `muse op restore 12`."),
        (["restore", "9"], "there is no operation 9", "`muse op log` lists those that are kept."),
        (["restore", "0"], "there is no operation 0", "`muse op log` lists those that are kept."),
        (["log", "3"], "`muse op log` takes no number", "`muse op restore 3` goes back to it."),
        (["log", "-n", "0"], "0 is no number of operations to list", "Give -n a number from 1 up."),
    ],
)
def test_what_is_refused(busy: Path, words: list[str], message: str, hint: str) -> None:
    assert refused("op", *words, status=2) == f"error: {message}\n{hint}\n"


def test_nothing_yet(folder: Path) -> None:
    (folder / ".muse").mkdir()
    assert ok("op") == "Nothing has happened yet.\n"
    assert muse("op", "--json").json == []


def test_from_python(busy: Path) -> None:
    assert [operation.number for operation in api.op(limit=2) if isinstance(operation, Operation)] == [4, 3]
