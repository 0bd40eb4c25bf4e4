"""`muse.verbs._shelving`: what is in the way of work that comes back from the shelf, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse.testing.repositories import put
from tests.commands import muse, ok, refused
from tests.samples import code, notebook
from tests.verbs.test_shelf import files, shelf


@pytest.fixture
def one(repository: Path) -> Path:
    """A commit of `a.txt` and `b.txt`."""
    Path("a.txt").write_text("one\n")
    Path("b.txt").write_text("one\n")
    ok("commit", "-m", "one")
    return repository


def test_uncommitted_work_is_in_the_way(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    Path("new.txt").write_text("new\n")
    ok("shelf", "push", "-m", "half")
    Path("a.txt").write_text("work\n")
    Path("new.txt").write_text("work\n")
    assert refused("shelf", "pop", status=4) == (
        "error: cannot bring back 'half': a.txt, new.txt changed since it was shelved\n"
        "Commit what is uncommitted, go back to where it was shelved (`muse checkout 2f4027e4f4`), and bring it back "
        "there.\n"
    )
    assert files() == {"a.txt": ("f", b"work\n"), "b.txt": ("f", b"one\n"), "new.txt": ("f", b"work\n")}
    assert shelf() == ["half"]


def test_later_commits_are_in_the_way_and_the_hint_leads_out(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    Path("a.txt").write_text("another two\n")
    ok("commit")
    hint = refused("shelf", "pop", status=4).splitlines()[1]
    ok(*hint.partition("`muse ")[2].partition("`")[0].split())
    ok("shelf", "pop")
    assert Path("a.txt").read_text() == "two\n"


def test_a_staged_file_is_not_mixed_with_a_folder(one: Path) -> None:
    """A file cannot be a folder, too: the next commit would drop the one."""
    Path("x").mkdir()
    Path("x/y").write_text("shelved\n")
    ok("add", "x/y")
    ok("shelf", "push")
    Path("x").write_text("mine\n")
    ok("add", "x")
    Path("x").unlink()
    assert ": x changed since it was shelved" in refused("shelf", "pop", status=4)
    assert "added    x\n" in ok("status")


def test_an_ignored_file_is_in_the_way_and_is_to_be_added_first(one: Path) -> None:
    Path("x.log").write_text("shelved\n")
    ok("shelf", "push")
    Path(".museignore").write_text("*.log\n")
    Path("x.log").write_text("mine\n")
    hint = refused("shelf", "pop", status=4).splitlines()[1]
    assert hint.startswith("Commit what is uncommitted (`muse add x.log` first), go back to where it was shelved (")


def test_a_later_commit_that_the_folder_hides_is_in_the_way_too(one: Path) -> None:
    """The file is as it was when it was shelved, but the commit is not: popping would quietly take that back."""
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    Path("a.txt").write_text("another two\n")
    ok("commit")
    Path("a.txt").write_text("one\n")
    assert " a.txt changed since " in refused("shelf", "pop", status=4)


def test_later_commits_elsewhere_are_not(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    Path("b.txt").write_text("two\n")
    ok("commit")
    Path("c.txt").write_text("uncommitted\n")
    ok("shelf", "pop")
    assert muse("status", "--json").json["changed"] == ["a.txt"]
    assert Path("c.txt").exists()


def test_what_is_as_it_was_shelved_is_fine(one: Path) -> None:
    """Whether it is committed by now or only in the folder."""
    Path("a.txt").write_text("two\n")
    Path("b.txt").write_text("two\n")
    ok("add", "a.txt", "b.txt")
    ok("shelf", "push")
    Path("a.txt").write_text("two\n")
    ok("commit")
    Path("b.txt").write_text("two\n")
    assert "file" not in ok("shelf", "pop")
    found = muse("status", "--json").json
    assert (found["staged"], found["changed"]) == (["b.txt"], [])


def test_what_is_staged_otherwise_is_in_the_way(one: Path) -> None:
    Path("a.txt").write_text("two\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("one\n")
    ok("shelf", "push")
    Path("a.txt").write_text("three\n")
    ok("add", "a.txt")
    Path("a.txt").write_text("one\n")
    assert " a.txt changed since " in refused("shelf", "pop", status=4)


def test_before_the_first_commit(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("shelf", "push")
    assert files() == {}
    Path("a.txt").write_text("two\n")
    assert "(before the first commit)" in refused("shelf", "pop", status=4)
    Path("a.txt").unlink()
    ok("shelf", "pop")
    assert Path("a.txt").read_text() == "one\n"


def test_noise_stays_and_is_never_in_the_way(one: Path) -> None:
    first, again, other = (notebook(code("x = 1", count=count)) for count in (1, 2, 3))
    Path("nb.ipynb").write_bytes(first)
    ok("commit")
    Path("nb.ipynb").write_bytes(again)
    Path("a.txt").write_text("two\n")
    ok("shelf", "push")
    assert Path("nb.ipynb").read_bytes() == again
    ok("shelf", "pop")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2", count=1)))
    ok("shelf", "push")
    Path("nb.ipynb").write_bytes(other)
    ok("add", "nb.ipynb")
    ok("commit")
    ok("shelf", "pop")
    assert Path("nb.ipynb").read_bytes() == notebook(code("x = 2", count=1))


def test_a_file_that_must_make_way_comes_back_too(one: Path) -> None:
    """An ignored file below a folder that stands in the place of a committed file."""
    Path(".museignore").write_text("*.log\n")
    ok("commit")
    put(".", "a.txt", None)
    put(".", "a.txt/x.log", ("f", b"ignored\n"))
    ok("shelf", "push")
    assert Path("a.txt").read_text() == "one\n"
    ok("shelf", "pop")
    assert Path("a.txt/x.log").read_text() == "ignored\n"
