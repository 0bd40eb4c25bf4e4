"""`packs.pack_writer`: what a command adds comes back, in however many packs, or nothing is left of it."""

from __future__ import annotations

import errno
import itertools
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base.errors import SystemTrouble
from muse.core.packs.pack import RAW, ZSTD, ZSTD_PREFIX, Pack
from muse.core.packs.pack_writer import Base, PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.system import temps
from muse.core.types import PackRef, digest_of
from tests.core import faults
from tests.core.processes import WAYS
from tests.core.stores import write_pack

NOISE = random.Random(4).randbytes(200_000)
WORDS = b"".join(b"line %d\n" % number for number in range(10_000))


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A repository with room for packs; what lies in it does not matter."""
    found = Layout(str(tmp_path_factory.mktemp("packs")))
    os.makedirs(found.packs)
    return found


class Step(NamedTuple):
    """An object to add: its bytes; how many objects back its base was, 0 for none; pieces if it comes as large."""

    data: bytes
    back: int
    pieces: int


DATA = st.one_of(
    st.binary(min_size=8, max_size=200),
    st.integers(8, 20_000).map(lambda size: NOISE[:size]),
    st.integers(8, 20_000).map(lambda size: WORDS[:size]),
    st.builds(lambda at, new: NOISE[:at] + new + NOISE[at:5000], st.integers(0, 5000), st.binary(max_size=20)),
)
STEPS = st.lists(st.builds(Step, DATA, st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=12)


def add_large(writer: PackWriter, data: bytes, piece: int = 70_000) -> bytes:
    """Add an object in pieces of that size."""
    incoming = writer.incoming()
    for at in range(0, len(data), piece):
        incoming.write(data[at : at + piece])
    digest = incoming.finish()
    writer.adopt(incoming)
    return digest


@settings(max_examples=60)
@given(steps=STEPS, way=st.sampled_from(WAYS))
def test_what_is_added_comes_back_however_it_is_added(layout: Layout, steps: list[Step], way: str) -> None:
    writer = PackWriter(layout, durable=False, way=way)
    added: list[bytes] = []
    for data, back, pieces in {step.data: step for step in steps}.values():
        if pieces:
            assert add_large(writer, data, len(data) // pieces + 1) == digest_of(data)
        else:
            older = added[-back] if 0 < back <= len(added) else None
            writer.add(digest_of(data), data, Base(digest_of(older), older, 1) if older is not None else None)
        added.append(data)
    before = ObjectStore(layout, [], writer)
    assert all(digest_of(data) in writer and before.read(digest_of(data)) == data for data in added)
    refs = writer.finish()
    after = ObjectStore(layout, refs)
    assert all(after.read(digest_of(data)) == data for data in added)
    assert all(b"".join(after.pieces(digest_of(data))) == data for data in added)
    after.close()
    large = sum(step.pieces > 0 for step in {step.data: step for step in steps}.values())
    assert len(refs) == large + (large < len(added))
    assert not any(digest_of(data) in writer for data in added)


def kind_of(layout: Layout, ref: PackRef, digest: bytes) -> int:
    """How a pack holds an object."""
    opened = Pack(layout.pack(ref.name), ref)
    slot = opened.find(digest)
    opened.close()
    assert slot is not None
    return slot.kind


@pytest.mark.parametrize(
    ("data", "base", "kind"),
    [
        (NOISE[:5000], None, RAW),
        (WORDS[:5000], None, ZSTD),
        (NOISE[:5000], NOISE[5000:10_000], RAW),
        (NOISE[:5000] + b"new", NOISE[:5000], ZSTD_PREFIX),
        (WORDS[:5000] + b"new", WORDS[:5000], ZSTD_PREFIX),
        (NOISE[:5000], NOISE[:500], RAW),
    ],
)
def test_a_difference_is_held_where_it_is_small(layout: Layout, data: bytes, base: bytes | None, kind: int) -> None:
    """A difference that is hardly smaller than a whole copy is not worth its base."""
    refs = [write_pack(layout, [base])] if base is not None else []
    writer = PackWriter(layout, durable=False, way="link")
    writer.add(digest_of(data), data, Base(digest_of(base), base, 1) if base is not None else None)
    (ref,) = writer.finish()
    assert kind_of(layout, ref, digest_of(data)) == kind
    assert ObjectStore(layout, [*refs, ref]).read(digest_of(data)) == data


@pytest.mark.parametrize(("data", "kind"), [(NOISE, RAW), (WORDS, ZSTD), (NOISE[:65536] + WORDS, RAW)])
def test_the_beginning_of_a_large_file_decides_whether_it_is_compressed(layout: Layout, data: bytes, kind: int) -> None:
    writer = PackWriter(layout, durable=False, way="link")
    add_large(writer, data)
    (ref,) = writer.finish()
    assert kind_of(layout, ref, digest_of(data)) == kind
    assert (ref.size < len(data)) == (kind == ZSTD)


@settings(max_examples=40)
@given(steps=st.lists(STEPS, min_size=1, max_size=4))
def test_what_others_hold_stays_readable_when_it_is_taken_in(layout: Layout, steps: list[list[Step]]) -> None:
    refs: list[PackRef] = []
    held: set[bytes] = set()
    for part in steps:
        writer = PackWriter(layout, durable=False, way="link")
        added: list[bytes] = []
        for data in {step.data for step in part}:
            older = added[-1] if added else None
            writer.add(digest_of(data), data, Base(digest_of(older), older, 1) if older is not None else None)
            added.append(data)
        held |= set(added)
        refs += writer.finish()
    store, writer = ObjectStore(layout, refs), PackWriter(layout, durable=False, way="link")
    writer.add(digest_of(b"its own"), b"its own")
    left = [ref for ref in refs if not writer.take_in(store.pack(ref))]
    assert len(left) < len(refs)
    (joined,) = writer.finish()
    store.close()
    for ref in set(refs) - set(left):
        os.unlink(layout.pack(ref.name))
    after = ObjectStore(layout, [*left, joined])
    assert {after.read(digest_of(data)) for data in held} == held
    assert after.read(digest_of(b"its own")) == b"its own"
    after.close()


def test_a_copy_of_an_entry_is_as_good(layout: Layout) -> None:
    ref = write_pack(layout, [WORDS])
    store, writer = ObjectStore(layout, [ref]), PackWriter(layout, durable=False, way="link")
    pack = store.pack(ref)
    slot = pack.find(digest_of(WORDS))
    assert slot is not None
    writer.copy(digest_of(WORDS), pack.stored_pieces(slot), slot)
    (copied,) = writer.finish()
    store.close()
    assert kind_of(layout, copied, digest_of(WORDS)) == ZSTD
    assert ObjectStore(layout, [copied]).read(digest_of(WORDS)) == WORDS


# Waiting for the disk


@pytest.mark.parametrize("large", [0, 1, 3])
@pytest.mark.parametrize("common", [False, True])
def test_each_pack_is_waited_for_and_then_their_folder(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, large: int, common: bool
) -> None:
    waits: list[str] = []
    fsync, link = os.fsync, os.link

    def waiting(fd: int) -> None:
        waits.append("folder" if os.path.isdir(f"/dev/fd/{fd}") else "file")
        fsync(fd)

    def linking(*arguments: str, **options: bool) -> None:
        waits.append("link")
        link(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", waiting)
    monkeypatch.setattr(os, "link", linking)
    writer = PackWriter(layout, durable=True, way="link")
    for number in range(large):
        add_large(writer, NOISE[number:])
    if common:
        for number in range(100):
            writer.add(digest_of(b"%d" % number), b"%d" % number)
    packs = large + common
    assert len(writer.finish()) == packs
    assert waits == ["file", "link"] * packs + ["folder"] * (packs > 0)


def test_nothing_is_waited_for_when_it_need_not_last(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", faults.failing(errno.EIO))
    writer = PackWriter(layout, durable=False, way="link")
    add_large(writer, NOISE)
    writer.add(digest_of(b"a"), b"a")
    assert len(writer.finish()) == 2


# Trouble


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_finished_goes_with_its_writer(layout: Layout, way: str) -> None:
    """Whoever began a large content may have been interrupted before it could let go of it."""
    before = set(os.listdir(layout.packs)), descriptors()
    writer = PackWriter(layout, durable=False, way=way)
    writer.add(digest_of(b"a"), b"a")
    add_large(writer, NOISE)
    writer.incoming().write(NOISE)
    writer.incoming().discard()
    assert descriptors() > before[1]
    writer.discard()
    assert (set(os.listdir(layout.packs)), descriptors()) == before
    assert digest_of(NOISE) not in writer
    assert (writer.size, writer.finish()) == (0, ())


def write_much(layout: Layout) -> None:
    """Write three packs, two of them large, and take another in; the writer is discarded as a command would do."""
    writer = PackWriter(layout, durable=True, way="link")
    try:
        writer.add(digest_of(WORDS[:5000]), WORDS[:5000])
        for data in (NOISE * 6, WORDS):
            add_large(writer, data)
        writer.add(digest_of(WORDS[:5001]), WORDS[:5001], Base(digest_of(WORDS[:5000]), WORDS[:5000], 1))
        writer.add(digest_of(NOISE[1:] * 11), NOISE[1:] * 11)
        writer.finish()
    finally:
        writer.discard()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("surroundings", [faults.as_usual, faults.without_nameless_files])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_whatever_fails_none_of_several_packs_is_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    surroundings: Callable[[pytest.MonkeyPatch], None],
    error: BaseException,
    after: bool,
) -> None:
    surroundings(monkeypatch)
    layout = Layout(str(tmp_path))
    os.makedirs(layout.packs)
    begun = descriptors()
    for at in itertools.count():
        with faults.tripping(at, error, after=after) as calls:
            try:
                write_much(layout)
            except (SystemTrouble, KeyboardInterrupt) as raised:
                assert isinstance(raised, KeyboardInterrupt) or "objects/pack" in raised.message
        assert descriptors() == begun, calls
        if len(calls) <= at:
            break
        for name in os.listdir(layout.packs):
            # Only what says that it could not be removed, or was interrupted before it was known, is left to the sweep.
            assert temps.is_object_temp(name) if calls[at] == "open" else calls[at] == "unlink", calls
            os.unlink(os.path.join(layout.packs, name))
    assert at >= 15
    assert len(os.listdir(layout.packs)) == 3


def test_a_large_content_that_finds_no_room_leaves_no_thread(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count(), descriptors()
    writer = PackWriter(layout, durable=False, way="link")
    monkeypatch.setattr(os, "open", faults.failing(errno.ENOSPC))
    with pytest.raises(SystemTrouble):
        writer.incoming()
    assert (threading.active_count(), descriptors()) == before
