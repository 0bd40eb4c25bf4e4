"""`damage.health`: every entry is read once, whatever rests on what, and no large one as a whole."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import muse as api
from muse.core.base import codec
from muse.core.base.errors import Damaged, MuseError, SystemTrouble, TooNew
from muse.core.damage import health
from muse.core.damage.health import Examiner, Health
from muse.core.operations import ops
from muse.core.packs import store
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import COMPOSITE, RAW, ZSTD, ZSTD_PREFIX, Link
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import PackRef, blob_id, digest_of
from muse.core.upkeep import fsck
from tests.commands import ok
from tests.core import damaged
from tests.core.damaged import VERSIONS, newest, spoil
from tests.core.faults import failing
from tests.core.stores import new_repo, put_operation, write_pack


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits, in three packs."""
    return damaged.build(folder)


def examine(layout: Layout, ref: PackRef) -> Health:
    """What is found out about a pack that stands alone."""
    alone = ObjectStore(layout, (ref,), None, lambda: True)
    try:
        return Examiner(alone, alone.refs).examine(ref)
    finally:
        alone.close()


def one_entry(layout: Layout, data: bytes, stored: bytes, size: int, kind: int) -> PackRef:
    """A pack with one entry, as only an enemy writes it."""
    pack = NewPack(layout, durable=False, way="link")
    pack.append(digest_of(data), stored, size, kind)
    return pack.create("0" * 32)


def test_a_pack_that_is_whole(tmp_path: Path) -> None:
    layout = new_repo(tmp_path).layout
    contents = [b"one", b"two" * 200, os.urandom(500)]
    ref = write_pack(layout, contents)
    found = examine(layout, ref)
    assert found.whole
    assert found.good == {digest_of(data) for data in contents}


DATA = b"what is stored " * 10
ENEMIES = [
    (DATA, len(DATA) + 1, RAW, Damaged),
    (DATA[:-1], len(DATA), RAW, Damaged),
    (DATA, 1 << 60, RAW, Damaged),
    (b"", len(DATA), ZSTD, Damaged),
    (DATA, 1 << 60, ZSTD, Damaged),
    (b"", len(DATA), ZSTD_PREFIX, Damaged),
    (Link(digest_of(DATA), 1, DATA).encode(), len(DATA), ZSTD_PREFIX, Damaged),
    (Link(bytes(32), 1, DATA).encode(), 1 << 60, ZSTD_PREFIX, Damaged),
    (DATA, len(DATA), COMPOSITE, TooNew),
]


@pytest.mark.parametrize(("stored", "size", "kind", "error"), ENEMIES)
def test_an_entry_that_nobody_wrote(
    tmp_path: Path, stored: bytes, size: int, kind: int, error: type[MuseError]
) -> None:
    layout = new_repo(tmp_path).layout
    found = examine(layout, one_entry(layout, DATA, stored, size, kind))
    assert not found.good
    assert type(found.bad[digest_of(DATA)]) is error


def test_an_object_that_no_window_can_hold_is_not_put_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = new_repo(tmp_path).layout
    pack = NewPack(layout, durable=False, way="link")
    pack.append(digest_of(DATA), DATA, len(DATA), RAW)
    pack.append(digest_of(b"x"), Link(digest_of(DATA), 1, b"").encode(), (1 << codec.MAX_WINDOW) + 1, ZSTD_PREFIX)
    monkeypatch.setattr(health, "decompress", None)
    (error,) = examine(layout, pack.create("0" * 32)).bad.values()
    assert "claims too much" in error.message


