"""`upkeep.doctor`: what can be found anywhere is had again, what cannot is named, and nothing gets worse."""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from muse.core.base.errors import MuseError, Refused, SystemTrouble, Unconfirmed
from muse.core.folder import folder_state, worktree
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.object_store import object_path, read_object, write_object
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.types import blob_id, digest_of
from muse.core.upkeep import doctor, fsck
from muse.core.upkeep.cure import Cure
from muse.core.upkeep.doctor import Repair
from tests.bad_input.scenes import DAMAGE
from tests.commands import muse, ok, refused
from tests.core import damaged, faults
from tests.core.damaged import VERSIONS, flip, newest, operation, spoil
from tests.core.healing import heal, read, repair
from tests.core.small_commands import Once, after_its_pack, change_files, raising, record
from tests.core.stores import new_repo, put_operation


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits, in three packs."""
    return damaged.build(folder)


def test_nothing_to_repair(repo: Repo) -> None:
    before = damaged.files(repo.layout)
    assert doctor.repair(repo) == Repair(Cure(), (), fsck.check(repo.layout), ())
    assert damaged.files(repo.layout) == before


def test_a_repository_without_history(folder: Path) -> None:
    repo = new_repo(folder)
    assert doctor.repair(repo).findings.clean
    assert ops.numbers(repo.layout) == []


def test_a_single_object_is_replaced(repo: Repo) -> None:
    for data in (VERSIONS[0], b"nowhere else"):
        write_object(repo.root, blob_id(data), data)
        flip(Path(object_path(repo.root, blob_id(data))))
    done = repair(repo)
    assert [problem.what for problem in done.findings.problems] == [blob_id(b"nowhere else")]
    assert read_object(repo.root, blob_id(VERSIONS[0])) == VERSIONS[0]
    assert done.cure == Cure()


def test_hints_and_caches(repo: Repo) -> None:
    before = Path(repo.layout.head).read_bytes()
    ok("status")
    Path(repo.layout.head).write_text("operation 77\n")
    Path(repo.layout.cache, "stat").write_bytes(b"junk")
    done = repair(repo)
    assert done.mended == ("threw away the cache stat", "wrote HEAD anew")
    assert (done.cure, newest(repo).number) == (Cure(gone=77), 4)
    assert Path(repo.layout.head).read_bytes() == before
    assert not Path(repo.layout.cache, "stat").exists()


@pytest.mark.parametrize("text", ["junk", "77", ""])
def test_how_far_the_folder_is(repo: Repo, text: str) -> None:
    """Nobody can tell any more, so no file is touched: one may be as a person brought it back."""
    ok("checkout", "HEAD~1")
    Path("a.txt").write_bytes(VERSIONS[2])
    Path(repo.layout.applied).write_text(text)
    done = repair(repo)
    assert done.findings.clean
    assert done.mended == ("wrote `applied` anew",)
    assert done.notes == ("a.txt is as it was before operation 5: `muse status` shows how it differs",)
    assert folder_state.applied(repo.layout) == 5
    assert Path("a.txt").read_bytes() == VERSIONS[2]
    assert doctor.repair(repo).notes == ()


def test_what_a_dead_command_began_is_finished_with_what_was_found(repo: Repo) -> None:
    ok("checkout", "HEAD~1")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    Path("copy").write_bytes(VERSIONS[1])
    spoil(repo, VERSIONS[1])
    done = repair(repo)
    assert done.findings.clean
    assert done.notes == ("finished: checkout (operation 5)",)
    assert Path("a.txt").read_bytes() == VERSIONS[1]


def test_what_another_machine_began(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("checkout", "HEAD~1")
    put_operation(repo.layout, newest(repo)._replace(host="elsewhere"))
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    monkeypatch.setattr("muse.core.folder.worktree_lock.is_network", lambda fd: True)
    assert "`muse doctor --resume`" in refused("checkout", "main", status=4)
    (note,) = [note for note in doctor.repair(repo).notes if "elsewhere" in note]
    assert "was begun on elsewhere" in note
    assert "finished: checkout (operation 5)" in doctor.resume(repo)
    assert Path("a.txt").read_bytes() == VERSIONS[1]
    assert not [note for note in doctor.resume(repo) if "finished" in note]


def test_somebody_was_faster(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("copy").write_bytes(VERSIONS[1])
    spoil(repo, VERSIONS[1])
    meanwhile = Once(lambda: record(repo, "meanwhile"))
    with monkeypatch.context() as patch:
        after_its_pack(patch, meanwhile)
        done = repair(repo)
    assert done.findings.problems[0].kind == "commit", "what the other one recorded is no commit at all"
    assert "meanwhile" in newest(repo).view.branches
    assert read(repo, VERSIONS[1]) == VERSIONS[1]


def test_another_doctor_was_faster(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 4))
    monkeypatch.setattr(WorktreeLock, "acquire", lambda self, **how: True)
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: doctor.repair(repo)))
        assert doctor.repair(repo).cure == Cure()
    assert (newest(repo).number, newest(repo).lost) == (5, (4,))
    assert fsck.check(repo.layout).remarks[-1].startswith("1 pack of "), "that of the lost commit"


def test_somebody_changes_the_folder(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    held = WorktreeLock(repo.layout)
    held.acquire(shared=True)
    assert doctor.repair(repo).findings.clean, "it looks, and waits for nobody"
    flip(operation(repo, 2))
    monkeypatch.setattr(WorktreeLock.acquire, "__kwdefaults__", {"patience": 0.01})
    try:
        with pytest.raises(Refused):
            doctor.repair(repo)
    finally:
        held.release()


def test_somebody_reads_a_folder_that_is_on_its_way(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("checkout", "HEAD~1")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    monkeypatch.setattr(WorktreeLock.acquire, "__kwdefaults__", {"patience": 0.01})
    held = WorktreeLock(repo.layout)
    held.acquire(shared=True)
    try:
        (note,) = doctor.repair(repo).notes
        assert note.startswith("the files of this folder are not finished: another muse command")
        with pytest.raises(Refused, match="another muse command"):
            doctor.resume(repo)
        assert Path("a.txt").read_bytes() == VERSIONS[2]
    finally:
        held.release()
    assert doctor.resume(repo) == ("finished: checkout (operation 5)",)


class Killed(BaseException):
    """Stands for SIGKILL."""


FILES: dict[str, bytes | None] = {"good": b"good" * 9, "lost": b"lost" * 9}


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose first command died before it changed any file; another came since."""
    repo = new_repo(tmp_path / "root")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(worktree, "put_in_place", raising(Killed()))
        change_files(repo, FILES)
    record(repo, "between")
    return repo


