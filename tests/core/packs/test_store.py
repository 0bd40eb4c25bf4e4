"""`packs.store`: the objects that a command can see."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import object_store
from muse.core.base.codec import Compressor, difference
from muse.core.base.errors import Damaged, Missing, SystemTrouble
from muse.core.commits import records, trees
from muse.core.folder.files import UNKNOWN, Content
from muse.core.packs import store as store_module
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import RAW, ZSTD, ZSTD_PREFIX, Link, Pack, PackGone, Slot
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import FILE, Entry, PackRef, blob_id, digest_of
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


def held(layout: Layout, *objects: tuple[bytes, bytes, int, int]) -> ObjectStore:
    """A store whose pack has these entries: digest, what is stored, the size that is claimed, kind."""
    new = NewPack(layout, durable=False, way="link")
    for digest, stored, size, kind in objects:
        new.append(digest, stored, size, kind)
    return ObjectStore(layout, [new.create(os.urandom(16).hex())])


def test_a_reader_may_say_how_much_is_too_much(layout: Layout) -> None:
    digest, zeros = digest_of(bytes(1000)), Compressor().frame(bytes(1000))
    assert zeros is not None
    for kind, stored in ((RAW, bytes(1000)), (ZSTD, zeros)):
        store = held(layout, (digest, stored, 1000, kind))
        assert store.read(digest, 1000) == bytes(1000)
        with pytest.raises(Damaged, match=r"sha256:\w{64} claims 1,000 bytes"):
            store.read(digest, 999)
    with pytest.raises(Damaged, match="claims 1,000 bytes"):
        held(layout, (digest, bytes(1000), 9, RAW)).read(digest, 999)
    assert ObjectStore(layout, [*held(layout, (digest, b"", 1 << 40, ZSTD)).refs, *store.refs]).read(digest, 1000)


def test_a_base_is_not_larger_than_any_window(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is unpacked."""
    base, digest, unpacked = digest_of(bytes(1000)), digest_of(DATA), []
    link = Link(base, 1, b"").encode()
    zeros = Compressor().frame(bytes(1000))
    assert zeros is not None
    monkeypatch.setattr(store_module, "decompress", lambda frame, size, *_: unpacked.append(size))
    store = held(layout, (digest, link, len(DATA), ZSTD_PREFIX), (base, zeros, (1 << 27) + 1, ZSTD))
    with pytest.raises(Damaged, match="claims 134,217,729 bytes"):
        store.read(digest)
    assert unpacked == []


@pytest.mark.parametrize("read", [records.read_commit, trees.read_tree])
def test_trees_and_commits_have_bounds(layout: Layout, read: Callable[[ObjectStore, bytes], object]) -> None:
    digest, zeros = digest_of(DATA), Compressor().frame(bytes(1000))
    assert zeros is not None
    with pytest.raises(Damaged, match=f"{ID} claims 3,221,225,472 bytes"):
        read(held(layout, (digest, zeros, 3 << 30, ZSTD)), digest)
    with pytest.raises(Damaged, match="does not have the 268,435,456 bytes"):
        read(held(layout, (digest, zeros, 256 << 20, ZSTD)), digest)


def test_a_difference_that_is_another_objects_is_damage(layout: Layout) -> None:
    """Its base is whole, and it comes to something else all the same."""
    base, wanted = DATA * 9, DATA * 9 + b"wanted"
    frame = difference(base + b"other.", base)
    assert frame is not None
    link = Link(digest_of(base), 1, frame).encode()
    store = held(layout, (digest_of(wanted), link, len(wanted), ZSTD_PREFIX), (digest_of(base), base, len(base), RAW))
    assert store.read(digest_of(base)) == base
    with pytest.raises(Damaged, match=r"sha256:\w{64} is damaged in"):
        store.read(digest_of(wanted))


def pieces(store: ObjectStore, digest: bytes) -> Iterator[int]:
    """How many bytes come before it is known that something is wrong."""
    with pytest.raises(Damaged, match=r"sha256:\w{64} is damaged in"):
        for piece in store.pieces(digest):
            yield len(piece)


