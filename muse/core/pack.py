"""Packs: one immutable file that holds every object of one command.

A pack is written once, under a random id that is never used again, and is found through the operation that names
it. Its index lies at the end, in buckets that each carry a checksum, so that a reader of one object in a pack of a
hundred thousand reads a few kilobytes. `docs/format.md` has the bytes.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import NamedTuple
from zlib import crc32

from muse.core import io, temps
from muse.core.codec import Compressor, decompress
from muse.core.errors import Damaged, TooNew, from_os_error
from muse.core.types import DIGEST_SIZE, PackRef, digest_of, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muse.core.paths import Layout

MAGIC, END = b"MUSEPACK", b"MUSEPEND"
VERSION = 1
RAW, ZSTD, ZSTD_PREFIX, COMPOSITE = range(4)

_HEADER = struct.Struct(">8sII")
_ENTRY = struct.Struct(">32sQQQB")
_BUCKET = struct.Struct(">II")
_FOOTER = struct.Struct(">QIBxxxI8s")
_TAIL = 8 << 10
_BUCKET_SIZE = 128


class Slot(NamedTuple):
    """Where an object lies in a pack: offset and length of what is stored, size of the object, kind of entry."""

    offset: int
    stored: int
    size: int
    kind: int


class PackGone(Exception):
    """A pack that an operation names has been replaced since: load the newest operation and start over."""


class Pack:
    """A pack open for reading. The descriptor stays readable when the file is removed.

    Raises:
        PackGone: There is no such file (any more).
        Damaged: The file is not a whole pack.
    """

    def __init__(self, path: str, ref: PackRef) -> None:
        self.ref = ref
        self.path = path
        try:
            self.fd, found = io.open_regular(path, 1 << 62)
        except FileNotFoundError:
            raise PackGone(path) from None
        try:
            self._check_header()
            self._read_footer(found.st_size)
        except BaseException:
            self.close()
            raise

    def _check_header(self) -> None:
        head = self._pread(0, _HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(MAGIC):
            raise self._damaged("is not a pack")
        version = _HEADER.unpack(head)[1]
        if version > VERSION:
            raise TooNew(self.path, version)

    def _read_footer(self, size: int) -> None:
        if size != self.ref.size or size < _HEADER.size + _BUCKET.size + _FOOTER.size:
            raise self._damaged(f"has {size:,} bytes instead of {self.ref.size:,}")
        start = max(0, size - _TAIL)
        tail = self._pread(start, size - start)
        index, count, bits, checksum, end = _FOOTER.unpack(tail[-_FOOTER.size :])
        if end != END or bits > 16:
            raise self._damaged("has no footer")
        table_size = _BUCKET.size << bits
        table_at = size - _FOOTER.size - table_size
        if index + count * _ENTRY.size != table_at:
            raise self._damaged("has an index of another size")
        table = tail[table_at - start :] if table_at >= start else self._pread(table_at, size - table_at)
        if crc32(table[: table_size + _FOOTER.size - 12]) != checksum:
            raise self._damaged("has a damaged index")
        self._shift, self._index, self.count = 16 - bits, index, count
        self._buckets = list(_BUCKET.iter_unpack(table[:table_size]))
        self._slots: dict[int, dict[bytes, Slot]] = {}

    def find(self, digest: bytes) -> Slot | None:
        """Where the object lies, or None."""
        return self._bucket(digest[:2]).get(digest)

    def starting_with(self, digits: str) -> list[bytes]:
        """The objects whose digest begins with these hexadecimal digits (at least four)."""
        return [digest for digest in self._bucket(bytes.fromhex(digits[:4])) if digest.hex().startswith(digits)]

    def _bucket(self, first: bytes) -> dict[bytes, Slot]:
        number = int.from_bytes(first, "big") >> self._shift
        slots = self._slots.get(number)
        if slots is None:
            slots = self._slots[number] = self._read_bucket(number)
        return slots

    def _read_bucket(self, number: int) -> dict[bytes, Slot]:
        first = self._buckets[number - 1][0] if number else 0
        last, checksum = self._buckets[number]
        data = self._pread(self._index + first * _ENTRY.size, max(0, last - first) * _ENTRY.size)
        if crc32(data) != checksum or last < first:
            raise self._damaged("has a damaged index")
        return {digest: Slot(*where) for digest, *where in _ENTRY.iter_unpack(data)}

    def digests(self) -> Iterator[bytes]:
        """Every object of the pack, in order of digest."""
        for number in range(len(self._buckets)):
            yield from self._read_bucket(number)

    def read(self, digest: bytes, slot: Slot) -> bytes:
        """The exact bytes of an object, checked against its name.

        Raises:
            Damaged: What is stored is not what was written.
        """
        stored = self._pread(slot.offset, slot.stored)
        name = id_of(digest)
        if slot.kind == RAW:
            data = stored
        elif slot.kind == ZSTD:
            data = decompress(stored, slot.size, name)
        else:
            raise Damaged(f"{name} is held in a way this muse does not know (kind {slot.kind})", "Update muse.")
        if digest_of(data) != digest:
            raise Damaged(f"{name} is damaged in {self.path}")
        return data

    def _pread(self, offset: int, size: int) -> bytes:
        if offset + size > self.ref.size:
            raise self._damaged("claims bytes beyond its end")
        try:
            return io.read_exactly(self.fd, offset, size)
        except OSError as error:
            if error.errno == errno.ESTALE:
                raise PackGone(self.path) from None
            raise from_os_error(error, "cannot read", self.path) from error

    def _damaged(self, how: str) -> Damaged:
        return Damaged(f"{self.path} {how}")

    def close(self) -> None:
        """Give the descriptor back."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class PackWriter:
    """The pack of the command at hand. Nothing is created before the first object is added.

    Args:
        layout: The repository.
        durable: Whether the pack must survive a power cut before it is named.
        way: How its name is created, see `muse.core.publish`.
    """

    def __init__(self, layout: Layout, *, durable: bool, way: str) -> None:
        self._layout, self._durable, self._way = layout, durable, way
        self._compressor = Compressor()
        self._file: io.NewFile | None = None
        self._slots: dict[bytes, Slot] = {}

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._slots

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, digest: bytes, data: bytes) -> None:
        """Append one object, compressed where that is a gain.

        Raises:
            SystemTrouble: The disk is full, say.
        """
        frame = self._compressor.frame(data)
        stored = data if frame is None else frame
        try:
            file = self._open()
            slot = Slot(file.size, len(stored), len(data), RAW if frame is None else ZSTD)
            file.write(stored)
        except OSError as error:
            raise from_os_error(error, "cannot write", self._layout.packs) from error
        self._slots[digest] = slot

    def read(self, digest: bytes) -> bytes:
        """An object that this command has added."""
        slot = self._slots[digest]
        try:
            file = self._open()
            file.flush()
            stored = io.read_exactly(file.fd, slot.offset, slot.stored)
        except OSError as error:
            raise from_os_error(error, "cannot write", self._layout.packs) from error
        return stored if slot.kind == RAW else decompress(stored, slot.size, id_of(digest))

    def finish(self) -> PackRef | None:
        """Write the index and make the pack durable under its own name; None when there is nothing in it.

        Raises:
            SystemTrouble: The system refused; no pack is left.
        """
        if self._file is None:
            return None
        file, name = self._file, os.urandom(16).hex()
        path = self._layout.pack(name)
        try:
            self._write_index(file)
            file.create(path)
        except BaseException as error:
            io.remove_quietly(path)
            if isinstance(error, OSError):
                raise from_os_error(error, "cannot write", path) from error
            raise
        size = file.size
        self.discard()
        return PackRef(name, size)

    def discard(self) -> None:
        """Drop what has no name yet."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._slots = {}

    def _open(self) -> io.NewFile:
        if self._file is None:
            self._file = io.NewFile(self._layout.packs, temps.OBJECT_TEMP, durable=self._durable, way=self._way)
            self._file.write(_HEADER.pack(MAGIC, VERSION, 0))
        return self._file

    def _write_index(self, file: io.NewFile) -> None:
        index = file.size
        count = len(self._slots)
        bits = max(0, (count // _BUCKET_SIZE).bit_length() - 1) if count > 2 * _BUCKET_SIZE else 0
        bits = min(bits, 16)
        buckets = [bytearray() for _ in range(1 << bits)]
        for digest in sorted(self._slots):
            buckets[int.from_bytes(digest[:2], "big") >> (16 - bits)] += _ENTRY.pack(digest, *self._slots[digest])
        table, last = bytearray(), 0
        for bucket in buckets:
            file.write(bytes(bucket))
            last += len(bucket) // _ENTRY.size
            table += _BUCKET.pack(last, crc32(bucket))
        fields = _FOOTER.pack(index, count, bits, 0, END)
        checksum = crc32(table + fields[:-12])
        file.write(bytes(table) + _FOOTER.pack(index, count, bits, checksum, END))


assert _ENTRY.size == DIGEST_SIZE + 25
