"""`muse.core.stat_cache`: remembers what it was told, and forgets everything when it is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core import io, stat_cache
from muse.core.base import codec
from muse.core.folder.listing import Listing
from muse.core.stat_cache import FolderRecord, StatCache
from muse.core.system import temps
from muse.core.types import Entry
from tests.core import faults
from tests.core.names_to_try import NAMES
from tests.core.strange import NOT_OURS

NUMBERS = st.integers(0, 2**63)
DIGESTS = st.binary(min_size=32, max_size=32)
LISTED = st.lists(NAMES, max_size=3).map(tuple)


@st.composite
def records(draw: st.DrawFn) -> FolderRecord:
    """Any record of a folder."""
    found = draw(st.lists(NAMES, max_size=4, unique=True))
    folders = draw(LISTED)
    return FolderRecord(
        seen=draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)),
        rules=draw(st.binary(max_size=16)),
        listing=Listing(tuple(found), folders, draw(LISTED), draw(LISTED), draw(LISTED), draw(LISTED)),
        names=tuple(found),
        stats=tuple(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)) for _ in found),
        modes="".join(draw(st.sampled_from("fxl")) for _ in found),
        digests=b"".join(draw(DIGESTS) for _ in found),
        tree=draw(st.just(b"") | DIGESTS),
        subtrees=tuple(draw(st.just(b"") | DIGESTS) for _ in folders),
    )


RECORD = FolderRecord((1, 2, 3), b"r", Listing(("a",)), ("a",), ((1, 2, 3, 4, 5),), "f", bytes(32), b"", ())


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "stat")


@settings(max_examples=40)
@given(folders=st.dictionaries(NAMES, records(), max_size=4), essences=st.dictionaries(DIGESTS, DIGESTS, max_size=3))
def test_what_was_put_comes_back(
    tmp_path_factory: pytest.TempPathFactory, folders: dict[str, FolderRecord], essences: dict[bytes, bytes]
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "stat")
    cache = StatCache(path)
    cache.keep_only(set())
    for folder, record in folders.items():
        cache.put(folder, record)
    for digest, essence in essences.items():
        cache.set_essence(digest, essence)
    assert cache.save()
    for again in (cache, StatCache(path)):
        assert {folder: again.get(folder) for folder in folders} == folders
        assert {digest: again.essence(digest) for digest in essences} == essences
        assert again.get("nothing") is None
        assert again.essence(bytes(31)) is None


@given(record=records())
def test_entries_are_the_columns_put_together(record: FolderRecord) -> None:
    entries = record.entries()
    assert list(entries) == list(record.names)
    assert tuple(seen for seen, _ in entries.values()) == record.stats
    assert "".join(entry.mode for _, entry in entries.values()) == record.modes
    assert b"".join(entry.digest for _, entry in entries.values()) == record.digests


def test_the_file_is_as_documented(path: str) -> None:
    cache = StatCache(path)
    cache.put("", RECORD)
    assert cache.save()
    outer = codec.unpack(Path(path).read_bytes(), "it")
    assert outer["version"] == 2
    assert set(codec.unpack(outer["body"], "it")) == {"folders", "essences"}


def saved(path: str) -> bytes:
    """The bytes of a cache with one folder."""
    cache = StatCache(path)
    cache.put("", RECORD)
    assert cache.save()
    return Path(path).read_bytes()


def test_a_damaged_cache_is_ignored(path: str) -> None:
    good = saved(path)
    assert StatCache(path).get("") == RECORD
    for bit in range(len(good) * 8):
        altered = bytearray(good)
        altered[bit // 8] ^= 1 << bit % 8
        Path(path).write_bytes(altered)
        assert StatCache(path).get("") in (None, RECORD), bit
    for size in range(len(good)):
        Path(path).write_bytes(good[:size])
        assert StatCache(path).get("") is None


@given(data=st.binary())
def test_any_bytes_are_a_cache_or_ignored(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "stat"
    path.write_bytes(data)
    assert StatCache(str(path)).get("") is None


@pytest.mark.parametrize("version", [0, 1, 3, "2", None])
def test_another_version_is_ignored(path: str, version: object) -> None:
    outer = codec.unpack(saved(path), "it")
    Path(path).write_bytes(codec.pack({**outer, "version": version}))
    assert StatCache(path).get("") is None


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_the_cache(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "stat")
    cache = StatCache(str(folder / "stat"))
    assert cache.get("") is None
    cache.put("", RECORD)
    assert cache.save() == (make.__name__ != "folder")
    assert cache.get("") == RECORD
    assert not [name for name in os.listdir(folder) if temps.is_muse_temp(name)]


def test_a_cache_that_cannot_be_written_is_no_failure(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = StatCache(path)
    cache.put("", RECORD)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", faults.failing(28))
        assert not cache.save()
        stat_cache.close_cache(cache)
    assert cache.save()
    assert StatCache(path).get("") == RECORD


def test_nothing_new_is_not_written(path: str) -> None:
    saved(path)
    before = os.stat(path).st_ino
    cache = StatCache(path)
    cache.put("", RECORD)
    cache.keep_only({"", "other"})
    assert cache.save()
    assert os.stat(path).st_ino == before
    cache.put("", RECORD._replace(rules=b"other"))
    assert cache.save()
    assert os.stat(path).st_ino != before


def test_folders_that_are_gone_are_forgotten(path: str) -> None:
    cache = StatCache(path)
    for folder in ("", "a", "a/b"):
        cache.put(folder, RECORD)
    cache.keep_only({"", "a/b", "new"})
    cache.save()
    assert [StatCache(path).get(folder) is not None for folder in ("", "a", "a/b", "new")] == [True, False, True, False]


def test_a_folder_that_is_forgotten_is_not_there_for_the_next_process(path: str) -> None:
    cache = StatCache(path)
    for folder in ("", "a"):
        cache.put(folder, RECORD)
    assert cache.save()
    cache.forget("nothing")
    cache.forget("a")
    assert cache.save()
    for again in (cache, StatCache(path)):
        assert (again.get(""), again.get("a")) == (RECORD, None)


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**64])
def test_times_that_cannot_be_kept_are_not_remembered(path: str, number: int) -> None:
    """Of the folder or of a file: 1601, where some systems begin to count, is before what 64 bits hold."""
    odd = [RECORD._replace(seen=(number, 2, 3)), RECORD._replace(stats=((number, 2, 3, 4, 5),))]
    cache = StatCache(path)
    cache.put("before", RECORD)
    for folder in ("", "before"):
        for record in odd:
            cache.put(folder, record)
    assert cache.save()
    for again in (cache, StatCache(path)):
        assert (again.get(""), again.get("before")) == (None, RECORD)


def test_essences_do_not_pile_up(path: str) -> None:
    cache = StatCache(path)
    for number in range(2000):
        cache.set_essence(b"%d" % number, b"left")
    assert len(cache._essences) == stat_cache._ESSENCES
    assert cache.essence(b"%d" % number) == b"left"
    assert cache.essence(b"0") is None


def test_a_living_process_keeps_its_cache_until_somebody_writes_another(path: str) -> None:
    cache = stat_cache.open_cache(path)
    cache.put("", RECORD)
    stat_cache.close_cache(cache)
    assert stat_cache.open_cache(path) is cache
    stat_cache.close_cache(cache)
    other = StatCache(path)
    other.put("other", RECORD)
    assert other.save()
    again = stat_cache.open_cache(path)
    assert again is not cache
    assert again.get("other") == RECORD


def test_a_cache_that_is_in_use_is_not_handed_out_twice(path: str) -> None:
    cache = stat_cache.open_cache(path)
    cache.put("", RECORD)
    stat_cache.close_cache(cache)
    assert stat_cache.open_cache(path) is cache
    assert stat_cache.open_cache(path) is not cache


def test_a_cache_that_was_deleted_is_forgotten(path: str) -> None:
    cache = stat_cache.open_cache(path)
    cache.put("", RECORD)
    stat_cache.close_cache(cache)
    os.unlink(path)
    assert stat_cache.open_cache(path).get("") is None


def test_a_record_of_another_shape_is_ignored(path: str) -> None:
    cache = StatCache(path)
    cache._packed = {"": codec.pack([1, 2, 3]), "a": b"\xc1", "b": codec.pack([0] * 9)}
    assert [cache.get(folder) for folder in ("", "a", "b")] == [None, None, None]


def test_entry_and_signature(path: str) -> None:
    assert RECORD.entries() == {"a": ((1, 2, 3, 4, 5), Entry("f", bytes(32)))}


def test_one_that_would_be_too_large_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would read it."""
    monkeypatch.setattr(io, "CACHE_LIMIT", 10)
    cache = StatCache(str(tmp_path / "stat"))
    cache.set_essence(b"a", b"b")
    assert not cache.save()
    assert os.listdir(tmp_path) == []
