"""`muse commit`: what it takes, what it leaves, what it says, and that its ids are the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from muse.core import scan
from tests.commands import commit_id, muse, ok
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