def test_a_frame_that_expands_beyond_all_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read no further than it should go."""
    layout = new_repo(tmp_path).layout
    monkeypatch.setattr(health, "LARGE", 1000)
    compressor = codec.StreamCompressor()
    bomb = b"".join(compressor.feed(bytes(1 << 20)) for _ in range(50)) + compressor.end()
    ref = one_entry(layout, DATA, bomb, 2000, ZSTD)
    pieces: list[int] = []
    stream = codec.decompress_stream

    def counted(stored: Any, what: str) -> Any:
        for piece in stream(stored, what):
            pieces.append(len(piece))
            yield piece

    monkeypatch.setattr(health, "decompress_stream", counted)
    assert not examine(layout, ref).good
    assert len(pieces) == 1


def test_of_a_damaged_index_what_is_left(tmp_path: Path) -> None:
    """The entries of the other buckets are read."""
    layout = new_repo(tmp_path).layout
    ref = write_pack(layout, [b"%d" % number for number in range(1000)])
    path = Path(layout.pack(ref.name))
    whole = examine(layout, ref)
    damaged.flip(path, path.stat().st_size - 1000)
    found = examine(layout, ref)
    assert [error.message.rpartition(" has ")[2] for error in found.trouble] == ["a damaged index"]
    assert 100 < len(found.good) < len(whole.good)
    assert not found.bad


def test_a_large_object_is_never_in_memory_as_a_whole(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    large = os.urandom(50_000)
    last = newest(repo)
    ref = write_pack(repo.layout, [large, b"compresses " * 10_000])
    put_operation(repo.layout, last._replace(packs=(*last.packs, ref)))
    monkeypatch.setattr(health, "LARGE", 20_000)
    decompress = codec.decompress

    def small(frame: bytes, size: int, *rest: Any) -> bytes:
        assert size <= 20_000
        return decompress(frame, size, *rest)

    monkeypatch.setattr(health, "decompress", small)
    assert fsck.check(repo.layout).clean
    spoil(repo, large)
    assert [problem.what for problem in fsck.check(repo.layout).problems] == [blob_id(large)]


def test_versions_are_put_together_once_each(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = damaged.build(folder)
    for number in range(40):
        Path("a.txt").write_bytes(VERSIONS[0] + b"more %d\n" % number)
        ok("commit", "-m", f"more {number}")
    frames: list[int] = []
    decompress = codec.decompress

    def counted(frame: bytes, size: int, *rest: Any) -> bytes:
        frames.append(size)
        return decompress(frame, size, *rest)

    monkeypatch.setattr(health, "decompress", counted)
    monkeypatch.setattr(store, "decompress", counted)
    assert fsck.check(repo.layout).clean
    few = len(frames)
    opened = ops.open_store(repo.layout, newest(repo))
    compressed = [slot for ref in opened.refs for _, slot in opened.pack(ref).slots() if slot.kind != RAW]
    opened.close()
    assert few < 2 * len(compressed)
    monkeypatch.setattr(health, "_ROOM", 0)
    assert fsck.check(repo.layout).clean
    assert len(frames) - few > 2 * few, "it matters that they are kept"


def test_a_folder_that_cannot_be_listed_is_not_empty(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a command would begin a new log beside the packs of the old one."""
    shutil.rmtree(repo.layout.ops)
    os.mkdir(repo.layout.ops)
    os.unlink(repo.layout.head)
    for ref in health.packs_in_folder(repo.layout):
        os.utime(repo.layout.pack(ref.name), (0, 0))
    listing, fail = os.listdir, failing(errno.EIO)
    Path("a.txt").write_text("changed\n")
    with monkeypatch.context() as patch, pytest.raises(SystemTrouble, match=r"cannot list .*pack: Input/output error"):
        patch.setattr(os, "listdir", lambda path: fail() if path == repo.layout.packs else listing(path))
        api.commit("more")
    with pytest.raises(Damaged, match="there are packs, and no operation"):
        api.commit("more")
    assert os.listdir(repo.layout.ops) == []


@pytest.mark.parametrize("listed", [health.packs_in_folder, health.set_aside, lambda layout: [*health.singles(layout)]])
def test_what_cannot_be_listed_is_said(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, listed: Callable[[Layout], object]
) -> None:
    monkeypatch.setattr(os, "listdir", failing(errno.EACCES))
    with pytest.raises(SystemTrouble, match="cannot list"):
        listed(repo.layout)


def test_folders_of_an_older_layout(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    assert [health.packs_in_folder(layout), health.set_aside(layout), [*health.singles(layout)]] == [(), (), []]
    Path(layout.shards, "ab").parent.mkdir(parents=True)
    Path(layout.shards, "ab").write_bytes(b"")
    assert [*health.singles(layout)] == []
