"""`muse commit`: what it takes, what it leaves, what it says, and that its ids are the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from muse.core.folder import scan
from muse.verbs import _work
from tests.commands import commit_id, muse, ok, refused
from tests.samples import code, notebook


def write(**files: str) -> None:
    for name, content in files.items():
        Path(name).write_text(content)


def test_the_whole_folder(repository: Path) -> None:
    write(a="one\n", b="one\n")
    assert ok("commit", "-m", "first look") == "[main a7bae9a542] first look\n2 files: 2 added\n"
    write(a="two\n", c="one\n")
    Path("b").unlink()
    assert ok("commit", "-m", "second look\n\nWith a reason.") == (
        "[main 442a94942d] second look\n3 files: 1 added, 1 changed, 1 deleted\n"
    )
    assert muse("status", "--json").json["clean"]


def test_nothing_to_commit_is_an_answer(repository: Path) -> None:
    answer = muse("commit", "-m", "nothing")
    assert (answer.status, answer.err) == (1, "")
    assert answer.out == "Nothing to commit: the folder is as in the last commit.\n"
    answer = muse("commit", "--json")
    assert answer.status == 1
    assert answer.json == {
        "commit_id": None,
        "branch": "main",
        "amended": None,
        "message": None,
        "added": [],
        "changed": [],
        "deleted": [],
        "unsaved": [],
        "skipped": [],
        "notes": [],
    }
    assert muse("op", "log", "--json").json[0]["command"] == "init"


def test_json(repository: Path) -> None:
    write(a="one\n")
    assert muse("commit", "-m", "first look\n\nWith a reason.", "--json").json == {
        "commit_id": commit_id(),
        "branch": "main",
        "amended": None,
        "message": "first look\n\nWith a reason.",
        "added": ["a"],
        "changed": [],
        "deleted": [],
        "unsaved": [],
        "skipped": [],
        "notes": [],
    }


def test_staging_narrows(repository: Path) -> None:
    write(a="one\n", b="one\n")
    ok("add", "a")
    assert muse("commit", "--json").json["added"] == ["a"]
    found = muse("status", "--json").json
    assert (found["staged"], found["added"]) == ([], ["b"])


def test_what_was_staged_is_taken_as_it_was(repository: Path) -> None:
    write(a="one\n")
    ok("add", "a")
    write(a="two\n")
    ok("commit")
    assert muse("status", "--json").json["changed"] == ["a"]
    ok("restore", "a")
    assert Path("a").read_text() == "one\n"


def test_what_cannot_be_read_does_not_stand_in_the_way_of_all_the_rest(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint says how to go on, and both ways work."""
    write(a="one\n", locked="one\n")
    real = os.open

    def refuse(path: str, *rest: int, **more: int) -> int:
        if path == "locked":
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    said = refused("commit", status=5)
    assert said.startswith("error: cannot read locked: Permission denied\n")
    assert said.endswith(" Or `muse add` the other files; if it is new, .museignore may name it.\n")
    ok("add", "a")
    assert muse("commit", "--json").json["added"] == ["a"]
    write(**{".museignore": "locked\n"})
    assert muse("commit", "--json").json["added"] == [".museignore"]


def test_staged_never_widens(repository: Path) -> None:
    write(a="one\n")
    answer = muse("commit", "--staged", "-m", "nothing")
    assert (answer.status, answer.out) == (1, "Nothing to commit: nothing is staged.\n")
    write(b="one\n")
    ok("add", "b")
    assert muse("commit", "--staged", "--json").json["added"] == ["b"]


def test_noise_alone_is_nothing_to_commit(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=1)))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=5), code('%muse commit -m "again"', count=6)))
    assert muse("commit").status == 1


def test_noise_is_not_taken_with_the_rest(repository: Path) -> None:
    first, again = notebook(code("x = 1", count=1)), notebook(code("x = 1", count=2))
    Path("nb.ipynb").write_bytes(first)
    ok("commit")
    Path("nb.ipynb").write_bytes(again)
    write(a="one\n")
    assert muse("commit", "--json").json["changed"] == []
    ok("restore", "nb.ipynb")
    assert Path("nb.ipynb").read_bytes() == first


