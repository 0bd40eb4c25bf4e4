"""`muse.verbs._steps`: what undo, redo and `op restore` share."""

from __future__ import annotations

from pathlib import Path

import muse as api
from muse.core import command
from muse.core.plan import Target
from muse.core.repo import Repo
from muse.core.types import Change, Entry, digest_of
from muse.verbs import _steps
from tests.commands import muse, ok, refused

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
    answer = muse("undo")
    assert (answer.status, answer.out) == (1, "Nothing to undo: what came before is not kept any more.\n")
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
