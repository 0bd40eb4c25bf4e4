"""`packs.chain`: few frames for any version, little for any change, and no harm from a chain that is not ours."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from muse.core.base import codec
from muse.core.base.clock import now
from muse.core.base.errors import Damaged
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.commits import records, trees
from muse.core.packs.chain import DEEPEST, SMALLEST, base_for
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import RAW, ZSTD_PREFIX, Link, Pack
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import FILE, Entry, PackRef, digest_of
from tests.core.memory import memory_below
from tests.core.stores import new_repo, writable

VERSIONS = 600


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


def versions(number: int, seed: int = 1) -> Iterator[bytes]:
    """Versions of a file of some 2 KB that differ in one of a few places, and a little in length."""
    chance = random.Random(seed)
    start = chance.randbytes(2000)
    places = [bytearray(chance.randbytes(16)) for _ in range(6)]
    for version in range(number):
        places[chance.randrange(6)][:] = chance.randbytes(chance.randrange(12, 20))
        parts = [start[at * 333 : (at + 1) * 333] + bytes(place) for at, place in enumerate(places)]
        yield b"".join(parts) + b"%d" % version


def write(layout: Layout, refs: list[PackRef], data: bytes, like: bytes | None) -> PackRef:
    """Write a version into a pack of its own."""
    store = writable(layout, refs)
    store.add(data, like=digest_of(like) if like is not None else None)
    assert store.writer is not None
    (ref,) = store.writer.finish()
    store.close()
    return ref


def write_all(layout: Layout, datas: list[bytes]) -> list[PackRef]:
    """Write versions, each like the one before, and each into a pack of its own."""
    refs: list[PackRef] = []
    for before, data in zip([None, *datas], datas, strict=False):
        refs.append(write(layout, refs, data, before))
    return refs


def damage(layout: Layout, ref: PackRef, data: bytes) -> None:
    """Alter the last byte of what a pack stores for an object."""
    opened = Pack(layout.pack(ref.name), ref)
    slot = opened.find(digest_of(data))
    opened.close()
    assert slot is not None
    path = Path(layout.pack(ref.name))
    altered = bytearray(path.read_bytes())
    altered[slot.offset + slot.stored - 1] ^= 1
    path.write_bytes(altered)


@contextmanager
def counting(patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The entries of packs that are read, by size."""
    seen: list[int] = []
    stored = Pack.stored

    def counted(pack: Pack, slot: object) -> bytes:
        found = stored(pack, slot)  # type: ignore[arg-type]
        seen.append(len(found))
        return found

    with patch.context() as inner:
        inner.setattr(Pack, "stored", counted)
        yield seen


# The chain


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[ObjectStore, list[bytes]]:
    """So many versions of a file, in a pack for each fifty."""
    layout = new_repo(tmp_path_factory.mktemp("long")).layout
    datas, refs = list(versions(VERSIONS)), list[PackRef]()
    for start in range(0, VERSIONS, 50):
        store = writable(layout, refs)
        for number in range(start, start + 50):
            store.add(datas[number], like=digest_of(datas[number - 1]) if number else None)
        assert store.writer is not None
        refs += store.writer.finish()
        store.close()
    return ObjectStore(layout, refs), datas


def test_each_version_rests_on_the_one_with_the_lowest_bit_cleared(long: tuple[ObjectStore, list[bytes]]) -> None:
    """The first with more than eight bits, 511, is whole and begins a new chain."""
    store, datas = long
    for number, data in enumerate(datas):
        link, start = store.link(digest_of(data)), 511 if number >= 511 else 0
        if number == start:
            assert link is None, number
        else:
            generation = number - start
            assert link is not None, number
            assert link.generation == generation
            assert link.base == digest_of(datas[start + (generation & (generation - 1))])
            assert len(link.encode()) < 300


