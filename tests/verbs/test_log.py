"""`muse log`: every commit that can be reached, children before parents, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from tests.commands import commit_id, muse, ok, refused


@pytest.fixture
def history(repository: Path) -> list[str]:
    """Three commits on main, and one on a branch that starts at the second; their ids, that of the branch last."""
    ids = []
    for number in (1, 2, 3):
        Path("a").write_text(f"{number}\n")
        ok("commit", "-m", f"commit {number}")
        ids.append(commit_id())
    ok("checkout", "HEAD~1")
    ok("checkout", "-b", "side")
    Path("b").write_text("one\n")
    ok("commit", "-m", "on the side\n\nWith a reason.")
    return [*ids, commit_id()]


def test_text(history: list[str]) -> None:
    first, second, third, side = (id[7:17] for id in history)
    assert ok("log") == (
        f"{side}  2026-03-14 12:00  Ada Example  on the side  (HEAD → side)\n"
        f"{second}  2026-03-14 12:00  Ada Example  commit 2\n"
        f"{first}  2026-03-14 12:00  Ada Example  commit 1\n"
    )
    assert ok("log", "main") == (
        f"{third}  2026-03-14 12:00  Ada Example  commit 3  (main)\n"
        f"{second}  2026-03-14 12:00  Ada Example  commit 2\n"
        f"{first}  2026-03-14 12:00  Ada Example  commit 1\n"
    )


def test_json(history: list[str]) -> None:
    first, second, _, side = history
    found = muse("log", "--json").json
    assert found[0] == {
        "commit_id": side,
        "parents": [second],
        "author": {"name": "Ada Example", "email": "ada@example.org"},
        "time": "2026-03-14T12:00:00+00:00",
        "message": "on the side\n\nWith a reason.",
        "names": ["HEAD → side"],
    }
    assert [(one["commit_id"], one["parents"]) for one in found[1:]] == [(second, [first]), (first, [])]


def test_all_of_it(history: list[str]) -> None:
    found = [one["commit_id"] for one in muse("log", "--all", "--json").json]
    assert sorted(found) == sorted(history)
    assert found[2:] == [history[1], history[0]]
    assert muse("log", "--json").json == muse("log", "side", "--json").json


def test_what_is_checked_out_counts_though_no_branch_has_it(history: list[str]) -> None:
    ok("checkout", history[0])
    ok("branch", "-d", "side")
    ok("branch", "-d", "main")
    found = muse("log", "--all", "--json").json
    assert [(one["commit_id"], one["names"]) for one in found] == [(history[0], ["HEAD"])]


def test_at_most_so_many(history: list[str]) -> None:
    assert [one["commit_id"] for one in muse("log", "-n", "2", "--json").json] == [history[3], history[1]]
    assert len(muse("log", "-n", "99", "--json").json) == 3


@pytest.mark.parametrize("number", ["0", "-1"])
def test_so_many_must_be_a_number_of_commits(repository: Path, number: str) -> None:
    assert refused("log", f"-n{number}", status=2) == (
        f"error: {number} is no number of commits to list\nGive -n a number from 1 up.\n"
    )


def test_children_come_first_whatever_the_clocks_say(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, year in enumerate((2030, 2020, 2025)):
        monkeypatch.setenv("MUSE_NOW", f"{year}-01-01T00:00:00+02:00")
        Path("a").write_text(str(number))
        ok("commit", "-m", str(number))
    found = muse("log", "--json").json
    assert [one["message"] for one in found] == ["2", "1", "0"]
    assert found[0]["time"] == "2025-01-01T00:00:00+02:00"


def test_no_commit_yet(repository: Path) -> None:
    assert ok("log") == "No commit yet.\n"
    assert muse("log", "--json").json == []


def test_a_name_that_is_none(repository: Path) -> None:
    assert refused("log", "nope", status=2) == (
        "error: nope names no commit\n`muse log` lists commits, `muse branch` lists branches.\n"
    )


def test_from_python(history: list[str]) -> None:
    entries = api.log(number=1)
    assert entries[0].commit.message == "on the side\n\nWith a reason."
    assert entries[0].id == history[3]