def test_a_large_new_file_is_left_out_and_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LARGE", 10)
    write(large="0" * 11, small="0")
    assert ok("commit").endswith("1 file: 1 added\nleft out: large (11 B; `muse add large` takes it)\n")
    answer = muse("commit")
    assert answer.status == 1
    assert answer.lines[1] == "left out: large (11 B; `muse add large` takes it)"
    ok("add", "large")
    ok("commit")
    write(large="1" * 12)
    assert muse("commit", "--json").json["changed"] == ["large"]


@pytest.mark.parametrize("blank", [[], ["-m", ""], ["-m", " \n"]])
def test_without_a_message_it_says_what_changed(repository: Path, blank: list[str]) -> None:
    def subject() -> str:
        ok("commit", *blank)
        found: str = muse("log", "--json").json[0]["message"]
        return found

    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("y = 1"), code("z = 1")))
    assert subject() == "Add nb.ipynb"
    Path("nb.ipynb").write_bytes(notebook(code("x = 2"), code("y = 1"), code("z = 2")))
    assert subject() == "Update nb.ipynb: 2 cells"
    write(a="one\n", b="one\n")
    assert subject() == "Add a and b"
    write(a="two\n")
    Path("b").unlink()
    assert subject() == "Update a and remove b"
    write(a="one\n", b="one\n")
    ok("commit")
    write(a="two\n", c="one\n", d="one\n")
    Path("b").unlink()
    assert subject() == "Add 2 files, update 1 file, remove 1 file"
    Path("c").unlink()
    assert subject() == "Remove c"


def test_on_no_branch_it_makes_one(repository: Path) -> None:
    write(a="one\n")
    ok("commit")
    ok("checkout", commit_id())
    write(a="two\n")
    assert ok("commit", "-m", "on my own") == (
        "[detached-d5f87ae59e d5f87ae59e] on my own\n"
        "1 file: 1 changed\n"
        "no branch was checked out, so the commit got one: detached-d5f87ae59e\n"
    )
    assert muse("status", "--json").json["branch"] == "detached-d5f87ae59e"
    ok("checkout", "main")
    assert [branch["name"] for branch in muse("branch", "--json").json["branches"]] == ["detached-d5f87ae59e", "main"]


def test_a_file_in_the_place_of_a_folder_and_back(repository: Path) -> None:
    Path("d").mkdir()
    write(**{"d/x": "one\n"})
    ok("commit")
    Path("d/x").unlink()
    Path("d").rmdir()
    write(d="a file now\n")
    found = muse("commit", "--json").json
    assert (found["added"], found["deleted"]) == (["d"], ["d/x"])
    ok("checkout", "HEAD~1")
    assert Path("d/x").read_text() == "one\n"
    ok("checkout", "main")
    assert Path("d").read_text() == "a file now\n"


