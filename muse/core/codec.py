"""Bytes to values and back: msgpack for records, zstd for contents. Both refuse what claims too much."""

from __future__ import annotations

import sys
from typing import Any

import msgpack

from muse.core.errors import Damaged

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Contents below this size are not worth a compressor's header.
MIN_COMPRESS = 64
#: How much of a large content is compressed to see whether the rest is worth it.
PROBE = 64 << 10
_LEVEL = 1
_GAIN = 0.95


def pack(value: Any) -> bytes:
    """Encode a record. Strings keep lone surrogates, so that any file name survives."""
    data: bytes = msgpack.packb(value, use_bin_type=True, unicode_errors="surrogateescape")
    return data


def unpack(data: bytes, what: str) -> Any:
    """Decode a record; lists come back as tuples.

    Args:
        what: Names the record in the error.

    Raises:
        Damaged: `data` is not one whole msgpack value.
    """
    try:
        return msgpack.unpackb(data, use_list=False, raw=False, strict_map_key=False, unicode_errors="surrogateescape")
    except (ValueError, TypeError, RecursionError, MemoryError, OverflowError) as error:
        raise Damaged(f"{what} cannot be decoded ({type(error).__name__})") from None


class Compressor:
    """Compresses many contents, each into a frame of its own; one context serves all."""

    def __init__(self) -> None:
        self._zstd = zstd.ZstdCompressor(level=_LEVEL)

    def frame(self, data: bytes) -> bytes | None:
        """One zstd frame, or None when compression is no gain."""
        if len(data) < MIN_COMPRESS:
            return None
        if len(data) > 4 * PROBE and len(self._one(data[:PROBE])) > PROBE * _GAIN:
            return None
        frame = self._one(data)
        return frame if len(frame) < len(data) * _GAIN else None

    def _one(self, data: bytes) -> bytes:
        return self._zstd.compress(data, self._zstd.FLUSH_FRAME)


def decompress(frame: bytes, size: int, what: str) -> bytes:
    """Undo `Compressor.frame`; memory is bounded by the declared `size`.

    Raises:
        Damaged: The frame is not whole, or holds more or less than `size` bytes.
    """
    try:
        decompressor = zstd.ZstdDecompressor()
        data = decompressor.decompress(frame, max_length=size + 1)
    except (zstd.ZstdError, EOFError, OverflowError, MemoryError) as error:
        raise Damaged(f"{what} cannot be decompressed ({type(error).__name__})") from None
    if len(data) != size:
        raise Damaged(f"{what} does not have the {size:,} bytes it declares")
    return data
