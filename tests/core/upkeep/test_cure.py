"""`upkeep.cure`: operations that are damaged, missing, or of a newer muse, and packs that only they named."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged, SystemTrouble, TooNew
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.damage import rescue
from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import digest_of, id_of
from muse.core.upkeep import doctor, fsck
from muse.core.upkeep.cure import Cure
from tests.bad_input.scenes import DAMAGE
from tests.commands import commit_id, ok, refused
from tests.core import damaged, faults
from tests.core.damaged import VERSIONS, flip, newest, operation, packs, spoil
from tests.core.healing import heal, read, repair
from tests.core.stores import put_operation


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_newest_operation(repo: Repo, damage: Callable[[Path], None]) -> None:
    second, third = commit_id("HEAD~1"), commit_id()
    damage(operation(repo, 4))
    was = operation(repo, 4).read_bytes()
    assert "`muse doctor`" in refused("status", status=3)
    done = heal(repo)
    assert (done.cure.recorded, done.cure.back_at, done.cure.lost) == (5, 3, (4,))
    assert [id_of(commit) for commit in done.cure.found] == [third]
    last = newest(repo)
    assert last.view == ops.read(repo.layout, 3).view
    assert (last.previous, last.lost, last.at) == (ops.digest(repo.layout, 4), (4,), 3)
    assert operation(repo, 4).read_bytes() == was
    assert commit_id() == second
    assert ok("branch", "found", third[7:17])
    assert commit_id("found") == third
    for words in (("op", "log"), ("status",), ("log",), ("show", "@{now}"), ("undo",), ("op", "restore", "3")):
        ok(*words)
    Path("b.txt").write_text("new\n")
    ok("commit", "-m", "after")
    assert fsck.check(repo.layout).clean


def test_several_operations_at_the_end(repo: Repo) -> None:
    first = commit_id("HEAD~2")
    flip(operation(repo, 3))
    operation(repo, 4).write_bytes(b"")
    done = heal(repo)
    assert (done.cure.recorded, done.cure.back_at, done.cure.lost) == (5, 2, (3, 4))
    assert commit_id() == first
    assert len(done.cure.found) == 1, "the last of two"


def test_a_folder_in_the_place_of_the_newest_operation(repo: Repo) -> None:
    operation(repo, 4).unlink()
    operation(repo, 4).mkdir()
    assert heal(repo).cure.lost == (4,)
    assert newest(repo).previous == b""


def test_packs_that_a_lost_operation_had_joined(repo: Repo) -> None:
    """The packs that the last whole operation names are gone: what they held lies in one that it does not know."""
    while not newest(repo).retires:
        Path("a.txt").write_bytes(VERSIONS[0] + b"%d\n" % newest(repo).number)
        ok("commit", "-m", "more")
    before, number = commit_id("HEAD~1"), newest(repo).number
    flip(operation(repo, number))
    done = heal(repo)
    assert done.cure.retired and not done.cure.aside
    assert commit_id() == before
    assert read(repo, VERSIONS[1]) == VERSIONS[1]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_operation_among_others(repo: Repo, damage: Callable[[Path], None]) -> None:
    before = commit_id()
    damage(operation(repo, 3))
    done = heal(repo)
    assert (done.cure.back_at, done.cure.lost, done.cure.copied) == (0, (3,), 0)
    assert commit_id() == before
    listed = [line.split()[0] for line in ok("op", "log").splitlines()]
    assert listed == ["5", "4", "2", "1"]
    assert ok("op", "log", "-n", "2").count("\n") == 2
    ok("op", "restore", "2")
    ok("show", "@{now}")


def test_a_damaged_pack_is_kept_while_an_operation_is_lost(repo: Repo) -> None:
    """Nobody knows what that needed."""
    Path("copy").write_bytes(VERSIONS[0])
    pack = spoil(repo, VERSIONS[0])
    flip(operation(repo, 3))
    assert pack.stem in [ref.name for ref in heal(repo).cure.aside]
    assert Path(repo.layout.pack_aside(pack.stem)).exists()


def test_a_damaged_pack_is_kept_while_an_operation_is_gone(repo: Repo) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    pack = spoil(repo, VERSIONS[0])
    Path(repo.layout.head).write_text("operation 5\n")
    assert pack.stem in [ref.name for ref in heal(repo).cure.aside]


def test_a_gap_that_a_wrong_hint_hides(repo: Repo) -> None:
    before = newest(repo).view
    operation(repo, 3).unlink()
    Path(repo.layout.head).write_text("operation 2\n")
    assert heal(repo).cure.lost == (3,)
    assert newest(repo).view == before


def test_a_pack_that_cannot_be_set_aside_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = spoil(repo, VERSIONS[2])
    Path("a.txt").unlink()
    with monkeypatch.context() as patch:
        rename, refuse = os.rename, faults.failing(errno.EIO)
        patch.setattr(os, "rename", lambda one, other: (refuse if one == str(path) else rename)(one, other))
        done = doctor.repair(repo)
    assert done.cure.recorded and done.cure.aside == () and path.exists()
    assert done.notes[0].startswith(f"cannot set aside {path}: Input/output error")


def newer_operation(repo: Repo, number: int = 4) -> None:
    head = operation(repo, number).read_bytes()[:-32]
    head = head[:8] + b"\0\0\0\2" + head[12:]
    operation(repo, number).write_bytes(head + digest_of(head))


def newer_pack(repo: Repo) -> None:
    path = packs(repo)[0]
    path.write_bytes(path.read_bytes()[:8] + b"\0\0\0\2" + path.read_bytes()[12:-8] + b"ANOTHER ")


def newer_operation_among_others(repo: Repo) -> None:
    newer_operation(repo, 3)


def newer_operation_and_no_whole_one(repo: Repo) -> None:
    for number in (1, 2, 3):
        flip(operation(repo, number))
    newer_operation(repo)


NEWER = [newer_operation, newer_operation_among_others, newer_operation_and_no_whole_one, newer_pack]


@pytest.mark.parametrize("newer", NEWER)
def test_what_a_newer_muse_wrote_is_left_alone(repo: Repo, newer: Callable[[Repo], None]) -> None:
    newer(repo)
    before = damaged.files(repo.layout)
    with pytest.raises(TooNew):
        doctor.repair(repo)
    assert damaged.files(repo.layout) == before


def test_a_flipped_version_is_no_newer_muse(repo: Repo) -> None:
    """It is damage as any other, and the rest is repaired."""
    for path in (operation(repo, 2), *packs(repo)):
        data = bytearray(path.read_bytes())
        data[11] ^= 2
        path.write_bytes(data)
    doctor.repair(repo)
    assert fsck.check(repo.layout).problems == ()


def test_what_could_not_be_read_for_a_moment_is_left_alone(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 2))
    read, before = ops.read, damaged.files(repo.layout)
    refusals = iter([SystemTrouble("the disk reported an error")])

    def refusing(layout: Layout, number: int) -> ops.Operation:
        for refusal in refusals if number == 4 and sys._getframe(1).f_code.co_name == "_ends" else ():
            raise refusal
        return read(layout, number)

    findings = fsck.check(repo.layout)
    monkeypatch.setattr(fsck, "check", lambda layout: findings)
    monkeypatch.setattr(ops, "read", refusing)
    with pytest.raises(SystemTrouble, match="the disk reported an error"):
        doctor.repair(repo)
    assert damaged.files(repo.layout) == before


def test_a_number_that_nobody_wrote(repo: Repo) -> None:
    stray = operation(repo, 999_999_999_999)
    stray.write_bytes(b"junk")
    assert ok("status")
    with pytest.raises(Damaged, match="no number is left"):
        doctor.repair(repo)
    stray.rename(operation(repo, 500_000))
    done = repair(repo)
    assert done.cure.lost == (500_000,)
    assert not done.findings.clean, "nobody stands in for so many that are missing"
    assert repair(repo).cure == Cure()
    ok("gc", "--forget", "--yes")
    assert repair(repo).findings.clean


def test_a_large_gap(repo: Repo) -> None:
    """As a copy of an entry under a higher number leaves it."""
    shutil.copy(operation(repo, 4), operation(repo, 99_000))
    assert heal(repo).cure.lost == tuple(range(5, 99_001))
    ok("commit", "--amend", "-m", "it goes on")
    ok("gc")
    assert len(ok("op", "log").splitlines()) == 6


def test_entries_keep_their_form(repo: Repo) -> None:
    """A version is copied as what changed since another, not as a whole."""
    flip(packs(repo)[0], 8 + 4 + 1)
    size = sum(path.stat().st_size for path in packs(repo))
    done = heal(repo)
    assert done.cure.copied
    assert sum(path.stat().st_size for path in packs(repo)) <= size


def test_the_view_that_counts_is_the_last_that_is_whole(repo: Repo) -> None:
    """A later operation without files does not hide how far the folder is."""
    ok("checkout", "HEAD~1")
    ok("tag", "t")
    flip(operation(repo, 6))
    heal(repo)
    assert newest(repo).folder == 5
    assert not folder_state.is_behind(repo.layout, newest(repo))


def test_writing_builds_on_the_newest_that_is_whole(repo: Repo) -> None:
    """Only the doctor does; every other command stops."""
    flip(operation(repo, 4))
    with pytest.raises(Damaged):
        writing(repo, "x", (), lambda state: Draft(lambda left: None, state.view))

    def build(state: State) -> Draft[int]:
        assert state.operation is not None
        return Draft(lambda left: state.number, state.view, lost=(4,))

    assert writing(repo, "x", (), build, ends=doctor._ends) == 4
    assert (newest(repo).number, newest(repo).lost, newest(repo).previous) == (5, (4,), ops.digest(repo.layout, 4))
    assert newest(repo).packs == ops.read(repo.layout, 3).packs


def test_the_newest_operation_is_gone(repo: Repo) -> None:
    """Only `HEAD` tells of it. Its pack is still there, and in it the commit that nothing names any more."""
    third = commit_id()
    operation(repo, 4).unlink()
    done = heal(repo)
    assert (done.cure.recorded, done.cure.lost) == (4, ())
    assert [id_of(commit) for commit in done.cure.found] == [third]
    assert newest(repo).view == ops.read(repo.layout, 3).view
    ok("branch", "found", third[7:17])
    assert read(repo, VERSIONS[2]) == VERSIONS[2]


def lose_newest(repo: Repo) -> None:
    operation(repo, newest(repo).number).unlink()


def flip_newest(repo: Repo) -> None:
    flip(operation(repo, newest(repo).number))


@pytest.mark.parametrize("lose", [lose_newest, flip_newest])
@pytest.mark.parametrize("verb", [["shelf", "push"], ["add", "a.txt"], ["reset", "--hard"]])
def test_what_a_lost_operation_had_put_away_stays(repo: Repo, lose: Callable[[Repo], None], verb: list[str]) -> None:
    """Neither `doctor` nor gc removes it, and it can be had when the operation comes back."""
    work = b"nobody committed this\n"
    Path("a.txt").write_bytes(work)
    ok(*verb)
    stray, entry = packs(repo)[-1], operation(repo, 5).read_bytes()
    lose(repo)
    Path("a.txt").unlink(missing_ok=True)
    done = heal(repo)
    assert [ref.name for ref in done.cure.strays] == [stray.stem]
    assert (done.cure.retired, done.cure.aside) == ((), ())
    assert newest(repo).retires == done.cure.strays, "a writer that is still at work sees that it lost"
    ok("gc")
    assert not stray.exists() and Path(repo.layout.pack_aside(stray.stem)).exists()
    everywhere = rescue.Everywhere(repo.layout)
    assert everywhere.read(digest_of(work)) == work
    everywhere.close()
    last = newest(repo).number
    back = ops.decode(entry, "it")._replace(number=last + 1, previous=ops.digest(repo.layout, last))
    put_operation(repo.layout, back)
    heal(repo)
    assert read(repo, work) == work


@pytest.mark.parametrize("lose", [lose_newest, flip_newest])
def test_a_pack_of_a_lost_operation_of_which_all_is_kept_is_not_set_aside(
    repo: Repo, lose: Callable[[Repo], None]
) -> None:
    lose(repo)
    assert heal(repo).cure.strays == ()


def test_a_pack_of_a_lost_operation_that_nobody_can_look_through_is_set_aside(repo: Repo) -> None:
    stray = packs(repo)[-1]
    lose_newest(repo)
    stray.write_bytes(bytes(stray.stat().st_size))
    assert [ref.name for ref in heal(repo).cure.strays] == [stray.stem]


def test_a_pack_of_a_lost_operation_whose_index_is_damaged_is_set_aside(repo: Repo) -> None:
    """What it holds is found; whether that is all, nobody can tell."""
    stray = packs(repo)[-1]
    lose_newest(repo)
    flip(stray, stray.stat().st_size - 10)
    done = heal(repo)
    assert len(done.cure.found) == 1
    assert [ref.name for ref in done.cure.strays] == [stray.stem]


def test_an_operation_that_was_only_named_is_told(repo: Repo) -> None:
    """Nobody can tell whether it was there: the hint may be damaged."""
    Path(repo.layout.head).write_text("operation 6\n")
    assert doctor.repair(repo).cure == Cure(gone=6)
    assert doctor.repair(repo).cure == Cure()
