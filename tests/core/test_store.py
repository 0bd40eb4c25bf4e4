"""`muse.core.store`: the objects that a command can see."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import object_store
from muse.core.errors import Damaged, Missing
from muse.core.pack import PackGone
from muse.core.paths import Layout
from muse.core.store import ObjectStore
from muse.core.types import PackRef, blob_id, digest_of
from tests.core.stores import new_repo, writable, write_pack
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
    assert (digest_of(extra) in store.writer) == (extra not in held)
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
    (healed,) = store.writer.finish()
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
