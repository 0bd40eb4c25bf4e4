"""A pack that is being written. It has no name, so a process that dies leaves nothing behind.

Entries are appended one after the other; the index follows when the pack is sealed, and only then can it be linked
to its random name. Nothing here decides what goes in, or how: see `muse.core.packs.pack_writer`.
"""

from __future__ import annotations

from zlib import crc32

from muse.core import io
from muse.core.base.errors import Damaged, from_os_error
from muse.core.packs.pack import BUCKET, END, ENTRY, FOOTER, HEADER, MAGIC, VERSION, Slot
from muse.core.system import publish, temps
from muse.core.types import PackRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.packs.pack import Pack
    from muse.core.paths import Layout

_BUCKET_SIZE = 128
_MOST_BITS = 16


class NewPack:
    """A pack on its way to the disk.

    Args:
        layout: The repository.
        durable: Whether the pack must survive a power cut before it is named.
        way: How its name is created, see `muse.core.system.publish`.

    Raises:
        SystemTrouble: The disk is full, say. That goes for every method.
    """

    def __init__(self, layout: Layout, *, durable: bool, way: str) -> None:
        self._layout = layout
        self._slots: dict[bytes, Slot] = {}
        try:
            self._file = io.NewFile(layout.packs, temps.OBJECT_TEMP, durable=durable, way=way)
        except OSError as error:
            raise from_os_error(error, "cannot write", layout.packs) from error
        self._write(HEADER.pack(MAGIC, VERSION, 0))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    def find(self, digest: bytes) -> Slot | None:
        """Where the object lies, or None."""
        return self._slots.get(digest)

    def append(self, digest: bytes, stored: bytes, size: int, kind: int) -> None:
        """Append one entry.

        Args:
            digest, size: Of the object.
            stored, kind: What is stored for it.
        """
        self._slots[digest] = Slot(self.size, len(stored), size, kind)
        self._write(stored)

    def extend(self, piece: bytes) -> None:
        """Append bytes of an entry that `close_entry` will complete."""
        self._write(piece)

    def close_entry(self, digest: bytes, start: int, size: int, kind: int) -> None:
        """Enter what was written since `start` as one object."""
        self._slots[digest] = Slot(start, self.size - start, size, kind)

    def take_in(self, pack: Pack) -> bool:
        """Append what another pack holds, as it stands; all of it is read first.

        Returns:
            False, and nothing was appended, when both hold the same object: one of the copies may be damaged.

        Raises:
            Damaged: The index of the other is; nothing was appended.
            SystemTrouble: The other cannot be read, and nothing was appended; or this one cannot be written.
        """
        slots = list(pack.slots())
        if any(not HEADER.size <= slot.offset <= pack.end_of_data - slot.stored for _, slot in slots):
            raise Damaged(f"{pack.path} has an index that is not its own")
        if any(digest in self._slots for digest, _ in slots):
            return False
        shift = self.size - HEADER.size
        for piece in list(pack.pieces(HEADER.size, pack.end_of_data)):
            self._write(piece)
        for digest, (offset, stored, size, kind) in slots:
            self._slots[digest] = Slot(offset + shift, stored, size, kind)
        return True

    def stored(self, slot: Slot) -> bytes:
        """What is stored for an object."""
        try:
            self._file.flush()
            return io.read_exactly(self._file.fd, slot.offset, slot.stored)
        except OSError as error:
            raise from_os_error(error, "cannot write", self._layout.packs) from error

    def create(self, name: str) -> PackRef:
        """Write the index, make the bytes durable, and give the pack a name, which is not durable yet.

        Args:
            name: 32 random hexadecimal digits, used once.
        """
        path = self._layout.pack(name)
        try:
            self._write_index()
            self._file.sync()
        except OSError as error:
            raise from_os_error(error, "cannot write", path) from error
        try:
            self._file.link(path)
        except OSError as error:
            raise publish.refusal(error, path, self._file.way, self._layout.muse) from error
        ref = PackRef(name, self.size)
        self.discard()
        return ref

    def discard(self) -> None:
        """Drop what has no name yet."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise from_os_error(error, "cannot write", self._layout.packs) from error

    def _write_index(self) -> None:
        index, count = self.size, len(self._slots)
        bits = max(0, (count // _BUCKET_SIZE).bit_length() - 1) if count > 2 * _BUCKET_SIZE else 0
        bits = min(bits, _MOST_BITS)
        buckets = [bytearray() for _ in range(1 << bits)]
        for digest in sorted(self._slots):
            buckets[int.from_bytes(digest[:2], "big") >> (16 - bits)] += ENTRY.pack(digest, *self._slots[digest])
        table, last = bytearray(), 0
        for bucket in buckets:
            self._write(bytes(bucket))
            last += len(bucket) // ENTRY.size
            table += BUCKET.pack(last, crc32(bucket))
        fields = FOOTER.pack(index, count, bits, 0, END)
        checksum = crc32(table + fields[:-12])
        self._write(bytes(table) + FOOTER.pack(index, count, bits, checksum, END))