def test_ids_do_not_depend_on_how_it_was_typed(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(a="one\n", b="one\n")
    ok("add", "b")
    ok("add", "a")
    ok("commit", "-m", "first look")
    there = tmp_path_factory.mktemp("other")
    here = commit_id()
    monkeypatch.chdir(there)
    ok("init")
    write(a="one\n", b="one\n")
    assert api.commit("first look").json()["commit_id"] == here  # type: ignore[index]


def test_a_message_may_look_like_an_option(repository: Path) -> None:
    write(a="one\n")
    ok("commit", "-m=--json")
    assert muse("log", "--json").json[0]["message"] == "--json"


def test_half_a_character_in_a_message_is_shown_as_such(repository: Path) -> None:
    (repository / "a.txt").write_text("a\n")
    assert api.commit("half \ud83d of it").subject == "half ? of it"
    assert api.log()[0].commit.message == "half ? of it"


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits; `a` differs, `b` is in the second."""
    write(a="one\n")
    ok("commit", "-m", "first look")
    write(a="two\n", b="one\n")
    ok("commit", "-m", "second look\n\nWith a reason.")
    return repository


def test_amend_takes_the_folder(two: Path) -> None:
    before = muse("show", "--json").json
    write(a="three\n", c="one\n")
    Path("b").unlink()
    assert ok("commit", "--amend") == (
        "[main 0adad65686] second look\n"
        "2 files: 1 added, 1 changed\n"
        "it replaces 70f84d4c73; `muse undo` brings that back\n"
    )
    after = muse("show", "--json").json
    assert (after["parents"], after["message"]) == (before["parents"], before["message"])
    assert [file["path"] for file in after["files"]] == ["a", "c"]
    assert muse("status", "--json").json["clean"]
    assert len(muse("log", "--json").json) == 2


def test_amend_json(two: Path) -> None:
    before = commit_id()
    write(b="two\n")
    answer = muse("commit", "--amend", "--json").json
    assert (answer["commit_id"], answer["amended"]) == (commit_id(), before)
    assert (answer["added"], answer["changed"], answer["deleted"]) == (["b"], ["a"], [])


def test_amend_with_a_stage_takes_that_alone(two: Path) -> None:
    write(a="three\n", b="two\n")
    ok("add", "b")
    ok("commit", "--amend")
    assert muse("status", "--json").json["changed"] == ["a"]
    assert muse("commit", "--amend", "--staged").out == (
        "Nothing to amend: nothing is staged, and no other message was given.\n"
    )


def test_amend_the_message(two: Path) -> None:
    parents = muse("show", "--json").json["parents"]
    ok("commit", "--amend", "-m", "another look")
    assert muse("log", "--json").json[0]["message"] == "another look"
    assert muse("show", "--json").json["parents"] == parents
    ok("commit", "--amend", "--staged", "-m", "third time")
    assert [entry["message"] for entry in muse("log", "--json").json] == ["third time", "first look"]


@pytest.mark.parametrize("words", [[], ["-m", " "], ["-m", "second look\n\nWith a reason."]])
def test_nothing_to_amend(two: Path, words: list[str]) -> None:
    answer = muse("commit", "--amend", *words)
    assert (answer.status, answer.err) == (1, "")
    assert answer.out == "Nothing to amend: the folder is as in the last commit, and no other message was given.\n"
    assert muse("commit", "--amend", *words, "--json").json["amended"] is None
    assert muse("op", "log", "--json").json[0]["command"].startswith("commit -m 'second look")


def test_amend_keeps_the_author_and_takes_the_time(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = muse("show", "--json").json
    monkeypatch.setenv("MUSE_AUTHOR_NAME", "Grace Example")
    monkeypatch.setenv("MUSE_NOW", "2026-04-01T12:00:00+00:00")
    ok("commit", "--amend", "-m", "another look")
    after = muse("show", "--json").json
    assert after["author"] == before["author"]
    assert (after["time"], before["time"]) == ("2026-04-01T12:00:00+00:00", "2026-03-14T12:00:00+00:00")


def test_amend_the_first_commit(repository: Path) -> None:
    write(a="one\n")
    ok("commit", "-m", "first look")
    Path("a").unlink()
    ok("commit", "--amend")
    assert muse("show", "--json").json["parents"] == []
    assert muse("show", "--json").json["files"] == []


def test_amend_before_the_first_commit(repository: Path) -> None:
    assert refused("commit", "--amend", status=2) == (
        'error: there is no commit to amend yet\n`muse commit -m "..."` makes the first one.\n'
    )


def test_amend_can_be_undone(two: Path) -> None:
    tip = commit_id()
    write(a="three\n")
    ok("add", "a")
    ok("commit", "--amend", "-m", "another look")
    ok("undo")
    found = muse("status", "--json").json
    assert (found["commit_id"], found["staged"]) == (tip, ["a"])
    assert Path("a").read_text() == "three\n"


def test_amend_on_no_branch_makes_one(two: Path) -> None:
    tip = commit_id()
    ok("checkout", tip)
    ok("commit", "--amend", "-m", "on my own")
    branches = {branch["name"]: branch["commit_id"] for branch in muse("branch", "--json").json["branches"]}
    assert branches == {"main": tip, f"detached-{commit_id()[7:17]}": commit_id()}


def test_amend_stops_when_somebody_was_faster(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tip, look = commit_id(), _work.look

    def slow(*args: object, **keywords: object) -> _work.Work:
        with monkeypatch.context() as patched:
            patched.setattr(_work, "look", look)
            ok("branch", "idea")
        monkeypatch.setattr(_work, "look", look)
        return look(*args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(_work, "look", slow)
    write(a="three\n")
    assert "ran `branch idea` in this repository at the same time\n" in refused("commit", "--amend", status=4)
    assert commit_id() == tip
