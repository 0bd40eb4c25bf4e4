"""`muse.verbs._travel`: what changing files looks like to the person whose files they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from muse.core.base.errors import Refused
from muse.core.commands import writing
from muse.core.commands.command import State
from muse.core.commits import trees
from muse.core.folder.plan import Target
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import Change, Entry, digest_of
from muse.display.text import render
from muse.verbs import _travel
from muse.verbs._travel import Files
from tests.commands import ok, refused

OLD, NEW = Entry("f", digest_of(b"old")), Entry("f", digest_of(b"new"))


def text(files: Files) -> str:
    return render(tuple(files.blocks()))


def planned(*targets: Target, force: bool = False, also: tuple[str, ...] = ()) -> tuple[Change, ...]:
    def work(state: State) -> writing.Draft[tuple[Change, ...]]:
        state.store.add(b"old")
        state.store.add(b"new")
        plans = _travel.planned(state, targets, doing="go", force=force, also=also)
        return writing.Draft(lambda left: _travel.changes_of(plans), None)

    return writing.writing(Repo.open(), "go", (), work)


def test_what_is_committed_is_looked_up_once_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of ten thousand files, too."""
    ok("init")
    (folder / "data").mkdir()
    for number in range(30):
        Path(f"data/{number}").write_text(f"{number}")
    ok("commit", "-m", "x")
    read, reads = trees.read_tree, list[object]()

    def noted(store: ObjectStore, digest: bytes | None) -> Mapping[str, Entry]:
        reads.append(digest)
        return read(store, digest)

    monkeypatch.setattr(trees, "read_tree", noted)
    targets = [Target(f"data/{number}", OLD, NEW) for number in range(30)]
    assert len(planned(*targets)) == 30
    assert len(reads) <= 3


def test_what_was_done_is_counted() -> None:
    changes = (Change("a", OLD, NEW), Change("b", None, NEW), Change("c", OLD, None), Change("d", OLD, NEW))
    assert text(Files(changes)) == "4 files: 2 changed, 1 added, 1 removed"
    assert text(Files()) == ""


def test_what_was_left_alone_is_named_and_not_counted() -> None:
    files = Files((Change("a", OLD, NEW), Change("b", OLD, NEW)), ("b",))
    assert text(files) == "! b was left alone: it was changed meanwhile, or may not be changed\n1 file: 1 changed"
    assert files.json() == {
        "files": [{"path": "a", "status": "changed"}, {"path": "b", "status": "changed"}],
        "left": ["b"],
    }


def test_notebooks_that_may_be_open_are_named() -> None:
    changes = tuple(Change(f"{number}.ipynb", OLD, NEW) for number in range(7))
    lines = text(Files((*changes, Change("gone.ipynb", OLD, None)))).splitlines()
    assert lines[1:] == [
        f"is {number}.ipynb open? reload it: File > Reload Notebook from Disk" for number in range(5)
    ]


def test_what_is_expected_may_be_replaced(repository: Path) -> None:
    Path("a").write_text("old")
    assert planned(Target("a", OLD, NEW)) == (Change("a", OLD, NEW),)
    assert planned(Target("a", NEW, OLD)) == ()


def test_everything_in_the_way_is_named_at_once(repository: Path) -> None:
    Path("a").write_text("mine")
    Path("b").write_text("mine")
    targets = [Target("a", OLD, NEW), Target("b", OLD, NEW)]
    with pytest.raises(Refused, match="cannot go: uncommitted work in a, b, c would be overwritten"):
        planned(*targets, also=("c",))
    assert [change.path for change in planned(*targets, force=True, also=("c",))] == ["a", "b"]


def test_what_can_neither_be_committed_nor_saved_is_no_work(repository: Path) -> None:
    """Nobody is told to commit a pipe, or to force what cannot be forced; work beside it is not named yet."""
    os.mkfifo("pipe")
    Path("a").write_text("mine")
    targets = [Target("a", OLD, NEW), Target("pipe", OLD, NEW)]
    for force in (False, True):
        with pytest.raises(Refused) as found:
            planned(*targets, force=force)
        assert str(found.value) == (
            "cannot go: pipe can be neither replaced nor saved, being no ordinary file\n"
            "Move it away, or delete it, and try again."
        )
        assert found.value.kind == "refused"


@pytest.mark.parametrize("words", [["restore", "a.txt"], ["reset", "--hard"], ["shelf", "push"], ["shelf", "pop"]])
def test_no_command_names_an_option_that_it_does_not_have(repository: Path, words: list[str]) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    Path("a.txt").write_text("two\n")
    if words[-1] == "pop":
        ok("shelf", "push")
    Path("a.txt").unlink()
    os.mkfifo("a.txt")
    said = refused(*words, status=4)
    assert said.endswith("being no ordinary file\nMove it away, or delete it, and try again.\n")
    os.unlink("a.txt")
    if words[-1] == "pop":
        ok("restore", "a.txt")
    ok(*words)


def test_what_changes_meanwhile_is_left_alone_and_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in ("one\n", "two\n"):
        Path("a.txt").write_text(content)
        Path("b.txt").write_text(content)
        ok("commit")
    real = writing._Writing._change_folder

    def edit_first(*args: object) -> tuple[str, ...]:
        Path("a.txt").write_text("somebody else\n")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(writing._Writing, "_change_folder", edit_first)
    answer = ok("checkout", "HEAD~1")
    assert answer.splitlines()[0] == "! a.txt was left alone: it was changed meanwhile, or may not be changed"
    assert "1 file: 1 changed" in answer
    assert (Path("a.txt").read_text(), Path("b.txt").read_text()) == ("somebody else\n", "one\n")
