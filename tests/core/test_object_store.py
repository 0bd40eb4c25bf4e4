"""`muse.core.object_store`: the low-level API on single objects."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core import io, object_store
from muse.core.base.errors import Damaged, Missing, SystemTrouble, UsageProblem
from muse.core.paths import Layout
from muse.core.types import blob_id
from tests.core import faults
from tests.core.stores import an_operation, new_repo, put_operation, write_pack
from tests.core.strange import NOT_OURS

DATA = b"words and words and " * 10
ID = blob_id(DATA)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


@settings(max_examples=30)
@given(data=st.binary())
def test_single_objects_come_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.getbasetemp() / "single"
    path = object_store.object_path(root, blob_id(data))
    path.unlink(missing_ok=True)
    assert not object_store.has_object(root, blob_id(data))
    assert object_store.write_object(root, blob_id(data), data)
    assert not object_store.write_object(root, blob_id(data), data)
    assert object_store.has_object(root, blob_id(data))
    assert object_store.read_object(root, blob_id(data)) == data == path.read_bytes()


def test_where_a_single_object_lies(tmp_path: Path) -> None:
    digits = ID.removeprefix("sha256:")
    assert object_store.object_path(tmp_path, ID) == tmp_path / ".muse/objects/sha256" / digits[:2] / digits[2:]


@pytest.mark.parametrize("object_id", ["", "sha256:..", ID[:-1], ID + "0", ID.upper(), "../../../etc/passwd"])
def test_what_is_no_id_is_refused(tmp_path: Path, object_id: str) -> None:
    for use in (object_store.object_path, object_store.has_object, object_store.read_object):
        with pytest.raises(UsageProblem, match="is not an object id"):
            use(tmp_path, object_id)
    with pytest.raises(UsageProblem):
        object_store.write_object(tmp_path, object_id, DATA)
    assert os.listdir(tmp_path) == []


def test_bytes_under_another_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="have another id"):
        object_store.write_object(tmp_path, ID, b"other")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("damage_to", [b"", DATA[:-1], DATA + b"x", b"x" + DATA[1:]])
def test_a_damaged_single_object_is_noticed_and_healed(tmp_path: Path, damage_to: bytes) -> None:
    object_store.write_object(tmp_path, ID, DATA)
    object_store.object_path(tmp_path, ID).write_bytes(damage_to)
    with pytest.raises(Damaged, match=f"{ID} is damaged in"):
        object_store.read_object(tmp_path, ID)
    assert object_store.write_object(tmp_path, ID, DATA)
    assert object_store.read_object(tmp_path, ID) == DATA


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_a_single_object(folder: Path, make: Callable[[Path], None]) -> None:
    path = object_store.object_path(folder, ID)
    path.parent.mkdir(parents=True)
    make(path)
    with pytest.raises(Damaged):
        object_store.read_object(folder, ID)
    if path.is_dir() and not path.is_symlink():
        with pytest.raises(SystemTrouble, match="Is a directory"):
            object_store.write_object(folder, ID, DATA)
    else:
        assert object_store.write_object(folder, ID, DATA)
        assert object_store.read_object(folder, ID) == DATA
    assert not [name for name in os.listdir(path.parent) if name.startswith(".")]


def test_packs_stand_in_for_single_objects(layout: Layout) -> None:
    put_operation(layout, an_operation(packs=(write_pack(layout, [DATA]),)))
    assert object_store.has_object(layout.root, ID)
    assert object_store.read_object(layout.root, ID) == DATA
    assert not object_store.has_object(layout.root, blob_id(b"other"))
    with pytest.raises(Missing):
        object_store.read_object(layout.root, blob_id(b"other"))
    path = object_store.object_path(layout.root, ID)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    assert object_store.read_object(layout.root, ID) == DATA
    assert object_store.write_object(layout.root, ID, DATA)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_whatever_fails_a_single_object_is_whole_or_not_there(tmp_path: Path, error: BaseException) -> None:
    path = object_store.object_path(tmp_path, ID)
    (tmp_path / ".muse").mkdir()
    for at in itertools.count():
        path.unlink(missing_ok=True)
        with faults.tripping(at, error) as calls, suppress(SystemTrouble, KeyboardInterrupt):
            object_store.write_object(tmp_path, ID, DATA)
        if len(calls) <= at:
            break
        assert not path.exists() or path.read_bytes() == DATA
        if path.parent.exists():
            assert calls[at] == "unlink" or set(os.listdir(path.parent)) <= {path.name}, calls
    assert at >= 5
    assert object_store.read_object(tmp_path, ID) == DATA


def test_writing_again_makes_a_dead_writers_object_durable(tmp_path: Path) -> None:
    object_store.write_object(tmp_path, ID, DATA)
    with faults.tripping(-1, Exception()) as calls:
        object_store.write_object(tmp_path, ID, DATA)
    assert calls.count("fsync") == 1
    assert "rename" not in calls


def test_restore_writes_a_file_in_one_step(tmp_path: Path) -> None:
    object_store.write_object(tmp_path, ID, DATA)
    target = tmp_path / "file.txt"
    target.write_bytes(b"old")
    object_store.restore_object(tmp_path, ID, target)
    assert target.read_bytes() == DATA
    object_store.object_path(tmp_path, ID).write_bytes(b"damaged")
    target.write_bytes(b"old")
    with pytest.raises(Damaged):
        object_store.restore_object(tmp_path, ID, target)
    with pytest.raises(Missing):
        object_store.restore_object(tmp_path, blob_id(b"other"), target)
    assert target.read_bytes() == b"old"
    object_store.write_object(tmp_path, ID, DATA)
    with pytest.raises(SystemTrouble, match="No such file"):
        object_store.restore_object(tmp_path, ID, tmp_path / "no" / "folder")
    assert sorted(os.listdir(tmp_path)) == [".muse", "file.txt"]


def test_who_reads_the_file_that_an_object_replaces_keeps_it(tmp_path: Path) -> None:
    object_store.write_object(tmp_path, ID, DATA)
    target = tmp_path / "file.txt"
    target.write_bytes(b"old")
    with target.open("rb") as reader:
        object_store.restore_object(tmp_path, ID, target)
        assert reader.read() == b"old"


def test_a_large_single_object_is_checked_before_it_is_in_memory(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be gigabytes of nothing."""
    object_store.write_object(layout.root, ID, DATA)
    monkeypatch.setattr(object_store, "LARGE", len(DATA) - 1)
    assert object_store.read_object(layout.root, ID) == DATA
    with object_store.object_path(layout.root, ID).open("ab") as file:
        file.truncate(1 << 20)
    with monkeypatch.context() as patch, pytest.raises(Damaged, match=f"{ID} is damaged in"):
        patch.setattr(io, "read_file", None)
        object_store.read_object(layout.root, ID)
    with monkeypatch.context() as patch:
        patch.setattr(io, "read_file", None)
        assert object_store.write_object(layout.root, ID, DATA)
    assert object_store.read_object(layout.root, ID) == DATA
