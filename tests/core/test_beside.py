"""`muse.core.beside`: files on another mount than `.muse/` are whole at any moment, too."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from muse.core import beside, crowd, io, syscalls, worktree
from muse.core.errors import Unconfirmed
from muse.core.worktree import Staging
from tests.core import faults
from tests.core.folders import Contents, file, read, read_files
from tests.core.travel import SAMPLE_AFTER, SAMPLE_BEFORE, Place, Stop, with_folders

_CALLS = ("open", "write", "symlink", "rename", "unlink", "mkdir", "rmdir")


@pytest.fixture(autouse=True)
def two_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rename leads out of `.muse/`."""
    rename = os.rename

    def one_mount(source: str, target: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        if (dst_dir_fd is None) != (src_dir_fd is None):
            faults.failing(errno.EXDEV)()
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", one_mount)
    for name in ("exchange", "rename_noreplace"):
        monkeypatch.setattr(syscalls, name, faults.failing(errno.EXDEV))


def sample(root: Path) -> Place:
    """A folder on its way from one state to another."""
    return Place(root, SAMPLE_BEFORE, SAMPLE_AFTER)


def test_the_folder_gets_there(tmp_path: Path) -> None:
    place = sample(tmp_path / "root")
    assert place.go(durable=True) == ()
    assert read(place.root) == with_folders(SAMPLE_AFTER)


def test_many_files_that_would_change_places(tmp_path: Path) -> None:
    old: Contents = {f"f{number}": file(b"old %d" % number) for number in range(crowd.MANY)}
    new: Contents = {f"f{number}": file(b"new %d" % number) for number in range(crowd.MANY)}
    place = Place(tmp_path / "root", old, new)
    assert place.go() == ()
    assert read(place.root) == new


def test_it_can_stop_anywhere_and_be_finished(tmp_path: Path) -> None:
    """Each file is old or new, and nothing is left beside it in the end."""
    for at in range(1000):
        place = sample(tmp_path / str(at))
        staging = Staging(place.layout, "0123", durable=False)
        staging.write(place.changes, place.store)
        with suppress(Stop), faults.tripping(at, Stop(), names=_CALLS) as calls:
            worktree.put_in_place(place.root, place.planned, staging, durable=False)
        for path, what in read_files(place.root).items():
            known = SAMPLE_BEFORE.get(path), SAMPLE_AFTER.get(path)
            assert what in known or os.path.basename(path).startswith(".restore-tmp-"), path
        assert place.resume() == ()
        assert read(place.root) == with_folders(SAMPLE_AFTER)
        if len(calls) <= at:
            return
    raise AssertionError("it never came to the end")


def test_the_copy_is_durable_before_it_is_in_place(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    staging = Staging(place.layout, "0123", durable=False)
    staging.write(place.changes, place.store)
    for durable in (True, False):
        fd = os.open(place.root, os.O_RDONLY)
        with faults.tripping(-1, Stop(), names=("fsync", "rename")) as calls:
            beside.replace(staging.path("f"), fd, "f", durable=durable)
        os.close(fd)
        assert calls == ["fsync", "rename"][not durable :]


def test_a_file_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read to be copied has no limit: it is the user's, not ours."""
    big = file(b"x" * 5000)
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": big})
    monkeypatch.setattr(io.pieces, "__defaults__", (1000,))
    assert place.go() == ()
    assert read(place.root) == {"f": big}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_is_full_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """The old file stands, nothing lies beside it, and the next command finishes."""
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    staging = Staging(place.layout, "0123", durable=False)
    staging.write(place.changes, place.store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", faults.failing(code))
        with pytest.raises(Unconfirmed, match=r"recorded, but f could not be changed: "):
            worktree.put_in_place(place.root, place.planned, staging, durable=False)
    assert read(place.root) == {"f": file(b"old")}
    assert place.resume() == ()
    assert read(place.root) == {"f": file(b"new")}


def test_nothing_is_written_through_what_was_planted_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    (tmp_path / "outside").write_bytes(b"precious")
    original = os.open

    def planted(path: str, *arguments: int, **options: int) -> int:
        if os.path.basename(path).startswith(".restore-tmp-"):
            os.symlink(tmp_path / "outside", os.path.join(place.root, path))
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "open", planted)
    with pytest.raises(Unconfirmed):
        place.go()
    assert (tmp_path / "outside").read_bytes() == b"precious"
    assert read(place.root) == {"f": file(b"old")}


def test_a_copy_that_a_dead_command_left_is_no_hindrance(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    left: list[str] = []
    rename = os.rename

    def noted(source: str, target: str, **options: int) -> None:
        left.append(source)
        rename(source, target, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", noted)
        place.go()
    place = Place(tmp_path / "again", {"f": file(b"old")}, {"f": file(b"new")})
    Path(place.root, left[-1]).write_bytes(b"half")
    assert place.go() == ()
    assert read(place.root) == {"f": file(b"new")}
