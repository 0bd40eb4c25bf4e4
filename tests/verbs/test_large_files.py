"""Files above 16 MiB: a pack of their own, a piece at a time, and as safe as any other file."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import muse as api
from muse.core.base.errors import MuseError, Unconfirmed
from muse.core.folder import files
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.packs import join, pack_writer
from muse.core.packs.pack import RAW, ZSTD, Pack
from muse.core.packs.pack_writer import Incoming
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import blob_id, digest_of
from tests.commands import muse, ok, refused
from tests.core import faults
from tests.core.folders import later
from tests.core.memory import memory_below
from tests.core.small_commands import Once, after_its_pack, record, unnamed_packs

MIB = 1 << 20
NOISE = random.Random(7).randbytes(MIB + 13)
RANDOM = NOISE * 17
WORDS = b"".join(b"%07d,%s\n" % (number, NOISE[number % MIB :][:6].hex().encode()) for number in range(60_000))
TEXT = WORDS * 15
OTHER = RANDOM[5 * MIB :] + NOISE[:1000] * 8000
assert min(map(len, (RANDOM, TEXT, OTHER))) > 16 * MIB


@pytest.fixture
def here(repository: Path) -> Path:
    """A repository that does not wait for the disk."""
    ok("config", "durability", "off")
    return repository


def layout() -> Layout:
    return Layout(os.getcwd())


def newest() -> Operation:
    found = ops.newest(layout())
    assert found is not None
    return found


def held(data: bytes) -> tuple[int, int, int]:
    """Where the newest operation has an object: how many objects share its pack, its kind, the bytes of that pack."""
    store = ObjectStore(layout(), newest().packs)
    try:
        for ref in store.refs:
            pack = store.pack(ref)
            slot = pack.find(digest_of(data))
            if slot is not None:
                return pack.count, slot.kind, ref.size
    finally:
        store.close()
    raise AssertionError("not in the store")


@contextmanager
def a_piece_at_a_time() -> Iterator[None]:
    """No large part of a file may be in memory, nor be read or written at once."""
    sizes: list[int] = []

    def watched(call: Callable[..., Any], length: Callable[[Any], int]) -> Callable[..., Any]:
        def watching(fd: int, what: Any, *more: int) -> Any:
            sizes.append(length(what))
            return call(fd, what, *more)

        return watching

    with pytest.MonkeyPatch.context() as patch:
        for name, length in (("read", int), ("pread", int), ("write", len)):
            patch.setattr(os, name, watched(getattr(os, name), length))
        with memory_below(12 * MIB):
            yield
    assert max(sizes) <= 2 * MIB


# There and back


@pytest.mark.parametrize(("data", "kind"), [(RANDOM, RAW), (TEXT, ZSTD)])
def test_there_and_back_a_piece_at_a_time(here: Path, data: bytes, kind: int) -> None:
    big, before = Path("big"), b"small at first"
    big.write_bytes(before)
    ok("commit", "-m", "small")
    big.write_bytes(data)
    with a_piece_at_a_time():
        assert "big" in ok("status")
        ok("commit", "-m", "large")
        assert "clean" in ok("status")
    assert held(data)[:2] == (1, kind)
    assert held(data)[2] < len(data) * (0.9 if kind == ZSTD else 1.001)
    with a_piece_at_a_time():
        ok("checkout", "HEAD~1")
    assert big.read_bytes() == before
    with a_piece_at_a_time():
        ok("undo")
    assert big.read_bytes() == data
    big.unlink()
    with a_piece_at_a_time():
        ok("restore", "big")
    assert big.read_bytes() == data
    assert muse("status", "--json").json["clean"]
    with a_piece_at_a_time():
        ok("restore", "big", "--from", "HEAD~1")
    assert big.read_bytes() == before


def test_added_a_piece_at_a_time(here: Path) -> None:
    Path("big").write_bytes(RANDOM)
    Path("small").write_bytes(b"small")
    with a_piece_at_a_time():
        ok("add", "big")
        assert "big" in ok("status")
        ok("diff", "--staged")
    assert held(RANDOM)[:2] == (1, RAW)
    with a_piece_at_a_time():
        ok("commit", "-m", "large")
    assert held(RANDOM)[:2] == (1, RAW)
    assert muse("status", "--json").json["added"] == ["small"]


def test_several_large_files_in_one_commit(here: Path) -> None:
    contents = {"a": RANDOM, "b": TEXT, "c": OTHER, "d": RANDOM, "e": b"small"}
    for name, data in contents.items():
        Path(name).write_bytes(data)
    ok("commit", "-m", "all")
    assert len(newest().packs) == 4  # the same twice is held once
    for name in contents:
        Path(name).unlink()
    ok("restore", ".")
    assert {name: Path(name).read_bytes() for name in contents} == contents


@pytest.mark.parametrize(("more", "large"), [(0, False), (1, True)])
def test_from_which_size_on(here: Path, more: int, large: bool) -> None:
    data = RANDOM[: 16 * MIB + more]
    Path("big").write_bytes(data)
    ok("commit", "-m", "x")
    assert (held(data)[0] == 1) == large
    Path("big").unlink()
    ok("restore", "big")
    assert Path("big").read_bytes() == data


def test_one_more_wait_for_each_large_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    monkeypatch.setattr(os, "fsync", waits.append)
    for number, names in enumerate(([], ["a"], ["b", "c"])):
        Path("small").write_text(str(number))
        for name in names:
            Path(name).write_bytes(name.encode() + RANDOM)
        waits.clear()
        ok("commit", "-m", "x")
        assert len(waits) == 4 + len(names)


def test_a_large_pack_is_not_joined(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hardly takes any room is, and is as good."""
    monkeypatch.setattr(join, "MANY", 4)
    nothing = bytes(17 * MIB)
    Path("big").write_bytes(RANDOM)
    Path("zeros").write_bytes(nothing)
    ok("commit", "-m", "large")
    for number in range(8):
        Path("small").write_text(f"{number}\n")
        ok("commit", "-m", "more")
    assert held(RANDOM)[0] == 1
    assert held(nothing)[0] > 1
    for name in ("big", "zeros"):
        Path(name).unlink()
    with a_piece_at_a_time():
        ok("restore", "big", "zeros")
    assert (Path("big").read_bytes(), Path("zeros").read_bytes()) == (RANDOM, nothing)


