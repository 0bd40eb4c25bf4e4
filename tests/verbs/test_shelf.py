"""`muse shelf`: work that is put aside comes back exactly, and never over other work."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import muse as api
from muse.core.folder import scan
from muse.core.operations import shelf as core
from muse.core.operations.shelf import Shelved
from muse.core.operations.view import View
from muse.core.packs.store import ObjectStore
from muse.core.types import digest_of
from muse.testing.repositories import put, read_contents, write_contents
from tests.commands import commit_id, muse, ok, refused, saved
from tests.properties.model import Tree, same_but_noise
from tests.properties.strategies import FOLDERS
from tests.verbs.test_reset import trees


def files() -> Tree:
    return {path: file for path, file in read_contents(".").items() if file[0] != "d"}


def seen() -> tuple[object, ...]:
    """What a person can see of the work: the files, what is staged, and what differs from what."""
    return files(), muse("status", "--json").out, muse("diff", "--staged").out


def shelf() -> list[str]:
    return [one["message"] for one in muse("shelf", "--json").json["shelf"]]


@pytest.fixture
def one(repository: Path) -> Path:
    """A commit of `a.txt` and `b.txt`."""
    Path("a.txt").write_text("one\n")
    Path("b.txt").write_text("one\n")
    ok("commit", "-m", "one")
    return repository


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    committed=st.none() | trees,
    staged=trees,
    work=trees,
    paths=st.lists(st.sampled_from([*FOLDERS, "a", "n.ipynb"]), max_size=2),
)
def test_push_and_pop_bring_back_everything(
    committed: Tree | None, staged: Tree, work: Tree, paths: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        ok("init")
        if committed is not None:
            write_contents(".", committed)
            ok("commit", "-m", "first")
        write_contents(".", staged)
        ok("add", ".")
        write_contents(".", work)
        before = seen()
        status = muse("shelf", "push", *[path or "." for path in paths]).status
        assert status == 0 or seen() == before
        if status == 0 and not paths:
            assert muse("status", "--json").json["clean"]
            wanted, found = committed or {}, files()
            assert all(same_but_noise(path, wanted.get(path), found.get(path)) for path in {*wanted, *found})
        if status == 0:
            after = seen()
            ok("shelf", "pop")
            assert seen() == before
            ok("undo")
            assert seen() == after
            ok("undo")
            assert seen() == before


def test_push(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    Path("b.txt").unlink()
    Path("new.txt").write_text("new\n")
    ok("add", "new.txt")
    assert ok("shelf", "push") == (
        "Shelved: Add 1 file, update 1 file, remove 1 file\n"
        "3 files: 1 changed, 1 added, 1 removed\n"
        "`muse shelf pop` brings it back\n"
    )
    assert files() == {"a.txt": ("f", b"one\n"), "b.txt": ("f", b"one\n")}
    assert muse("status", "--json").json["clean"]
    assert digest_of(b"new\n") in saved(one)
    assert ok("shelf", "pop") == (
        "Brought back: Add 1 file, update 1 file, remove 1 file\n"
        "3 files: 1 changed, 1 added, 1 removed\n"
        "`muse undo` puts it on the shelf again\n"
    )
    assert files() == {"a.txt": ("f", b"two\n"), "new.txt": ("f", b"new\n")}
    assert muse("status", "--json").json["staged"] == ["new.txt"]
    assert shelf() == []


def test_list(one: Path) -> None:
    assert ok("shelf") == "The shelf is empty.\n`muse shelf push` puts uncommitted work there\n"
    Path("a.txt").write_text("two\n")
    ok("shelf", "push", "-m", "older\n\nWith a reason.")
    ok("checkout", commit_id())
    Path("a.txt").write_text("three\n")
    Path("b.txt").write_text("three\n")
    ok("shelf", "push", "-m", "newer")
    assert ok("shelf") == ok("shelf", "list")
    assert ok("shelf") == (
        "1  2026-03-14 12:00        2f4027e4f4  2 files  newer\n2  2026-03-14 12:00  main  2f4027e4f4  1 file   older\n"
    )


def test_json(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("add", "a.txt")
    shelved = {
        "position": 1,
        "message": "half of it",
        "time": "2026-03-14T12:00:00+00:00",
        "branch": "main",
        "commit_id": commit_id(),
        "files": [{"path": "a.txt", "status": "changed"}],
        "staged": ["a.txt"],
    }
    changed = [{"path": "a.txt", "status": "changed"}]
    answer = muse("shelf", "push", "-m", "half of it", "--json").json
    assert answer == {"shelf": [shelved], "files": changed, "left": [], "skipped": [], "notes": []}
    answer = muse("shelf", "pop", "--json").json
    assert answer == {"shelf": [], "files": changed, "left": [], "skipped": [], "notes": []}


def test_only_some_paths(one: Path) -> None:
    for name in ("a.txt", "b.txt", "d/new.txt"):
        put(".", name, ("f", b"work\n"))
    ok("add", "a.txt", "d")
    ok("shelf", "push", "b.txt", "d")
    assert files() == {"a.txt": ("f", b"work\n"), "b.txt": ("f", b"one\n")}
    assert muse("status", "--json").json["staged"] == ["a.txt"]
    ok("shelf", "pop")
    assert muse("status", "--json").json["staged"] == ["a.txt", "d/new.txt"]


def test_positions(one: Path) -> None:
    for name in ("first", "second", "third"):
        Path(f"{name}.txt").write_text(name)
        ok("shelf", "push", "-m", name)
    assert shelf() == ["third", "second", "first"]
    ok("shelf", "pop", "2")
    assert Path("second.txt").read_text() == "second"
    assert shelf() == ["third", "first"]
    assert ok("shelf", "drop", "2") == "Dropped: first\n`muse undo` brings it back\n"
    assert shelf() == ["third"]
    ok("undo")
    assert shelf() == ["third", "first"]
    ok("shelf", "drop")
    assert shelf() == ["first"]


@pytest.mark.parametrize("action", ["push", "pop", "drop"])
def test_what_went_wrong_after_the_entry_is_told(one: Path, action: str) -> None:
    Path("new.txt").write_text("new")
    if action != "push":
        ok("shelf", "push")
    Path(".muse/HEAD").unlink()
    Path(".muse/HEAD/in the way").mkdir(parents=True)
    answer = ok("shelf", action)
    assert f"{Path('.muse/HEAD').absolute()}: Is a directory" in answer


def test_nothing_to_do_is_an_answer(one: Path) -> None:
    for words, why in (
        (["push"], "Nothing to shelve: there is no uncommitted work."),
        (["pop"], "Nothing to bring back: the shelf is empty."),
        (["drop"], "Nothing to drop: the shelf is empty."),
    ):
        answer = muse("shelf", *words)
        assert (answer.status, answer.out, answer.err) == (1, f"{why}\n", "")
    assert muse("op", "log", "--json").json[0]["command"] == "commit -m one"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pop", "2"], "there is no 2 on the shelf"),
        (["drop", "0"], "there is no 0 on the shelf"),
        (["pop", "a.txt"], "`muse shelf pop` takes one number"),
        (["drop", "1", "2"], "`muse shelf drop` takes one number"),
        (["list", "1"], "`muse shelf list` takes nothing more"),
        (["pop", "-m", "why"], "`muse shelf pop` takes no message"),
        (["push", "b.txt"], "there is no uncommitted work in b.txt"),
        (["push", "nope"], "there is no uncommitted work in nope"),
        (["put"], "muse shelf: argument action: invalid choice: 'put' (choose from 'push', 'pop', 'list', 'drop')"),
    ],
)
def test_what_is_refused(one: Path, words: list[str], message: str) -> None:
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    Path("a.txt").write_text("three\n")
    assert refused("shelf", *words, status=2).startswith(f"error: {message}\n")
    assert len(shelf()) == 1


def test_a_large_new_file_stays(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LARGE", 10)
    Path("large").write_text("0" * 11)
    assert muse("shelf", "push").lines[1] == "left out: large (11 B; `muse add large` takes it)"
    Path("a.txt").write_text("two\n")
    assert "left out: large" in ok("shelf", "push")
    assert Path("large").exists()
    ok("add", "large")
    ok("shelf", "push")
    assert not Path("large").exists()


@pytest.mark.parametrize("action", ["push", "pop", "drop"])
def test_it_stops_when_somebody_was_faster(one: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    Path("a.txt").write_text("two\n")
    if action != "push":
        ok("shelf", "push")
    before, pending = (files(), shelf()), ["idea"]

    def slow(view: View, store: ObjectStore, pieces: Sequence[Shelved]) -> View:
        if pending:
            ok("branch", pending.pop())
        return with_shelf(view, store, pieces)

    with_shelf = core.with_shelf
    monkeypatch.setattr(core, "with_shelf", slow)
    assert "ran `branch idea` in this repository at the same time\n" in refused("shelf", action, status=4)
    assert (files(), shelf()) == before


def test_the_shelf_outlives_undo_of_something_else(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("shelf", "push", "-m", "half")
    Path("b.txt").write_text("two\n")
    ok("commit")
    ok("undo")
    assert shelf() == ["half"]


def test_the_shelf_outlives_gc(one: Path) -> None:
    """With what was staged of it, and after the branch that it was made on is gone."""
    ok("checkout", "-b", "idea")
    Path("a.txt").write_text("staged\n")
    ok("commit", "-m", "idea")
    Path("a.txt").write_text("two\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("three\n")
    ok("shelf", "push")
    where = commit_id()
    ok("checkout", "main")
    ok("branch", "-d", "idea")
    ok("gc", "--forget", "--yes")
    ok("checkout", where)
    ok("shelf", "pop")
    assert Path("a.txt").read_text() == "three\n"
    ok("commit", "--staged")
    ok("restore", "a.txt")
    assert Path("a.txt").read_text() == "two\n"


def test_it_comes_back_on_another_branch(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    ok("checkout", "-b", "idea")
    ok("shelf", "pop")
    found = muse("status", "--json").json
    assert (found["branch"], found["changed"]) == ("idea", ["a.txt"])


def test_from_python(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    Path("b.txt").write_text("two\n")
    result = api.shelf("push", Path("a.txt"), message="half of it")
    assert [(one.subject, len(one.files)) for one in result.shelf] == [("half of it", 1)]
    api.shelf("push", ["b.txt"])
    api.shelf("pop", 2)
    assert Path("a.txt").read_text() == "two\n"
    assert len(api.shelf().shelf) == 1
