"""`folder.worktree`: the files of the folder are put in place one by one, and whoever comes after can finish."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from muse.core.base.errors import Damaged, MuseError, SystemTrouble
from muse.core.folder import folder_state, worktree
from muse.core.folder.folders import Folders, Found
from muse.core.folder.worktree import Planned, Staging
from muse.core.system import crowd, syscalls
from muse.core.types import Change
from tests.core import faults
from tests.core.folders import FIFO, What, file, put, put_all, read, read_files, tick
from tests.core.stores import an_operation
from tests.core.strange import NOT_OURS
from tests.core.travel import MINE, NEW, OLD, SAMPLE_AFTER, SAMPLE_BEFORE, Place, with_folders


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder on its way from `SAMPLE_BEFORE` to `SAMPLE_AFTER`."""
    return Place(tmp_path / "root", SAMPLE_BEFORE, SAMPLE_AFTER)


def test_the_folder_gets_there(place: Place) -> None:
    assert place.go(durable=True) == ()
    assert read(place.root) == with_folders(SAMPLE_AFTER)
    assert folder_state.leftovers(place.layout) == []


def test_what_is_not_in_the_list_is_not_touched(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {"a/f": OLD, "b/f": OLD}, {"c": NEW})
    others = {"a/mine": MINE, "mine": MINE, "d/mine": What("l", b"x"), "pipe": What(FIFO), "empty": What("d")}
    put_all(place.root, others)
    assert place.go() == ()
    assert read(place.root) == with_folders({"c": NEW, **others})


def test_replaced_files_have_the_time_of_now(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {"f": OLD}, {"f": NEW})
    os.utime(os.path.join(place.root, "f"), (0, 0))
    place.planned = (place.planned[0]._replace(found=find(place, "f")),)
    assert place.go() == ()
    assert os.stat(os.path.join(place.root, "f")).st_mtime > 0


def find(place: Place, path: str) -> Found:
    with Folders(place.root) as folders:
        return folders.find(path)


# Changed meanwhile


EDITS: list[Callable[[str], None]] = [
    lambda root: put(root, "a/f", MINE),
    lambda root: put(root, "a/f", What("x", b"old")),
    lambda root: put(root, "a/f", None),
    lambda root: put(root, "a/f", What("d")),
    lambda root: put(root, "a/f/mine", MINE),
    lambda root: put(root, "a/f", What(FIFO)),
    lambda root: put(root, "a/f", What("l", b"old")),
    lambda root: put(root, "a", MINE),
    lambda root: put(root, "a", None),
    lambda root: put(root, "a", What("l", b"..")),
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("after", [NEW, None])
def test_what_changed_meanwhile_is_left_alone_and_named(
    tmp_path: Path, edit: Callable[[str], None], after: What | None
) -> None:
    place = Place(tmp_path / "root", {"a/f": OLD, "b": OLD}, {"b": NEW} if after is None else {"a/f": after, "b": NEW})
    tick(place.root)
    edit(place.root)
    expected = {**read(place.root), "b": NEW}
    gone = "a/f" not in expected
    left = place.go()
    if gone and after is None:
        assert left in ((), ("a/f",))
    else:
        assert left == ("a/f",)
    assert read_files(place.root) == {path: what for path, what in expected.items() if what.mode != "d"}


def test_a_new_file_at_a_free_path_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {}, {"a/f": NEW, "b": NEW, "c/f": NEW})
    put_all(place.root, {"a/f": MINE, "c": MINE})
    assert place.go() == ("a/f", "c/f")
    assert read_files(place.root) == {"a/f": MINE, "b": NEW, "c": MINE}


def test_an_edit_of_the_same_size_within_one_tick_is_seen(tmp_path: Path) -> None:
    for number in range(20):
        place = Place(tmp_path / str(number), {"f": OLD}, {"f": NEW})
        with open(os.path.join(place.root, "f"), "r+b") as opened:
            opened.write(b"me!")
        assert place.go() == ("f",)
        assert read(place.root) == {"f": file(b"me!")}