def test_every_version_reads_back_from_few_others(
    long: tuple[ObjectStore, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, datas = long
    most = 0
    for number, data in enumerate(datas):
        with counting(monkeypatch) as seen:
            assert store.read(digest_of(data)) == data
        assert len(seen) == 1 + (number - 511 if number >= 511 else number).bit_count()
        most = max(most, len(seen))
    assert most == 1 + DEEPEST


def test_what_is_too_small_or_too_large_is_no_base(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    store = writable(layout)
    small, usual = store.add(b"a" * (SMALLEST - 1)), store.add(b"b" * SMALLEST)
    assert base_for(store, small, 1000) is None
    assert base_for(store, usual, SMALLEST - 1) is None
    base = base_for(store, usual, SMALLEST)
    assert base is not None
    assert (base.digest, base.data, base.generation) == (usual, b"b" * SMALLEST, 1)
    monkeypatch.setattr("muse.core.packs.chain.LARGE", 200)
    assert base_for(store, usual, 201) is None
    large = store.add(bytes(201))
    assert base_for(store, large, 200) is None
    assert base_for(store, usual, 200) == base


def test_what_was_written_again_in_full_begins_a_new_chain(layout: Layout) -> None:
    first, second = versions(2)
    other = random.Random(9).randbytes(2000)
    write_all(layout, [first, second, other])
    store = ObjectStore(layout, write_all(layout, [first, second, other, other + b"more"]))
    assert store.link(digest_of(other)) is None
    link = store.link(digest_of(other + b"more"))
    assert link is not None
    assert (link.base, link.generation) == (digest_of(other), 1)


# Damage


@pytest.mark.parametrize("number", range(4))
def test_the_version_after_damage_is_whole(layout: Layout, number: int) -> None:
    """Whichever base was damaged, the new version rests on nothing that cannot be read."""
    datas = list(versions(5))
    refs = write_all(layout, datas[:4])
    damage(layout, refs[number], datas[number])
    new = write(layout, refs, datas[4], datas[3])
    alone = ObjectStore(layout, [*refs, new])
    assert alone.read(digest_of(datas[4])) == datas[4]
    if number == 0:  # version 4 rests on version 0 alone
        assert alone.link(digest_of(datas[4])) is None
    alone.close()


def test_the_version_after_a_missing_one_is_whole(layout: Layout) -> None:
    datas = list(versions(5))
    refs = write_all(layout, datas[:4])
    for left in (refs[1:], refs[:3], []):
        store = ObjectStore(layout, [write(layout, left, datas[4], datas[3])])
        assert store.link(digest_of(datas[4])) is None
        assert store.read(digest_of(datas[4])) == datas[4]


def test_what_rests_on_damage_is_damaged_and_healed_with_it(layout: Layout) -> None:
    datas = list(versions(4))
    refs = write_all(layout, datas)
    damage(layout, refs[2], datas[2])
    store = ObjectStore(layout, refs)
    for data in datas[:2]:
        assert store.read(digest_of(data)) == data
    for data in datas[2:]:
        with pytest.raises(Damaged, match=digest_of(datas[2]).hex()):
            store.read(digest_of(data))
    healed = [*refs, write(layout, refs, datas[2], None)]
    assert all(ObjectStore(layout, healed).read(digest_of(data)) == data for data in datas)


def test_writing_a_version_whose_base_is_damaged_heals_it_alone(layout: Layout) -> None:
    datas = list(versions(4))
    refs = write_all(layout, datas)
    damage(layout, refs[2], datas[2])
    healed = ObjectStore(layout, [*refs, write(layout, refs, datas[3], datas[2])])
    assert healed.read(digest_of(datas[3])) == datas[3]
    with pytest.raises(Damaged):
        healed.read(digest_of(datas[2]))


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("newer", [False, True])
def test_another_copy_stands_in_for_a_damaged_base(layout: Layout, number: int, newer: bool) -> None:
    datas = list(versions(4))
    refs = write_all(layout, datas)
    copy = write(layout, [], datas[number], None)
    damage(layout, refs[number], datas[number])
    store = ObjectStore(layout, [*refs, copy] if newer else [copy, *refs])
    assert all(store.read(digest_of(data)) == data for data in datas)


# Chains that no muse wrote


def forged(layout: Layout, links: dict[bytes, Link], whole: bytes = b"") -> PackRef:
    """A pack with these entries, which says what it likes."""
    pack = NewPack(layout, durable=False, way="link")
    if whole:
        pack.append(digest_of(whole), whole, len(whole), RAW)
    for digest, link in links.items():
        pack.append(digest, link.encode(), 1000, ZSTD_PREFIX)
    return pack.create(os.urandom(16).hex())


def refuses_all(layout: Layout, refs: list[PackRef], digests: list[bytes], patch: pytest.MonkeyPatch) -> None:
    """Each is damaged, which is found in bounded memory from few reads, and harms no new version."""
    for digest in digests:
        with memory_below(5 << 20), counting(patch) as seen:
            with pytest.raises(Damaged):
                ObjectStore(layout, refs).read(digest)
            store = writable(layout, refs)
            assert store.add(b"new" * 500, like=digest) == digest_of(b"new" * 500)
            assert store.read(digest_of(b"new" * 500)) == b"new" * 500
            store.close()
        assert len(seen) < 20_000


FRAME = codec.difference(b"a" * 1000, b"b" * 1000) or b""
A, B = digest_of(b"A"), digest_of(b"B")


@pytest.mark.parametrize("generation", [0, 1, 2, 7, 255, 256, 510, 2**32 - 1])
@pytest.mark.parametrize("copies", [1, 2, 5])
def test_a_loop_is_damage(layout: Layout, generation: int, copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    itself = {A: Link(A, generation, FRAME)}
    each_other = {A: Link(B, generation, FRAME), B: Link(A, generation, FRAME)}
    for links in (itself, each_other):
        refuses_all(layout, [forged(layout, links) for _ in range(copies)], list(links), monkeypatch)


@pytest.mark.parametrize("length", [40, 63, 64, 65, 1000])
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_a_chain_without_an_end_is_damage(
    layout: Layout, length: int, copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two copies of each base there are 2^40 ways to a version: not all are tried."""
    digests = [digest_of(b"%d" % number) for number in range(length + 1)]
    links = {one: Link(base, 1, FRAME) for base, one in pairwise(digests)}
    refs = [forged(layout, links) for _ in range(copies)]
    refuses_all(layout, refs, [digests[-1]], monkeypatch)


def test_copies_of_a_loop_do_not_lead_round_for_ever(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The older copies rest on each other, the newer ones on what is missing."""
    older = forged(layout, {A: Link(B, 1, FRAME), B: Link(A, 1, FRAME)})
    newer = forged(layout, {A: Link(bytes(32), 1, FRAME), B: Link(bytes(32), 1, FRAME)})
    refuses_all(layout, [older, newer], [A, B], monkeypatch)


@pytest.mark.parametrize("length", [1, 63, 64])
def test_a_long_chain_that_ends_is_read(layout: Layout, length: int) -> None:
    """Nobody writes one, but what can be had is had."""
    datas = [b"%d" % number * 100 for number in range(length + 1)]
    pack = NewPack(layout, durable=False, way="link")
    pack.append(digest_of(datas[0]), datas[0], len(datas[0]), RAW)
    for number, (base, data) in enumerate(pairwise(datas)):
        stored = Link(digest_of(base), number + 1, codec.difference(data, base) or b"").encode()
        pack.append(digest_of(data), stored, len(data), ZSTD_PREFIX)
    assert ObjectStore(layout, [pack.create(os.urandom(16).hex())]).read(digest_of(datas[-1])) == datas[-1]


def test_a_number_that_no_chain_reaches_ends_it(layout: Layout) -> None:
    """The next one would not fit where it is written."""
    first, second, third = versions(3)
    pack = NewPack(layout, durable=False, way="link")
    pack.append(digest_of(first), first, len(first), RAW)
    stored = Link(digest_of(first), 2**32 - 1, codec.difference(second, first) or b"").encode()
    pack.append(digest_of(second), stored, len(second), ZSTD_PREFIX)
    store = writable(layout, [pack.create(os.urandom(16).hex())])
    assert store.read(digest_of(second)) == second
    store.add(third, like=digest_of(second))
    assert store.link(digest_of(third)) is None
    store.close()


def test_an_entry_too_short_for_a_link_is_damage(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in range(37):
        pack = NewPack(layout, durable=False, way="link")
        pack.append(A, bytes(size), 1000, ZSTD_PREFIX)
        refuses_all(layout, [pack.create(os.urandom(16).hex())], [A], monkeypatch)


# How much a change takes


def taken(repo: Repo) -> int:
    """The bytes of all packs and operations."""
    folders = (repo.layout.packs, repo.layout.ops)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder in folders for name in os.listdir(folder))


@pytest.mark.parametrize(
    ("folders", "files", "commits", "most"), [(100, 10_000, 64, 2000), (1, 10_000, 32, 4000), (1, 1000, 64, 2000)]
)
def test_one_change_among_many_files_takes_little(
    tmp_path: Path, folders: int, files: int, commits: int, most: int
) -> None:
    """Pack, index, trees, commit and operation together, besides what is stored for the file itself."""
    repo, chance = new_repo(tmp_path), random.Random(5)
    paths = [f"folder{number % folders:03d}/measurement-{number:05d}.csv" for number in range(files)]

    def commit(changed: list[str], contents: list[bytes]) -> None:
        def build(state: State) -> Draft[int]:
            digests = [state.store.add(data) for data in contents] or map(os.urandom, [32] * len(changed))
            edits = [(path, Entry(FILE, digest)) for path, digest in zip(changed, digests, strict=True)]
            tree = trees.update(state.store, records.tree_of(state.store, state.view.commit), edits)
            parents = (state.view.commit,) if state.view.commit is not None else ()
            record = records.Commit(tree, parents, records.Author("Ada", "ada@example.org"), now(), "one of many")
            return Draft(lambda left: 0, state.view.moved_to(state.store.add(records.encode_commit(record))))

        writing(repo, "commit", ("-m", "one of many"), build)

    commit(paths, [])
    before = taken(repo)
    for _ in range(commits):
        commit([chance.choice(paths)], [chance.randbytes(2000)])
    assert 200 < (taken(repo) - before) / commits - 2000 < most