# Files that change meanwhile


def while_it_is_streamed(patch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Do something whenever a large file has been read, and it is not yet known whether it is whole."""
    stream = files._stream

    def and_change(fd: int, incoming: Incoming, size: int) -> bytes:
        digest = stream(fd, incoming, size)
        change()
        return digest

    patch.setattr(files, "_stream", and_change)


def append(data: bytes = b"more") -> None:
    with open("big", "ab") as file:
        file.write(data)


def newest_number() -> int:
    return ops.newest_number(layout())


def state() -> tuple[int, list[str], list[str], list[str], int]:
    """All that a command which fails must leave as it was."""
    folders = (layout().packs, layout().ops, layout().restore)
    packs, entries, restore = (sorted(os.listdir(folder)) for folder in folders)
    return newest_number(), packs, entries, restore, len(os.listdir("/dev/fd"))


@pytest.mark.parametrize("words", [("commit", "-m", "x"), ("add", "big"), ("add", ".")])
@pytest.mark.parametrize("change", [append, lambda: os.truncate("big", 17 * MIB), lambda: os.truncate("big", 100)])
def test_a_file_that_changes_once_is_read_again(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], change: Callable[[], None]
) -> None:
    Path("big").write_bytes(RANDOM)
    with monkeypatch.context() as patch:
        while_it_is_streamed(patch, Once(change))
        ok(*words)
    if words[0] == "add":
        ok("commit", "-m", "x")
    assert muse("status", "--json").json["clean"]
    assert unnamed_packs(layout()) == set()
    data = Path("big").read_bytes()
    assert data != RANDOM
    Path("big").unlink()
    ok("restore", "big")
    assert Path("big").read_bytes() == data


@pytest.mark.parametrize("words", [("commit", "-m", "x"), ("add", "big"), ("add", ".")])
def test_a_file_that_keeps_changing_is_reported(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    Path("big").write_bytes(RANDOM)
    before = state()
    with monkeypatch.context() as patch:
        while_it_is_streamed(patch, append)
        assert "big keeps changing while it is read" in refused(*words, status=5)
    assert state() == before


# Trouble


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", ["read", "write"])
def test_whatever_fails_in_the_middle_nothing_is_left(here: Path, error: BaseException, call: str) -> None:
    """At the first calls, and at every fourth from then on. Where only a cache could not be written, it is done."""
    failed = 0
    for at in (*range(4), *range(4, 100, 4)):
        Path("big").write_bytes(b"%d" % at + RANDOM)
        before = state()
        with faults.tripping(at, error, names=(call,)) as calls:
            try:
                api.commit("large")
            except Unconfirmed:
                continue  # the entry may stand, and its packs do
            except (MuseError, KeyboardInterrupt):
                if newest_number() == before[0]:
                    failed += 1
                    assert state() == before, calls
        if len(calls) <= at:
            break
    assert len(calls) <= at
    assert failed >= 2
    assert held(b"%d" % at + RANDOM)[:2] == (1, RAW)
    assert muse("status", "--json").json["clean"]


def damage(data: bytes) -> None:
    """Alter a byte in the middle of what is stored for an object."""
    store = ObjectStore(layout(), newest().packs)
    for ref in store.refs:
        slot = store.pack(ref).find(digest_of(data))
        if slot is not None:
            with open(layout().pack(ref.name), "r+b") as file:
                file.seek(slot.offset + slot.stored // 2)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))
    store.close()


@pytest.mark.parametrize("data", [RANDOM, TEXT])
def test_a_damaged_large_file(here: Path, data: bytes) -> None:
    """It cannot be checked out, which changes nothing; the next commit of the same bytes brings it back."""
    Path("big").write_bytes(data)
    Path("small").write_text("one\n")
    ok("commit", "-m", "large")
    Path("big").unlink()
    Path("small").write_text("two\n")
    ok("commit", "-m", "gone")
    damage(data)
    before = state()
    for words in (["checkout", "HEAD~1"], ["checkout", "HEAD~1", "--force"], ["restore", "big", "--from", "HEAD~1"]):
        assert blob_id(data) in refused(*words, status=3)
        assert state() == before
        assert not Path("big").exists()
        assert Path("small").read_text() == "two\n"
    Path("big").write_bytes(data)
    ok("commit", "-m", "back again")
    assert len(newest().packs) == len(before[1]) + 2
    Path("big").unlink()
    ok("restore", "big")
    assert Path("big").read_bytes() == data
    ok("checkout", "HEAD~2")
    assert (Path("big").read_bytes(), Path("small").read_text()) == (data, "one\n")


def test_a_large_file_that_was_healed_stays_so_when_the_damaged_copy_comes_last(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small packs are joined, and what is joined comes last: the good copy may lie in an older pack."""
    data = bytes(17 * MIB)
    Path("big").write_bytes(data)
    ok("commit", "-m", "large")
    damage(data)
    os.utime("big")
    Path("copy").write_bytes(data)
    ok("commit", "-m", "healed")
    monkeypatch.setattr(join, "MANY", 2)
    for number in range(3):
        Path("small").write_text(str(number))
        ok("commit", "-m", "more")
    for name in ("big", "copy"):
        Path(name).unlink()
    ok("restore", "big", "copy")
    assert Path("big").read_bytes() == Path("copy").read_bytes() == data


# Work that nothing else holds


def test_what_force_replaces_is_saved_first(here: Path) -> None:
    big = Path("big")
    big.write_bytes(b"one")
    ok("commit", "-m", "one")
    big.write_bytes(b"two")
    ok("commit", "-m", "two")
    big.write_bytes(OTHER)
    assert "uncommitted work in big" in refused("checkout", "HEAD~1", status=4)
    with a_piece_at_a_time():
        ok("checkout", "HEAD~1", "--force")
    assert big.read_bytes() == b"one"
    assert held(OTHER)[:2] == (1, RAW)
    with a_piece_at_a_time():
        ok("undo")
    assert big.read_bytes() == OTHER


def test_a_file_that_changes_while_it_is_saved_stops_the_checkout(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = Path("big")
    for content in (b"one", b"two"):
        big.write_bytes(content)
        ok("commit", "-m", "x")
    big.write_bytes(OTHER)
    before = state()
    with monkeypatch.context() as patch:
        while_it_is_streamed(patch, Once(append))
        assert "big changed while it was read" in refused("checkout", "HEAD~1", "--force", status=5)
    assert state() == before
    assert big.read_bytes() == OTHER + b"more"


# Two at once


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what large files are made of, as they are streamed."""
    sizes: list[int] = []
    write = Incoming.write

    def counted(incoming: Incoming, piece: bytes) -> None:
        sizes.append(len(piece))
        write(incoming, piece)

    monkeypatch.setattr(pack_writer.Incoming, "write", counted)
    return sizes


def test_a_commit_that_loses_keeps_what_it_has_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, streamed: list[int]
) -> None:
    Path("big").write_bytes(RANDOM)
    with monkeypatch.context() as patch, later():
        after_its_pack(patch, Once(lambda: record(Repo.open(), "other")))
        ok("commit", "-m", "large")
    assert sum(streamed) == len(RANDOM)
    assert newest().verb == "commit"
    assert held(RANDOM)[:2] == (1, RAW)
    assert unnamed_packs(layout()) == set()
    assert muse("status", "--json").json["clean"]


def test_a_commit_that_stops_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("big").write_bytes(RANDOM)
    Path("small").write_text("small")
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: ok("add", "small")))
        assert "ran `add small` in this repository at the same time" in refused("commit", "-m", "large", status=4)
    assert newest().verb == "add"
    assert unnamed_packs(layout()) == set()
    ok("commit", "-m", "small alone")
    assert muse("status", "--json").json["added"] == ["big"]


def test_a_pack_of_its_own_holds_one_object(here: Path) -> None:
    Path("big").write_bytes(TEXT)
    ok("commit", "-m", "x")
    ref, common = newest().packs
    pack = Pack(layout().pack(ref.name), ref)
    assert [digest for digest, _ in pack.slots()] == [digest_of(TEXT)]
    pack.close()
    assert common.size < 2000
