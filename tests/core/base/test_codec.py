"""`base.codec`: records and contents to bytes and back; what claims too much is refused."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import codec
from muse.core.base.errors import Damaged
from tests.core.memory import memory_below

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


FRAME = codec.Compressor().frame(b"some words and " * 60) or b""
assert FRAME


@given(at=st.integers(0, len(FRAME) * 8 - 1))
def test_a_flipped_bit_never_gives_more_than_was_declared(at: int) -> None:
    altered = bytearray(FRAME)
    altered[at // 8] ^= 1 << at % 8
    with suppress(Damaged):
        assert len(codec.decompress(bytes(altered), 900, "it")) == 900


@given(data=st.binary(), size=st.integers(0, 1000))
def test_any_bytes_are_a_frame_or_damaged(data: bytes, size: int) -> None:
    try:
        assert len(codec.decompress(data, size, "it")) == size
    except Damaged as error:
        assert error.message.startswith("it ")


@pytest.mark.parametrize("declared", [0, 1, 1000, 899, 901, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_another_size_than_declared_is_refused(declared: int) -> None:
    with memory_below(5 << 20), pytest.raises(Damaged, match="it "):
        codec.decompress(FRAME, declared, "it")


def test_a_bomb_does_not_go_off() -> None:
    bomb = codec.Compressor().frame(bytes(256 << 20)) or b""
    assert len(bomb) < 50_000
    for declared in (0, 1000, 1 << 20):
        with memory_below(5 << 20), pytest.raises(Damaged, match="does not have the"):
            codec.decompress(bomb, declared, "it")


# Differences

CONTENTS = st.binary(max_size=300) | st.builds(
    lambda unit, times: unit * times, st.binary(min_size=1, max_size=9), st.integers(0, 5000)
)
NOISE = random.Random(2).randbytes(3 << 20)


@given(base=CONTENTS, data=CONTENTS)
def test_a_difference_comes_back(base: bytes, data: bytes) -> None:
    frame = codec.difference(data, base)
    assert (frame is None) == (len(base) < 8)
    if frame is not None:
        assert codec.decompress(frame, len(data), "it", base) == data


@given(at=st.integers(0, 20_000), cut=st.integers(0, 50), new=st.binary(max_size=50))
def test_what_changed_little_takes_little(at: int, cut: int, new: bytes) -> None:
    base = NOISE[:20_000]
    data = base[:at] + new + base[at + cut :]
    frame = codec.difference(data, base)
    assert frame is not None
    assert len(frame) < 100 + len(new)
    assert codec.decompress(frame, len(data), "it", base) == data


def test_a_window_reaches_from_the_end_to_the_beginning() -> None:
    """The last bytes are those that come first in the base, with all that is new in between."""
    data = random.Random(3).randbytes(1 << 20) + NOISE[:100_000]
    frame = codec.difference(data, NOISE)
    assert frame is not None
    assert len(frame) < (1 << 20) + 1000
    assert codec.decompress(frame, len(data), "it", NOISE) == data


@pytest.mark.parametrize(("size", "fits"), [(4096 - 100, True), (4096 - 99, False)])
def test_what_needs_a_larger_window_is_no_difference(
    size: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "MAX_WINDOW", 12)
    frame = codec.difference(NOISE[:size], NOISE[:100])
    assert (frame is not None) == fits
    if frame is not None:
        assert codec.decompress(frame, size, "it", NOISE[:100]) == NOISE[:size]


def test_a_frame_with_a_larger_window_than_it_needs_is_refused() -> None:
    zstd = codec._zstd()
    wanted = zstd.CompressionParameter
    base, data = NOISE[:1000], NOISE[500:1500]

    def made_with(window: int) -> bytes:
        options = {wanted.window_log: window, wanted.enable_long_distance_matching: 1}
        compressor = zstd.ZstdCompressor(options=options, zstd_dict=codec._prefix(zstd, base))
        frame: bytes = compressor.compress(data, compressor.FLUSH_BLOCK) + compressor.flush()
        return frame

    assert codec.decompress(made_with(11), 1000, "it", base) == data
    with pytest.raises(Damaged, match="it cannot be decompressed"):
        codec.decompress(made_with(12), 1000, "it", base)


@pytest.mark.parametrize("declared", [0, 1, 1000])
def test_a_bomb_in_a_difference_does_not_go_off(declared: int) -> None:
    bomb = codec.difference(bytes(64 << 20), NOISE[:1000]) or b""
    assert 0 < len(bomb) < 20_000
    with memory_below(5 << 20), pytest.raises(Damaged, match="it cannot be decompressed"):
        codec.decompress(bomb, declared, "it", NOISE[:1000])


@pytest.mark.parametrize("declared", [0, 999, 1001, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_a_difference_of_another_size_than_declared_is_refused(declared: int) -> None:
    frame = codec.difference(NOISE[500:1500], NOISE[:1000]) or b""
    with memory_below(5 << 20), pytest.raises(Damaged, match="it "):
        codec.decompress(frame, declared, "it", NOISE[:1000])


@given(data=st.binary(), size=st.integers(0, 1000), base=st.binary(max_size=20))
def test_any_bytes_are_a_difference_or_damaged(data: bytes, size: int, base: bytes) -> None:
    try:
        assert len(codec.decompress(data, size, "it", base)) == size
    except Damaged as error:
        assert error.message.startswith("it ")


def test_a_difference_to_something_else_never_gives_more_than_was_declared() -> None:
    frame = codec.difference(NOISE[:5000], NOISE[100:5000]) or b""
    for base in (b"", NOISE[:8], NOISE[:5000], bytes(4900), NOISE[: 1 << 20]):
        with suppress(Damaged):
            assert len(codec.decompress(frame, 5000, "it", base)) == 5000


# Streams

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=20)


def in_pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The bytes in pieces of these sizes, over and over."""
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(data):
            return
        yield data[at : at + size]
        at += size


