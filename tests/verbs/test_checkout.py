"""`muse checkout`: there and back byte for byte, work taken along or refused, never lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from muse.core.repo import Repo
from muse.core.types import digest_of
from muse.testing.repositories import read_contents
from tests.commands import commit_id, muse, ok, refused, saved
from tests.core.damaged import spoil
from tests.samples import code, notebook
from tests.verbs import losing

FORCE = 'Commit it first (`muse commit -m "..."`), or add --force: then it is saved and `muse undo` brings it back.\n'


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits on main; the first has a.txt and b.txt, the second another a.txt, and a folder."""
    Path("a.txt").write_text("one\n")
    Path("b.txt").write_text("b\n")
    ok("commit", "-m", "first look")
    Path("a.txt").write_text("two\n")
    Path("d").mkdir()
    Path("d/run.sh").write_text("ls\n")
    os.chmod("d/run.sh", 0o755)
    Path("d/link").symlink_to("run.sh")
    ok("commit", "-m", "second look")
    return repository


def test_there_and_back(two: Path) -> None:
    second = read_contents(str(two))
    assert ok("checkout", "HEAD~1") == (
        "Now at commit 9819620501 first look\n"
        "3 files: 1 changed, 2 removed\n"
        "a commit made here gets a branch of its own; `muse undo` goes back\n"
    )
    assert read_contents(str(two)) == {"a.txt": ("f", b"one\n"), "b.txt": ("f", b"b\n")}
    assert ok("checkout", "main") == "Now on branch main at 4c829e03a0 second look\n3 files: 1 changed, 2 added\n"
    assert read_contents(str(two)) == second
    assert muse("status", "--json").json["clean"]


def test_the_last_good_copy_is_saved(two: Path) -> None:
    """What is stored is damaged, and the file that goes is not."""
    spoil(Repo.open(), b"two\n")
    ok("checkout", "HEAD~1")
    assert ok("checkout", "main").startswith("Now on branch main")
    assert Path("a.txt").read_text() == "two\n"


def test_an_ignored_file_is_in_the_way_and_the_hint_leads_out(two: Path) -> None:
    ok("checkout", "-b", "other")
    Path("x.log").write_text("theirs\n")
    ok("commit")
    ok("checkout", "main")
    Path(".museignore").write_text("*.log\n")
    ok("commit")
    Path("x.log").write_text("mine\n")
    hint = refused("checkout", "other", status=4).splitlines()[1]
    assert hint.startswith('Commit it first (`muse add x.log`, then `muse commit -m "..."`), or add --force')
    ok("add", "x.log")
    ok("commit", "-m", "mine")
    ok("checkout", "other")
    assert Path("x.log").read_text() == "theirs\n"
    ok("checkout", "main")
    assert Path("x.log").read_text() == "mine\n"


def test_what_is_not_staged_is_in_the_way_and_the_hint_leads_out(two: Path) -> None:
    """A commit takes what is staged alone."""
    Path("new.txt").write_text("new\n")
    ok("add", "new.txt")
    Path("a.txt").write_text("mine\n")
    assert "(`muse add a.txt`, then `muse commit" in refused("checkout", "HEAD~1", status=4)
    ok("add", "a.txt")
    ok("commit", "-m", "both")
    ok("checkout", "HEAD~2")


def test_the_hint_does_not_hide_the_refusal(two: Path) -> None:
    """Though nobody can say what a commit would take."""
    ok("checkout", "HEAD~1")
    Path("a.txt").write_text("mine\n")
    losing.stage(Repo.open())
    assert "uncommitted work in a.txt" in refused("op", "restore", "3", status=4)


def test_where_one_is_already(two: Path) -> None:
    assert ok("checkout", "main") == "Already on branch main at 4c829e03a0 second look\n"
    assert ok("checkout", commit_id()).startswith("Now at commit 4c829e03a0 second look\n")
    assert ok("checkout", "HEAD").startswith("Already at commit 4c829e03a0 second look\n")


def test_work_elsewhere_is_taken_along(two: Path) -> None:
    Path("b.txt").write_text("work\n")
    Path("new.txt").write_text("work\n")
    ok("checkout", "HEAD~1")
    assert (Path("b.txt").read_text(), Path("new.txt").read_text()) == ("work\n", "work\n")
    found = muse("status", "--json").json
    assert (found["changed"], found["added"]) == (["b.txt"], ["new.txt"])


