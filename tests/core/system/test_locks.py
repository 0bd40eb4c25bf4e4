"""`system.locks`: locks that die with their holder."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from muse.core.base import progress
from muse.core.system import locks
from tests.core import processes


@pytest.fixture
def fd(tmp_path: Path) -> int:
    """An open file, named `lock`."""
    return os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)


def test_one_holder_at_a_time(fd: int, tmp_path: Path) -> None:
    with processes.elsewhere(processes.lock, str(tmp_path / "lock")):
        assert not locks.try_lock(fd)
        assert not locks.try_lock(fd, shared=True)


def test_waiting_for_a_holder(fd: int, tmp_path: Path) -> None:
    with processes.elsewhere(processes.lock, str(tmp_path / "lock")) as holder:
        assert not locks.wait_for_lock(fd, 0.0)
        threading.Timer(0.05, holder.kill).start()
        assert locks.wait_for_lock(fd, locks.PATIENCE)


def test_who_waits_is_told_for_whom(fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(progress, "monitor", lambda *report: told.append(progress.sentence(*report)))
    with processes.elsewhere(processes.lock, str(tmp_path / "lock")):
        assert not locks.wait_for_lock(fd, 0.01)
        assert not locks.wait_for_lock(fd, 0)
    assert set(told) == {"waiting for another muse command, seconds: 0"}


def test_a_killed_holder_holds_nothing(fd: int, tmp_path: Path) -> None:
    with processes.elsewhere(processes.lock, str(tmp_path / "lock")) as holder:
        assert not locks.try_lock(fd)
        holder.kill()
        holder.join()
        assert locks.try_lock(fd)


def test_readers_share(fd: int, tmp_path: Path) -> None:
    with processes.elsewhere(processes.lock, str(tmp_path / "lock"), True):
        assert locks.try_lock(fd, shared=True)
        assert not locks.try_lock(fd)


def test_two_openings_in_one_process_are_two(fd: int, tmp_path: Path) -> None:
    other = os.open(tmp_path / "lock", os.O_RDWR)
    assert locks.try_lock(fd)
    assert not locks.try_lock(other)
    os.close(fd)
    assert locks.try_lock(other)


def test_a_child_that_lives_on_keeps_no_lock(fd: int, tmp_path: Path) -> None:
    """It was forked by another thread while the lock was held: it has the same open file."""
    other = os.open(tmp_path / "lock", os.O_RDWR)
    assert locks.try_lock(fd)
    with processes.forked():
        assert not locks.try_lock(other)
        locks.release(fd)
        assert locks.try_lock(other)
    locks.release(other)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("code", [0, errno.EIO, errno.ENOLCK])
def test_giving_back_never_fails_and_closes(fd: int, held: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not held or locks.try_lock(fd)
    if code:
        monkeypatch.setattr(fcntl, "flock", failing(code))
    locks.release(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    locks.release(fd)


def test_giving_back_where_there_are_no_locks(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "AVAILABLE", False)
    monkeypatch.delattr(fcntl, "flock")
    locks.release(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks(fd: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(code))
    with pytest.raises(locks.LocksUnsupported):
        locks.try_lock(fd)


def test_other_trouble_is_not_hidden(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        locks.try_lock(fd)


def test_a_platform_without_locks(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "AVAILABLE", False)
    with pytest.raises(locks.LocksUnsupported):
        locks.try_lock(fd)


def failing(code: int) -> object:
    """A function that fails like a system call."""

    def fail(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail
