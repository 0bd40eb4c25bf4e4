"""`upkeep.cure`: no operation is left, or none is whole: the commits in the packs become branches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged, SystemTrouble, Unconfirmed
from muse.core.operations import ops
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import blob_id
from muse.core.upkeep import doctor, fsck
from tests.commands import muse, ok
from tests.core import damaged
from tests.core.damaged import VERSIONS, flip, newest, operation, packs, spoil


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


def test_no_operation_is_whole(repo: Repo) -> None:
    tip = newest(repo).view.commit
    for number in (1, 2, 3, 4):
        flip(operation(repo, number))
    done = doctor.repair(repo)
    assert (done.cure.found, done.cure.branches, done.cure.lost) == ((tip,), ("found",), (1, 2, 3, 4))
    assert fsck.check(repo.layout).problems == ()
    assert newest(repo).view.branches == {"found": tip}


@pytest.mark.parametrize("hint", [True, False])
def test_the_whole_log_is_gone(repo: Repo, hint: bool) -> None:
    """No command begins another, which would leave the packs to gc; the commits are found, and have names."""
    tip, old = newest(repo).view.commit, packs(repo)
    shutil.rmtree(repo.layout.ops)
    if not hint:
        os.unlink(repo.layout.head)
    for path in old:
        os.utime(path, (1, 1))
    for words in (["status"], ["commit", "-m", "x"], ["init"], ["log"], ["gc"], ["undo"]):
        assert muse(*words).status == 3, words
    assert all(path.exists() for path in old)
    assert not fsck.check(repo.layout).clean
    assert doctor.repair(repo).cure.branches == ("found",)
    assert newest(repo).view.branches == {"found": tip}
    assert fsck.check(repo.layout).problems == ()
    ok("reset", "found")
    ok("gc", "--forget", "--yes")
    assert newest(repo).view.commit == tip
    assert ok("fsck").startswith("No problem found")


def test_a_young_log_is_gone(repo: Repo) -> None:
    """A commit that follows another is not of the first command of all, however young its pack is."""
    tip = newest(repo).view.commit
    shutil.rmtree(repo.layout.ops)
    os.unlink(repo.layout.head)
    for words in (["status"], ["commit", "-m", "x"], ["gc"]):
        assert muse(*words).status == 3, words
    assert doctor.repair(repo).cure.found == (tip,)


def test_the_last_commits_are_branches_the_newest_first(repo: Repo) -> None:
    ok("branch", "side", "HEAD~1")
    ok("checkout", "side")
    Path("b.txt").write_text("another line\n")
    ok("commit", "-m", "on the side")
    ok("checkout", "main")
    tips = {*newest(repo).view.branches.values()}
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert done.cure.branches == ("found", "found-2") and {*done.cure.found} == tips


def test_the_log_is_gone_and_so_is_a_file_of_long_ago(repo: Repo) -> None:
    """The commits have names all the same, and gc takes none of them."""
    tip = newest(repo).view.commit
    spoil(repo, VERSIONS[0])
    Path("a.txt").unlink()
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert (done.cure.found, done.cure.branches) == ((tip,), ("found",))
    assert [problem.what for problem in done.findings.problems] == [blob_id(VERSIONS[0])]
    ok("gc")
    ok("reset", "found")
    assert len(muse("log", "--json").json) == 3


def test_what_is_whole_comes_first(repo: Repo) -> None:
    ok("branch", "side", "HEAD~2")
    ok("checkout", "side")
    Path("b.txt").write_text("only here\n")
    ok("commit", "-m", "on the side")
    whole = newest(repo).view.commit
    ok("checkout", "main")
    spoil(repo, VERSIONS[2])
    Path("a.txt").unlink()
    shutil.rmtree(repo.layout.ops)
    assert doctor.repair(repo).cure.found[0] == whole


def test_what_was_shelved_stays_when_the_log_is_gone(repo: Repo) -> None:
    """It is set aside with the old packs, and only `gc --forget` takes them."""
    Path("a.txt").write_bytes(b"shelved\n")
    ok("shelf", "push")
    old = packs(repo)
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert {ref.name for ref in done.cure.aside} == {path.stem for path in old}
    ok("gc")
    assert all(Path(repo.layout.pack_aside(path.stem)).exists() for path in old)
    ok("gc", "--forget", "--yes")
    assert not any(Path(repo.layout.pack_aside(path.stem)).exists() for path in old)


def test_a_hint_and_nothing_else_is_left(folder: Path) -> None:
    """As after a power cut where commands do not wait for the disk."""
    ok("init")
    here = Repo(str(folder))
    operation(here, 1).unlink()
    assert muse("status").status == 3
    assert doctor.repair(here).cure.anew
    ok("status")
    assert fsck.check(here.layout).problems == ()


def test_no_operation_is_whole_and_the_first_were_dropped(repo: Repo) -> None:
    ok("config", "gc.keep", "1")
    ok("config", "gc.days", "0")
    ok("gc")
    numbers = ops.numbers(repo.layout)
    assert numbers[0] > 1
    for number in numbers:
        flip(operation(repo, number))
    assert doctor.repair(repo).cure.lost == tuple(numbers)
    assert fsck.check(repo.layout).problems == ()
    ok("op", "log")
    ok("gc")


def test_a_repair_that_cannot_be_looked_at_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 4))
    answers = iter([fsck.check(repo.layout)])

    def once(layout: Layout) -> object:
        for answer in answers:
            return answer
        raise SystemTrouble("cannot list it")

    monkeypatch.setattr(fsck, "check", once)
    with pytest.raises(Unconfirmed, match="recorded as operation 5, but cannot list it"):
        doctor.repair(repo)


def test_neither_operation_nor_pack_is_left(repo: Repo) -> None:
    for path in packs(repo):
        path.unlink()
    for number in (1, 2, 3, 4):
        flip(operation(repo, number))
    with pytest.raises(Damaged, match=r"no operation in .* is whole"):
        doctor.repair(repo)


def test_packs_without_a_commit_are_nothing_to_go_back_to(repo: Repo) -> None:
    """A new log is begun all the same: nobody could work otherwise."""
    first, *others = packs(repo)
    for path in others:
        path.unlink()
    first.write_bytes(bytes(first.stat().st_size))
    os.utime(first, (1, 1))
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert (done.cure.recorded, done.cure.branches) == (1, ())
    ok("commit", "-m", "anew")


def test_the_first_command_of_all_may_have_left_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is young, nobody takes it for what is left of a log."""
    monkeypatch.chdir(tmp_path)
    ok("init")
    Path("a.txt").write_text("x")
    ok("commit", "-m", "first")
    shutil.rmtree(Path(".muse/ops"))
    Path(".muse/HEAD").unlink()
    ok("status")
    for path in Path(".muse/objects/pack").iterdir():
        os.utime(path, (1, 1))
    assert muse("status").status == 3
