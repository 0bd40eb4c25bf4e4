"""`folder.worktree_lock`: one command changes the files of a folder at a time, and says who else does."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from muse.core.base.errors import Refused, SystemTrouble
from muse.core.folder import worktree_lock
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.paths import Layout
from muse.core.system import locks
from tests.core import faults, processes
from tests.core.stores import new_repo


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


def test_who_changes_files_is_alone(layout: Layout) -> None:
    one, two = WorktreeLock(layout), WorktreeLock(layout)
    assert one.acquire(shared=False)
    assert one.exclusive
    for shared in (True, False):
        assert not two.acquire(shared=shared, patience=0)
    one.release()
    assert not one.exclusive
    assert two.acquire(shared=False, patience=0)
    two.release()


def test_who_only_reads_them_shares(layout: Layout) -> None:
    one, two, three = WorktreeLock(layout), WorktreeLock(layout), WorktreeLock(layout)
    assert one.acquire(shared=True)
    assert two.acquire(shared=True)
    assert not one.exclusive
    assert not three.acquire(shared=False, patience=0)
    one.release()
    two.release()
    assert three.acquire(shared=False, patience=0)
    three.release()


def test_acquiring_anew_gives_back_first(layout: Layout) -> None:
    lock = WorktreeLock(layout)
    lock.acquire(shared=True)
    assert lock.acquire(shared=False, patience=0)
    assert lock.exclusive
    assert lock.acquire(shared=True, patience=0)
    assert not lock.exclusive
    lock.release()
    lock.release()


def test_a_dead_holder_holds_nothing(layout: Layout) -> None:
    lock = WorktreeLock(layout)
    with processes.elsewhere(processes.lock, layout.lock) as holder:
        assert not lock.acquire(shared=True, patience=0)
        holder.kill()
        assert lock.acquire(shared=False)
    lock.release()


def test_a_child_that_lives_on_holds_nothing(layout: Layout) -> None:
    """A pool of processes forks all the time, from a thread of its own."""
    lock, other = WorktreeLock(layout), WorktreeLock(layout)
    assert lock.acquire(shared=False)
    with processes.forked():
        lock.release()
        assert other.acquire(shared=False, patience=0)
    other.release()


def test_the_holder_is_named_after_a_while(layout: Layout) -> None:
    lock = WorktreeLock(layout)
    with processes.elsewhere(processes.lock, layout.lock) as holder:
        before = len(os.listdir("/dev/fd"))
        with pytest.raises(Refused, match=rf"another muse command \(process {holder.pid}\) is changing") as refused:
            lock.acquire(shared=False, patience=0.05)
        assert refused.value.kind == "locked"
        assert len(os.listdir("/dev/fd")) == before
    assert lock.acquire(shared=False, patience=0)
    lock.release()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_a_warning(layout: Layout, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(fcntl, "flock", faults.failing(code))
    lock = WorktreeLock(layout)
    assert lock.acquire(shared=False)
    assert "has no locks" in lock.warning
    assert lock.exclusive
    lock.release()


def test_a_network_file_system_is_a_warning(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree_lock, "is_network", lambda fd: True)
    lock = WorktreeLock(layout)
    assert lock.acquire(shared=False)
    assert "network file system" in lock.warning
    assert lock.is_network
    lock.release()


def test_a_local_disk_is_none(layout: Layout) -> None:
    lock = WorktreeLock(layout)
    assert lock.acquire(shared=False)
    assert (lock.warning, lock.is_network) == ("", False)
    lock.release()


@pytest.mark.parametrize(("kind", "network"), [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False)])
def test_what_the_system_says_of_a_mount(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, network: bool
) -> None:
    device = os.stat(layout.muse).st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"21 1 99:99 / /other rw - nfs4 host:/x rw\n"
        f"22 1 {os.major(device)}:{os.minor(device)} / /here rw,relatime shared:1 - {kind} /dev/x rw\n"
    )
    original = open

    def mounted(name: str, *arguments: object, **options: object) -> object:
        return original(mounts if name == "/proc/self/mountinfo" else name, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", mounted)
    fd = os.open(layout.muse, os.O_RDONLY)
    assert worktree_lock.is_network(fd) == network
    os.close(fd)


def test_a_lock_that_cannot_be_opened_is_named(layout: Layout) -> None:
    os.symlink("elsewhere", layout.lock)
    with pytest.raises(SystemTrouble, match=r"cannot open .*worktree\.lock"):
        WorktreeLock(layout).acquire(shared=False)
    assert not os.path.exists(os.path.join(layout.muse, "elsewhere"))


def test_a_lock_that_the_system_refuses_is_named_and_given_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(fcntl, "flock", faults.failing(errno.EIO))
    with pytest.raises(SystemTrouble, match=r"cannot lock .*worktree\.lock: Input/output error"):
        WorktreeLock(layout).acquire(shared=False)
    assert len(os.listdir("/dev/fd")) == before


def test_an_interrupt_waits_until_the_lock_is_given_back(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, release = WorktreeLock(layout), locks.release

    def interrupted(fd: int) -> None:
        faults.press()
        release(fd)

    lock.acquire(shared=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(locks, "release", interrupted)
        lock.release()
    assert WorktreeLock(layout).acquire(shared=False, patience=0)


def test_an_interrupt_while_waiting_gives_back(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/dev/fd"))

    def interrupted(fd: int, *, shared: bool) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(locks, "try_lock", interrupted)
    with pytest.raises(KeyboardInterrupt):
        WorktreeLock(layout).acquire(shared=False)
    assert len(os.listdir("/dev/fd")) == before
