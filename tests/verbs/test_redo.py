"""`muse redo`: what undo took back comes back, step by step, until something new happens."""

from __future__ import annotations

from pathlib import Path

import muse as api
from tests.commands import commit_id, muse, ok, refused


def test_nothing_to_redo(repository: Path) -> None:
    answer = muse("redo")
    assert (answer.status, answer.out, answer.err) == (1, "Nothing to redo.\n", "")


def test_step_by_step(repository: Path) -> None:
    ids = []
    for content in ("one", "two", "three"):
        Path("a.txt").write_text(f"{content}\n")
        ok("commit", "-m", content)
        ids.append(commit_id())
    for _ in ids:
        ok("undo")
    assert ok("redo").startswith("Redid `commit -m one` (operation 2)\nNow on branch main at ")
    assert commit_id() == ids[0]
    ok("redo")
    ok("undo")
    ok("redo")
    ok("redo")
    assert commit_id() == ids[2]
    assert muse("redo").status == 1
    assert muse("status", "--json").json["clean"]


def test_something_new_ends_it(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    ok("branch", "idea")
    ok("undo")
    ok("branch", "plan")
    assert muse("redo").status == 1


def test_the_files_come_back_too_where_nothing_is_in_the_way(repository: Path) -> None:
    for content in ("one", "two"):
        Path("a.txt").write_text(content)
        ok("commit")
    ok("checkout", "HEAD~1")
    ok("undo")
    Path("a.txt").write_text("work")
    assert "cannot redo `checkout HEAD~1` (operation 4): uncommitted work in a.txt" in refused("redo", status=4)
    ok("redo", "--force")
    assert Path("a.txt").read_text() == "one"
    ok("op", "restore", "5")
    assert Path("a.txt").read_text() == "work"


def test_json(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "one")
    id = commit_id()
    ok("undo")
    assert muse("redo", "--json").json == {
        "operation": 2,
        "command": "commit -m one",
        "branch": "main",
        "commit_id": id,
        "files": [],
        "left": [],
        "notes": [],
    }


def test_from_python(repository: Path) -> None:
    assert api.redo().operation is None