@pytest.mark.parametrize("way", ["a", "a/b"])
def test_nothing_is_written_or_removed_through_a_link(tmp_path: Path, way: str) -> None:
    before = {"a/b/f": OLD, "a/b/g": OLD, "a/b/gone": OLD}
    place = Place(tmp_path / "root", before, {"a/b/f": NEW, "a/b/g": NEW, "a/b/n/new": NEW})
    os.rename(os.path.join(place.root, way), tmp_path / "outside")
    os.symlink(tmp_path / "outside", os.path.join(place.root, way))
    outside = read(tmp_path / "outside")
    assert set(place.go()) >= {"a/b/f", "a/b/g", "a/b/n/new"}
    assert read(tmp_path / "outside") == outside
    put(place.root, way, What("l", os.fsencode(tmp_path / "outside")))
    place.resume()
    assert read(tmp_path / "outside") == outside


def test_an_empty_folder_that_came_meanwhile_makes_way(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {}, {"a": NEW})
    os.makedirs(os.path.join(place.root, "a", "b"))
    assert place.go() == ()
    assert read(place.root) == {"a": NEW}


def test_the_folder_that_the_process_is_in_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "root", {"a/b/f": OLD, "c/f": OLD}, {})
    monkeypatch.chdir(os.path.join(place.root, "a", "b"))
    assert place.go() == ()
    assert read(place.root) == {"a": What("d"), "a/b": What("d")}


# Waiting contents


def test_contents_wait_whole_and_with_their_modes(tmp_path: Path) -> None:
    place = Place(tmp_path / "root", {}, {"f": NEW, "x": What("x", b"new"), "l": What("l", b"f")})
    before = os.umask(0o027)
    try:
        staging = Staging(place.layout, "0123", durable=True)
        staging.write(place.changes, place.store)
    finally:
        os.umask(before)
    assert Path(staging.path("f")).read_bytes() == b"new"
    assert os.stat(staging.path("f")).st_mode & 0o777 == 0o640
    assert os.stat(staging.path("x")).st_mode & 0o777 == 0o750
    assert os.readlink(staging.path("l")) == "f"
    assert sorted(folder_state.leftovers(place.layout)) == ["0123-0", "0123-1", "0123-2"]
    staging.discard()
    assert folder_state.leftovers(place.layout) == []
    staging.discard()


@pytest.mark.parametrize(("files", "syncs"), [(1, 1), (49, 49), (50, 0), (60, 0)])
def test_many_files_are_synced_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, syncs: int
) -> None:
    place = Place(tmp_path / "root", {}, {f"f{number}": file(b"%d" % number) for number in range(files)})
    at_once: list[str] = []

    def sync_file_system(path: str) -> bool:
        at_once.append(path)
        return True

    monkeypatch.setattr(syscalls, "sync_file_system", sync_file_system)
    with faults.tripping(-1, Exception(), names=("fsync",)) as calls:
        Staging(place.layout, "0123", durable=True).write(place.changes, place.store)
        assert len(calls) == syncs
        assert len(at_once) == (syncs == 0)
        Staging(place.layout, "4567", durable=False).write(place.changes, place.store)
        assert (len(calls), len(at_once)) == (syncs, syncs == 0)


def test_where_that_cannot_be_had_each_file_and_each_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syscalls, "_library", object())
    names = [f"d{number}/f" for number in range(crowd.MANY)]
    place = Place(tmp_path / "root", {}, {**{name: file(name.encode()) for name in names}, "l": What("l", b"f")})
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    assert place.go(durable=True) == ()
    wanted = [os.stat(os.path.join(place.root, name)).st_ino for name in names]
    wanted += [os.stat(os.path.dirname(os.path.join(place.root, name))).st_ino for name in names]
    assert set(wanted) <= set(synced)


def many(start: bytes) -> dict[str, What]:
    """More files than are placed one by one."""
    return {f"f{number:02d}": file(start + b"%d" % number) for number in range(crowd.MANY)}


@pytest.mark.parametrize("refused", [0, errno.EINVAL, errno.EPERM, errno.ENOSYS])
def test_many_files_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    if refused:
        monkeypatch.setattr(syscalls, "exchange", faults.failing(refused))
    place = Place(tmp_path / "root", many(b"old "), {**many(b"new "), "one more": file(b"")})
    assert place.go() == ()
    assert read(place.root) == {**many(b"new "), "one more": file(b"")}
    assert folder_state.leftovers(place.layout) == []


