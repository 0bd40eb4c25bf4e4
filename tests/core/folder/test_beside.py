"""`folder.beside`: files on another mount than `.muse/` are whole at any moment, too."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from muse.core import io
from muse.core.base.errors import Unconfirmed
from muse.core.folder import beside, worktree
from muse.core.folder.worktree import Staging
from muse.core.system import crowd, syscalls
from tests.core import faults
from tests.core.folders import Contents, file, read, read_files
from tests.core.travel import SAMPLE_AFTER, SAMPLE_BEFORE, Place, Stop, with_folders

_CALLS = ("open", "write", "symlink", "rename", "exchange", "rename_noreplace", "unlink", "mkdir", "rmdir")


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
        monkeypatch.setattr(syscalls, name, _within(getattr(syscalls, name)))


def _within(call: Callable[..., None]) -> Callable[..., None]:
    def one_mount(*arguments: Any, src_dir_fd: int | None = None) -> None:
        if src_dir_fd is None:
            faults.failing(errno.EXDEV)()
        call(*arguments, src_dir_fd=src_dir_fd)

    return one_mount


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
        counting = faults.tripping(-1, Stop(), names=("fsync", "unlink"))
        with counting as calls, beside.copied(staging.path("f"), fd, "f", durable=durable) as copy:
            assert calls == ["unlink", "fsync"][: 1 + durable]
            assert Path(place.root, copy).read_bytes() == b"new"
        os.close(fd)
    assert sorted(os.listdir(place.root)) == [".muse", "f"]


@pytest.mark.parametrize("old", [b"old", None])
@pytest.mark.parametrize("able", [True, False])
def test_what_is_saved_while_it_is_copied_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes | None, able: bool
) -> None:
    """Copying takes as long as the file is large."""
    if not able and old is None:
        return  # nobody can tell there
    before = {"f": file(old)} if old is not None else {}
    place = Place(tmp_path / "root", before, {"f": file(b"new")})
    copied = beside._copy

    def late(*arguments: Any) -> None:
        copied(*arguments)
        Path(place.root, "f").write_bytes(b"mine")

    monkeypatch.setattr(beside, "_copy", late)
    if not able:
        monkeypatch.setattr(syscalls, "_library", object())
    assert place.go() == ("f",)
    assert read(place.root) == {"f": file(b"mine")}


def test_a_save_just_before_a_removal_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old"), "g": file(b"old")}, {})
    rename = os.rename

    def late(source: str, target: str, **options: Any) -> None:
        if source == "f" and target.startswith(".restore-tmp-"):
            Path(place.root, "f").write_bytes(b"mine")
        rename(source, target, **options)

    monkeypatch.setattr(os, "rename", late)
    assert place.go() == ("f",)
    assert read(place.root) == {"f": file(b"mine")}


def test_a_file_that_goes_while_it_is_copied_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    copied = beside._copy

    def late(*arguments: Any) -> None:
        copied(*arguments)
        Path(place.root, "f").unlink()

    monkeypatch.setattr(beside, "_copy", late)
    assert place.go() == ("f",)
    assert read(place.root) == {}


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


def test_a_copy_that_a_dead_command_left_goes(tmp_path: Path) -> None:
    """Whether the file is done, is not, or was changed by a person since; and it is no hindrance."""
    names = ("done", "open", "edited")
    place = Place(tmp_path / "root", {name: file(b"old") for name in names}, {name: file(b"new") for name in names})
    for name in names:
        Path(place.root, beside.name_of_copy(name)).write_bytes(b"half")
    Path(place.root, "done").write_bytes(b"new")
    Path(place.root, "edited").write_bytes(b"mine")
    assert place.resume() == ("edited",)
    assert read(place.root) == {"done": file(b"new"), "open": file(b"new"), "edited": file(b"mine")}


def test_a_copy_of_another_command_is_no_hindrance(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    Path(place.root, beside.name_of_copy("f")).write_bytes(b"half")
    assert place.go() == ()
    assert read(place.root) == {"f": file(b"new")}
