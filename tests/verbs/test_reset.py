"""`muse reset`: the branch moves, stage and files as asked, and undo brings everything back."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import muse as api
from muse.core.base.errors import TooNew
from muse.core.commands.command import State
from muse.core.commands.revs import resolve
from muse.core.operations.view import Stage, View
from muse.core.packs.store import ObjectStore
from muse.core.types import digest_of
from muse.testing.repositories import put, read_contents, write_contents
from muse.verbs import reset as verb
from tests.commands import commit_id, muse, ok, refused, saved
from tests.core import damaged
from tests.properties.model import Tree
from tests.properties.model import put as put_in_tree
from tests.properties.strategies import changes
from tests.samples import code, notebook
from tests.verbs import losing

MODES = ["--soft", "--mixed", "--hard"]
trees = st.lists(changes, min_size=1, max_size=2).map(lambda rows: tree_of([one for row in rows for one in row]))


def tree_of(files: list[tuple[str, tuple[str, bytes]]]) -> Tree:
    """What is left when each file is put where it goes: a file takes the place of a folder, and the other way round."""
    tree: Tree = {}
    for path, file in files:
        put_in_tree(tree, path, file)
    return tree


def everything() -> tuple[object, ...]:
    """All that a person can see, but the log of operations."""
    return muse("status", "--json").out, muse("branch", "--json").out, muse("diff", "--staged").out, read_contents(".")


@pytest.fixture
def two(repository: Path) -> Path:
    """Two commits on main: `a.txt` differs, `old.txt` is in the first, `new.txt` in the second."""
    Path("a.txt").write_text("one\n")
    Path("old.txt").write_text("old\n")
    ok("commit", "-m", "one")
    Path("a.txt").write_text("two\n")
    Path("old.txt").unlink()
    Path("new.txt").write_text("new\n")
    ok("commit", "-m", "two")
    return repository


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(first=trees, second=trees, staged=trees, work=trees, mode=st.sampled_from(MODES))
def test_undo_brings_back_branch_stage_and_files(
    first: Tree, second: Tree, staged: Tree, work: Tree, mode: str
) -> None:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        ok("init")
        for contents in (first, second):
            write_contents(".", contents)
            muse("commit", "-m", "a commit")
        target = "HEAD~1" if len(muse("log", "--json").json) == 2 else "HEAD"
        write_contents(".", staged)
        ok("add", ".")
        write_contents(".", work)
        before, target = everything(), commit_id(target)
        moved = muse("reset", mode, target, "--json")
        assert moved.status == 0
        assert commit_id() == target
        if mode != "--hard":
            assert files() == work
        if moved.json["moved"]:
            ok("undo")
        assert everything() == before


def files() -> Tree:
    return {path: file for path, file in read_contents(".").items() if file[0] != "d"}


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(first=trees, second=trees, staged=trees)
def test_soft_leaves_what_gives_the_same_commit_again(first: Tree, second: Tree, staged: Tree) -> None:
    """`reset --soft` and `commit --staged` make the tree of the old commit with the old stage on top."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        ok("init")
        for contents in (first, second):
            write_contents(".", contents)
            muse("commit", "-m", "a commit")
        target = commit_id("HEAD~1" if len(muse("log", "--json").json) == 2 else "HEAD")
        write_contents(".", staged)
        ok("add", ".")
        ok("branch", "here")
        muse("commit", "--staged")
        wanted = committed("HEAD")
        ok("reset", "--hard", "here")
        write_contents(".", staged)
        ok("add", ".")
        ok("reset", "--soft", target)
        muse("commit", "--staged")
        assert committed("HEAD") == wanted


