"""`muse log`: every commit that can be reached, children before parents, for people and for programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from muse.core.commits import graph
from muse.core.repo import Repo
from tests.commands import commit_id, muse, ok, refused
from tests.core.damaged import newest, packs
from tests.verbs import losing

PLACE = "Paths count from the folder you are in."


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


def test_a_tag_that_has_the_name_of_a_branch(history: list[str]) -> None:
    """Each name stands where it is, and once; the tag is told from the branch, also from that checked out."""
    ok("tag", "main", history[0])
    ok("tag", "side")
    ok("tag", "draft", history[0])
    names = {entry["commit_id"]: entry["names"] for entry in muse("log", "--all", "--json").json}
    assert names == {
        history[0]: ["draft", "tag main"],
        history[1]: [],
        history[2]: ["main"],
        history[3]: ["HEAD → side", "tag side"],
    }


def test_a_commit_with_many_names(history: list[str]) -> None:
    for number in range(30):
        ok("tag", f"v{number:02}")
    listed = ", ".join(f"v{number:02}" for number in range(19))
    assert ok("log", "-n", "1").endswith(f"  (HEAD → side, {listed}, and 11 more)\n")
    assert len(muse("log", "-n", "1", "--json").json[0]["names"]) == 31


def test_a_commit_that_is_lost(history: list[str]) -> None:
    """What can be read is listed, and the rest is named."""
    _, second, third, side = history
    packs(Repo(os.getcwd()))[1].unlink()
    answer = muse("log")
    assert (answer.status, answer.err) == (3, "")
    assert answer.lines == [
        f"{side[7:17]}  2026-03-14 12:00  Ada Example  on the side  (HEAD → side)",
        f"1 commit cannot be had: {second[7:17]}",
        "what only they lead to is not listed; `muse doctor` repairs what can be repaired",
    ]
    assert {one["commit_id"] for one in muse("log", "--all", "--json").json} == {third, side}
    assert len(muse("log", "--all", "-n", "1", "--json").json) == 1
    answer = muse("log", "--all", "b")
    assert (answer.status, answer.err, answer.lines[-2]) == (3, "", f"1 commit cannot be had: {second[7:17]}")
    assert refused("log", "nowhere", status=2)


def test_the_tags_are_lost(history: list[str]) -> None:
    """The commits are listed all the same."""
    before = ok("log").splitlines()
    losing.tags(Repo(os.getcwd()))
    for words in (["log"], ["log", "HEAD"], ["log", "--all", "-n", "9"]):
        answer = muse(*words)
        assert (answer.status, answer.err) == (3, "")
        assert answer.lines[0].startswith("! the tags cannot be read, and `muse doctor` says how to go on: sha256:")
    assert [line.split()[0] for line in muse("log").lines[-len(before) :]] == [line.split()[0] for line in before]
    assert muse("log", "HEAD~1", "-n", "1").lines[-1].split()[0] == before[0].split()[0]


@pytest.mark.parametrize("words", [["log"], ["op", "log"]])
def test_what_was_finished_is_told(history: list[str], words: list[str]) -> None:
    ok("checkout", history[0])
    number = newest(Repo(os.getcwd())).number
    Path(".muse/applied").write_text(f"{number - 1}\n")
    assert muse(*words).lines[0] == f"! finished: checkout (operation {number})"
    assert not muse(*words).lines[0].startswith("!")


def test_a_name_that_is_none(repository: Path) -> None:
    assert refused("log", "nope", status=2) == (
        f"error: nope is neither a commit nor a path that a commit had\n`muse log` lists commits. {PLACE}\n"
    )


def messages(*words: str) -> list[str]:
    """The first lines of the messages that a log shows."""
    return [one["message"].split("\n")[0] for one in muse("log", *words, "--json").json]


@pytest.fixture
def files(repository: Path) -> Path:
    """Commits that change a file, a folder, a mode, and both; one removes a file."""
    history: dict[str, dict[str, str | None]] = {
        "start": {"a.txt": "1", "data/x.csv": "1", "gone.txt": "1"},
        "data": {"data/x.csv": "2", "data/deep/y.csv": "1"},
        "text": {"a.txt": "2"},
        "removal": {"gone.txt": None},
        "mode": {},
        "both": {"a.txt": "3", "data/x.csv": "3"},
    }
    for message, changes in history.items():
        for name, text in changes.items():
            Path(name).parent.mkdir(exist_ok=True, parents=True)
            Path(name).write_text(text) if text is not None else Path(name).unlink()
        if message == "mode":
            Path("a.txt").chmod(0o755)
        ok("commit", "-m", message)
    return repository


def test_of_a_file(files: Path) -> None:
    for _ in ("filters are made", "filters are there"):
        assert messages("a.txt") == ["both", "mode", "text", "start"]
        assert messages("data/deep/y.csv") == ["data"]
        assert messages("-n", "2", "a.txt") == ["both", "mode"]
        assert messages("HEAD~2", "a.txt") == ["text", "start"]
        assert messages("HEAD~2") == ["removal", "text", "data", "start"]


def test_of_a_folder(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert messages("data") == ["both", "data", "start"]
    assert messages("data/") == ["both", "data", "start"]
    assert messages(".") == ["both", "mode", "removal", "text", "data", "start"]
    monkeypatch.chdir("data")
    assert messages("deep") == ["data"]
    assert messages(".") == ["both", "data", "start"]
    assert messages("../a.txt", "deep") == ["both", "mode", "text", "data", "start"]


def test_of_a_file_that_is_gone(files: Path) -> None:
    assert messages("gone.txt") == ["removal", "start"]
    assert messages("-n", "1", "gone.txt", "a.txt") == ["both"]
    assert messages("HEAD~4", "gone.txt") == ["start"]


def test_of_a_file_that_no_commit_had(files: Path) -> None:
    Path("new.txt").write_text("new")
    for words in (["new.txt"], ["HEAD", "nope.txt"], ["a.txt", "nope.txt"], ["HEAD~5", "data/deep"], ["data/x"]):
        name = words[-1]
        assert refused("log", *words, status=2) == (
            f"error: {name} is neither a commit nor a path that a commit had\n`muse log` lists commits. {PLACE}\n"
        )
    assert "is not in this repository" in refused("log", "HEAD", "../other", status=2)
    assert "goes back beyond" in refused("log", "HEAD~99", status=2)


def test_a_name_that_is_a_file_and_a_branch_is_the_file(files: Path) -> None:
    ok("branch", "a.txt", "HEAD~5")
    assert messages("a.txt") == ["both", "mode", "text", "start"]
    Path("a.txt~0").touch()
    assert messages("a.txt~0") == ["start"]
    Path("a.txt").unlink()
    assert messages("a.txt") == ["start"]
    assert messages("HEAD", "a.txt") == ["both", "mode", "text", "start"]


def test_of_a_file_on_every_branch(files: Path) -> None:
    ok("checkout", "HEAD~4")
    ok("checkout", "-b", "side")
    Path("a.txt").write_text("side")
    ok("commit", "-m", "side")
    assert sorted(messages("--all", "a.txt")) == ["both", "mode", "side", "start", "text"]
    assert messages("a.txt") == ["side", "start"]


def test_the_commit_graph_is_written_by_log_and_not_by_commit(repository: Path) -> None:
    cache = Path(".muse/cache/graph")
    for number in range(20):
        Path("a").write_text(str(number))
        ok("commit", "-m", f"commit {number}")
    assert not cache.exists()
    before = ok("log")
    assert cache.exists()
    graph._live.clear()
    assert ok("log") == before
    cache.write_bytes(b"nonsense")
    assert ok("log") == before
    assert messages("HEAD~19") == ["commit 0"]


def test_a_log_that_ends_early_keeps_what_it_read(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_FEW", 1)
    ok("log", "-n", "1", "a.txt")
    (found,) = [commits for path, (_, commits) in graph._live.items() if path.startswith(str(files))]
    assert len(found.digests) == 6
    assert [bool(filter) for filter in found.filters] == [False] * 5 + [True]


def test_from_python(history: list[str]) -> None:
    entries = api.log(number=1)
    assert entries[0].commit.message == "on the side\n\nWith a reason."
    assert entries[0].id == history[3]
