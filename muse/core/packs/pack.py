"""Packs: one immutable file that holds every object of one command.

A pack is written once, under a random id that is never used again, and is found through the operation that names
it. Its index lies at the end, in buckets that each carry a checksum, so that a reader of one object in a pack of a
hundred thousand reads a few kilobytes. `docs/format.md` has the bytes. How an object is put together from what is
stored, perhaps with another as its base, is the business of `muse.core.packs.store`.
"""

from __future__ import annotations

import errno
import os
import struct
from zlib import crc32

from muse.core import io
from muse.core.base.errors import Damaged, MuseError, TooNew, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.types import DIGEST_SIZE, PackRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC, END = b"MUSEPACK", b"MUSEPEND"
VERSION = 1
RAW, ZSTD, ZSTD_PREFIX, COMPOSITE = range(4)

#: A content above this many bytes has a pack of its own, and is not in memory as a whole, save for who asks for that.
LARGE = 16 << 20

#: So many packs may be open, whatever the system says.
FEW = 8

HEADER = struct.Struct(">8sII")
ENTRY = struct.Struct(">32sQQQB")
BUCKET = struct.Struct(">II")
FOOTER = struct.Struct(">QIBxxxI8s")
_TAIL = 8 << 10
_PIECE = 1 << 20


class Slot(NamedTuple):
    """Where an object lies in a pack: offset and length of what is stored, size of the object, kind of entry."""

    offset: int
    stored: int
    size: int
    kind: int


class Link(NamedTuple):
    """What is stored for an object of kind `ZSTD_PREFIX`: its base, its number in the chain, and a frame."""

    base: bytes
    generation: int
    frame: bytes

    def encode(self) -> bytes:
        """The stored bytes."""
        return self.base + self.generation.to_bytes(4, "big") + self.frame

    @classmethod
    def decode(cls, stored: bytes) -> Link:
        """What the stored bytes say."""
        at = DIGEST_SIZE + 4
        return cls(stored[:DIGEST_SIZE], int.from_bytes(stored[DIGEST_SIZE:at], "big"), stored[at:])


class Holder:
    """The packs that one command has open. When they are too many, the one that was opened first is closed."""

    def __init__(self) -> None:
        self._open: dict[Pack, None] = {}

    def opened(self, pack: Pack) -> None:
        """A pack was opened."""
        self._open[pack] = None
        if len(self._open) > FEW:
            from muse.core.system.descriptors import make_room

            if not make_room(len(self._open)):
                next(iter(self._open)).close()

    def closed(self, pack: Pack) -> None:
        """A pack was closed."""
        del self._open[pack]


class PackGone(Exception):
    """A pack that an operation names has been replaced since: load the newest operation and start over."""