def test_work_in_the_way_refuses_and_is_named(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    before = read_contents(str(two))
    assert refused("checkout", "HEAD~1", status=4) == (
        f"error: cannot check out HEAD~1: uncommitted work in a.txt would be overwritten\n{FORCE}"
    )
    assert read_contents(str(two)) == before
    assert muse("status", "--json").json["branch"] == "main"
    assert muse("checkout", "HEAD~1", "--json").json["error"]["kind"] == "uncommitted"


def test_an_untracked_file_in_the_way_refuses(two: Path) -> None:
    ok("checkout", "HEAD~1")
    Path("d").mkdir()
    Path("d/run.sh").write_text("mine\n")
    assert "uncommitted work in d/run.sh would be" in refused("checkout", "main", status=4)
    assert Path("d/run.sh").read_text() == "mine\n"


def test_many_in_the_way_are_counted(repository: Path) -> None:
    for state in ("one", "two"):
        for number in range(7):
            Path(f"{number}").write_text(state)
        ok("commit")
    for number in range(7):
        Path(f"{number}").write_text("work")
    assert "uncommitted work in 0, 1, 2, 3, 4 and 2 more would be" in refused("checkout", "HEAD~1", status=4)


def test_force_saves_what_is_in_the_way(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    ok("checkout", "HEAD~1", "--force")
    assert Path("a.txt").read_text() == "one\n"
    assert digest_of(b"work\n") in saved(two)
    ok("undo")
    assert Path("a.txt").read_text() == "work\n"
    assert muse("status", "--json").json["branch"] == "main"


def test_what_is_there_already_is_not_in_the_way(two: Path) -> None:
    ok("checkout", "HEAD~1")
    Path("a.txt").write_text("two\n")
    ok("checkout", "main")
    assert muse("status", "--json").json["clean"]


def test_noise_is_never_in_the_way(repository: Path) -> None:
    first, second = notebook(code("x = 1", count=1)), notebook(code("x = 2", count=1))
    again = notebook(code("x = 2", count=8), code("%muse checkout HEAD~1", count=9))
    for content in (first, second):
        Path("nb.ipynb").write_bytes(content)
        ok("commit")
    Path("nb.ipynb").write_bytes(again)
    assert "is nb.ipynb open? reload it: File > Reload Notebook from Disk\n" in ok("checkout", "HEAD~1")
    assert Path("nb.ipynb").read_bytes() == first
    assert digest_of(again) in saved(repository)
    ok("undo")
    assert Path("nb.ipynb").read_bytes() == again


def test_another_mode_is_work_in_a_notebook_too(repository: Path) -> None:
    for source in ("x = 1", "x = 2"):
        Path("nb.ipynb").write_bytes(notebook(code(source)))
        ok("commit")
    os.chmod("nb.ipynb", 0o755)
    refused("checkout", "HEAD~1", status=4)


def test_staged_work_stays_staged_where_it_is_not_in_the_way(two: Path) -> None:
    Path("b.txt").write_text("work\n")
    ok("add", "b.txt")
    ok("checkout", "HEAD~1")
    assert muse("status", "--json").json["staged"] == ["b.txt"]


def test_staged_work_in_the_way_refuses(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("two\n")
    refused("checkout", "HEAD~1", status=4)
    ok("checkout", "HEAD~1", "--force")
    assert muse("status", "--json").json["staged"] == []
    assert digest_of(b"work\n") in saved(two)
    ok("undo")
    assert muse("status", "--json").json["staged"] == ["a.txt"]


def test_what_was_staged_and_is_there_now_leaves_the_stage(two: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("add", "a.txt")
    ok("checkout", "HEAD~1")
    assert muse("status", "--json").json["clean"]


@pytest.fixture
def tangled(repository: Path) -> Path:
    """On main there is neither; on `file` there is a file `a`, on `folder` a file `a/b`."""
    Path("x").write_text("one\n")
    ok("commit", "-m", "first look")
    for branch, path in (("file", "a"), ("folder", "a/b")):
        ok("checkout", "-b", branch)
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("theirs\n")
        ok("commit", "-m", branch)
        ok("checkout", "main")
    assert sorted(os.listdir()) == [".muse", "x"]
    return repository


@pytest.mark.parametrize(("mine", "branch"), [("a/b", "file"), ("a/c/d", "file"), ("a", "folder")])
@pytest.mark.parametrize("there", [True, False])
def test_a_staged_file_is_not_mixed_with_a_folder(tangled: Path, mine: str, branch: str, there: bool) -> None:
    """A file cannot be a folder, too: the next commit would drop the one or the other."""
    Path(mine).parent.mkdir(parents=True, exist_ok=True)
    Path(mine).write_text("mine\n")
    ok("add", mine)
    if not there:
        Path(mine).unlink()
    assert refused("checkout", branch, status=4).endswith(f"\n{FORCE}")
    assert muse("status", "--json").json["staged"] == [mine]
    answer = muse("checkout", branch, "--force", "--json").json
    assert answer["unstaged"] == [mine]
    assert muse("status", "--json").json["clean"]
    assert digest_of(b"mine\n") in saved(tangled)
    ok("undo")
    assert muse("status", "--json").json["staged"] == [mine]
    assert Path(mine).exists() == there


def test_what_is_taken_off_the_stage_is_told(tangled: Path) -> None:
    Path("a").write_text("mine\n")
    ok("add", "a")
    assert "\nTook 1 file off the stage; `muse undo` brings that back.\n" in ok("checkout", "folder", "--force")
    assert Path("a/b").read_text() == "theirs\n"
    assert muse("commit").status == 1


def test_a_staged_file_beside_others_stays_staged(tangled: Path) -> None:
    for path in ("ab", "b/a"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("mine\n")
    ok("add", "ab", "b/a")
    for branch in ("file", "folder"):
        assert muse("checkout", branch, "--json").json["unstaged"] == []
        assert muse("status", "--json").json["staged"] == ["ab", "b/a"]


def test_a_staged_removal_is_in_nobodys_way(tangled: Path) -> None:
    ok("checkout", "file")
    Path("a").unlink()
    ok("add", "a")
    ok("checkout", "folder")
    assert muse("status", "--json").json["clean"]


def test_a_file_where_a_folder_was_and_back(repository: Path) -> None:
    Path("x").write_text("a file\n")
    ok("commit")
    Path("x").unlink()
    Path("x/deep").mkdir(parents=True)
    Path("x/deep/y").write_text("in a folder\n")
    ok("commit")
    ok("checkout", "HEAD~1")
    assert Path("x").read_text() == "a file\n"
    ok("checkout", "main")
    assert Path("x/deep/y").read_text() == "in a folder\n"


def test_a_folder_without_files_is_not_in_the_way(two: Path) -> None:
    ok("checkout", "HEAD~1")
    Path("a.txt").unlink()
    Path("a.txt/empty/deeper").mkdir(parents=True)
    refused("checkout", "main", status=4)
    Path("d/run.sh/empty").mkdir(parents=True)
    ok("checkout", "main", "--force")
    assert (Path("a.txt").read_text(), Path("d/run.sh").read_text()) == ("two\n", "ls\n")


def test_the_current_folder_stays(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d/deep").mkdir()
    Path("d/deep/x").write_text("one\n")
    ok("commit")
    monkeypatch.chdir("d/deep")
    ok("checkout", "HEAD~2")
    assert read_contents(str(two)).keys() == {"a.txt", "b.txt", "d", "d/deep"}
    ok("undo")
    assert Path("x").read_text() == "one\n"


def test_files_below_a_folder_that_must_go_are_in_the_way(two: Path) -> None:
    ok("checkout", "HEAD~1")
    Path("d/run.sh").mkdir(parents=True)
    Path("d/run.sh/mine.txt").write_text("mine\n")
    refused("checkout", "main", status=4)
    ok("checkout", "main", "--force")
    assert digest_of(b"mine\n") in saved(two)
    ok("undo")
    assert Path("d/run.sh/mine.txt").read_text() == "mine\n"


def test_a_new_branch(two: Path) -> None:
    assert ok("checkout", "-b", "idea") == "Now on branch idea at 4c829e03a0 second look\n"
    assert refused("checkout", "-b", "main", status=2) == (
        "error: there is a branch main already\n`muse checkout main` goes there.\n"
    )
    assert refused("checkout", "-b", "no spaces", status=2) == (
        "error: 'no spaces' cannot be the name of a branch\nUse letters, digits, and - _ . / between them.\n"
    )


def test_a_new_branch_before_the_first_commit(repository: Path) -> None:
    assert ok("checkout", "-b", "idea") == "Now on branch idea, no commit yet\n"
    assert ok("checkout", "idea") == "Already on branch idea, no commit yet\n"
    Path("a.txt").write_text("one\n")
    ok("commit")
    assert [one["name"] for one in muse("branch", "--json").json["branches"]] == ["idea"]


def test_json(two: Path) -> None:
    assert muse("checkout", "HEAD~1", "--json").json == {
        "branch": None,
        "commit_id": commit_id("main~1"),
        "moved": True,
        "files": [
            {"path": "a.txt", "status": "changed"},
            {"path": "d/link", "status": "deleted"},
            {"path": "d/run.sh", "status": "deleted"},
        ],
        "left": [],
        "unstaged": [],
        "notes": [],
    }
    assert muse("checkout", "HEAD", "--json").json["moved"] is False


def test_a_name_of_nothing(two: Path) -> None:
    assert refused("checkout", "a.txt", status=2) == (
        "error: a.txt names no commit\n"
        "`muse branch` lists branches; `muse checkout -b NAME` makes one; `muse restore` is for files.\n"
    )


def test_from_python(two: Path) -> None:
    result = api.checkout("HEAD~1")
    assert (result.branch, result.subject) == (None, "first look")
    assert sorted(change.path for change in result.files.changes) == ["a.txt", "d/link", "d/run.sh"]
