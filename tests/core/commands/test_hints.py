"""`commands.hints`: the small files of `.muse/` are held against what they should say."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base.errors import UsageProblem
from muse.core.commands import hints
from muse.core.repo import Repo
from muse.core.upkeep import fsck
from tests.commands import ok
from tests.core import damaged
from tests.core.damaged import operation
from tests.core.strange import NOT_OURS


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Four operations; the fourth is the newest."""
    return damaged.build(folder)


def kinds(repo: Repo) -> list[str]:
    """What `fsck` finds damaged."""
    return [problem.kind for problem in fsck.check(repo.layout).problems]


def test_what_is_whole(repo: Repo) -> None:
    assert hints.ahead(repo.layout, 4) == ""
    hints.check_settings(repo.layout)
    hints.check_lock(repo.layout)
    assert kinds(repo) == []


def test_what_has_grown(repo: Repo) -> None:
    """It is read as ever; a pack and an entry that are something else are not told here."""
    last = damaged.newest(repo)
    assert [*hints.grown(repo.layout, last)] == []
    grown = [str(damaged.packs(repo)[1]), str(operation(repo, 2)), str(operation(repo, 4))]
    for path in grown:
        with open(path, "ab") as file:
            file.write(b"\0")
    damaged.packs(repo)[0].unlink()
    damaged.flip(operation(repo, 1), 2)
    operation(repo, 3).unlink()
    operation(repo, 3).mkdir()
    assert [*hints.grown(repo.layout, last)] == grown


def test_an_operation_that_has_grown_is_followed(repo: Repo) -> None:
    for number in (2, 4):
        with operation(repo, number).open("ab") as file:
            file.write(b"\0")
    assert kinds(repo) == []
    ok("tag", "t")
    assert kinds(repo) == []


def test_the_newest_operation_is_gone(repo: Repo) -> None:
    """Nothing else tells of it: what is left is a log without a gap."""
    operation(repo, 4).unlink()
    why = f"{repo.layout.head} names operation 4, and the newest is 3: what came after that is gone"
    assert hints.ahead(repo.layout, 3) == why
    assert kinds(repo) == ["HEAD"]


def test_a_hint_that_was_read_before_the_operation_was_made(repo: Repo) -> None:
    assert hints.ahead(repo.layout, 3) == "", "the fourth is there by now"


@pytest.mark.parametrize("text", ["operation 1\n", "operation x\n", ""])
def test_a_hint_that_is_behind_or_none_is_no_damage(repo: Repo, text: str) -> None:
    Path(repo.layout.head).write_text(text)
    assert hints.ahead(repo.layout, 4) == ""
    assert kinds(repo) == []


@pytest.mark.parametrize(
    ("text", "why"), [("a = \n", "line 1, is not TOML"), ('durability = "of"\n', "not full or off")]
)
def test_settings_that_stop_every_command(repo: Repo, text: str, why: str) -> None:
    Path(repo.layout.config).write_text(text)
    with pytest.raises(UsageProblem, match=why):
        hints.check_settings(repo.layout)
    assert kinds(repo) == ["config.toml"]


def test_settings_of_a_newer_muse(repo: Repo) -> None:
    Path(repo.layout.config).write_text('[unheard]\nof = "this"\n')
    hints.check_settings(repo.layout)
    assert kinds(repo) == []


@pytest.mark.parametrize("make", NOT_OURS)
@pytest.mark.parametrize("name", ["config.toml", "worktree.lock"])
def test_something_else_in_their_place(repo: Repo, make: Callable[[Path], None], name: str) -> None:
    path = Path(os.path.relpath(repo.layout.muse), name)
    path.unlink(missing_ok=True)
    make(path)
    assert kinds(repo) == ([] if (name, make.__name__) == ("worktree.lock", "sparse") else [name])


def test_there_may_be_no_settings_and_no_lock(repo: Repo) -> None:
    for path in (repo.layout.config, repo.layout.lock):
        Path(path).unlink(missing_ok=True)
    assert kinds(repo) == []


@pytest.mark.parametrize("text", ["x", "5", "-1", ""])
def test_a_number_that_cannot_be(repo: Repo, text: str) -> None:
    Path(repo.layout.applied).write_text(text)
    assert repo.layout.applied in hints.wrong_applied(repo.layout)


def test_only_what_is_no_file_is_removed_as_strange(folder: Path) -> None:
    for make in NOT_OURS:
        path = folder / make.__name__
        make(path)
        assert hints.remove_strange(str(path)) == (make.__name__ != "sparse")
        assert os.path.lexists(path) == (make.__name__ == "sparse")
    full = folder / "full"
    full.mkdir()
    (full / "kept").write_bytes(b"")
    for path in (full, folder / "nothing", full / "kept"):
        assert not hints.remove_strange(str(path))
    assert (folder / "target").exists() and (full / "kept").exists() and (folder / "sparse").exists()