class Pack:
    """A pack open for reading. The descriptor stays readable when the file is removed.

    Args:
        path: The file.
        ref: What the operation says of it.
        holder: Sees to it that not too many are open; it may close this one until it is read again.

    Raises:
        PackGone: There is no such file (any more). Every method may say so, when the holder has closed the pack.
        Damaged: The file is not a whole pack.
    """

    def __init__(self, path: str, ref: PackRef, holder: Holder | None = None) -> None:
        self.ref = ref
        self.path = path
        self.fd, self._holder = -1, holder
        size = self._open()
        try:
            self._read_footer(size)
        except BaseException:
            self.close()
            raise

    def _open(self) -> int:
        """Open the file; gives its size."""
        try:
            self.fd, found = io.open_regular(self.path, 1 << 62)
        except FileNotFoundError:
            raise PackGone(self.path) from None
        if self._holder is not None:
            self._holder.opened(self)
        return found.st_size

    def _read_footer(self, size: int) -> None:
        if size < self.ref.size or self.ref.size < HEADER.size + BUCKET.size + FOOTER.size:
            raise self._damaged(f"has {size:,} bytes instead of {self.ref.size:,}")
        size = self.ref.size  # what was appended to it since is none of ours
        start = max(0, size - _TAIL)
        tail = self._pread(start, size - start)
        index, count, bits, checksum, end = FOOTER.unpack(tail[-FOOTER.size :])
        if end != END or bits > 16:
            raise self._stranger()
        table_size = BUCKET.size << bits
        table_at = size - FOOTER.size - table_size
        if index + count * ENTRY.size != table_at:
            raise self._damaged("has an index of another size")
        table = tail[table_at - start :] if table_at >= start else self._pread(table_at, size - table_at)
        if crc32(table[: table_size + FOOTER.size - 12]) != checksum:
            raise self._damaged("has a damaged index")
        self._shift, self._index, self.count = 16 - bits, index, count
        self._buckets = list(BUCKET.iter_unpack(table[:table_size]))
        self._read: dict[int, bytes] = {}

    def _stranger(self) -> Damaged:
        """What a file without our footer is. A version that we cannot read ends otherwise, whatever its header says."""
        head = self._pread(0, HEADER.size)
        if not head.startswith(MAGIC):
            return self._damaged("is not a pack")
        version = HEADER.unpack(head)[1]
        return TooNew(self.path, version) if version > VERSION else self._damaged("has no footer")

    def find(self, digest: bytes) -> Slot | None:
        """Where the object lies, or None."""
        bucket = self._bucket(digest[:2])
        at = bucket.find(digest)
        while at % ENTRY.size and at > 0:  # across two entries the same bytes mean nothing
            at = bucket.find(digest, at + 1)
        return Slot(*ENTRY.unpack_from(bucket, at)[1:]) if at >= 0 else None

    def starting_with(self, digits: str) -> list[bytes]:
        """The objects whose digest begins with these hexadecimal digits (at least four)."""
        bucket = self._bucket(bytes.fromhex(digits[:4]))
        return [digest for digest, *_ in ENTRY.iter_unpack(bucket) if digest.hex().startswith(digits)]

    def _bucket(self, first: bytes) -> bytes:
        number = int.from_bytes(first, "big") >> self._shift
        bucket = self._read.get(number)
        if bucket is None:
            bucket = self._read[number] = self._read_bucket(number)
        return bucket

    def _read_bucket(self, number: int) -> bytes:
        first = self._buckets[number - 1][0] if number else 0
        last, checksum = self._buckets[number]
        data = self._pread(self._index + first * ENTRY.size, max(0, last - first) * ENTRY.size)
        if crc32(data) != checksum or last < first:
            raise self._damaged("has a damaged index")
        return data

    def slots(self, trouble: list[MuseError] | None = None) -> Iterator[tuple[bytes, Slot]]:
        """Every object of the pack and where it lies, in order of digest.

        Args:
            trouble: Takes what is wrong with parts of the index, which are left out then; otherwise that is raised.
        """
        for number in range(len(self._buckets)):
            try:
                bucket = self._read_bucket(number)
            except MuseError as error:
                if trouble is None:
                    raise
                trouble.append(error)
            else:
                yield from ((digest, Slot(*where)) for digest, *where in ENTRY.iter_unpack(bucket))

    def stored(self, slot: Slot) -> bytes:
        """What is stored for an object, as it stands."""
        return self._pread(slot.offset, slot.stored)

    def link(self, slot: Slot) -> Link:
        """Base and place in its chain of an entry of kind `ZSTD_PREFIX`; without the frame."""
        return Link.decode(self._pread(slot.offset, min(slot.stored, DIGEST_SIZE + 4)))

    def stored_pieces(self, slot: Slot) -> Iterator[bytes]:
        """The same in pieces."""
        return self.pieces(slot.offset, slot.offset + slot.stored)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`, in pieces of at most 1 MiB."""
        for at in range(start, end, _PIECE):
            yield self._pread(at, min(_PIECE, end - at))

    @property
    def end_of_data(self) -> int:
        """Where the last stored object ends."""
        end: int = self._index
        return end

    def _pread(self, offset: int, size: int) -> bytes:
        if offset + size > self.ref.size:
            raise self._damaged("claims bytes beyond its end")
        if self.fd < 0:
            self._open()
        try:
            data = io.read_exactly(self.fd, offset, size)
        except OSError as error:
            if error.errno == errno.ESTALE:
                raise PackGone(self.path) from None
            raise from_os_error(error, "cannot read", self.path) from error
        if len(data) != size:
            raise self._damaged("is cut short")
        return data

    def _damaged(self, how: str) -> Damaged:
        return Damaged(f"{self.path} {how}")

    def close(self) -> None:
        """Give the descriptor back. Who reads on opens the file again."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)
            if self._holder is not None:
                self._holder.closed(self)


assert ENTRY.size == DIGEST_SIZE + 25
