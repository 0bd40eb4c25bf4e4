"""Decoders are given what nobody wrote: each returns a value or says what is wrong, soon and in little memory."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muse.core.base.errors import MuseError
from tests.crash import batches
from tests.crash.apart import apart
from tests.crash.campaign import Row
from tests.crash.damaged.decoders import Decoder, decoders
from tests.crash.points import Sampling

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

#: Inputs that are tried by default, half of them any bytes, half good ones that were altered.
_EXAMPLES, _FACTOR = 120, 40
#: What one input may take.
_SECONDS, _MEMORY = 5.0, 256 << 20
_NAMES = (
    *("pack", "index of a pack", "link", "frame", "frame in pieces", "operation", "record of an operation"),
    *("tree", "commit", "list of changes", "stage", "tags", "shelf", "path filter"),
    *("stat cache", "graph cache", "sweep cache"),
    *("body of the stat cache", "body of the graph cache", "body of the sweep cache"),
    *("HEAD", "applied", "settings"),
)
_MISHAPS = ("flip", "cut", "splice", "repeat", "replace")
#: What claims much: a large number, an array of four billion values, arrays in arrays.
_CLAIMS = (b"\xff" * 8, b"\xdd\xff\xff\xff\xff", b"\x91" * 2000)


@st.composite
def altered(draw: st.DrawFn, good: bytes) -> bytes:
    """Good bytes after a few mishaps: bits flipped, a piece cut out, put elsewhere, repeated, or replaced."""
    data = bytearray(good)
    for mishap in draw(st.lists(st.sampled_from(_MISHAPS), min_size=1, max_size=4)):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), at + draw(st.sampled_from([1, 2, 4, 8, 57, len(good)])))
        to = draw(st.integers(0, len(data)))
        if mishap == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif mishap == "cut":
            del data[at:end]
        elif mishap == "splice":
            data[to:to] = data[at:end]
        elif mishap == "repeat":
            data[at:end] = data[at:end] * draw(st.integers(2, 50))
        else:
            data[at:end] = draw(st.binary(max_size=12) | st.sampled_from(_CLAIMS))
    return bytes(data)


def _check(decoder: Decoder, data: bytes) -> None:
    with batches.limited(_SECONDS):
        try:
            decoder.decode(data)
        except MuseError as error:
            assert error.message


def _fuzz(name: str, examples: int) -> None:
    """Try one decoder, in this process."""
    batches.limit_memory(_MEMORY)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        (decoder,) = (one for one in decoders(folder) if one.name == name)
        for good in decoder.good:
            decoder.decode(good)
        inputs = st.binary(max_size=200) | st.one_of(*map(altered, decoder.good))

        @settings(max_examples=examples, suppress_health_check=[*HealthCheck], database=None)
        @given(data=inputs)
        def check(data: bytes) -> None:
            _check(decoder, data)

        check()


@pytest.mark.parametrize("name", _NAMES)
def test_fuzzed(name: str, usual: Sampling, rows: list[Row]) -> None:
    """A value or a `MuseError`, and nothing else."""
    examples = _EXAMPLES * _FACTOR if usual.all else len(usual.every(1, range(_EXAMPLES)))
    rows.append(row := Row("fuzzed", name, examples, 1))
    apart(lambda: _fuzz(name, examples))
    rows[rows.index(row)] = row._replace(violations=0)


def test_no_decoder_is_left_out() -> None:
    """Each is named here, as tests are found before there is a folder to make their files in."""
    with tempfile.TemporaryDirectory() as folder:
        assert tuple(one.name for one in decoders(folder)) == _NAMES
