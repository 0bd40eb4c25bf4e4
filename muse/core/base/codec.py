"""Bytes to values and back: msgpack for records, zstd for contents. Both refuse what claims too much.

A content is compressed by itself, or as what changed since an older version of it. The compressor is loaded when it
is first needed.
"""

from __future__ import annotations

import sys

import msgpack

from muse.core.base.errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

#: Contents below this size are kept as they are: a commit can be read without loading a compressor.
MIN_COMPRESS = 512
#: How much of a large content is compressed to see whether the rest is worth it.
PROBE = 64 << 10
#: The largest window of a difference, as a power of two: a reader needs that much memory.
MAX_WINDOW = 27
#: The shortest base that zstd takes.
_MIN_BASE = 8
_MIN_WINDOW = 10
_LEVEL = 1
_GAIN = 0.95
_PIECE = 1 << 20


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


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def compresses(sample: bytes) -> bool:
    """Whether the beginning of a content promises a gain."""
    return len(_zstd().compress(sample, _LEVEL)) < len(sample) * _GAIN


class Compressor:
    """Compresses many contents, each into a frame of its own; one context serves all."""

    def __init__(self) -> None:
        self._zstd = _zstd().ZstdCompressor(level=_LEVEL)

    def frame(self, data: bytes) -> bytes | None:
        """One zstd frame, or None when compression is no gain."""
        if len(data) < MIN_COMPRESS:
            return None
        if len(data) > 4 * PROBE and len(self._one(data[:PROBE])) > PROBE * _GAIN:
            return None
        frame = self._one(data)
        return frame if len(frame) < len(data) * _GAIN else None

    def _one(self, data: bytes) -> bytes:
        frame: bytes = self._zstd.compress(data, self._zstd.FLUSH_FRAME)
        return frame


def difference(data: bytes, base: bytes) -> bytes | None:
    """One zstd frame that holds what `base` does not; None for a base of a few bytes, or what no window can hold."""
    window = _window(len(base) + len(data))
    if window > MAX_WINDOW or len(base) < _MIN_BASE:
        return None
    zstd = _zstd()
    wanted = zstd.CompressionParameter
    options = {wanted.compression_level: _LEVEL, wanted.enable_long_distance_matching: 1, wanted.window_log: window}
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=_prefix(zstd, base))
    frame: bytes = compressor.compress(data, compressor.FLUSH_FRAME)
    return frame


def decompress(frame: bytes, size: int, what: str, base: bytes | None = None) -> bytes:
    """Undo `Compressor.frame`, or `difference` where there is a base; memory is bounded by the declared `size`.

    Raises:
        Damaged: The frame is not whole, or holds more or less than `size` bytes.
    """
    zstd = _zstd()
    try:
        if base is None:
            decompressor = zstd.ZstdDecompressor()
        else:
            window = min(_window(len(base) + size), MAX_WINDOW)
            options = {zstd.DecompressionParameter.window_log_max: window}
            decompressor = zstd.ZstdDecompressor(zstd_dict=_prefix(zstd, base), options=options)
        data: bytes = decompressor.decompress(frame, max_length=size + 1)
    except (zstd.ZstdError, EOFError, OverflowError, MemoryError, ValueError) as error:
        raise Damaged(f"{what} cannot be decompressed ({type(error).__name__})") from None
    if len(data) != size:
        raise Damaged(f"{what} does not have the {size:,} bytes it declares")
    return data


def _window(size: int) -> int:
    return max(_MIN_WINDOW, (size - 1).bit_length())


def _prefix(zstd: Any, base: bytes) -> Any:
    return zstd.ZstdDict(base, is_raw=True).as_prefix


class StreamCompressor:
    """One frame for a content that comes in pieces."""

    def __init__(self) -> None:
        self._zstd = _zstd().ZstdCompressor(level=_LEVEL)

    def feed(self, piece: bytes) -> bytes:
        """What of the frame is ready."""
        ready: bytes = self._zstd.compress(piece)
        return ready

    def end(self) -> bytes:
        """The rest of the frame."""
        rest: bytes = self._zstd.flush()
        return rest


def decompress_stream(pieces: Iterable[bytes], what: str) -> Iterator[bytes]:
    """The content of one frame that comes in pieces, in pieces of bounded size.

    Raises:
        Damaged: The frame is not whole.
    """
    zstd = _zstd()
    decompressor = zstd.ZstdDecompressor()
    try:
        for piece in pieces:
            data = decompressor.decompress(piece, max_length=_PIECE)
            while data:
                yield data
                more = not (decompressor.needs_input or decompressor.eof)
                data = decompressor.decompress(b"", max_length=_PIECE) if more else b""
    except (zstd.ZstdError, EOFError, OverflowError, MemoryError) as error:
        raise Damaged(f"{what} cannot be decompressed ({type(error).__name__})") from None
    if not decompressor.eof:
        raise Damaged(f"{what} is cut short")
