"""`muse.core.io`: one reader that nothing fools, one writer that leaves the old file or the new one."""

from __future__ import annotations

import errno
import itertools
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import io, stat_cache
from muse.core.base.errors import Damaged, SystemTrouble
from muse.core.commits import graph
from muse.core.operations import ops
from muse.core.packs.pack import Pack, PackGone
from muse.core.paths import Layout
from muse.core.system import locks, publish, sweep, temps
from muse.core.types import PackRef
from muse.core.upkeep import caches
from tests.core import faults, processes, strange

Surroundings = Callable[[pytest.MonkeyPatch], None]
SURROUNDINGS = [faults.as_usual, faults.without_nameless_files, faults.without_links]
OLD, NEW = b"old" * 100, b"new" * 700_000


@pytest.fixture(params=SURROUNDINGS, ids=lambda surroundings: surroundings.__name__)
def surroundings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    """Each kind of file system in turn."""
    request.param(monkeypatch)
    chosen: Surroundings = request.param
    return chosen


# Reading


@given(data=st.binary(max_size=300), offset=st.integers(0, 310), size=st.integers(0, 310))
def test_read_exactly_is_a_slice(data: bytes, offset: int, size: int) -> None:
    with tempfile.TemporaryFile() as file:
        os.write(file.fileno(), data)
        assert io.read_exactly(file.fileno(), offset, size) == data[offset : offset + size]


def test_read_exactly_goes_on_after_a_short_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(range(100)))
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: pread(fd, min(size, 7), offset))
    assert io.read_file(str(tmp_path / "f")) == bytes(range(100))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", strange.NOT_OURS)
def test_what_is_not_ours_is_refused_at_once(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "x")
    with pytest.raises(Damaged, match=r"x (is not a regular file|has 6,442,450,944 bytes)"):
        io.read_file(str(folder / "x"))


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        io.read_file(str(tmp_path / "x"))


def test_a_refused_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", faults.failing(errno.EACCES))
    with pytest.raises(SystemTrouble, match=r"cannot open .*/x: Permission denied") as refused:
        io.read_file(str(tmp_path / "x"))
    assert refused.value.kind == "eacces"


