"""`muse.core.object_store`: objects in packs, and the low-level API on single objects."""

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

from muse.core import object_store
from muse.core.errors import Damaged, Missing, SystemTrouble, UsageProblem
from muse.core.pack import PackGone
from muse.core.paths import Layout
from muse.core.store import ObjectStore
from muse.core.types import PackRef, blob_id, digest_of
from tests.core import faults
from tests.core.stores import an_operation, new_repo, put_operation, writable, write_pack
from tests.core.strange import NOT_OURS

DATA = b"words and words and " * 10
ID = blob_id(DATA)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


def damage(layout: Layout, ref: PackRef, data: bytes) -> None:
    """Alter the first byte that a pack stores of `data`."""
    path = Path(layout.pack(ref.name))
    whole = bytearray(path.read_bytes())
    whole[whole.index(data)] ^= 1
    path.write_bytes(whole)


# Packs


@given(parts=st.lists(st.lists(st.binary(max_size=50), min_size=1, max_size=5), max_size=5), extra=st.binary())
def test_a_store_holds_what_its_packs_and_its_writer_hold(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[bytes]], extra: bytes
) -> None:
    layout = Layout(str(tmp_path_factory.getbasetemp() / "store"))
    os.makedirs(layout.packs, exist_ok=True)
    store = writable(layout, [write_pack(layout, set(part)) for part in parts])
    held = {data for part in parts for data in part}
    assert all(digest_of(data) in store and store.read(digest_of(data)) == data for data in held)
    assert (digest_of(extra) in store) == (extra in held)
    assert store.add(extra) == digest_of(extra)
    assert store.writer is not None
    assert len(store.writer) == (extra not in held)
    assert store.read(digest_of(extra)) == extra
    with pytest.raises(Missing):
        store.read(digest_of(extra + b"other"))
    store.close()


def test_only_named_packs_count(layout: Layout) -> None:
    write_pack(layout, [DATA])
    store = writable(layout)
    assert digest_of(DATA) not in store
    with pytest.raises(Missing, match=f"{ID} is missing"):
        store.read(digest_of(DATA))
    object_store.write_object(layout.root, ID, DATA)
    assert digest_of(DATA) not in store


def test_missing_is_a_key_error_too(layout: Layout) -> None:
    with pytest.raises(KeyError):
        writable(layout).read(bytes(32))


def test_a_pack_that_is_gone_is_no_missing_object(layout: Layout) -> None:
    ref = write_pack(layout, [DATA])
    os.unlink(layout.pack(ref.name))
    for use in (lambda store: store.read(digest_of(DATA)), lambda store: bytes(32) in store, ObjectStore.open_all):
        with pytest.raises(PackGone):
            use(ObjectStore(layout, [ref]))


def test_a_good_copy_stands_in_for_a_damaged_one(layout: Layout) -> None:
    refs = [write_pack(layout, [b"raw", DATA]), write_pack(layout, [b"raw"])]
    damage(layout, refs[1], b"raw")
    assert ObjectStore(layout, refs).read(digest_of(b"raw")) == b"raw"
    damage(layout, refs[0], b"raw")
    with pytest.raises(Damaged, match=f"{blob_id(b'raw')} is damaged in"):
        ObjectStore(layout, refs).read(digest_of(b"raw"))


@pytest.mark.parametrize("make", NOT_OURS)
def test_a_damaged_pack_hides_nothing_else(
    layout: Layout, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(layout.packs)
    good, bad = write_pack(layout, [DATA]), write_pack(layout, [b"lost"])
    os.unlink(layout.pack(bad.name))
    make(Path(layout.pack(bad.name)))
    for refs in ([good, bad], [bad, good]):
        store = ObjectStore(layout, refs)
        assert store.read(digest_of(DATA)) == DATA
        assert digest_of(DATA) in store
        assert digest_of(b"lost") not in store
        assert store.starting_with(digest_of(DATA).hex()[:8]) == {digest_of(DATA)}
        with pytest.raises(Damaged, match=bad.name):
            store.read(digest_of(b"lost"))
        store.close()


def test_a_damaged_object_is_replaced_by_the_next_write(layout: Layout) -> None:
    ref = write_pack(layout, [b"raw", DATA])
    damage(layout, ref, b"raw")
    store = writable(layout, [ref])
    store.add(DATA)
    store.add(b"raw")
    assert store.writer is not None
    healed = store.writer.finish()
    assert healed is not None
    assert ObjectStore(layout, [ref, healed]).read(digest_of(b"raw")) == b"raw"
    assert ObjectStore(layout, [healed]).starting_with(digest_of(DATA).hex()) == set()


def test_open_all_survives_the_removal_of_packs(layout: Layout) -> None:
    ref = write_pack(layout, [DATA])
    store = ObjectStore(layout, [ref])
    store.open_all()
    os.unlink(layout.pack(ref.name))
    assert store.read(digest_of(DATA)) == DATA
    before = len(os.listdir("/dev/fd"))
    store.close()
    assert len(os.listdir("/dev/fd")) == before - 1


def test_an_unfinished_pack_goes_with_its_store(layout: Layout) -> None:
    store = writable(layout)
    store.add(DATA)
    store.close()
    assert os.listdir(layout.packs) == []


# Single objects


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