def compressed(pieces: Iterable[bytes]) -> bytes:
    compressor = codec.StreamCompressor()
    return b"".join([*map(compressor.feed, pieces), compressor.end()])


@given(data=CONTENTS | st.integers(0, 100_000).map(lambda size: NOISE[:size]), cuts=SIZES, others=SIZES)
def test_a_stream_comes_back_however_it_is_cut(data: bytes, cuts: list[int], others: list[int]) -> None:
    frame = compressed(in_pieces(data, cuts))
    assert b"".join(codec.decompress_stream(in_pieces(frame, others), "it")) == data


STREAM = compressed(in_pieces(b"".join(b"line %d\n" % number for number in range(2000)), [700]))


@given(size=st.integers(0, len(STREAM) - 1), cuts=SIZES)
def test_a_stream_that_is_cut_short_is_damaged(size: int, cuts: list[int]) -> None:
    with pytest.raises(Damaged, match="it is cut short"):
        list(codec.decompress_stream(in_pieces(STREAM[:size], cuts), "it"))


@given(at=st.integers(0, len(STREAM) * 8 - 1), cuts=SIZES)
def test_an_altered_stream_is_damaged_or_other_bytes(at: int, cuts: list[int]) -> None:
    altered = bytearray(STREAM)
    altered[at // 8] ^= 1 << at % 8
    with suppress(Damaged):
        list(codec.decompress_stream(in_pieces(bytes(altered), cuts), "it"))


@given(data=st.binary(max_size=300), cuts=SIZES)
def test_any_bytes_are_a_stream_or_damaged(data: bytes, cuts: list[int]) -> None:
    with suppress(Damaged):
        list(codec.decompress_stream(in_pieces(data, cuts), "it"))


def test_what_comes_after_a_stream_is_damage() -> None:
    with pytest.raises(Damaged, match="it cannot be decompressed"):
        list(codec.decompress_stream([STREAM, STREAM], "it"))


def test_a_bomb_in_a_stream_comes_in_pieces() -> None:
    bomb = compressed(in_pieces(bytes(64 << 20), [1 << 20]))
    with memory_below(5 << 20):
        sizes = list(map(len, codec.decompress_stream([bomb], "it")))
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 1 << 20


def test_the_beginning_tells_whether_to_compress() -> None:
    assert codec.compresses(bytes(codec.PROBE))
    assert codec.compresses(b"some words and " * 20)
    assert not codec.compresses(NOISE[: codec.PROBE])
    assert not codec.compresses(b"")
