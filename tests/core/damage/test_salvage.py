"""`damage.salvage`: whatever happens to the end of a pack, what its data hold is found, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import Damaged, TooNew
from muse.core.damage import salvage
from muse.core.damage.rescue import Everywhere
from muse.core.damage.salvage import Salvaged
from muse.core.packs.pack import BUCKET, END, ENTRY, FOOTER, HEADER, Pack, PackGone
from muse.core.paths import Layout
from muse.core.types import PackRef, digest_of
from tests.core.damaged import each_byte, flip
from tests.core.stores import new_repo, write_pack

#: So many that the index has several buckets.
OBJECTS = {digest_of(data): data for data in (b"object %d\n" % number * 9 for number in range(300))}
#: Few enough to flip each byte.
FEW = {digest_of(data): data for data in (b"", b"raw", b"words and words and " * 8)}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


def footer(path: Path) -> int:
    """Where the footer begins."""
    return path.stat().st_size - FOOTER.size


def had(layout: Layout) -> set[bytes]:
    """The objects that are found, all with the right bytes."""
    everywhere, found = Everywhere(layout), set()
    for digest, data in (OBJECTS | FEW).items():
        try:
            assert everywhere.read(digest) == data
            found.add(digest)
        except Damaged:
            continue
    everywhere.close()
    return found


def test_a_damaged_footer_hides_nothing(layout: Layout) -> None:
    path = Path(layout.pack(write_pack(layout, OBJECTS.values()).name))
    size = path.stat().st_size
    for at in range(footer(path), size):
        for bit in range(8):
            data = bytearray(path.read_bytes())
            data[at] ^= 1 << bit
            path.write_bytes(data)
            assert had(layout) == {*OBJECTS}, (at - size, bit)
            data[at] ^= 1 << bit
            path.write_bytes(data)


def test_a_damaged_table_hides_nothing(layout: Layout) -> None:
    path = Path(layout.pack(write_pack(layout, OBJECTS.values()).name))
    for at in range(footer(path) - 2 * BUCKET.size, footer(path)):
        flip(path, at)
        assert had(layout) == {*OBJECTS}
        flip(path, at)


def test_a_damaged_entry_hides_no_other(layout: Layout) -> None:
    path = Path(layout.pack(write_pack(layout, FEW.values()).name))
    start = footer(path) - BUCKET.size - len(FEW) * ENTRY.size
    for at in each_byte(path):
        if start <= at:
            hit = {sorted(FEW)[(at - start) // ENTRY.size]} if at < start + len(FEW) * ENTRY.size else set[bytes]()
            assert had(layout) >= FEW.keys() - hit, at
    assert had(layout) == {*FEW}


def test_whatever_is_found_is_whole(layout: Layout) -> None:
    """What can be read can be copied, and what it rests on can be asked for: also where its entry is damaged."""
    path = Path(layout.pack(write_pack(layout, FEW.values()).name))
    start = footer(path) - BUCKET.size - len(FEW) * ENTRY.size
    for at in each_byte(path):
        if start <= at < start + len(FEW) * ENTRY.size:
            found, everywhere = had(layout), Everywhere(layout)
            assert found == {digest for digest in FEW if [*everywhere.copies(digest)]}, at
            assert all(everywhere.bases(digest) == set() for digest in FEW)
            everywhere.close()


@pytest.mark.parametrize("junk", [b"\n", b"\0" * 4000, END[:-1] * 99])
@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_appended_hides_nothing(layout: Layout, junk: bytes, damaged: bool) -> None:
    path = Path(layout.pack(write_pack(layout, OBJECTS.values()).name))
    if damaged:
        flip(path, footer(path) - 1)
    with open(path, "ab") as file:
        file.write(junk)
    assert had(layout) == {*OBJECTS}


@pytest.mark.parametrize("damaged", [False, True])
def test_more_was_appended_to_a_pack_whose_size_is_known(layout: Layout, damaged: bool) -> None:
    ref = write_pack(layout, [b"wanted"])
    path = Path(layout.pack(ref.name))
    if damaged:
        flip(path, footer(path) - 1)
    os.truncate(path, 1 << 30)
    for named, known in (((), False), ((ref,), True)):
        everywhere = Everywhere(layout, named)
        assert (digest_of(b"wanted") in everywhere) == known
        everywhere.close()


def test_one_that_is_whole_is_read_as_ever(layout: Layout) -> None:
    ref = write_pack(layout, OBJECTS.values())
    everywhere = Everywhere(layout)
    assert type(everywhere.pack(ref)) is Pack
    everywhere.close()


def test_one_of_a_newer_muse_is_left_alone(layout: Layout) -> None:
    ref = write_pack(layout, [b"wanted"])
    path = Path(layout.pack(ref.name))
    path.write_bytes(path.read_bytes()[:8] + b"\0\0\0\2" + path.read_bytes()[12:-8] + b"ANOTHER ")
    everywhere = Everywhere(layout)
    with pytest.raises(TooNew):
        everywhere.pack(ref)
    everywhere.close()


def test_an_index_is_bounded(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = write_pack(layout, OBJECTS.values())
    Salvaged(layout.pack(ref.name), ref).close()
    monkeypatch.setattr(salvage, "_LARGEST_INDEX", ENTRY.size * (len(OBJECTS) - 1))
    with pytest.raises(Damaged, match="has no index"):
        Salvaged(layout.pack(ref.name), ref)


def test_where_the_index_is_too_large_the_rest_of_it_counts(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged bucket hides what it names, and no more."""
    path = Path(layout.pack(write_pack(layout, OBJECTS.values()).name))
    monkeypatch.setattr(salvage, "_LARGEST_INDEX", 100)
    flip(path, footer(path) - 2 * BUCKET.size - 1)  # in the last entry but for the table, which has more buckets
    left = had(layout)
    assert left and left < {*OBJECTS}


def test_a_file_that_is_gone(layout: Layout) -> None:
    with pytest.raises(PackGone):
        Salvaged(layout.pack("0" * 32), PackRef("0" * 32, 100))
    ref = write_pack(layout, [b"wanted"])
    everywhere = Everywhere(layout)
    os.unlink(layout.pack(ref.name))
    with pytest.raises(Damaged, match="is missing"):
        everywhere.pack(ref)
    with pytest.raises(Damaged):
        everywhere.read(digest_of(b"wanted"))


NUMBERS = st.integers(0, 3) | st.sampled_from([15, 16, 17, 57, 73, 2**31, 2**32 - 1])
ENDS = st.just(END) | st.binary(min_size=8, max_size=8)


@given(index=NUMBERS, count=NUMBERS, bits=st.integers(0, 255), end=ENDS, body=st.binary(max_size=200))
def test_any_file_is_one_or_damaged(
    tmp_path_factory: pytest.TempPathFactory, index: int, count: int, bits: int, end: bytes, body: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.pack"
    path.write_bytes(body + FOOTER.pack(index, count, bits, 0, end))
    check(path)
    path.write_bytes(body)
    check(path)


def check(path: Path) -> None:
    """It is damaged, or its entries lie in the file."""
    try:
        opened = Salvaged(str(path), PackRef("0" * 32, path.stat().st_size))
    except Damaged:
        return
    assert 0 < len([*slots(opened)]) * ENTRY.size <= path.stat().st_size - HEADER.size
    opened.close()


def slots(opened: Salvaged) -> Iterator[bytes]:
    """The digests; each is found."""
    for digest, slot in opened.slots():
        assert opened.find(digest) == slot
        yield digest
