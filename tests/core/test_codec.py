"""`muse.core.codec`: records and contents to bytes and back; what claims too much is refused."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import codec
from muse.core.errors import Damaged

# What the file system may hand out: text in which bytes that are no UTF-8 stand as surrogates.
TEXTS = st.text() | st.binary(max_size=20).map(lambda data: data.decode("utf-8", "surrogateescape"))
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.binary() | TEXTS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(TEXTS, inner, max_size=4)
)


@given(value=VALUES)
def test_records_come_back(value: Any) -> None:
    assert codec.unpack(codec.pack(value), "it") == value


@given(value=VALUES, cut=st.integers(0, 400))
def test_a_record_that_is_cut_short_is_damaged(value: Any, cut: int) -> None:
    data = codec.pack(value)
    with pytest.raises(Damaged, match="it cannot be decoded"):
        codec.unpack(data[: min(cut, len(data) - 1)], "it")
    with pytest.raises(Damaged, match="it cannot be decoded"):
        codec.unpack(data + b"\x00", "it")


@given(data=st.binary())
def test_any_bytes_are_a_record_or_damaged(data: bytes) -> None:
    try:
        codec.unpack(data, "it")
    except Damaged as error:
        assert "it cannot be decoded" in error.message


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    """The block may not take more bytes than that at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"\x91" * 100_000 + b"\x00",  # nests too deep
        b"\xdd\xff\xff\xff\xff",  # an array of 4 G
        b"\xdf\xff\xff\xff\xff",  # a map of 4 G
        b"\xc6\xff\xff\xff\xff",  # bytes of 4 G
        b"\xdb\xff\xff\xff\xff",  # text of 4 G
        b"\xc9\xff\xff\xff\xff\x05",  # something else of 4 G
        b"\xd6\xff\xff\xff\xff\xff\xff" + b"\xc1",  # a time, and rubbish
        b"\x81\x80\x00",  # a map as a key
        b"\xc1",
        b"",
    ],
)
def test_what_claims_too_much_is_refused_in_little_memory(data: bytes) -> None:
    with memory_below(5 << 20), pytest.raises(Damaged):
        codec.unpack(data, "it")


# Contents


@given(
    data=st.binary(max_size=300)
    | st.builds(lambda unit, times: unit * times, st.binary(min_size=1, max_size=9), st.integers(0, 60_000))
)
def test_contents_come_back(data: bytes) -> None:
    frame = codec.Compressor().frame(data)
    if frame is not None:
        assert len(frame) < len(data)
        assert codec.decompress(frame, len(data), "it") == data


def test_small_and_random_contents_are_not_compressed() -> None:
    compressor = codec.Compressor()
    assert compressor.frame(b"") is None
    assert compressor.frame(b"a" * (codec.MIN_COMPRESS - 1)) is None
    assert compressor.frame(b"a" * codec.MIN_COMPRESS) is not None
    noise = b"".join(struct.pack(">Q", pow(3, n, 2**64 - 59)) for n in range(codec.PROBE))
    assert compressor.frame(noise) is None
    assert compressor.frame(noise + bytes(len(noise))) is None
    assert compressor.frame(bytes(len(noise)) + noise) is not None


def test_one_compressor_serves_many() -> None:
    compressor = codec.Compressor()
    datas = [bytes([n]) * 1000 for n in range(50)]
    frames = [compressor.frame(data) for data in datas]
    assert [codec.decompress(frame or b"", 1000, "it") for frame in frames] == datas


FRAME = codec.Compressor().frame(b"some words and " * 20) or b""


@given(at=st.integers(0, len(FRAME) * 8 - 1))
def test_a_flipped_bit_never_gives_more_than_was_declared(at: int) -> None:
    altered = bytearray(FRAME)
    altered[at // 8] ^= 1 << at % 8
    with suppress(Damaged):
        assert len(codec.decompress(bytes(altered), 300, "it")) == 300


@given(data=st.binary(), size=st.integers(0, 1000))
def test_any_bytes_are_a_frame_or_damaged(data: bytes, size: int) -> None:
    try:
        assert len(codec.decompress(data, size, "it")) == size
    except Damaged as error:
        assert error.message.startswith("it ")


@pytest.mark.parametrize("declared", [0, 1, 1000, 299, 301, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_another_size_than_declared_is_refused(declared: int) -> None:
    with memory_below(5 << 20), pytest.raises(Damaged, match="it "):
        codec.decompress(FRAME, declared, "it")


def test_a_bomb_does_not_go_off() -> None:
    bomb = codec.Compressor().frame(bytes(256 << 20)) or b""
    assert len(bomb) < 50_000
    for declared in (0, 1000, 1 << 20):
        with memory_below(5 << 20), pytest.raises(Damaged, match="does not have the"):
            codec.decompress(bomb, declared, "it")
