"""`muse status`: what differs, what is staged, what is only noise, and what is left out."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

import muse as api
from muse.core.folder import scan
from muse.core.repo import Repo
from muse.notebook import session
from muse.notebook.ran import Run
from tests.commands import commit_id, muse, ok, refused
from tests.core import damaged
from tests.samples import code, notebook, printed
from tests.verbs import losing

KEYS = [
    *("branch", "commit_id", "clean", "added", "changed", "deleted", "staged", "conflicts", "noise", "unsaved"),
    *("stale", "skipped", "cells", "notes"),
]
HINT = '\n`muse diff` shows the changes, `muse commit -m "..."` records them\n'


def test_before_the_first_commit(repository: Path) -> None:
    assert ok("status") == "On branch main, no commit yet\nNothing here to commit yet.\n"
    Path("a.txt").write_text("one\n")
    assert ok("status") == f"On branch main, no commit yet\nChanged\n  added    a.txt\n{HINT}"


def test_clean(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert ok("status") == "On branch main at 3239b604a4\nNothing to commit, the folder is clean.\n"


def test_added_changed_and_deleted(repository: Path) -> None:
    for name in ("change.txt", "delete.txt", "keep.txt"):
        Path(name).write_text(name)
    ok("commit", "-m", "first look")
    Path("add").mkdir()
    Path("add/new.txt").write_text("new")
    Path("change.txt").write_text("changed")
    Path("delete.txt").unlink()
    assert ok("status") == (
        "On branch main at 0586a0a007\n"
        "Changed\n"
        "  added    add/new.txt\n"
        "  changed  change.txt\n"
        "  deleted  delete.txt\n" + HINT
    )


def test_staged_files_stand_apart(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    Path("b.txt").write_text("one\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("two\n")
    assert ok("status") == (
        "On branch main, no commit yet\n"
        "Staged for the next commit\n"
        "  added    a.txt\n"
        "Changed, not staged\n"
        "  changed  a.txt\n"
        "  added    b.txt\n" + HINT
    )


def test_a_staged_file_in_the_place_of_a_folder_that_is_gone_again(repository: Path) -> None:
    Path("d").mkdir()
    Path("d/x").write_text("one\n")
    ok("commit")
    Path("d/x").unlink()
    Path("d").rmdir()
    Path("d").write_text("a file now\n")
    ok("add", ".")
    Path("d").unlink()
    found = muse("status", "--json").json
    assert (found["staged"], found["deleted"], found["changed"]) == (["d", "d/x"], ["d"], [])


def test_changed_cells_are_counted(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("print(x)", printed("1\n"))))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2"), code("print(x)", printed("2\n")), code("y = 3")))
    assert "  changed  nb.ipynb  1 cell changed, 1 added, outputs of 1 changed\n" in ok("status")
    assert muse("status", "--json").json["cells"] == {
        "nb.ipynb": {"added": 1, "removed": 0, "source": 1, "outputs": 1, "moved": 0, "metadata": 0}
    }


def test_noise_is_listed_apart_and_clean(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=1)))
    ok("commit", "-m", "first look")
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=9), code("%muse status", count=10), version="3.13.1"))
    assert ok("status") == (
        f"On branch main at {commit_id()[7:17]}\n"
        "Only noise differs (execution counts, muse commands, …)\n"
        "  nb.ipynb\n"
        "Nothing to commit, the folder is clean.\n"
    )
    found = muse("status", "--json").json
    assert (found["noise"], found["changed"], found["clean"]) == (["nb.ipynb"], [], True)


def test_noise_since_it_was_staged_is_noise(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=1)))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2", count=1)))
    ok("add", "nb.ipynb")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2", count=7)))
    found = muse("status", "--json").json
    assert (found["staged"], found["noise"], found["changed"]) == (["nb.ipynb"], ["nb.ipynb"], [])


def test_another_mode_is_no_noise(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1")))
    ok("commit")
    os.chmod("nb.ipynb", 0o755)
    assert muse("status", "--json").json["changed"] == ["nb.ipynb"]


def test_on_no_branch(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    ok("checkout", commit_id())
    assert ok("status").startswith("At commit 3239b604a4, on no branch\n")
    assert muse("status", "--json").json["branch"] is None


def test_what_is_left_out_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LARGE", 10)
    Path("large.bin").write_bytes(b"0" * 1234)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        os.makedirs("theirs/.git")
        Path("theirs/code.py").write_text("theirs")
        assert ok("status") == (
            "On branch main, no commit yet\n"
            "left out: pipe (not a file)\n"
            "left out: socket (not a file)\n"
            "left out: large.bin (1.2 KB; `muse add large.bin` takes it)\n"
            "left out: theirs (a repository of its own)\n"
            "Nothing here to commit yet.\n"
        )
    assert {"path": "large.bin", "why": "large", "size": 1234} in muse("status", "--json").json["skipped"]


def test_a_large_file_that_was_taken_off_the_stage_is_left_out_again(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "LARGE", 10)
    Path("large.bin").write_bytes(b"0" * 11)
    os.utime("large.bin", (1e9, 1e9))
    ok("add", "large.bin")
    assert muse("status", "--json").json["staged"] == ["large.bin"]
    ok("restore", "--staged", "large.bin")
    assert muse("status", "--json").json["skipped"] == [{"path": "large.bin", "why": "large", "size": 11}]
    assert muse("commit").status == 1


def test_ignored_files_are_not_there(repository: Path) -> None:
    Path(".museignore").write_text("*.log\ndata/\n")
    Path("run.log").write_text("")
    os.makedirs("data/deep")
    Path("data/deep/x").write_text("")
    os.makedirs(".ipynb_checkpoints")
    Path(".ipynb_checkpoints/nb-checkpoint.ipynb").write_text("")
    os.makedirs("env")
    Path("env/pyvenv.cfg").write_text("")
    assert muse("status", "--json").json["added"] == [".museignore"]


def test_rules_are_for_files_that_are_not_tracked(repository: Path) -> None:
    Path("run.log").write_text("one\n")
    ok("commit")
    Path(".gitignore").write_text("*.log\n")
    Path("run.log").write_text("two\n")
    Path("other.log").write_text("")
    found = muse("status", "--json").json
    assert (found["added"], found["changed"]) == ([".gitignore"], ["run.log"])


def test_what_cannot_be_read_is_named_and_not_clean(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret.txt").write_text("one\n")
    real = os.open

    def refuse(path: str, *rest: int, **more: int) -> int:
        if path == "secret.txt":
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    assert ok("status") == "! cannot read secret.txt: Permission denied\nOn branch main, no commit yet\n"
    found = muse("status", "--json").json
    assert (found["clean"], found["notes"]) == (False, ["cannot read secret.txt: Permission denied"])
    assert "cannot read secret.txt: Permission denied" in refused("commit", status=5)


def test_json_has_exactly_these_keys(repository: Path) -> None:
    assert list(muse("status", "--json").json) == KEYS
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert muse("status", "--json").json == {
        "branch": "main",
        "commit_id": commit_id(),
        "clean": True,
        "added": [],
        "changed": [],
        "deleted": [],
        "staged": [],
        "conflicts": [],
        "noise": [],
        "unsaved": [],
        "stale": [],
        "skipped": [],
        "cells": {},
        "notes": [],
    }


def test_from_a_folder_below_paths_still_start_at_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d/e").mkdir(parents=True)
    Path("a.txt").write_text("one\n")
    Path("d/e/b.txt").write_text("one\n")
    monkeypatch.chdir("d/e")
    assert muse("status", "--json").json["added"] == ["a.txt", "d/e/b.txt"]


def test_from_elsewhere_the_environment_says_which(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.txt").write_text("one\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    refused("status", status=2)
    monkeypatch.setenv("MUSE_REPO_ROOT", str(repository))
    assert muse("status", "--json").json["added"] == ["a.txt"]


def test_two_repositories(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    api.init(other)
    (other / "b.txt").write_text("one\n")
    Path("a.txt").write_text("one\n")
    here, there = Repo.open(), Repo.open(other)
    assert [change.path for change in api.status(repo=here).changes] == ["a.txt"]
    assert [change.path for change in api.status(repo=there).changes] == ["b.txt"]
    api.commit("there", repo=there)
    assert api.status(repo=there).clean
    assert not api.status(repo=here).clean


def test_no_repository(folder: Path) -> None:
    assert refused("status", status=2) == (
        f"error: {folder} is not in a muse repository\n`muse init` starts one in the current folder.\n"
    )
    answer = muse("status", "--json")
    assert (answer.status, answer.err) == (2, "")
    assert answer.json == {
        "error": {
            "kind": "not-a-repository",
            "message": f"{folder} is not in a muse repository",
            "hint": "`muse init` starts one in the current folder.",
        }
    }


def test_cells_that_ran_after_the_notebook_was_saved(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nb = repository / "nb.ipynb"
    nb.write_bytes(notebook(code("x = 1")))
    later = nb.stat().st_mtime_ns + 1
    runs = (Run("", "x = 2", later, 2), Run("", "%muse status", later, 3))
    monkeypatch.setattr(session, "current", session.Session(lambda: str(nb), lambda: runs, lambda path: False))
    warning = "! nb.ipynb was saved before 1 of its cells ran: save (Ctrl+S) and"
    assert ok("status").splitlines()[0] == f"{warning} look again"
    assert muse("status", "--json").json["unsaved"] == ["x = 2"]
    assert ok("commit").splitlines()[0] == f"{warning} commit again"


def test_the_stage_is_lost(repository: Path) -> None:
    """What can be told is, and a folder of which not all is known is not clean."""
    losing.stage(Repo(str(repository)))
    answer = muse("status", "--json")
    assert (answer.status, answer.err) == (0, "")
    assert len(answer.json["added"]) == 100 and answer.json["staged"] == []
    assert answer.json["notes"][0].startswith("what is staged cannot be read, and `muse doctor` says how to go on: ")
    for path in Path("many").iterdir():
        path.unlink()
    assert muse("status", "--json").json["clean"] is False
    assert "clean" not in ok("status")


def test_the_committed_notebook_is_lost(repository: Path) -> None:
    """All that stands in the folder is work then: a commit takes it, a checkout does not."""
    path = Path("nb.ipynb")
    path.write_bytes(notebook(code("1")))
    ok("commit")
    path.write_bytes(notebook(code("2")))
    ok("add", "nb.ipynb")
    ok("commit")
    damaged.packs(Repo(str(repository)))[1].unlink()
    path.write_bytes(notebook(code("2", count=7)))
    assert muse("status", "--json").json["changed"] == ["nb.ipynb"]
    assert "uncommitted work in nb.ipynb" in refused("checkout", "HEAD~1", status=4)
    ok("commit", "-m", "again")
    assert "cannot be had, lost → " in muse("show").out
    assert muse("status", "--json").json["clean"]
