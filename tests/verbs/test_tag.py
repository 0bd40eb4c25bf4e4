"""`muse tag`: list, make, delete; a tag is a name of its commit everywhere, and each change can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from muse.core.commands import writing
from muse.core.operations import ops
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import parse_id
from muse.verbs import tag as verb
from tests.commands import commit_id, muse, ok, refused


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits on main."""
    for content in ("one\n", "two\n"):
        Path("a.txt").write_text(content)
        ok("commit", "-m", content)
    return repository


def names() -> list[str]:
    return [tag["name"] for tag in muse("tag", "--json").json["tags"]]


def test_list(two: Path) -> None:
    assert ok("tag") == "No tag yet.\n`muse tag NAME` gives what is checked out a name that stays\n"
    ok("tag", "submitted")
    ok("tag", "draft", "HEAD~1")
    assert ok("tag") == "draft      fddf96fd9a  one\nsubmitted  db4f1c7fb2  two\n"
    assert muse("tag", "--json").json == {
        "tags": [
            {"name": "draft", "commit_id": commit_id("HEAD~1")},
            {"name": "submitted", "commit_id": commit_id()},
        ],
        "notes": [],
    }


def test_make(two: Path) -> None:
    assert ok("tag", "submitted") == "Made tag submitted at db4f1c7fb2.\n"
    assert ok("tag", "ada/draft", "main~1") == "Made tag ada/draft at fddf96fd9a.\n"
    ok("undo")
    assert names() == ["submitted"]
    ok("redo")
    assert names() == ["ada/draft", "submitted"]


def test_it_stays_where_it_is(two: Path) -> None:
    ok("tag", "submitted")
    before = commit_id()
    Path("a.txt").write_text("three\n")
    ok("commit")
    assert commit_id("submitted") == before != commit_id()


def test_delete(two: Path) -> None:
    ok("tag", "submitted")
    assert ok("tag", "-d", "submitted") == "Deleted tag submitted. `muse undo` brings it back.\n"
    assert names() == []
    ok("undo")
    assert names() == ["submitted"]


def test_a_tag_names_its_commit_everywhere(two: Path) -> None:
    ok("tag", "draft", "HEAD~1")
    assert commit_id("draft") == commit_id("HEAD~1")
    assert ok("show", "draft").startswith("fddf96fd9a  one\n")
    assert [entry["names"] for entry in muse("log", "--json").json] == [["HEAD → main"], ["draft"]]
    assert [entry["message"] for entry in muse("log", "draft", "--json").json] == ["one\n"]
    ok("checkout", "draft")
    assert Path("a.txt").read_text() == "one\n"
    assert muse("status", "--json").json["branch"] is None
    ok("branch", "again", "draft")
    assert commit_id("again") == commit_id("draft")


def test_log_of_everything_begins_at_tags_too(two: Path) -> None:
    ok("tag", "kept")
    ok("reset", "HEAD~1")
    assert len(muse("log", "--json").json) == 1
    assert len(muse("log", "--all", "--json").json) == 2


def test_a_branch_of_the_same_name_wins(two: Path) -> None:
    assert ok("tag", "main", "HEAD~1") == (
        "! there is a branch main too: where a commit is asked for, that name is the branch\n"
        "Made tag main at fddf96fd9a.\n"
    )
    assert commit_id("main") == commit_id("HEAD")
    answer = muse("tag", "other", "--json").json
    assert answer["notes"] == []


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["kept"], "there is a tag kept already", "`muse tag -d kept` deletes it; or choose another name."),
        (["new", "nope"], "nope names no commit", "`muse log` lists commits, `muse branch` lists branches."),
        (["-d"], "no tag was named", "`muse tag` lists them."),
        (["-d", "nope"], "there is no tag nope", "`muse tag` lists them."),
        (["-d", "kept", "HEAD"], "one tag at a time can be deleted", "`muse tag -d kept`"),
        (["a b"], "'a b' cannot be the name of a tag", "Use letters, digits, and - _ . / between them."),
        (["HEAD"], "'HEAD' cannot be the name of a tag", "Use letters, digits, and - _ . / between them."),
    ],
)
def test_what_is_refused(two: Path, words: list[str], message: str, hint: str) -> None:
    ok("tag", "kept")
    assert refused("tag", *words, status=2) == f"error: {message}\n{hint}\n"
    assert names() == ["kept"]


def test_before_the_first_commit(repository: Path) -> None:
    assert refused("tag", "v1", status=2).startswith("error: there is no commit yet\n")


def meanwhile(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Have somebody else type this while the next command is at work: after it looked, before it records."""
    work, pending = verb._draft, [words]

    def slow(*args: object) -> object:
        draft = work(*args)  # type: ignore[arg-type]
        if pending:
            ok(*pending.pop())
        return draft

    monkeypatch.setattr(verb, "_draft", slow)


def test_a_new_tag_is_made_on_top_of_what_others_did(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, "branch", "idea")
    ok("tag", "mine")
    assert names() == ["mine"]
    assert muse("op", "log", "--json").json[1]["command"] == "branch idea"


def test_two_who_choose_one_name(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, "tag", "v1", "HEAD~1")
    assert refused("tag", "v1", status=2).startswith("error: there is a tag v1 already\n")
    assert commit_id("v1") == commit_id("HEAD~1")


def test_a_deletion_stops_when_somebody_was_faster(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("tag", "v1")
    meanwhile(monkeypatch, "branch", "idea")
    assert "ran `branch idea` in this repository at the same time\n" in refused("tag", "-d", "v1", status=4)
    assert names() == ["v1"]


def test_ten_thousand(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that touches no tag holds none of them, and one more tag reads no commit but its own."""
    tags = dict.fromkeys([f"run-{number:05}" for number in range(10_000)], parse_id(commit_id()))
    writing.writing(
        Repo.open(),
        "tag",
        ("many",),
        lambda state: writing.Draft(lambda left: None, state.view.with_section(state.store, "tags", tags)),
    )
    Path("a.txt").write_text("three\n")
    ok("commit")
    layout = Layout(str(two))
    assert Path(layout.operation(ops.newest_number(layout))).stat().st_size < 2_000
    with monkeypatch.context() as patched:
        patched.setattr(verb, "subject_of", lambda *args: pytest.fail("a commit was read"))
        ok("tag", "one-more")
    assert len(names()) == 10_001
    assert Path(layout.operation(ops.newest_number(layout))).stat().st_size < 2_000


def test_from_python(two: Path) -> None:
    result = api.tag("draft", commit_id("HEAD~1"))
    assert [tag.name for tag in result.tags] == ["draft"]
    assert [tag.subject for tag in api.tag().tags] == ["one"]
