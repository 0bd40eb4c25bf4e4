"""`folder.placing`: what somebody saves at the last moment stands, and is told of."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from muse.core.base.errors import Changing
from muse.core.folder import placing
from muse.core.folder.folders import Folders, Found
from muse.core.folder.placing import Changed
from muse.core.system import syscalls
from tests.core import faults
from tests.core.small_commands import raising

#: What a person may do to a file, and what stands there afterwards.
Edit = Callable[[Path], None]


def save(path: Path) -> None:
    """As most programs do: in place."""
    path.write_bytes(b"mine")


def save_over(path: Path) -> None:
    """As careful ones do."""
    new = path.with_name("new")
    new.write_bytes(b"mine")
    new.rename(path)


def with_old_times(path: Path) -> None:
    """Only the contents tell."""
    before = path.stat()
    path.write_bytes(b"MINE"[: before.st_size])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("elsewhere")


def folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


EDITS = [save, save_over, link, folder]


class Spot:
    """One name in a folder, and the place below `.muse/restore/`.

    Args:
        root: An empty folder.
        old: What the file holds; None where there is none.
    """

    def __init__(self, root: Path, old: bytes | None) -> None:
        self.path, self.other = root / "files" / "f", root / "restore" / "0123-0"
        for one in (self.path, self.other):
            one.parent.mkdir()
        if old is not None:
            self.path.write_bytes(old)
            os.utime(self.path, ns=(10**18, 10**18))
        self.above = os.open(self.path.parent, os.O_RDONLY)
        with Folders(str(self.path.parent)) as folders:
            self.found: Found = folders.find("f")

    def put(self) -> None:
        """Put `new` there."""
        self.other.write_bytes(b"new")
        placing.put(str(self.other), self.above, "f", self.found, durable=False)

    def remove(self) -> None:
        placing.remove(str(self.other), self.above, "f", self.found)

    def is_as_after(self, edit: Edit, elsewhere: Path) -> bool:
        """Whether what stands there is what `edit` leaves."""
        elsewhere.write_bytes(b"old")
        edit(elsewhere)
        return _seen(self.path) == _seen(elsewhere)


def _seen(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else path.is_dir()


@pytest.fixture
def spot(tmp_path: Path) -> Iterator[Callable[[bytes | None], Spot]]:
    """Makes the spot."""
    made: list[Spot] = []

    def make(old: bytes | None) -> Spot:
        made.append(Spot(tmp_path, old))
        return made[-1]

    yield make
    for one in made:
        os.close(one.above)


Make = Callable[[bytes | None], Spot]


def test_the_old_file_waits_to_be_removed(spot: Make) -> None:
    one = spot(b"old")
    one.put()
    assert (one.path.read_bytes(), one.other.read_bytes()) == (b"new", b"old")


def test_a_file_where_there_was_none(spot: Make) -> None:
    one = spot(None)
    one.put()
    assert one.path.read_bytes() == b"new" and not one.other.exists()


def test_a_file_that_goes_waits_to_be_removed(spot: Make) -> None:
    one = spot(b"old")
    one.remove()
    assert not one.path.exists() and one.other.read_bytes() == b"old"


@pytest.mark.parametrize("edit", [*EDITS, with_old_times])
@pytest.mark.parametrize("act", [Spot.put, Spot.remove])
def test_what_is_saved_at_the_last_moment_stands(
    tmp_path: Path, spot: Make, edit: Edit, act: Callable[[Spot], None]
) -> None:
    one = spot(b"old")
    if edit is with_old_times:
        one.found = one.found._replace(racy=True)
    edit(one.path)
    with pytest.raises(Changed):
        act(one)
    assert one.is_as_after(edit, tmp_path / "elsewhere")
    if act is Spot.put:
        assert one.other.read_bytes() == b"new"


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_made_at_the_last_moment_stands(tmp_path: Path, spot: Make, edit: Edit) -> None:
    one = spot(None)
    edit(one.path)
    with pytest.raises(Changed):
        one.put()
    assert one.is_as_after(edit, tmp_path / "elsewhere")


def test_a_file_that_goes_at_the_last_moment_is_gone(spot: Make) -> None:
    one = spot(b"old")
    one.path.unlink()
    with pytest.raises(Changed):
        one.put()
    with pytest.raises(FileNotFoundError):
        one.remove()
    assert not one.path.exists()


@pytest.mark.parametrize("act", [Spot.put, Spot.remove])
def test_a_file_that_was_only_touched_or_has_another_number_is_the_same(
    spot: Make, act: Callable[[Spot], None]
) -> None:
    """Some file systems number a file anew when it moves."""
    one = spot(b"old")
    seen = one.found.seen
    assert seen is not None
    one.found = one.found._replace(seen=(*seen[:3], seen[3] + 1, seen[4]))
    act(one)
    assert one.other.read_bytes() == b"old"


def test_an_edit_that_is_removed_before_it_can_go_back_does(spot: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = spot(b"old")
    save(one.path)
    after_the_first_exchange(monkeypatch, one.path.unlink)
    with pytest.raises(Changed):
        one.put()
    assert one.path.read_bytes() == b"mine"


def test_of_two_edits_of_a_file_that_is_replaced_the_newer_stands(
    spot: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = spot(b"old")
    save(one.path)
    after_the_first_exchange(monkeypatch, lambda: one.path.write_bytes(b"newer"))
    with pytest.raises(Changed):
        one.put()
    assert one.path.read_bytes() == b"newer"


def after_the_first_exchange(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    exchange = syscalls.exchange

    def acted(*arguments: Any, **options: Any) -> None:
        exchange(*arguments, **options)
        patch.setattr(syscalls, "exchange", exchange)
        act()

    patch.setattr(syscalls, "exchange", acted)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Changing("it keeps changing"), OSError(errno.EIO, "no")])
@pytest.mark.parametrize("act", [Spot.put, Spot.remove])
def test_what_nobody_can_look_at_again_goes_back(
    spot: Make, monkeypatch: pytest.MonkeyPatch, error: BaseException, act: Callable[[Spot], None]
) -> None:
    one = spot(b"old")
    save(one.path)
    monkeypatch.setattr(placing, "read_entry", raising(error))
    with pytest.raises(Changed if isinstance(error, Changing) else type(error)):
        act(one)
    assert one.path.read_bytes() == b"mine"


@pytest.mark.parametrize("old", [b"old", None])
def test_a_new_file_that_is_missing_is_no_change(spot: Make, old: bytes | None) -> None:
    one = spot(old)
    with pytest.raises(FileNotFoundError):
        placing.put(str(one.other), one.above, "f", one.found, durable=False)


def test_a_new_file_that_goes_missing_is_no_change(spot: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, exchange = spot(b"old"), syscalls.exchange

    def cleared(*arguments: Any, **options: Any) -> None:
        one.other.unlink()
        exchange(*arguments, **options)

    monkeypatch.setattr(syscalls, "exchange", cleared)
    with pytest.raises(FileNotFoundError):
        one.put()
    assert one.path.read_bytes() == b"old"


def test_of_two_edits_the_newer_stands(spot: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, rename = spot(b"old"), os.rename

    def saved_again(source: str, target: str, **options: int) -> None:
        rename(source, target, **options)
        monkeypatch.setattr(os, "rename", rename)
        one.path.write_bytes(b"newer")

    save(one.path)
    monkeypatch.setattr(os, "rename", saved_again)
    with pytest.raises(Changed):
        one.remove()
    assert one.path.read_bytes() == b"newer"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSPC])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_system_that_cannot_replaces(
    spot: Make, monkeypatch: pytest.MonkeyPatch, code: int, old: bytes | None
) -> None:
    for name in ("exchange", "rename_noreplace"):
        monkeypatch.setattr(syscalls, name, faults.failing(code))
    one = spot(old)
    one.put()
    assert one.path.read_bytes() == b"new" and not one.other.exists()


@pytest.mark.parametrize(
    ("owner", "name", "code"), [(syscalls, "rename_noreplace", errno.EINVAL), (os, "rename", errno.ENOSPC)]
)
def test_what_was_saved_stays_where_the_system_can_do_less(
    spot: Make, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, code: int
) -> None:
    """It can only rename, and gives it back so; or it cannot move it aside."""
    monkeypatch.setattr(owner, name, faults.failing(code))
    one = spot(b"old")
    save(one.path)
    with pytest.raises(Changed):
        one.remove()
    assert one.path.read_bytes() == b"mine"


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_what_cannot_move_aside_is_removed_if_it_is_still_the_same(
    spot: Make, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "rename", faults.failing(code))
    one = spot(b"old")
    one.remove()
    assert not one.path.exists() and not one.other.exists()


def test_a_file_that_another_takes_the_place_of_is_not_removed(spot: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an editor does that moves the old one away and writes a new one."""
    one, rename = spot(b"old"), os.rename

    def late(*arguments: Any, **options: Any) -> None:
        one.path.unlink()
        try:
            rename(*arguments, **options)
        finally:
            save(one.path)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(FileNotFoundError):
        one.remove()
    assert one.path.read_bytes() == b"mine"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
@pytest.mark.parametrize(("name", "old"), [("exchange", b"old"), ("rename_noreplace", None)])
def test_other_trouble_is_raised(
    spot: Make, monkeypatch: pytest.MonkeyPatch, code: int, name: str, old: bytes | None
) -> None:
    monkeypatch.setattr(syscalls, name, faults.failing(code))
    one = spot(old)
    with pytest.raises(OSError) as refused:
        one.put()
    assert refused.value.errno == code
    assert one.path.exists() == (old is not None)
