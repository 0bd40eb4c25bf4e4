"""What a command adds to the store: one pack for everything, and one more for each large file.

A content is held whole, or as what changed since an older one, whichever is smaller. A large file comes in pieces:
it is never in memory as a whole.
"""

from __future__ import annotations

import os

from muse.core import io
from muse.core.base.codec import PROBE, Compressor, StreamCompressor, compresses, difference
from muse.core.base.errors import from_os_error
from muse.core.base.hashing import Beside
from muse.core.base.named import NamedTuple
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import RAW, ZSTD, ZSTD_PREFIX, Link, Slot
from muse.core.types import PackRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.packs.pack import Pack
    from muse.core.paths import Layout

#: A difference that is larger than this part of the content is held against a whole copy.
_DOUBTFUL = 0.5
#: It must then be smaller than the whole copy by this much to be worth its base.
_WORTH = 0.8


class Base(NamedTuple):
    """An older version: its digest, its bytes, and the number that the new version gets in the chain."""

    digest: bytes
    data: bytes
    generation: int


class Incoming:
    """A large content on its way into a pack of its own, a piece at a time."""

    def __init__(self, layout: Layout, *, durable: bool, way: str) -> None:
        self._hash = Beside()
        try:
            self.pack = NewPack(layout, durable=durable, way=way)
        except BaseException:
            self._hash.close()
            raise
        self.size = 0
        self._start = self.pack.size
        self._compressor: StreamCompressor | None = None

    def write(self, piece: bytes) -> None:
        """Take the next piece. The first, of 64 KiB or more, decides whether to compress."""
        if not self.size and compresses(piece[:PROBE]):
            self._compressor = StreamCompressor()
        self.size += len(piece)
        self._hash.update(piece)
        self.pack.extend(self._compressor.feed(piece) if self._compressor is not None else piece)

    def finish(self) -> bytes:
        """The digest of the whole content, which is one entry of the pack from now on."""
        if self._compressor is not None:
            self.pack.extend(self._compressor.end())
        digest = self._hash.digest()
        self.pack.close_entry(digest, self._start, self.size, RAW if self._compressor is None else ZSTD)
        return digest

    def discard(self) -> None:
        """Drop it."""
        self._hash.close()
        self.pack.discard()


class PackWriter:
    """The packs of the command at hand. Nothing is created before the first object is added.

    Args:
        layout: The repository.
        durable: Whether packs must survive a power cut before they are named.
        way: How their names are created, see `muse.core.system.publish`.
    """

    def __init__(self, layout: Layout, *, durable: bool, way: str) -> None:
        self._layout, self._durable, self._way = layout, durable, way
        self._compressor: Compressor | None = None
        self._pack: NewPack | None = None
        self._begun: list[Incoming] = []
        self._large: list[NewPack] = []
        #: The packs that `finish` has created, also when something stops the command before it hears of it.
        self.created: tuple[PackRef, ...] = ()

    def __contains__(self, digest: bytes) -> bool:
        return self.find(digest) is not None

    def find(self, digest: bytes) -> tuple[NewPack, Slot] | None:
        """Where an object that this command has added lies, or None."""
        for pack in (self._pack, *self._large):
            slot = pack.find(digest) if pack is not None else None
            if pack is not None and slot is not None:
                return pack, slot
        return None

    def add(self, digest: bytes, data: bytes, base: Base | None = None) -> None:
        """Append one object in the smallest form.

        Args:
            digest: Of `data`.
            data: The object.
            base: An older version, where there is one.

        Raises:
            SystemTrouble: The disk is full, say.
        """
        changed = _changed(data, base) if base is not None else None
        if changed is None or len(changed) > len(data) * _DOUBTFUL:
            if self._compressor is None:
                self._compressor = Compressor()
            frame = self._compressor.frame(data)
            whole = data if frame is None else frame
            if changed is None or len(changed) > len(whole) * _WORTH:
                self._own().append(digest, whole, len(data), RAW if frame is None else ZSTD)
                return
        self._own().append(digest, changed, len(data), ZSTD_PREFIX)

    def copy(self, digest: bytes, stored: Iterable[bytes], slot: Slot) -> None:
        """Append an entry of another pack as it stands."""
        own = self._own()
        start = own.size
        for piece in stored:
            own.extend(piece)
        own.close_entry(digest, start, slot.size, slot.kind)

    def take_in(self, pack: Pack) -> bool:
        """Append all that another pack holds, as it stands; False when both hold the same object."""
        return self._own().take_in(pack)

    def incoming(self) -> Incoming:
        """A place for a large content. It counts once it is adopted, and goes with the writer if it never is."""
        from muse.core.system.descriptors import make_room

        make_room(len(self._begun) + 1)
        incoming = Incoming(self._layout, durable=self._durable, way=self._way)
        self._begun.append(incoming)
        return incoming

    def adopt(self, incoming: Incoming) -> None:
        """Add a large content that is finished."""
        self._large.append(incoming.pack)

    @property
    def size(self) -> int:
        """Bytes in the common pack so far; 0 when there is none."""
        return self._pack.size if self._pack is not None else 0

    def finish(self) -> tuple[PackRef, ...]:
        """Make the packs durable under names of their own. What is common comes last.

        Raises:
            SystemTrouble: The system refused; no pack is left.
        """
        packs = [*self._large, *([self._pack] if self._pack is not None else [])]
        names = [os.urandom(16).hex() for _ in packs]
        try:
            refs = tuple([pack.create(name) for pack, name in zip(packs, names, strict=True)])
            if refs and self._durable:
                io.sync_folder(self._layout.packs)
            self.created = refs
        except BaseException as error:
            for name in names:
                io.remove_quietly(self._layout.pack(name))
            if isinstance(error, OSError):
                raise from_os_error(error, "cannot write", self._layout.packs) from error
            raise
        self.discard()
        return refs

    def discard(self) -> None:
        """Drop what has no name yet."""
        if self._pack is not None:
            self._pack.discard()
        for incoming in self._begun:
            incoming.discard()
        self._pack, self._begun, self._large = None, [], []

    def _own(self) -> NewPack:
        if self._pack is None:
            self._pack = NewPack(self._layout, durable=self._durable, way=self._way)
        return self._pack


def _changed(data: bytes, base: Base) -> bytes | None:
    frame = difference(data, base.data)
    return Link(base.digest, base.generation, frame).encode() if frame is not None else None