def test_a_handle_that_is_stale_is_a_file_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network file system, where somebody else removed the file."""
    (tmp_path / "x").write_bytes(b"x")
    ref = PackRef("0" * 32, 1)
    monkeypatch.setattr(os, "open", faults.failing(errno.ESTALE))
    with pytest.raises(FileNotFoundError):
        io.open_regular(str(tmp_path / "x"))
    with pytest.raises(FileNotFoundError):
        ops.read(Layout(str(tmp_path)), 1)
    with pytest.raises(PackGone):
        Pack(str(tmp_path / "x"), ref)


def test_a_read_that_fails_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"x")
    monkeypatch.setattr(os, "pread", faults.failing(errno.EIO))
    with pytest.raises(SystemTrouble, match=r"cannot read .*/x: Input/output error"):
        io.read_file(str(tmp_path / "x"))


def test_the_limit_is_the_largest_size(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(10))
    assert io.read_file(str(tmp_path / "x"), 10) == bytes(10)
    with pytest.raises(Damaged, match="10 bytes, more than"):
        io.read_file(str(tmp_path / "x"), 9)


# Writing


@given(data=st.binary(max_size=1000), step=st.integers(1, 50))
def test_write_all_writes_all(data: bytes, step: int) -> None:
    write = os.write
    with tempfile.TemporaryFile() as file:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:step]))
            io.write_all(file.fileno(), data)
        assert io.read_exactly(file.fileno(), 0, 2000) == data


@given(parts=st.lists(st.binary(max_size=100) | st.just(bytes(1 << 20)), max_size=5))
def test_a_new_file_holds_what_was_written(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "written"
    path.unlink(missing_ok=True)
    with io.NewFile(str(path.parent), durable=False) as new:
        for part in parts:
            new.write(part)
        assert new.size == sum(map(len, parts))
        new.create(str(path))
    assert path.read_bytes() == b"".join(parts)


def test_replace_takes_the_place(tmp_path: Path, surroundings: Surroundings) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    io.write_atomic(str(path), NEW)
    assert path.read_bytes() == NEW
    io.write_text_atomic(path, "text ü\n")
    assert path.read_text("utf-8") == "text ü\n"
    assert os.listdir(tmp_path) == ["file"]


def test_a_new_file_of_which_a_write_failed_is_never_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surroundings: Surroundings
) -> None:
    """Nobody knows how much of it was written, so what follows would be in the wrong place."""
    target = tmp_path / "target"
    with io.NewFile(str(tmp_path)) as new:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", faults.failing(errno.ENOSPC))
            with pytest.raises(OSError, match="No space left") as caught:
                new.write(NEW)
        with pytest.raises(OSError, match="No space left"):
            new.write(NEW)
        for name in (new.create, new.replace):
            with pytest.raises(OSError, match="No space left"):
                name(str(target))
        assert caught.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def test_a_file_that_took_its_place_is_not_called_unwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surroundings: Surroundings
) -> None:
    target = tmp_path / "target"
    target.write_bytes(OLD)
    monkeypatch.setattr(io, "sync_folder", faults.failing(errno.EIO))
    with pytest.raises(SystemTrouble, match=r"the disk did not confirm .*target: Input/output error"):
        io.write_atomic(str(target), NEW)
    assert target.read_bytes() == NEW


def test_replace_replaces_a_link_and_not_its_target(tmp_path: Path, surroundings: Surroundings) -> None:
    (tmp_path / "target").write_bytes(OLD)
    (tmp_path / "link").symlink_to("target")
    io.write_atomic(str(tmp_path / "link"), b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == OLD


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path, surroundings: Surroundings) -> None:
    (tmp_path / "file").write_bytes(OLD)
    with (tmp_path / "file").open("rb") as reader:
        io.write_atomic(str(tmp_path / "file"), NEW)
        assert reader.read() == OLD


@pytest.mark.parametrize("way", publish.WAYS[::2])
def test_create_takes_free_names_only(tmp_path: Path, way: str) -> None:
    for expected in (b"first", b"first"):
        with io.NewFile(str(tmp_path), way=way) as new:
            new.write(b"first" if not (tmp_path / "name").exists() else b"second")
            if (tmp_path / "name").exists():
                with pytest.raises(FileExistsError):
                    new.create(str(tmp_path / "name"))
            else:
                new.create(str(tmp_path / "name"))
        assert (tmp_path / "name").read_bytes() == expected
    assert set(os.listdir(tmp_path)) <= {"name", "publish.lock"}


def test_without_links_create_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.without_links(monkeypatch)
    with io.NewFile(str(tmp_path)) as new, pytest.raises(PermissionError):
        new.create(str(tmp_path / "name"))
    assert os.listdir(tmp_path) == []


def test_a_mount_without_proc_falls_back_to_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "link_nameless", faults.failing(errno.ENOENT))
    with io.NewFile(str(tmp_path)) as new:
        new.write(NEW)
        new.create(str(tmp_path / "name"))
    assert (tmp_path / "name").read_bytes() == NEW
    assert os.listdir(tmp_path) == ["name"]


def test_what_got_no_name_is_gone(tmp_path: Path, surroundings: Surroundings) -> None:
    with io.NewFile(str(tmp_path)) as new:
        new.write(NEW)
        new.flush()
    assert os.listdir(tmp_path) == []


ERRORS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]


@pytest.mark.parametrize("error", ERRORS, ids=["ENOSPC", "Ctrl+C"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_fails_the_old_file_stands_or_the_new_one(
    tmp_path: Path, surroundings: Surroundings, error: BaseException, after: bool
) -> None:
    path = tmp_path / "file"
    for at in itertools.count():
        path.write_bytes(OLD)
        failed = False
        with faults.tripping(at, error, after=after) as calls:
            try:
                io.write_atomic(str(path), NEW)
            except (SystemTrouble, KeyboardInterrupt):
                failed = True
        if len(calls) <= at:
            break
        assert path.read_bytes() == (OLD if failed and "rename" not in calls[: at + after] else NEW), calls
        if calls[at] != "unlink" and not (after and calls[at] == "open"):
            assert os.listdir(tmp_path) == ["file"], calls
        sweep.sweep_muse(str(tmp_path))
        assert os.listdir(tmp_path) == ["file"], calls
    assert at >= 5
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("error", ERRORS, ids=["ENOSPC", "Ctrl+C"])
def test_whatever_fails_a_created_file_is_whole_or_not_there(
    tmp_path: Path, surroundings: Surroundings, error: BaseException
) -> None:
    way = publish.LOCK if surroundings is faults.without_links else publish.LINK
    path = tmp_path / "file"
    for at in itertools.count():
        path.unlink(missing_ok=True)
        with (
            faults.tripping(at, error) as calls,
            suppress(OSError, KeyboardInterrupt),
            io.NewFile(str(tmp_path), way=way) as new,
        ):
            new.write(NEW)
            new.create(str(path))
        if len(calls) <= at:
            break
        assert not path.exists() or path.read_bytes() == NEW, calls
        if calls[at] != "unlink":
            assert set(os.listdir(tmp_path)) <= {"file", "publish.lock"}, calls
        sweep.sweep_muse(str(tmp_path))
        assert set(os.listdir(tmp_path)) <= {"file", "publish.lock"}, calls
    assert at >= 3
    assert path.read_bytes() == NEW


def test_no_descriptor_is_left_open(tmp_path: Path, surroundings: Surroundings) -> None:
    before = len(os.listdir("/dev/fd"))
    for at in range(12):
        with faults.tripping(at, OSError(errno.EIO, "Input/output error")), suppress(SystemTrouble):
            io.write_atomic(str(tmp_path / "file"), NEW)
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("mode", [0o666, 0o777])
def test_new_files_follow_the_umask(tmp_path: Path, surroundings: Surroundings, mode: int) -> None:
    before = os.umask(0o027)
    try:
        with io.NewFile(str(tmp_path), mode=mode) as new:
            new.replace(str(tmp_path / "file"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "file").st_mode) == mode & ~0o027


def test_durable_means_file_and_folder(tmp_path: Path, surroundings: Surroundings) -> None:
    for durable in (True, False):
        with faults.tripping(-1, Exception()) as calls:
            io.write_atomic(str(tmp_path / "file"), b"", durable=durable)
        assert (calls.count("fsync") >= 2) == durable
        assert durable or "fsync" not in calls
        assert not durable or calls.index("fsync") < calls.index("rename") < calls.index("open", calls.index("rename"))


def test_a_temporary_name_is_locked_while_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.without_nameless_files(monkeypatch)
    with io.NewFile(str(tmp_path)) as new:
        assert new.temp is not None
        fd = os.open(new.temp, os.O_RDWR)
        assert not locks.try_lock(fd)
        os.close(fd)


def test_a_file_that_was_swept_before_its_lock_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.without_nameless_files(monkeypatch)
    try_lock = locks.try_lock
    swept: list[str] = []

    def late(fd: int) -> bool:
        if not swept:
            swept.extend(os.listdir(tmp_path))
            os.unlink(tmp_path / swept[0])
        return try_lock(fd)

    monkeypatch.setattr(locks, "try_lock", late)
    io.write_atomic(str(tmp_path / "file"), NEW)
    assert len(swept) == 1
    assert (tmp_path / "file").read_bytes() == NEW


def test_two_processes_that_replace_a_file_leave_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    io.write_atomic(str(path), bytes(20_000))
    torn = processes.race(processes.replace_and_read, str(path), 40)
    assert torn == [0, 0]


def test_a_file_that_a_sweep_is_about_to_take_is_removed_and_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep holds its lock, and may be stopped there."""
    faults.without_nameless_files(monkeypatch)
    answers = iter([False, True])
    monkeypatch.setattr(locks, "try_lock", lambda fd: next(answers))
    io.write_atomic(str(tmp_path / "file"), NEW)
    assert os.listdir(tmp_path) == ["file"]