def committed(rev: str) -> Tree:
    """The files of a commit, as a checkout of it into an empty folder has them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(".muse", os.path.join(folder, ".muse"))
        with chdir(folder):
            ok("reset", "--hard", rev)
            return files()


def test_mixed_is_the_default(two: Path) -> None:
    Path("a.txt").write_text("three\n")
    ok("add", "a.txt")
    assert ok("reset", "HEAD~1") == (
        "Reset branch main from af7d0443a7 to b562918114 one\nthe files stay as they are; `muse undo` takes it back\n"
    )
    found = muse("status", "--json").json
    assert (found["staged"], found["changed"], found["added"], found["deleted"]) == (
        [],
        ["a.txt"],
        ["new.txt"],
        ["old.txt"],
    )
    assert Path("a.txt").read_text() == "three\n"


def test_soft(two: Path) -> None:
    tip = commit_id()
    assert "3 files staged\n" in ok("reset", "--soft", "HEAD~1")
    assert muse("status", "--json").json["staged"] == ["a.txt", "new.txt", "old.txt"]
    assert Path("a.txt").read_text() == "two\n"
    ok("commit", "-m", "two")
    assert muse("show", "--json").json["parents"] == muse("show", tip, "--json").json["parents"]
    assert muse("diff", tip, "HEAD", "--json").json["files"] == []


def test_soft_keeps_what_was_staged_on_top(two: Path) -> None:
    Path("a.txt").write_text("three\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("four\n")
    ok("reset", "--soft", "HEAD~1")
    ok("commit", "--staged")
    ok("restore", "a.txt")
    assert Path("a.txt").read_text() == "three\n"


def test_hard(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    Path("scratch.txt").write_text("not tracked\n")
    assert ok("reset", "--hard", "HEAD~1") == (
        "Reset branch main from af7d0443a7 to b562918114 one\n"
        "3 files: 1 changed, 1 added, 1 removed\n"
        "what was replaced is saved; `muse undo` takes it back\n"
    )
    assert files() == {"a.txt": ("f", b"one\n"), "old.txt": ("f", b"old\n"), "scratch.txt": ("f", b"not tracked\n")}
    assert digest_of(b"work\n") in saved(two)
    ok("undo")
    assert Path("a.txt").read_text() == "work\n"


def test_hard_to_where_it_is_takes_changes_off(two: Path) -> None:
    Path("a.txt").write_text("work\n")
    Path("new.txt").unlink()
    Path("staged.txt").write_text("staged, so tracked\n")
    ok("add", "staged.txt")
    assert ok("reset", "--hard").startswith("Reset the files: branch main stays at af7d0443a7 two\n3 files: ")
    assert muse("status", "--json").json["clean"]
    assert files() == {"a.txt": ("f", b"two\n"), "new.txt": ("f", b"new\n")}
    ok("undo")
    assert files() == {"a.txt": ("f", b"work\n"), "staged.txt": ("f", b"staged, so tracked\n")}
    assert muse("status", "--json").json["staged"] == ["staged.txt"]


def test_hard_takes_noise_off_too(repository: Path) -> None:
    first, again = (notebook(code("x = 1", count=count)) for count in (1, 2))
    Path("nb.ipynb").write_bytes(first)
    ok("commit")
    Path("nb.ipynb").write_bytes(again)
    ok("reset", "--hard")
    assert Path("nb.ipynb").read_bytes() == first


@pytest.mark.parametrize("path", ["old.txt", "old.txt/in/the.way"])
def test_an_untracked_file_in_the_way_is_saved(two: Path, path: str) -> None:
    put(".", path, ("f", b"in the way\n"))
    ok("reset", "--hard", "HEAD~1")
    assert Path("old.txt").read_text() == "old\n"
    ok("undo")
    assert Path(path).read_text() == "in the way\n"


def test_on_no_branch(two: Path) -> None:
    tip = commit_id()
    ok("checkout", tip)
    assert ok("reset", "HEAD~1").startswith("Reset what is checked out from af7d0443a7 to b562918114 one\n")
    assert muse("status", "--json").json["branch"] is None
    assert commit_id("main") == tip


def test_what_is_left_behind_can_still_be_named(two: Path) -> None:
    tip = commit_id()
    ok("reset", "--hard", "HEAD~1")
    ok("reset", "--hard", tip)
    assert commit_id() == tip


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_reset_is_not_recorded(two: Path, mode: str) -> None:
    assert ok("reset", mode) == "Nothing to reset: branch main is at af7d0443a7 two\n"
    assert muse("op", "log", "--json").json[0]["command"] == "commit -m two"


def test_only_the_stage(two: Path) -> None:
    """The branch does not move, and the answer does not say that it does."""
    Path("a.txt").write_text("work\n")
    ok("add", "a.txt")
    assert ok("reset") == (
        "Reset the stage: branch main stays at af7d0443a7 two\n"
        "the files stay as they are; `muse undo` takes it back\n"
    )


def test_a_file_is_no_commit(two: Path) -> None:
    """Who knows git may want a file off the stage."""
    assert refused("reset", "a.txt", status=2) == (
        "error: a.txt names no commit\n"
        "`muse restore --staged PATH` takes a file off the stage, `muse restore PATH` brings one back.\n"
    )


def test_what_is_refused(two: Path) -> None:
    assert refused("reset", "nope", status=2).startswith("error: nope names no commit\n")
    assert refused("reset", "--soft", "--hard", status=2).startswith("error: muse reset: argument --hard: not allowed")
    with pytest.raises(api.MuseError, match="'harder' is no way to reset"):
        api.reset(mode="harder")


@pytest.mark.parametrize("mode", MODES)
def test_it_stops_when_somebody_was_faster(two: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    tip, pending = commit_id(), ["idea"]

    def slow(state: State, rev: str) -> bytes:
        if pending:
            ok("branch", pending.pop())
        return resolve(state, rev)

    monkeypatch.setattr(verb, "resolve", slow)
    assert "ran `branch idea` in this repository at the same time\n" in refused("reset", mode, "HEAD~1", status=4)
    assert commit_id() == tip
    assert Path("a.txt").read_text() == "two\n"


def test_before_the_first_commit(repository: Path) -> None:
    assert refused("reset", status=2).startswith("error: there is no commit yet\n")


def test_json(two: Path) -> None:
    before = commit_id()
    assert muse("reset", "--hard", "HEAD~1", "--json").json == {
        "mode": "hard",
        "branch": "main",
        "before": before,
        "commit_id": commit_id(),
        "moved": True,
        "staged": [],
        "files": [
            {"path": "a.txt", "status": "changed"},
            {"path": "new.txt", "status": "deleted"},
            {"path": "old.txt", "status": "added"},
        ],
        "left": [],
        "notes": [],
    }


def test_from_python(two: Path) -> None:
    result = api.reset("HEAD~1", mode="soft")
    assert (result.branch, result.subject, result.staged) == ("main", "one", ("a.txt", "new.txt", "old.txt"))


@pytest.mark.parametrize("mode", ["--mixed", "--hard"])
def test_the_stage_is_lost(folder: Path, mode: str) -> None:
    """It can be emptied all the same; what should keep it stops."""
    repo = damaged.build(folder)
    losing.stage(repo)
    assert "muse doctor" in refused("reset", "--soft", status=3)
    assert ok("reset", mode).startswith("! what was staged is lost: sha256:")
    assert muse("status", "--json").json["staged"] == []
    assert len(read_contents(str(folder))) == 104, "nobody knows of these files that they were staged"
    assert ok("reset", mode).startswith("Nothing to reset"), "it is empty now"


def test_a_stage_that_a_newer_muse_wrote_is_not_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged.build(folder)

    def read(view: View, store: ObjectStore) -> Stage:
        raise TooNew("the stage", 9)

    monkeypatch.setattr(View, "stage", read)
    assert "newer muse" in refused("reset", status=3)