def test_an_interrupt_waits_until_a_file_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finishes for a dead command is not held up otherwise."""
    place = Place(tmp_path / "root", {"a": file(b"old"), "b": file(b"old")}, {"a": file(b"new"), "b": file(b"new")})
    exchange = syscalls.exchange

    def pressed(*arguments: Any, **options: Any) -> None:
        faults.press()
        exchange(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(syscalls, "exchange", pressed)
        place.go()
    assert read(place.root) == {"a": file(b"new"), "b": file(b"old")}


def test_all_names_of_one_file_change(tmp_path: Path) -> None:
    """What is done to one of them shows in the times of the others."""
    names = [f"f{number}" for number in range(6)]
    place = Place(tmp_path / "root", {names[0]: file(b"old")}, {})
    for name in names[1:]:
        os.link(os.path.join(place.root, names[0]), os.path.join(place.root, name))
    with Folders(place.root) as folders:
        found = [(name, folders.find(name)._replace(racy=False)) for name in names]
    wanted = {name: What("f", b"new").entry if name > "f2" else None for name in names}
    place.store.add(b"new")
    planned = [Planned(Change(name, one.entry, wanted[name]), one) for name, one in found]
    staging = Staging(place.layout, "0123", durable=False)
    staging.write([plan.change for plan in planned], place.store)
    assert worktree.put_in_place(place.root, planned, staging, durable=False) == ()
    staging.discard()
    assert read(place.root) == {name: file(b"new") for name in names[3:]}


@pytest.mark.parametrize("code", [errno.EPERM, errno.EBUSY])
def test_a_file_that_nobody_can_change_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """It is mounted, or marked as immutable."""
    old = {name: file(b"old") for name in ("a", "b", "c", "d")}
    place = Place(tmp_path / "root", old, {"b": file(b"new"), "d": file(b"new")})
    exchange, rename, unlink = syscalls.exchange, os.rename, os.unlink

    def refusing(call: Callable[..., None]) -> Callable[..., None]:
        def act(*arguments: Any, **options: Any) -> None:
            if {"a", "b"} & {*arguments}:
                faults.failing(code)()
            call(*arguments, **options)

        return act

    with monkeypatch.context() as patch:
        for name, call in (("rename", rename), ("unlink", unlink)):
            patch.setattr(os, name, refusing(call))
        patch.setattr(syscalls, "exchange", refusing(exchange))
        assert place.go() == ("a", "b")
    assert read(place.root) == {"a": file(b"old"), "b": file(b"old"), "d": file(b"new")}


@pytest.mark.parametrize("code", [errno.EPERM, errno.EBUSY])
def test_an_empty_folder_that_cannot_go_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Something is mounted there."""
    place = Place(tmp_path / "root", {}, {"f": file(b"new"), "g": file(b"new")})
    Path(place.root, "f").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", faults.failing(code))
        assert place.go() == ("f",)
    assert read_files(place.root) == {"g": file(b"new")}