@pytest.mark.parametrize("claimed", [len(DATA) - 1, len(DATA), len(DATA) + 1])
def test_a_large_object_is_what_its_name_and_its_size_say(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, claimed: int
) -> None:
    monkeypatch.setattr(store_module, "LARGE", 10)
    digest = digest_of(b"another") if claimed == len(DATA) else digest_of(DATA)
    assert sum(pieces(held(layout, (digest, DATA, claimed, RAW)), digest)) <= claimed
    good = held(layout, (digest_of(DATA), DATA, len(DATA), RAW))
    assert b"".join(good.pieces(digest_of(DATA))) == DATA


def test_a_good_copy_stands_in_for_a_damaged_large_one(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [write_pack(layout, [DATA]) for _ in range(2)]
    monkeypatch.setattr(store_module, "LARGE", 10)
    for damaged in refs:
        damage(layout, damaged, DATA)
        assert b"".join(ObjectStore(layout, refs).pieces(digest_of(DATA))) == DATA
        damage(layout, damaged, bytes([DATA[0] ^ 1]) + DATA[1:])


def test_a_good_copy_stands_in_for_a_large_one_that_may_not_be_read(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [write_pack(layout, [DATA]) for _ in range(2)]
    monkeypatch.setattr(store_module, "LARGE", 10)
    stored = Pack.stored_pieces

    def refuse(pack: Pack, slot: Slot) -> Iterator[bytes]:
        if pack.ref == refs[1]:
            raise SystemTrouble("cannot read it: Input/output error", kind="eio")
        yield from stored(pack, slot)

    monkeypatch.setattr(Pack, "stored_pieces", refuse)
    assert b"".join(ObjectStore(layout, refs).pieces(digest_of(DATA))) == DATA


def test_a_large_object_is_read_no_further_than_its_size(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LARGE", 10)
    frame = Compressor().frame(bytes(50 << 20))
    assert frame is not None
    assert sum(pieces(held(layout, (digest_of(DATA), frame, 3 << 20, ZSTD)), digest_of(DATA))) <= 3 << 20


def test_a_damaged_large_object_is_replaced_by_whoever_has_its_bytes(layout: Layout) -> None:
    ref = write_pack(layout, [DATA])
    damage(layout, ref, DATA)
    store = writable(layout, [ref])
    incoming = store.incoming()
    incoming.write(DATA)
    entry = Entry(FILE, incoming.finish())
    assert Content(entry, UNKNOWN, False, None, incoming).put_into(store) == digest_of(DATA)
    assert store.read(digest_of(DATA)) == DATA
    store.close()


def no_permission(layout: Layout, ref: PackRef, patch: pytest.MonkeyPatch, code: int = errno.EACCES) -> None:
    """The system does not let anybody open that pack."""
    real = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if path == layout.pack(ref.name):
            raise OSError(code, os.strerror(code), path)
        return real(path, *arguments, **options)

    patch.setattr(os, "open", refuse)


def test_a_pack_that_may_not_be_read_hides_nothing_else(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it holds is written anew."""
    good, bad = write_pack(layout, [DATA]), write_pack(layout, [b"lost"])
    no_permission(layout, bad, monkeypatch)
    store = writable(layout, [good, bad])
    assert store.read(digest_of(DATA)) == DATA
    assert store.starting_with(digest_of(DATA).hex()[:8]) == {digest_of(DATA)}
    with pytest.raises(SystemTrouble, match=bad.name):
        store.read(digest_of(b"lost"))
    assert not store.holds_whole(digest_of(b"lost"))
    store.add(b"lost", like=digest_of(b"lost"))
    assert store.read(digest_of(b"lost")) == b"lost"


def test_where_too_few_files_may_be_open_nothing_counts_as_lost(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = write_pack(layout, [DATA]), write_pack(layout, [b"there"])
    no_permission(layout, bad, monkeypatch, errno.EMFILE)
    store = ObjectStore(layout, [good, bad])
    for work in (store.read, store.__contains__, store.holds_whole):
        with pytest.raises(SystemTrouble) as refused:
            work(digest_of(DATA))
        assert refused.value.kind == "emfile"
    with pytest.raises(SystemTrouble):
        store.starting_with("0000")
