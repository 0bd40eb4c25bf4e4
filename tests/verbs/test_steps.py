"""`muse.verbs._steps`: what undo, redo and `op restore` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import muse as api
from muse.core.commands import command
from muse.core.folder.plan import Target
from muse.core.repo import Repo
from muse.core.types import Change, Entry, digest_of
from muse.verbs import _steps
from tests.commands import muse, ok, refused
from tests.core import damaged
from tests.core.damaged import newest, operation
from tests.verbs import losing

OLD, NEW = Entry("f", digest_of(b"old")), Entry("x", digest_of(b"new"))


def test_a_list_taken_back_expects_what_it_brought() -> None:
    changes = [Change("a", OLD, NEW), Change("b", None, NEW), Change("c", OLD, None)]
    assert _steps.reversed_targets(changes) == [
        Target("a", NEW, OLD),
        Target("b", NEW, None),
        Target("c", None, OLD),
    ]


def test_an_operation_that_is_not_kept(repository: Path) -> None:
    def read(number: int) -> bool:
        return command.reading(Repo.open(), lambda state: _steps.read(state, number) is not None)

    assert [read(number) for number in (1, 2, 99)] == [True, False, False]


def test_what_came_before_must_still_be_kept(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    (repository / ".muse" / "ops" / "000000000001").unlink()
    assert refused("undo", status=3).startswith("error: operation 1 is missing from the log\n")
    assert refused("op", "restore", "1", status=3).startswith("error: operation 1 is missing from the log\n")
    assert muse("status", "--json").json["clean"]


def test_over_a_hole_in_the_log_no_step_is_taken(repository: Path) -> None:
    for content in ("one\n", "two\n", "three\n"):
        Path("a.txt").write_text(content)
        ok("commit")
    (repository / ".muse" / "ops" / "000000000003").unlink()
    assert refused("op", "restore", "2", status=3).startswith("error: operation 3 is missing from the log\n")
    assert muse("status", "--json").json["clean"]


def test_in_a_notebook_the_command_is_code(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    command = '<code class="muse-code">commit</code>'
    for answer, said in (
        (api.undo(), f"Undid {command} (operation 2)"),
        (api.redo(), f"Redid {command} (operation 2)"),
        (api.op("restore", 2), f"Went back to operation 2 ({command})"),
    ):
        assert f'<div class="muse-line">{said}</div>' in answer._repr_mimebundle_()["text/html"]


def test_where_it_leads_is_said(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    ok("checkout", "HEAD~0")
    Path("a.txt").write_text("two\n")
    ok("commit", "-m", "on my own")
    assert ok("undo").splitlines()[1] == f"Now at commit {muse('show', '--json').json['commit_id'][7:17]}, on no branch"


# What is lost


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits, the last of which is operation 4, and a branch."""
    repo = damaged.build(folder)
    ok("branch", "next")
    return repo


def lost(number: int) -> str:
    """What is said of an operation that doctor has stood in for."""
    return f"error: operation {number} is lost: `muse doctor` has stood in for it\n`muse op log` lists what is left"


@pytest.mark.parametrize("damage", [damaged.flip, Path.unlink])
def test_an_operation_that_doctor_has_stood_in_for(repo: Repo, damage: Callable[[Path], None]) -> None:
    """Whoever comes to it is led past it, and not to doctor again."""
    damage(operation(repo, 3))
    assert muse("doctor").status == 3
    assert ok("doctor") == "Nothing to repair.\n"
    ok("undo")
    for words in (["undo"], ["op", "restore", "3"]):
        assert refused(*words, status=3) == f"{lost(3)}; `muse op restore 2` goes back to operation 2.\n"
    assert ok("op", "restore", "2").startswith("Went back to operation 2 ")


def test_what_was_undone_is_lost(repo: Repo) -> None:
    ok("undo")
    damaged.flip(operation(repo, 5))
    assert "muse doctor" in refused("redo", status=3)
    muse("doctor")
    assert refused("redo", status=3) == f"{lost(5)}; `muse op restore 4` goes back to operation 4.\n"


def test_nothing_is_left_before_what_is_lost(repo: Repo) -> None:
    damaged.flip(operation(repo, 1))
    muse("doctor")
    assert refused("op", "restore", "1", status=3) == f"{lost(1)}; `muse op restore 2` goes back to operation 2.\n"


def test_all_is_lost(repo: Repo) -> None:
    for number in range(1, 6):
        damaged.flip(operation(repo, number))
    muse("doctor")
    assert refused("undo", status=3) == f"{lost(5)}.\n"


def test_a_list_of_files_that_is_lost(repo: Repo) -> None:
    """The files stay as they are then, for who forces it; going there again needs no list."""
    losing.files(repo)
    said = f"which files `checkout HEAD~1` (operation {newest(repo).number}) changed is lost"
    for words in (["undo"], ["op", "restore", "6"]):
        error = refused(*words, status=3)
        assert error.startswith(f"error: {said}: sha256:")
        assert error.endswith("\nAdd --force: then these files stay as they are.\n")
        assert ok(*words, "--force").startswith(f"! {said}: they stay as they are\n")
        assert len(muse("status", "--json").json["deleted"]) == 100
        ok("restore", "many")
        assert muse("status", "--json").json["clean"], "no commit is lost"


def test_bringing_back_what_cannot_be_told(repo: Repo) -> None:
    losing.files(repo)
    ok("undo", "--force")
    assert refused("redo", status=3).endswith("\nAdd --force: then these files stay as they are.\n")
    assert ok("redo", "--force").splitlines()[1] == "Redid `checkout HEAD~1` (operation 7)"
