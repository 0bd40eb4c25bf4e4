"""`packs.new_pack`: what is appended, in whatever way, is what the pack holds; another comes in whole or not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import Damaged
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import RAW, ZSTD, Pack, Slot
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import PackRef, digest_of
from tests.core.processes import WAYS
from tests.core.stores import write_pack

NAMES = (f"{number:032x}" for number in range(1 << 32))

OBJECTS = st.dictionaries(st.binary(max_size=30).map(digest_of), st.binary(max_size=100), max_size=20)


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A repository with room for packs; what lies in it does not matter."""
    found = Layout(str(tmp_path_factory.mktemp("packs")))
    os.makedirs(found.packs)
    return found


def begin(layout: Layout, way: str = "link") -> NewPack:
    return NewPack(layout, durable=False, way=way)


def held(layout: Layout, ref: PackRef) -> dict[bytes, tuple[bytes, int, int]]:
    """What a pack on the disk stores for each object, its size and kind."""
    opened = Pack(layout.pack(ref.name), ref)
    try:
        found = {digest: (opened.stored(slot), slot.size, slot.kind) for digest, slot in opened.slots()}
        assert opened.count == len(found)
        assert all(opened.find(digest) is not None for digest in found)
        return found
    finally:
        opened.close()


@given(one=OBJECTS, other=OBJECTS, way=st.sampled_from(WAYS))
def test_what_is_appended_is_what_it_holds(
    layout: Layout, one: dict[bytes, bytes], other: dict[bytes, bytes], way: str
) -> None:
    """At once or in pieces; `stored` may say anything, as nobody looks into it here."""
    pack = begin(layout, way)
    for number, (digest, stored) in enumerate(one.items()):
        pack.append(digest, stored, 1 << number, ZSTD)
    for digest, stored in other.items():
        if digest not in one:
            start = pack.size
            for at in range(0, len(stored), 7):
                pack.extend(stored[at : at + 7])
            pack.close_entry(digest, start, 5, RAW)
    expected = {digest: (stored, 5, RAW) for digest, stored in other.items()}
    expected |= {digest: (stored, 1 << number, ZSTD) for number, (digest, stored) in enumerate(one.items())}
    for digest, (stored, size, kind) in expected.items():
        slot = pack.find(digest)
        assert slot is not None
        assert (pack.stored(slot), slot.size, slot.kind) == (stored, size, kind)
    ref = pack.create(next(NAMES))
    assert ref.size == os.path.getsize(layout.pack(ref.name)) == pack.size
    assert held(layout, ref) == expected


def test_a_pack_without_its_name_is_gone(layout: Layout) -> None:
    before = sorted(os.listdir(layout.packs))
    descriptors = len(os.listdir("/dev/fd"))
    for way in WAYS:
        pack = begin(layout, way)
        pack.append(digest_of(b"a"), b"a" * (2 << 20), 2 << 20, RAW)
        pack.discard()
        pack.discard()
    assert sorted(os.listdir(layout.packs)) == before
    assert len(os.listdir("/dev/fd")) == descriptors


@given(mine=OBJECTS, parts=st.lists(OBJECTS, max_size=4))
def test_another_pack_comes_in_whole_or_not(
    layout: Layout, mine: dict[bytes, bytes], parts: list[dict[bytes, bytes]]
) -> None:
    pack = begin(layout)
    for digest, stored in mine.items():
        pack.append(digest, stored, len(stored), RAW)
    expected = {digest: (stored, len(stored), RAW) for digest, stored in mine.items()}
    for number, part in enumerate(parts):
        other = begin(layout)
        for digest, stored in part.items():
            other.append(digest, stored, number, number)
        ref = other.create(next(NAMES))
        opened = Pack(layout.pack(ref.name), ref)
        before = pack.size
        common = expected.keys() & part.keys()
        assert pack.take_in(opened) == (not common)
        opened.close()
        if common:
            assert pack.size == before
        else:
            assert pack.size == before + sum(map(len, part.values()))
            expected |= {digest: (stored, number, number) for digest, stored in part.items()}
    assert held(layout, pack.create(next(NAMES))) == expected


def test_a_large_pack_comes_in_a_piece_at_a_time(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(5 << 20)
    ref = write_pack(layout, [data])
    opened = Pack(layout.pack(ref.name), ref)
    sizes: list[int] = []
    pread = os.pread

    def counted(fd: int, size: int, offset: int) -> bytes:
        sizes.append(size)
        return pread(fd, size, offset)

    pack = begin(layout)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", counted)
        assert pack.take_in(opened)
    opened.close()
    assert max(sizes) <= 1 << 20
    assert ObjectStore(layout, [pack.create(next(NAMES))]).read(digest_of(data)) == data


def refuses(layout: Layout, ref: PackRef) -> None:
    """A new pack does not take that one in, and is as good as before."""
    pack = begin(layout)
    pack.append(digest_of(b"mine"), b"mine", 4, RAW)
    before = pack.size
    opened = Pack(layout.pack(ref.name), ref)
    with pytest.raises(Damaged, match=ref.name):
        pack.take_in(opened)
    opened.close()
    assert pack.size == before
    assert held(layout, pack.create(next(NAMES))) == {digest_of(b"mine"): (b"mine", 4, RAW)}


def test_a_pack_with_a_damaged_index_does_not_come_in(layout: Layout) -> None:
    ref = write_pack(layout, [b"%d" % number for number in range(1000)])
    path = Path(layout.pack(ref.name))
    opened = Pack(str(path), ref)
    altered = bytearray(path.read_bytes())
    altered[opened.end_of_data + 900 * 57] ^= 1  # in the last bucket: those before it are read and good
    opened.close()
    path.write_bytes(altered)
    refuses(layout, ref)


@pytest.mark.parametrize(("offset", "stored"), [(0, 1), (16, 2), (17, 1), (16, 2**64 - 1), (2**64 - 1, 1)])
def test_a_pack_whose_index_points_elsewhere_does_not_come_in(layout: Layout, offset: int, stored: int) -> None:
    """Its entries would point into what others hold, or beyond what a number of the index can say."""
    other = begin(layout)
    other.append(digest_of(b"a"), b"a", 1, RAW)
    other._slots[digest_of(b"b")] = Slot(offset, stored, 1, RAW)
    refuses(layout, other.create(next(NAMES)))
