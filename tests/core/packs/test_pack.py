"""`packs.pack`: whatever is added reads back, and what was damaged is never taken for right."""

from __future__ import annotations

import errno
import itertools
import os
import random
import struct
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base import codec
from muse.core.base.errors import Damaged, SystemTrouble, TooNew
from muse.core.packs import pack
from muse.core.packs.pack import END, Pack, PackGone, Slot
from muse.core.packs.pack_writer import PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.system import temps
from muse.core.types import PackRef, digest_of
from tests.core import faults
from tests.core.processes import WAYS
from tests.core.stores import write_pack
from tests.core.strange import NOT_OURS

NOISE = random.Random(1).randbytes(100_000)


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A repository with room for packs; what lies in it does not matter."""
    found = Layout(str(tmp_path_factory.mktemp("packs")))
    os.makedirs(found.packs)
    return found


def read_all(layout: Layout, ref: PackRef) -> dict[bytes, bytes]:
    """Every object of a pack."""
    opened = Pack(layout.pack(ref.name), ref)
    try:
        digests = [digest for digest, slot in opened.slots() if opened.find(digest) == slot]
        return {digest: read_one(layout, ref, digest) for digest in digests}
    finally:
        opened.close()


def read_one(layout: Layout, ref: PackRef, digest: bytes) -> bytes:
    """One object of a pack, as a command reads it."""
    store = ObjectStore(layout, [ref])
    try:
        return store.read(digest)
    finally:
        store.close()


def by_digest(objects: Iterable[bytes]) -> dict[bytes, bytes]:
    return {digest_of(data): data for data in objects}


OBJECTS = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda unit, times: unit * times, st.binary(min_size=1, max_size=5), st.integers(0, 20_000)),
    st.integers(0, len(NOISE)).map(lambda size: NOISE[:size]),
)


@settings(max_examples=60)
@given(objects=st.lists(OBJECTS, min_size=1, max_size=30, unique=True), way=st.sampled_from(WAYS))
def test_what_is_added_reads_back(layout: Layout, objects: list[bytes], way: str) -> None:
    ref = write_pack(layout, objects, way)
    assert os.path.getsize(layout.pack(ref.name)) == ref.size
    assert read_all(layout, ref) == by_digest(objects)


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 511, 512, 1000, 2000])
def test_packs_of_any_number_of_objects(layout: Layout, count: int) -> None:
    objects = by_digest(b"%d" % number for number in range(count))
    ref = write_pack(layout, objects.values())
    assert read_all(layout, ref) == objects
    opened = Pack(layout.pack(ref.name), ref)
    assert opened.count == count
    assert [digest for digest, _ in opened.slots()] == sorted(objects)
    assert all(opened.find(digest_of(b"x%d" % number)) is None for number in range(50))
    opened.close()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 100_000, 1 << 20, (1 << 20) + 1])
def test_objects_of_any_size(layout: Layout, size: int) -> None:
    objects = by_digest([bytes(size), NOISE[:size] + bytes(max(0, size - len(NOISE)))])
    assert read_all(layout, write_pack(layout, objects.values())) == objects


@given(numbers=st.sets(st.integers(0, 5000), min_size=1, max_size=20), digits=st.integers(4, 64))
def test_objects_are_found_by_the_beginning_of_their_name(layout: Layout, numbers: set[int], digits: int) -> None:
    objects = by_digest(b"%d" % number for number in numbers)
    ref = write_pack(layout, objects.values())
    opened = Pack(layout.pack(ref.name), ref)
    for digest in objects:
        wanted = digest.hex()[:digits]
        assert sorted(opened.starting_with(wanted)) == sorted(d for d in objects if d.hex().startswith(wanted))
    assert opened.starting_with("0" * 64) == []
    opened.close()


def test_a_reader_of_one_object_reads_little(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = by_digest(b"%d" % number * 50 for number in range(5000))
    ref = write_pack(layout, objects.values())
    read: list[int] = []
    pread = os.pread

    def counted(fd: int, size: int, offset: int) -> bytes:
        read.append(size)
        return pread(fd, size, offset)

    monkeypatch.setattr(os, "pread", counted)
    opened = Pack(layout.pack(ref.name), ref)
    slot = opened.find(next(iter(objects)))
    assert slot is not None
    assert opened.stored(slot) == next(iter(objects.values()))
    opened.close()
    assert ref.size > 300_000
    assert sum(read) < 40_000


def test_an_open_pack_stays_readable_when_it_is_removed(layout: Layout) -> None:
    ref = write_pack(layout, [b"kept"])
    opened = Pack(layout.pack(ref.name), ref)
    os.unlink(layout.pack(ref.name))
    assert opened.stored(opened.find(digest_of(b"kept")) or Slot(0, 0, 0, 0)) == b"kept"
    opened.close()
    with pytest.raises(PackGone):
        Pack(layout.pack(ref.name), ref)


def test_a_pack_gone_on_another_machine_is_gone(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = write_pack(layout, [b"kept"])
    opened = Pack(layout.pack(ref.name), ref)
    monkeypatch.setattr(os, "pread", faults.failing(errno.ESTALE))
    with pytest.raises(PackGone):
        opened.find(digest_of(b"kept"))
    monkeypatch.setattr(os, "pread", faults.failing(errno.EIO))
    with pytest.raises(SystemTrouble, match="Input/output error"):
        opened.find(digest_of(b"kept"))
    opened.close()


# Damage

SMALL = by_digest([b"", b"raw", b"words and words and " * 8])


@pytest.fixture(scope="session")
def small(layout: Layout) -> tuple[PackRef, bytes]:
    """A small pack and its bytes."""
    ref = write_pack(layout, SMALL.values())
    return ref, Path(layout.pack(ref.name)).read_bytes()


def check_altered(layout: Layout, ref: PackRef, altered: bytes) -> int:
    """Every object of an altered pack is right or damaged; how many are damaged."""
    Path(layout.pack(ref.name)).write_bytes(altered)
    damaged = 0
    for digest, data in SMALL.items():
        opened = None
        try:
            opened = Pack(layout.pack(ref.name), ref)
            slot = opened.find(digest)
            assert slot is not None
            assert read_one(layout, ref, digest) == data
        except Damaged:
            damaged += 1
        finally:
            if opened is not None:
                opened.close()
    return damaged


def test_a_flipped_bit_is_noticed(layout: Layout, small: tuple[PackRef, bytes]) -> None:
    """Everywhere but in the header, which only `fsck` looks at, and in a frame, where a bit may mean nothing."""
    ref, data = small
    index = struct.unpack_from(">Q", data, len(data) - 28)[0]
    for bit in range(len(data) * 8):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        damaged = check_altered(layout, ref, bytes(altered))
        assert damaged or bit // 8 < index, f"bit {bit} of {len(data) * 8}"
    assert check_altered(layout, ref, data) == 0


def test_a_pack_cut_short_is_damaged(layout: Layout, small: tuple[PackRef, bytes]) -> None:
    ref, data = small
    for size in range(len(data)):
        assert check_altered(layout, ref, data[:size]) == len(SMALL), size
        assert check_altered(layout, PackRef(ref.name, size), data[:size]) == len(SMALL), size


@pytest.mark.parametrize("junk", [b"\0", b"\n", END, bytes(10_000)])
def test_what_was_appended_to_a_pack_does_not_count(layout: Layout, small: tuple[PackRef, bytes], junk: bytes) -> None:
    ref, data = small
    assert check_altered(layout, ref, data + junk) == 0
    assert check_altered(layout, ref, data[:-1] + junk) == len(SMALL)


def test_a_pack_cut_short_while_it_is_open_is_damaged(layout: Layout) -> None:
    ref = write_pack(layout, [NOISE, *SMALL.values()])
    opened = Pack(layout.pack(ref.name), ref)
    slot = opened.find(digest_of(NOISE))
    assert slot is not None
    os.truncate(layout.pack(ref.name), 1000)
    with pytest.raises(Damaged):
        opened.stored(slot)
    opened.close()


@given(start=st.integers(0, 300), junk=st.binary(min_size=1, max_size=60))
def test_junk_over_a_pack_is_noticed(layout: Layout, small: tuple[PackRef, bytes], start: int, junk: bytes) -> None:
    ref, data = small
    altered = (data[:start] + junk + data[start + len(junk) :])[: len(data)]
    check_altered(layout, ref, altered)


@given(data=st.binary(max_size=200))
def test_any_file_is_a_pack_or_damaged(layout: Layout, data: bytes) -> None:
    assert check_altered(layout, PackRef("0" * 32, len(data)), data) == len(SMALL)


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_a_pack(
    layout: Layout, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(layout.packs)
    path = Path(layout.pack(f"f{NOT_OURS.index(make):031x}"))
    make(path)
    for size in (0, 100, 6 << 30):
        with pytest.raises(Damaged):
            Pack(str(path), PackRef(path.stem, size))


def test_a_newer_pack_says_so(layout: Layout, small: tuple[PackRef, bytes]) -> None:
    ref, data = small
    Path(layout.pack(ref.name)).write_bytes(data[:8] + struct.pack(">I", 2) + data[12:-8] + b"ANOTHER ")
    with pytest.raises(TooNew, match="written by a newer muse"):
        Pack(layout.pack(ref.name), ref)


def test_a_header_that_is_damaged_hides_nothing(layout: Layout, small: tuple[PackRef, bytes]) -> None:
    """And a flipped bit in it makes no pack of a newer muse."""
    ref, data = small
    for at in range(16):
        altered = data[:at] + bytes([data[at] ^ 2]) + data[at + 1 :]
        assert check_altered(layout, ref, altered) == 0


@pytest.mark.parametrize(("start", "why"), [(b"MUSEPACK", "has no footer"), (b"NOT ONE ", "is not a pack")])
def test_a_file_that_does_not_end_as_a_pack(
    layout: Layout, small: tuple[PackRef, bytes], start: bytes, why: str
) -> None:
    ref, data = small
    Path(layout.pack(ref.name)).write_bytes(start + data[8:-8] + b"ANOTHER ")
    with pytest.raises(Damaged, match=why) as damaged:
        Pack(layout.pack(ref.name), ref)
    assert damaged.type is Damaged


def forged(layout: Layout, digest: bytes, slot: Slot, stored: bytes) -> PackRef:
    """A pack with one entry, whose index says what it likes."""
    header = pack.HEADER.pack(pack.MAGIC, 1, 0)
    entry = pack.ENTRY.pack(digest, *slot)
    table = pack.BUCKET.pack(1, crc32(entry))
    fields = struct.pack(">QIBxxx", len(header + stored), 1, 0)
    data = header + stored + entry + table + fields + struct.pack(">I8s", crc32(table + fields), pack.END)
    name = digest_of(data)[:16].hex()
    Path(layout.pack(name)).write_bytes(data)
    return PackRef(name, len(data))


def read_forged(layout: Layout, digest: bytes, slot: Slot, stored: bytes) -> bytes:
    opened = Pack(layout.pack((ref := forged(layout, digest, slot, stored)).name), ref)
    try:
        found = opened.find(digest)
        assert found == slot
        return read_one(layout, ref, digest)
    finally:
        opened.close()


NUMBERS = st.integers(0, 64) | st.sampled_from([2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1])


@given(slot=st.builds(Slot, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 255)), stored=st.binary(max_size=40))
def test_an_index_may_claim_anything(layout: Layout, slot: Slot, stored: bytes) -> None:
    digest = digest_of(b"wanted")
    with pytest.raises(Damaged):
        read_forged(layout, digest, slot, stored)


def test_a_forged_pack_can_be_right(layout: Layout) -> None:
    frame = codec.Compressor().frame(bytes(1000)) or b""
    slot = Slot(16, len(frame), 1000, pack.ZSTD)
    assert read_forged(layout, digest_of(bytes(1000)), slot, frame) == bytes(1000)


@pytest.mark.parametrize("kind", [pack.COMPOSITE, 4, 255])
def test_an_entry_of_a_later_kind_is_named(layout: Layout, kind: int) -> None:
    with pytest.raises(Damaged, match=rf"sha256:\w+ is held in a way this muse does not know \(kind {kind}\)"):
        read_forged(layout, digest_of(b"wanted"), Slot(16, 6, 6, kind), b"wanted")


@pytest.mark.parametrize("declared", [0, 6, 1 << 20, (1 << 64) - 1])
def test_a_bomb_in_a_pack_does_not_go_off(layout: Layout, declared: int) -> None:
    bomb = codec.Compressor().frame(bytes(64 << 20)) or b""
    with pytest.raises(Damaged):
        read_forged(layout, digest_of(b"wanted"), Slot(16, len(bomb), declared, pack.ZSTD), bomb)


# The writer


def test_a_pack_with_nothing_in_it_is_none(tmp_path: Path) -> None:
    writer = PackWriter(Layout(str(tmp_path)), durable=True, way="link")
    assert writer.finish() == ()
    assert os.listdir(tmp_path) == []


def test_what_was_added_can_be_read_before_the_pack_is_finished(layout: Layout) -> None:
    writer = PackWriter(layout, durable=False, way="link")
    for data in (*SMALL.values(), NOISE, bytes(3 << 20)):
        writer.add(digest_of(data), data)
    store = ObjectStore(layout, [], writer)
    assert all(store.read(digest) == data for digest, data in SMALL.items())
    assert store.read(digest_of(NOISE)) == NOISE
    assert digest_of(NOISE) in writer
    assert digest_of(b"other") not in writer
    before = set(os.listdir(layout.packs))
    writer.discard()
    assert set(os.listdir(layout.packs)) == before
    assert digest_of(NOISE) not in writer


@pytest.mark.parametrize("surroundings", [faults.as_usual, faults.without_nameless_files])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_whatever_fails_no_pack_is_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    surroundings: Callable[[pytest.MonkeyPatch], None],
    error: BaseException,
) -> None:
    surroundings(monkeypatch)
    layout = Layout(str(tmp_path))
    os.makedirs(layout.packs)
    for at in itertools.count():
        with faults.tripping(at, error) as calls:
            writer = PackWriter(layout, durable=True, way="link")
            try:
                for data in (NOISE * 11, *SMALL.values()):
                    writer.add(digest_of(data), data)
                writer.finish()
            except (SystemTrouble, KeyboardInterrupt) as raised:
                assert isinstance(raised, KeyboardInterrupt) or "objects/pack" in raised.message
            finally:
                writer.discard()
        if len(calls) <= at:
            break
        left = os.listdir(layout.packs)
        assert calls[at] == "unlink" or left == [], calls
        assert not any(name.endswith(".pack") for name in left) or calls[at] == "unlink"
        for name in left:
            assert name.endswith(".pack") or temps.is_object_temp(name)
            os.unlink(os.path.join(layout.packs, name))
    assert at >= 5
    assert len(os.listdir(layout.packs)) == 1


def test_the_parts_of_an_index_come_in_order(layout: Layout) -> None:
    """A part that ends before it begins has a checksum, too: that of nothing."""
    entry = pack.ENTRY.pack(bytes(32), 16, 0, 0, pack.RAW)
    table = pack.BUCKET.pack(1, crc32(entry)) + pack.BUCKET.pack(0, crc32(b""))
    fields = struct.pack(">QIBxxx", 16, 1, 1)
    footer = fields + struct.pack(">I8s", crc32(table + fields), pack.END)
    path = Path(layout.pack("0" * 32))
    path.write_bytes(pack.HEADER.pack(pack.MAGIC, 1, 0) + entry + table + footer)
    opened = Pack(str(path), PackRef("0" * 32, path.stat().st_size))
    assert opened.find(bytes(32)) == Slot(16, 0, 0, pack.RAW)
    with pytest.raises(Damaged, match="has a damaged index"):
        opened.find(b"\xff" * 32)
    opened.close()


@pytest.mark.parametrize(
    ("count", "bits", "how"), [(1, 0, None), (2, 0, "has an index of another size"), (1, 17, "has no footer")]
)
def test_a_footer_that_fits_no_index_is_damage(layout: Layout, count: int, bits: int, how: str | None) -> None:
    """Its checksum is right."""
    entry = pack.ENTRY.pack(bytes(32), 16, 0, 0, pack.RAW)
    table = pack.BUCKET.pack(1, crc32(entry)) + pack.BUCKET.pack(1, crc32(b"")) * ((1 << bits) - 1)
    fields = struct.pack(">QIBxxx", 16, count, bits)
    footer = fields + struct.pack(">I8s", crc32(table + fields), pack.END)
    path = Path(layout.pack("1" * 32))
    path.write_bytes(pack.HEADER.pack(pack.MAGIC, 1, 0) + entry + table + footer)
    with nullcontext() if how is None else pytest.raises(Damaged, match=how):
        Pack(str(path), PackRef("1" * 32, path.stat().st_size)).close()


def test_what_looks_like_a_digest_across_two_entries_is_none(layout: Layout) -> None:
    ref = write_pack(layout, [b"one", b"two"])
    opened = Pack(layout.pack(ref.name), ref)
    index = opened._bucket(bytes(2))
    assert opened.find(index[:32]) is not None
    assert opened.find(index[7 : 7 + 32]) is None
    opened.close()