def test_a_name_that_cannot_be_there_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of Windows takes no colon."""
    place = Place(tmp_path / "root", {}, {"a:b": file(b"new"), "g": file(b"new")})
    noreplace, rename = syscalls.rename_noreplace, os.rename

    def refusing(call: Callable[..., None]) -> Callable[..., None]:
        def act(*arguments: Any, **options: Any) -> None:
            if "a:b" in arguments:
                faults.failing(errno.EINVAL)()
            call(*arguments, **options)

        return act

    with monkeypatch.context() as patch:
        patch.setattr(syscalls, "rename_noreplace", refusing(noreplace))
        patch.setattr(os, "rename", refusing(rename))
        assert place.go() == ("a:b",)
    assert read_files(place.root) == {"g": file(b"new")}


def test_what_changed_meanwhile_is_left_alone_where_files_cannot_change_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syscalls, "exchange", faults.failing(errno.EINVAL))
    place = Place(tmp_path / "root", {"f": file(b"old")}, {"f": file(b"new")})
    Path(place.root, "f").write_bytes(b"edited")
    assert place.go() == ("f",)
    assert read(place.root) == {"f": file(b"edited")}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_shows_before_anything_has_changed(tmp_path: Path, code: int) -> None:
    for at in itertools.count():
        place = Place(tmp_path / str(at), SAMPLE_BEFORE, SAMPLE_AFTER)
        failure = OSError(code, os.strerror(code))
        names = ("mkdir", "open", "write", "fsync", "symlink")
        try:
            with faults.tripping(at, failure, names=names):
                staging = Staging(place.layout, "0123", durable=True)
                staging.write(place.changes, place.store)
            break
        except SystemTrouble as error:
            assert error.message.startswith(f"cannot write {place.layout.muse}")
            assert error.message.endswith(os.strerror(code))
        finally:
            staging.discard()
        assert read_files(place.root) == SAMPLE_BEFORE
        assert folder_state.leftovers(place.layout) == []
    assert at > 5


@pytest.mark.parametrize("link", [b"", b"a\0b"])
def test_a_link_that_cannot_be_made_is_damage(tmp_path: Path, link: bytes) -> None:
    place = Place(tmp_path / "root", {}, {})
    change = Change("l", None, What("l", link).entry)
    place.store.add(link)
    with pytest.raises(Damaged, match=r"a link with the target b'.*' cannot be made"):
        Staging(place.layout, "0123", durable=False).write([change], place.store)


# How far the folder is


@pytest.mark.parametrize(("number", "behind"), [(0, True), (4, True), (5, False), (6, False)])
def test_how_far_the_folder_is(place: Place, number: int, behind: bool) -> None:
    folder_state.set_applied(place.layout, number, durable=True)
    assert folder_state.applied(place.layout) == number
    assert folder_state.is_behind(place.layout, place.operation) == behind
    assert folder_state.is_behind(place.layout, place.operation._replace(number=9)) == behind
    assert not folder_state.is_behind(place.layout, an_operation(9))
    assert not folder_state.is_behind(place.layout, None)


@pytest.mark.parametrize("data", [b"", b"x", b"-1", b"1.5", b"1 2", b"9" * 100, b"\xb2", b"5\n\n"])
def test_odd_numbers_are_none(place: Place, data: bytes) -> None:
    Path(place.layout.applied).write_bytes(data)
    assert folder_state.applied(place.layout) == (5 if data == b"5\n\n" else None)


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_the_number(
    place: Place, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.layout.muse)
    os.unlink(place.layout.applied)
    make(Path(place.layout.applied))
    assert folder_state.applied(place.layout) is None
    with suppress(MuseError):
        folder_state.set_applied(place.layout, 7, durable=False)
    assert folder_state.applied(place.layout) == (None if make.__name__ == "folder" else 7)


# What dead commands left


def test_leftovers_are_removed(place: Place) -> None:
    put_all(place.layout.restore, {"0123/0": NEW, "0123/1": What("l", b"nowhere"), "file": NEW, "4567": What("d")})
    assert len(folder_state.leftovers(place.layout)) == 3
    worktree.clear_restore(place.layout)
    assert folder_state.leftovers(place.layout) == []


def test_links_among_leftovers_are_not_followed(place: Place, tmp_path: Path) -> None:
    put(tmp_path, "outside/precious", MINE)
    put(place.layout.restore, "link", What("l", os.fsencode(tmp_path / "outside")))
    put(place.layout.restore, "0123/link", What("l", os.fsencode(tmp_path / "outside")))
    worktree.clear_restore(place.layout)
    assert folder_state.leftovers(place.layout) == []
    os.rmdir(place.layout.restore)
    os.symlink(tmp_path / "outside", place.layout.restore)
    assert folder_state.leftovers(place.layout) == []
    worktree.clear_restore(place.layout)
    assert read_files(tmp_path / "outside") == {"precious": MINE}


@pytest.mark.parametrize("call", ["unlink", "rmdir", "listdir"])
def test_what_cannot_be_removed_waits(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    put_all(place.layout.restore, {"0123/0": NEW, "file": NEW})
    with monkeypatch.context() as patch:
        patch.setattr(os, call, faults.failing(errno.EROFS))
        worktree.clear_restore(place.layout)
    worktree.clear_restore(place.layout)
    assert folder_state.leftovers(place.layout) == []


def test_folders_stay_open_for_nobody(place: Place) -> None:
    before = len(os.listdir("/dev/fd"))
    place.go()
    place.resume()
    with Folders(place.root):
        pass
    assert len(os.listdir("/dev/fd")) == before
