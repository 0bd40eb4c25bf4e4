"""Few bytes that claim to be many: refused within little memory, and soon."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base import codec
from muse.core.operations import ops
from muse.core.packs.pack import RAW, ZSTD, Slot
from muse.core.packs.pack_writer import Base, PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import Entry, PackRef, digest_of
from tests.bad_input.scenes import from_elsewhere, packs, tree
from tests.commands import Answer, ok, process
from tests.core.folders import read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: What a command may have; Python with all that muse needs takes a quarter of it.
MEMORY = 768 << 20
GIGABYTES = 8 << 30


def refused_soon(*words: str) -> str:
    """The command fails as on damage, in a process with little memory and time."""
    answer = failed_soon(*words)
    assert answer.out == "" and len(answer.err.splitlines()) == 2, answer
    return answer.err


def failed_soon(*words: str) -> Answer:
    """The same, whether it fails as a whole or shows the rest."""
    answer = process(*words, timeout=30, memory=MEMORY)
    assert answer.status == 3, answer
    return answer


def bomb(size: int) -> bytes:
    """One zstd frame of that many zeros; a gigabyte of them takes some 30 KB."""
    compressor = zstd.ZstdCompressor(level=1)
    parts = [compressor.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, compressor.flush()])


def stored_as(patch: pytest.MonkeyPatch, data: bytes, stored: bytes, size: int, kind: int = ZSTD) -> None:
    """Have the next packs hold one object in another way than they should."""
    add = PackWriter.add

    def tampered(writer: PackWriter, digest: bytes, what: bytes, base: Base | None = None) -> None:
        if what == data:
            writer.copy(digest, [stored], Slot(0, len(stored), size, kind))
        else:
            add(writer, digest, what, base)

    patch.setattr(PackWriter, "add", tampered)


@pytest.mark.parametrize("declared", [100, 1 << 20, 1 << 62, (1 << 64) - 1])
def test_a_frame_that_expands(history: Repo, declared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what it declares; or as it declares, beyond what there is."""
    with monkeypatch.context() as patch:
        stored_as(patch, b"bomb", bomb(1 << 30), declared)
        from_elsewhere(history, {"bomb": b"bomb"})
    before = read(history.root)
    said = refused_soon("checkout", "theirs")
    assert digest_of(b"bomb").hex() in said
    assert declared > MEMORY or f"does not have the {declared:,} bytes it declares" in said
    if declared <= MEMORY:
        assert "cannot be had, lost" in failed_soon("show", "theirs").out
    else:
        assert "too large to show" in ok("show", "theirs")
    assert read(history.root) == before
    assert ok("log")


@pytest.mark.parametrize(
    ("stored", "size", "kind"),
    [
        (b"", 4, ZSTD),
        (b"bomb", 4, ZSTD),
        (zstd.compress(b"bomb")[:-1], 4, ZSTD),
        (zstd.compress(b"bom"), 4, ZSTD),
        (zstd.compress(b"bomc"), 4, ZSTD),
        (b"bomc", 4, RAW),
        (b"bomb", 4, 2),
        (b"bomb", 4, 200),
    ],
)
def test_a_frame_that_is_none(
    history: Repo, stored: bytes, size: int, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stored_as(patch, b"bomb", stored, size, kind)
        from_elsewhere(history, {"a.txt": b"good", "bomb": b"bomb"})
    refused_soon("checkout", "theirs")
    assert not Path("bomb").exists()
    assert Path("a.txt").read_text().startswith("version 3")


#: Values of msgpack that claim four billion items, nest, or cannot be what they are said to be.
RECORDS = {
    "array": b"\xdd\xff\xff\xff\xff",
    "map": b"\xdf\xff\xff\xff\xff",
    "text": b"\xdb\xff\xff\xff\xff",
    "bytes": b"\xc6\xff\xff\xff\xff",
    "extension": b"\xc9\xff\xff\xff\xff\x01",
    "nested arrays": b"\x91" * 1_000_000,
    "nested maps": b"\x81\xa1a" * 300_000 + b"\xc0",
    "arrays that claim, nested": b"\xdd\x00\xff\xff\xff" * 400,
    "map with a list as key": b"\x81\x90\x81\x80\x80",
    "a moment out of time": b"\xc7\x0c\xff" + b"\xff" * 12,
    "text that is none": b"\x93\xa4tree\x01\xa2\xff\xfe",
    "two values": codec.pack(["tree", 1, [], "", b""]) + b"\xc0",
    "a newer one": codec.pack(["tree", 99, []]),
    "a commit": codec.pack(["commit", 1, b"", [], ["", ""], "", ""]),
}


@pytest.mark.parametrize("data", RECORDS.values(), ids=RECORDS.keys())
def test_a_record_that_claims_too_much(history: Repo, data: bytes) -> None:
    from_elsewhere(history, lambda store: store.add(data))
    refused_soon("checkout", "theirs")
    assert "commit 3" in ok("log")


@pytest.mark.parametrize("data", RECORDS.values(), ids=RECORDS.keys())
def test_an_operation_that_claims_too_much(history: Repo, data: bytes) -> None:
    head = struct.pack(">8sII", ops.MAGIC, 1, len(data)) + data
    Path(history.layout.operation(5)).write_bytes(head + digest_of(head))
    assert "operation 5 " in refused_soon("status")


@pytest.mark.parametrize("data", RECORDS.values(), ids=RECORDS.keys())
def test_a_cache_that_claims_too_much(history: Repo, data: bytes) -> None:
    for name in ("stat", "config"):
        Path(history.layout.cache, name).write_bytes(data)
    answer = process("status", timeout=30, memory=MEMORY)
    assert answer.status == 0 and "clean" in answer.out


def forget_size(repo: Repo, path: Path) -> None:
    """Have the newest operation name a pack with the size that it has now."""
    newest = ops.newest(repo.layout)
    assert newest is not None
    size = path.stat().st_size
    refs = tuple(PackRef(ref.name, size) if ref.name == path.stem else ref for ref in newest.packs)
    os.unlink(repo.layout.operation(newest.number))
    Path(repo.layout.operation(newest.number)).write_bytes(ops.encode(newest._replace(packs=refs)))


def grown(path: Path) -> None:
    """Gigabytes of nothing, and the old footer at the end."""
    footer = path.read_bytes()[-32:]
    os.truncate(path, GIGABYTES)
    with path.open("r+b") as file:
        file.seek(-len(footer), os.SEEK_END)
        file.write(footer)


def only_zeros(path: Path) -> None:
    """Gigabytes of nothing below a good header."""
    os.truncate(path, 16)
    os.truncate(path, GIGABYTES)


@pytest.mark.parametrize("change", [grown, only_zeros])
def test_a_pack_of_gigabytes(history: Repo, change: Callable[[Path], None]) -> None:
    path = packs(history)[-1]
    change(path)
    forget_size(history, path)
    assert path.name in refused_soon("log")
    assert ok("op", "log")


def test_a_tree_that_holds_itself_many_times(history: Repo) -> None:
    """Sixty trees, each twice in the next: reading a path in it is as quick as ever."""

    def build(store: ObjectStore) -> bytes:
        digest = tree(store, {"x": b"deep"})
        for _ in range(60):
            digest = tree(store, {"a": Entry("d", digest), "b": Entry("d", digest)})
        return digest

    from_elsewhere(history, build)
    assert process("log", timeout=30).status == 0
    answer = process("restore", "a/" * 60 + "x", "--from", "theirs", timeout=30, memory=MEMORY)
    assert answer.status == 0, answer
