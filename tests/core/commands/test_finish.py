"""`commands.finish`: what a dead command began is finished before anything else, or the answer says why not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged, MuseError, Refused, SystemTrouble, Unconfirmed
from muse.core.commands import finish
from muse.core.commands.command import State, reading
from muse.core.commands.writing import EXCLUSIVE, NO_LOCK, SHARED
from muse.core.folder import folder_state, worktree
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import ops
from muse.core.packs.pack import PackGone
from muse.core.repo import Repo
from muse.core.types import digest_of
from tests.core import faults, processes
from tests.core.folders import file, put, put_all, read_files
from tests.core.small_commands import after_its_pack, change_files, newest, raising, record
from tests.core.stores import new_repo, write_pack


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository without history."""
    return new_repo(tmp_path / "root")


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.fixture
def behind(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose last command died before it changed any file."""
    put(repo.root, "f", file(b"old"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(worktree, "put_in_place", raising(Killed()))
        change_files(repo, {"f": b"new", "g": b"new"})
    return repo


def notes(state: State) -> list[str]:
    return state.notes


def test_files_are_changed_and_what_they_were_is_saved(repo: Repo) -> None:
    put(repo.root, "a/f", file(b"mine"))
    record(repo, "one")
    assert change_files(repo, {"a/f": b"new", "b": b"new"}) == ((), [])
    assert read_files(repo.root) == {"a/f": file(b"new"), "b": file(b"new")}
    operation = newest(repo)
    assert (operation.folder, folder_state.applied(repo.layout)) == (2, 2)
    for path, before, after in reading(repo, lambda state: operation.changes(state.store)):
        assert after == file(b"new").entry
        assert before == (file(b"mine").entry if path == "a/f" else None)
    assert reading(repo, lambda state: state.store.read(digest_of(b"mine"))) == b"mine"
    record(repo, "two")
    assert (newest(repo).folder, newest(repo).changes_folder) == (2, False)


def test_how_far_the_folder_is_stands_before_the_first_list(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    record(repo, "one")
    os.unlink(repo.layout.applied)
    seen: list[int | None] = []
    after_its_pack(monkeypatch, lambda: seen.append(folder_state.applied(repo.layout)))
    change_files(repo, {"f": b"new"})
    assert seen == [1]
    assert folder_state.applied(repo.layout) == 2


@pytest.mark.parametrize("lock", [SHARED, EXCLUSIVE])
def test_the_next_command_with_the_lock_finishes(behind: Repo, lock: str) -> None:
    assert folder_state.is_unfinished(behind.layout, newest(behind))
    record(behind, "next", lock=lock)
    assert read_files(behind.root) == {"f": file(b"new"), "g": file(b"new")}
    assert folder_state.applied(behind.layout) == 1
    assert not folder_state.is_unfinished(behind.layout, newest(behind))


def test_the_next_reader_finishes_and_says_so_once(behind: Repo) -> None:
    record(behind, "between", lock=NO_LOCK)
    assert read_files(behind.root) == {"f": file(b"old")}
    assert reading(behind, notes) == ["finished: checkout (operation 1)"]
    assert read_files(behind.root) == {"f": file(b"new"), "g": file(b"new")}
    assert reading(behind, notes) == []


def test_what_a_person_changed_since_is_left_alone_and_named(behind: Repo) -> None:
    put_all(behind.root, {"f": file(b"mine"), "h\n": file(b"mine")})
    assert reading(behind, notes) == [
        "finished: checkout (operation 1)",
        "left alone, as it was changed since: f",
    ]
    assert read_files(behind.root) == {"f": file(b"mine"), "g": file(b"new"), "h\n": file(b"mine")}


def test_a_reader_does_not_wait_for_whoever_is_busy(behind: Repo) -> None:
    with processes.elsewhere(processes.lock, behind.layout.lock):
        assert reading(behind, notes) == []
        assert read_files(behind.root) == {"f": file(b"old")}
    reading(behind, notes)
    assert read_files(behind.root) == {"f": file(b"new"), "g": file(b"new")}


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC])
def test_a_reader_that_cannot_finish_goes_on_and_a_writer_stops(
    behind: Repo, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", faults.failing(code))
        [line] = reading(behind, notes)
        assert line.startswith("the files of this folder are not finished: ")
        assert line.endswith(os.strerror(code))
        with pytest.raises(SystemTrouble):
            record(behind, "next", lock=SHARED)
        assert newest(behind).number == 1
    assert reading(behind, notes) == ["finished: checkout (operation 1)"]


def test_a_reader_goes_on_when_what_it_needs_is_damaged(behind: Repo) -> None:
    for ref in newest(behind).packs:
        Path(behind.layout.pack(ref.name)).write_bytes(bytes(ref.size))
    [line] = reading(behind, notes)
    assert line.startswith("the files of this folder are not finished: ")
    with pytest.raises(Damaged):
        record(behind, "next", lock=SHARED)


def test_a_pack_that_is_gone_is_damage_and_no_other_error(behind: Repo) -> None:
    name = newest(behind).packs[0].name
    os.unlink(behind.layout.pack(name))
    [line] = reading(behind, notes)
    assert line.endswith(f"{name}.pack is missing, and the newest operation names it")
    with pytest.raises(Damaged, match="is missing, and the newest operation names it"):
        record(behind, "next", lock=SHARED)


def test_a_list_that_is_gone_is_damage_and_no_other_error(behind: Repo) -> None:
    record(behind, "between")
    os.unlink(behind.layout.operation(1))
    assert reading(behind, notes) == [
        "the files of this folder are not finished: operation 1 is missing, and the folder is not finished"
    ]
    with pytest.raises(MuseError):
        record(behind, "next", lock=SHARED)


def test_packs_that_are_replaced_meanwhile_are_looked_for_again(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    before = newest(behind)
    joined = write_pack(behind.layout, [b"old", b"new"])
    os.unlink(behind.layout.pack(before.packs[0].name))

    def late(layout: object) -> ops.Operation:
        monkeypatch.setattr(ops, "newest", lambda layout: before._replace(packs=(joined,)))
        return before

    monkeypatch.setattr(ops, "newest", late)
    monkeypatch.setattr(ops, "newest_number", lambda layout: before.number + 1)
    held = WorktreeLock(behind.layout)
    assert held.acquire(shared=False)
    said: list[str] = []
    finish._finish(behind, held, said)
    held.release()
    assert said == ["finished: checkout (operation 1)"]
    assert read_files(behind.root) == {"f": file(b"new"), "g": file(b"new")}


def test_on_a_network_only_the_machine_that_began_finishes(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muse.core.folder.worktree_lock.is_network", lambda fd: True)
    host = os.uname().nodename
    operation = newest(behind)
    path = Path(behind.layout.operation(1))
    path.write_bytes(ops.encode(operation._replace(host="elsewhere")))
    [line] = reading(behind, notes)
    assert "was begun on elsewhere and is not finished" in line
    with pytest.raises(Refused, match="was begun on elsewhere") as refused:
        record(behind, "next", lock=SHARED)
    assert refused.value.kind == "not-finished"
    path.write_bytes(ops.encode(operation._replace(host=host)))
    assert reading(behind, notes) == ["finished: checkout (operation 1)"]


def test_leftovers_of_dead_commands_are_removed_in_passing(repo: Repo) -> None:
    record(repo, "one")
    put(repo.layout.restore, "0123/0", file(b"left"))
    assert reading(repo, notes) == []
    assert os.listdir(repo.layout.restore) == []
    put(repo.layout.restore, "0123/0", file(b"in use"))
    with processes.elsewhere(processes.lock, repo.layout.lock):
        reading(repo, notes)
        assert os.listdir(repo.layout.restore) == ["0123"]


def test_a_folder_is_not_finished_while_others_read_it(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorktreeLock.acquire, "__kwdefaults__", {"patience": 0.01})
    with processes.elsewhere(processes.lock, behind.layout.lock, True), pytest.raises(Refused):
        record(behind, "next", lock=SHARED)
    assert read_files(behind.root) == {"f": file(b"old")}


def test_a_reader_that_finished_the_folder_gives_the_lock_back(behind: Repo) -> None:
    reading(behind, notes)
    lock = WorktreeLock(behind.layout)
    assert lock.acquire(shared=False, patience=0)
    lock.release()


def test_packs_that_are_always_replaced_are_damage(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "resume", raising(PackGone("it")))
    with pytest.raises(Damaged, match="it is missing, and the folder is not finished"):
        record(behind, "next", lock=SHARED)
    assert newest(behind).number == 1


def test_the_warning_about_a_lock_is_in_the_answer(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muse.core.folder.worktree_lock.is_network", lambda fd: True)
    assert change_files(repo, {"f": b"new"})[1] == [
        "this folder is on a network file system: run muse from one machine at a time"
    ]


def test_a_number_that_cannot_be_written_is_unconfirmed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(Unconfirmed, match="recorded as operation 1, but cannot write"):
        patch.setattr(folder_state, "set_applied", raising(SystemTrouble("cannot write x")))
        change_files(repo, {"f": b"new"})
    assert read_files(repo.root) == {"f": file(b"new")}
    assert reading(repo, lambda state: state.notes) == ["finished: checkout (operation 1)"]


def test_the_lock_is_held_until_the_answer(repo: Repo) -> None:
    def others() -> list[bool]:
        lock = WorktreeLock(repo.layout)
        try:
            return [lock.acquire(shared=shared, patience=0) for shared in (False, True)]
        finally:
            lock.release()

    seen: dict[str, list[bool]] = {}
    for lock in (NO_LOCK, SHARED, EXCLUSIVE):
        record(repo, lock, lambda lock=lock: seen.update({lock: others()}), lock=lock)  # type: ignore[misc]
    assert seen == {NO_LOCK: [True, True], SHARED: [False, True], EXCLUSIVE: [False, False]}
    assert others() == [True, True]


def test_a_number_of_an_operation_that_is_gone_does_not_say_that_the_next_one_is_done(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(repo, "one")
    folder_state.set_applied(repo.layout, 9, durable=False)
    seen: list[int | None] = []
    after_its_pack(monkeypatch, lambda: seen.append(folder_state.applied(repo.layout)))
    change_files(repo, {"f": b"new"})
    assert (seen, folder_state.applied(repo.layout)) == ([1], 2)
