"""`muse branch`: list, make, rename, delete; each can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from tests.commands import commit_id, muse, ok, refused


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits on main."""
    for content in ("one\n", "two\n"):
        Path("a.txt").write_text(content)
        ok("commit", "-m", content)
    return repository


def names() -> list[str]:
    return [branch["name"] for branch in muse("branch", "--json").json["branches"]]


def test_list(two: Path) -> None:
    ok("branch", "idea", "HEAD~1")
    assert ok("branch") == "   idea  fddf96fd9a  one\n*  main  db4f1c7fb2  two\n"
    assert muse("branch", "--json").json == {
        "branches": [
            {"name": "idea", "commit_id": commit_id("HEAD~1"), "current": False},
            {"name": "main", "commit_id": commit_id(), "current": True},
        ],
        "notes": [],
    }


def test_before_the_first_commit(repository: Path) -> None:
    assert ok("branch") == "*  main  no commit yet\n"
    assert muse("branch", "--json").json["branches"] == [{"name": "main", "commit_id": None, "current": True}]
    assert refused("branch", "idea", status=2).startswith("error: there is no commit yet\n")


def test_make(two: Path) -> None:
    assert ok("branch", "idea") == "Made branch idea at db4f1c7fb2.\n"
    assert ok("branch", "old", "main~1") == "Made branch old at fddf96fd9a.\n"
    assert muse("status", "--json").json["branch"] == "main"
    ok("undo")
    assert names() == ["idea", "main"]
    ok("redo")
    assert names() == ["idea", "main", "old"]


def test_a_tag_of_the_same_name(two: Path) -> None:
    """Whoever makes the branch is told which of them the name means from now on, however it is made."""
    note = "! there is a tag v1 too: where a commit is asked for, that name is the branch\n"
    ok("tag", "v1", "HEAD~1")
    assert ok("branch", "v1") == f"{note}Made branch v1 at db4f1c7fb2.\n"
    assert commit_id("v1") == commit_id("HEAD")
    ok("undo")
    ok("branch", "idea")
    assert ok("branch", "-m", "idea", "v1") == f"{note}Renamed branch idea to v1.\n"
    ok("undo")
    assert ok("checkout", "-b", "v1") == f"{note}Now on branch v1 at db4f1c7fb2 two\n"
    assert ok("branch", "other") == "Made branch other at db4f1c7fb2.\n"


def test_delete(two: Path) -> None:
    ok("branch", "idea")
    assert ok("branch", "-d", "idea") == "Deleted branch idea. `muse undo` brings it back.\n"
    assert names() == ["main"]
    ok("undo")
    assert names() == ["idea", "main"]


def test_rename(two: Path) -> None:
    ok("branch", "idea", "HEAD~1")
    assert ok("branch", "-m", "idea", "plan") == "Renamed branch idea to plan.\n"
    assert ok("branch", "-m", "main", "trunk") == "Renamed branch main to trunk.\n"
    assert names() == ["plan", "trunk"]
    assert muse("status", "--json").json["branch"] == "trunk"


def test_rename_before_the_first_commit(repository: Path) -> None:
    ok("branch", "-m", "main", "trunk")
    assert ok("status").startswith("On branch trunk, no commit yet\n")


def test_a_name_with_folders_in_it(two: Path) -> None:
    ok("branch", "ada/idea")
    ok("branch", "ada")
    assert names() == ["ada", "ada/idea", "main"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["main"], "there is a branch main already", "`muse checkout main` goes there."),
        (["idea", "nope"], "nope names no commit", "`muse log` lists commits, `muse branch` lists branches."),
        (["-d"], "no branch was named", "`muse branch` lists them."),
        (["-d", "nope"], "there is no branch nope", "`muse branch` lists them."),
        (["-d", "main"], "branch main is checked out", "`muse checkout` another one first."),
        (["-d", "main", "other"], "one branch at a time can be deleted", "`muse branch -d main`"),
        (["-m", "main"], "the new name is missing", "`muse branch -m main NEW`"),
        (["-m", "nope", "new"], "there is no branch nope", "`muse branch` lists them."),
        (["-m", "main", "main"], "there is a branch main already", "Choose another name, or delete it first."),
        (
            ["-d", "-m", "main"],
            "-d and -m do not go together",
            "`muse branch -d NAME` deletes, `muse branch -m NAME NEW` renames.",
        ),
    ],
)
def test_what_is_refused(two: Path, words: list[str], message: str, hint: str) -> None:
    assert refused("branch", *words, status=2) == f"error: {message}\n{hint}\n"
    assert names() == ["main"]


@pytest.mark.parametrize(
    "name", ["", "HEAD", "@", "a b", "a~1", "a^", "a:b", "a//b", "/a", "a/", "-a", "a..b", "@{1}", "x" * 300]
)
def test_names_that_no_branch_can_have(two: Path, name: str) -> None:
    assert " cannot be the name of a branch\n" in refused("branch", "--", name, status=2)


def test_from_python(two: Path) -> None:
    result = api.branch("idea", commit_id("HEAD~1"))
    assert [(branch.name, branch.subject, branch.current) for branch in result.branches] == [
        ("idea", "one", False),
        ("main", "two", True),
    ]