def test_where_no_lock_is_ever_had_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.without_nameless_files(monkeypatch)
    monkeypatch.setattr(locks, "try_lock", lambda fd: False)
    with pytest.raises(SystemTrouble, match="Resource temporarily unavailable"):
        io.write_atomic(str(tmp_path / "file"), NEW)
    assert os.listdir(tmp_path) == []


def test_a_name_that_is_taken_is_no_temporary_file_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.without_nameless_files(monkeypatch)
    monkeypatch.setattr(temps, "new_name", lambda prefix: "taken")
    (tmp_path / "taken").write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        io.NewFile(str(tmp_path))
    assert (tmp_path / "taken").read_bytes() == b"theirs"


def test_an_interrupt_at_the_lock_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(fd: int) -> bool:
        raise KeyboardInterrupt

    faults.without_nameless_files(monkeypatch)
    monkeypatch.setattr(locks, "try_lock", interrupted)
    with pytest.raises(KeyboardInterrupt):
        io.NewFile(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_file_that_takes_a_place_is_locked_while_it_has_a_temporary_name(
    tmp_path: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, locked = os.rename, []

    def noted(source: str, target: str) -> None:
        fd = os.open(source, os.O_RDWR)
        locked.append(not locks.try_lock(fd))
        os.close(fd)
        rename(source, target)

    monkeypatch.setattr(os, "rename", noted)
    io.write_atomic(str(tmp_path / "file"), b"new")
    assert locked == [True]


# Folders


@pytest.mark.parametrize(("code", "refused"), [(errno.EINVAL, False), (errno.EIO, True), (errno.ENOSPC, True)])
def test_folders_that_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, refused: bool
) -> None:
    """Where there is no such call for folders, as in those that a virtual machine shares, none is needed."""
    monkeypatch.setattr(os, "fsync", faults.failing(code))
    if refused:
        with pytest.raises(OSError):
            io.sync_folder(str(tmp_path))
    else:
        io.sync_folder(str(tmp_path))


@pytest.mark.parametrize("read", [graph.Graph, stat_cache.StatCache, caches._is_whole])
@pytest.mark.parametrize("more", [0, 1])
def test_caches_are_read_up_to_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[str], object], more: int
) -> None:
    """What is larger is a hole, as a broken disk may leave: to read it would take as much memory."""
    path = tmp_path / "cache"
    path.touch()
    os.truncate(path, io.CACHE_LIMIT + more)
    sizes: list[int] = []

    def counted(fd: int, offset: int, size: int) -> bytes:
        sizes.append(size)
        return b""

    monkeypatch.setattr(io, "read_exactly", counted)
    read(str(path))
    assert sizes == ([] if more else [io.CACHE_LIMIT])