def test_of_a_folder_that_is_on_its_way_what_can_be_had_is_finished(behind: Repo) -> None:
    spoil(behind, b"lost" * 9)
    assert doctor.repair(behind).notes == (
        "finished, as far as it can be had: checkout (operation 1)",
        "left alone, as what it should hold is lost: lost",
    )
    assert Path(behind.root, "good").read_bytes() == FILES["good"]
    assert not Path(behind.root, "lost").exists()
    assert not folder_state.is_unfinished(behind.layout, newest(behind))


def test_a_folder_of_which_nobody_knows_where_it_was_going_stays(behind: Repo) -> None:
    os.unlink(behind.layout.operation(1))
    assert doctor.repair(behind).notes == (
        "the files of this folder stay as they are: what operation 1 wanted is lost",
    )
    assert not folder_state.is_unfinished(behind.layout, newest(behind))
    assert record(behind, "next") == "next"


def killed(at: int, after: bool, work: Callable[[], object]) -> bool:
    """Do it in a process that is killed at call number `at`; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            with faults.tripping(at, lambda: os._exit(9), after=after):
                work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_it_leaves_nothing_worse(repo: Repo, tmp_path: Path, after: bool) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    spoil(repo, VERSIONS[0])
    flip(operation(repo, 4))
    lost = {problem.what for problem in fsck.check(repo.layout).problems}
    for at in itertools.count():
        struck = damaged.copy(repo, tmp_path.parent / f"struck {after} {at}")
        died = killed(at, after, lambda struck=struck: doctor.repair(struck))  # type: ignore[misc]
        found = fsck.check(struck.layout)
        assert {problem.what for problem in found.problems} <= lost, at
        assert doctor.repair(struck).findings.clean, at
        assert ops.read(struck.layout, 3).view == newest(struck).view
        assert read(struck, VERSIONS[1]) == VERSIONS[1]
        shutil.rmtree(struck.root)
        if not died:
            break
    assert at > 10


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_the_system_says_no(repo: Repo, tmp_path: Path, code: int) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    spoil(repo, VERSIONS[0])
    lost = {problem.what for problem in fsck.check(repo.layout).problems}
    for at in itertools.count():
        struck = damaged.copy(repo, tmp_path.parent / f"refused {code} {at}")
        with suppress(MuseError), faults.tripping(at, OSError(code, os.strerror(code))) as calls:
            doctor.repair(struck)
        assert {problem.what for problem in fsck.check(struck.layout).problems} <= lost, at
        assert doctor.repair(struck).findings.clean, at
        assert read(struck, VERSIONS[1]) == VERSIONS[1]
        shutil.rmtree(struck.root)
        if len(calls) <= at:
            break
    assert at > 10


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_damaged(repo: Repo, seed: int) -> None:
    """A few bytes of any files of ours: what every copy of is damaged is named, all else can be had."""
    choose = random.Random(seed)
    ok("tag", "t")
    ok("checkout", "HEAD~1")
    files = [*Path(repo.layout.ops).iterdir(), *Path(repo.layout.packs).iterdir(), Path(repo.layout.applied)]
    for path in choose.sample(sorted(files), choose.randint(1, 4)):
        choose.choice([flip, *DAMAGE, Path.unlink])(path)
    try:
        done = repair(repo)
    except MuseError as error:
        assert "no operation in" in error.message or "HEAD names operation" in error.message
        return
    assert repair(repo).findings.problems == done.findings.problems
    assert ok("op", "log")
    if done.findings.clean:
        assert ok("log") and ok("status")


def test_it_can_be_run_where_others_read(repo: Repo) -> None:
    """A reader that had opened the packs goes on; one that had not starts over."""
    Path("copy").write_bytes(VERSIONS[0])
    store = ops.open_store(repo.layout, newest(repo))
    store.open_all()
    spoil(repo, VERSIONS[0])
    heal(repo)
    assert store.read(digest_of(b"only once\n" * 20))
    store.close()


def empty_folder(path: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).mkdir()


def a_link(path: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).symlink_to("elsewhere")


@pytest.mark.parametrize("strange", [empty_folder, a_link, os.mkfifo])
@pytest.mark.parametrize("name", ["HEAD", "applied", "worktree.lock", "cache/stat", "cache/graph"])
def test_something_that_is_no_file_makes_room(repo: Repo, name: str, strange: Callable[[str], None]) -> None:
    path = Path(repo.layout.muse, name)
    path.unlink(missing_ok=True)
    strange(str(path))
    done = doctor.repair(repo)
    assert done.findings.clean and len(done.mended) == 1
    assert not os.path.lexists(path) or path.is_file()
    assert doctor.repair(repo).mended == ()
    ok("status")
    Path("a.txt").write_bytes(b"more\n")
    assert name != "worktree.lock" or ok("commit", "-m", "it can be locked")


def test_a_folder_with_something_in_it_stays(repo: Repo) -> None:
    """Whatever that is, it was not muse that put it there."""
    empty_folder(repo.layout.applied)
    kept = Path(repo.layout.applied, "kept")
    kept.write_bytes(b"a person's")
    with pytest.raises(SystemTrouble, match="applied"):
        doctor.repair(repo)
    assert kept.read_bytes() == b"a person's"


def test_a_single_object_that_is_a_folder_is_replaced(repo: Repo) -> None:
    write_object(repo.root, blob_id(VERSIONS[0]), VERSIONS[0])
    empty_folder(str(object_path(repo.root, blob_id(VERSIONS[0]))))
    assert doctor.repair(repo).findings.clean
    assert read_object(repo.root, blob_id(VERSIONS[0])) == VERSIONS[0]


def test_a_folder_whose_new_contents_are_lost_is_finished_without_them(repo: Repo) -> None:
    """Else no command could ever write again."""
    Path("b.txt").write_bytes(b"only in the fourth\n" * 20)
    Path("a.txt").write_bytes(b"the fourth\n" * 20)
    ok("commit", "-m", "fourth")
    ok("checkout", "HEAD~1")
    ok("checkout", "main")
    folder_state.set_applied(repo.layout, newest(repo).number - 1, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    Path("b.txt").unlink()
    spoil(repo, b"only in the fourth\n" * 20)
    assert "rests on" not in refused("add", "a.txt", status=3)
    done = doctor.repair(repo)
    assert done.notes == (
        "finished, as far as it can be had: checkout (operation 7)",
        "left alone, as what it should hold is lost: b.txt",
    )
    assert Path("a.txt").read_bytes() == b"the fourth\n" * 20 and not Path("b.txt").exists()
    assert doctor.repair(repo).notes == ()
    ok("add", "a.txt")
    assert muse("status", "--json").json["deleted"] == ["b.txt"]


def test_a_folder_that_a_lost_operation_wanted_stays_as_it_is(repo: Repo) -> None:
    ok("checkout", "HEAD~1")
    ok("tag", "t")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    flip(operation(repo, 5))
    refused("add", "a.txt", status=3)
    done = doctor.repair(repo)
    assert done.notes == ("the files of this folder stay as they are: what operation 5 wanted is lost",)
    assert Path("a.txt").read_bytes() == VERSIONS[2]
    ok("add", "a.txt")


def test_what_cannot_be_finished_now_does_not_hide_the_repair(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(behind, b"lost" * 9)
    monkeypatch.setattr(worktree, "put_in_place", raising(Unconfirmed("recorded, but good could not be changed")))
    assert doctor.repair(behind).notes == (
        "the files of this folder are not finished: recorded, but good could not be changed",
    )
    assert folder_state.is_unfinished(behind.layout, newest(behind))
