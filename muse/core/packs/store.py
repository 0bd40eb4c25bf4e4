"""The objects that one command can see: the packs that its operation names, and the packs that it writes.

An object exists for a command when it is in one of these; nothing else on the disk counts. How it is held there is
known here and nowhere above: whole, compressed, or as what changed since an older version.
"""

from __future__ import annotations

from muse.core.base.codec import MAX_WINDOW, decompress
from muse.core.base.errors import Damaged, Missing, MuseError, blames_the_process
from muse.core.base.hashing import Beside
from muse.core.packs.pack import LARGE, RAW, ZSTD, ZSTD_PREFIX, Holder, Link, Pack, PackGone, Slot
from muse.core.types import PackRef, digest_of, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from muse.core.packs.new_pack import NewPack
    from muse.core.packs.pack_writer import Incoming, PackWriter
    from muse.core.paths import Layout

    Source = Pack | NewPack

#: Bases that are followed for one object, whoever wrote them.
_MOST_BASES = 64
#: A base and what rests on it lie in one window together.
_LARGEST_BASE = 1 << MAX_WINDOW


class _TooDeep(Damaged):
    """A chain that no muse wrote; a loop, perhaps."""


class ObjectStore:
    """The objects that one command can see.

    Args:
        layout: The repository.
        refs: The packs that the operation names, oldest first.
        writer: Where new objects go; None for a command that only reads.
        still_named: Asked when a pack is gone: True when nothing newer replaced it, so that it is damage.
    """

    def __init__(
        self,
        layout: Layout,
        refs: Sequence[PackRef],
        writer: PackWriter | None = None,
        still_named: Callable[[], bool] = lambda: False,
    ) -> None:
        self._layout, self._still_named = layout, still_named
        self.refs = tuple(refs)
        self._open: dict[str, Pack] = {}
        self._holder = Holder()
        self.writer = writer

    def pack(self, ref: PackRef) -> Pack:
        """A pack of the operation, open.

        Raises:
            PackGone: It was replaced.
            Damaged: It is gone, or is not a whole pack.
        """
        pack = self._open.get(ref.name)
        if pack is None:
            try:
                pack = self._open[ref.name] = Pack(self._layout.pack(ref.name), ref, self._holder)
            except PackGone as gone:
                if self._still_named():
                    raise Damaged(f"{gone} is missing, and the newest operation names it") from None
                raise
        return pack

    def __contains__(self, digest: bytes) -> bool:
        return next(self._places(digest), None) is not None

    def _places(self, digest: bytes, damage: list[MuseError] | None = None) -> Iterator[tuple[Source, Slot]]:
        """Wherever an object lies, newest first.

        A pack that is damaged, or that the system does not let us read, does not hide what others hold, and what it
        held is written anew; the damage is told.
        """
        found = self.writer.find(digest) if self.writer is not None else None
        if found is not None:
            yield found
        for ref in reversed(self.refs):
            try:
                pack = self.pack(ref)
                slot = pack.find(digest)
            except MuseError as error:
                if blames_the_process(error):
                    raise
                if damage is not None:
                    damage.append(error)
                continue
            if slot is not None:
                yield pack, slot

    def packed(self, digest: bytes) -> tuple[Pack, Slot] | None:
        """Where the newest copy of an object lies in a pack of the operation, whole or not; None when in none."""
        return next(((pack, slot) for pack, slot in self._places(digest) if isinstance(pack, Pack)), None)

    def _place(self, digest: bytes) -> tuple[Source, Slot]:
        damage: list[MuseError] = []
        for place in self._places(digest, damage):
            return place
        raise damage[-1] if damage else Missing(f"{id_of(digest)} is missing from the repository")

    def size(self, digest: bytes) -> int:
        """The size of an object in bytes, as its pack declares it.

        Raises:
            Missing, Damaged: As `read`.
        """
        return self._place(digest)[1].size

    def read(self, digest: bytes, most: int | None = None) -> bytes:
        """The exact bytes of an object, checked.

        Args:
            digest: Of the object.
            most: So many bytes are read or unpacked for it at most; None for any number.

        Raises:
            Missing: No pack of this operation holds it.
            Damaged: What is stored is not what was written, or claims more than `most`.
            SystemTrouble: The system does not let it be read.
        """
        return self._read(digest, set(), most)

    def _read(self, digest: bytes, tried: set[bytes], most: int | None) -> bytes:
        """`read`, each object once: with two copies of every base there are more ways to one than time to try them."""
        tried.add(digest)
        damage: list[MuseError] = []
        trouble: MuseError | None = None
        for source, slot in self._places(digest, damage):
            try:
                _check_size(digest, slot, most)
                return self._checked(source, digest, slot, tried)
            except MuseError as error:
                if blames_the_process(error):
                    raise
                trouble = trouble or error  # another pack may hold a good copy
        if trouble is None and not damage:
            raise Missing(f"{id_of(digest)} is missing from the repository")
        raise trouble or damage[-1]

    def is_whole(self, source: Source, digest: bytes, slot: Slot) -> bool:
        """Whether this copy of an object is what was written."""
        return _come_whole(self._pieces(source, digest, slot))

    def _checked(self, source: Source, digest: bytes, slot: Slot, tried: set[bytes]) -> bytes:
        """One copy of an object. Bases are checked only when the object is not what it should be."""
        trouble: Damaged | None = None
        try:
            data = self._put_together(source, digest, slot, 0)
            if digest_of(data) == digest:
                return data
        except _TooDeep:
            raise
        except Damaged as error:
            trouble = error
        if slot.kind == ZSTD_PREFIX:
            link = Link.decode(source.stored(slot))
            data = decompress(link.frame, slot.size, id_of(digest), self._good_base(digest, link, tried))
            if digest_of(data) == digest:
                return data
        raise trouble or Damaged(f"{id_of(digest)} is damaged in {_where(source)}")

    def _good_base(self, digest: bytes, link: Link, tried: set[bytes]) -> bytes:
        if link.base not in tried:
            try:
                return self._read(link.base, tried, _LARGEST_BASE)
            except Missing:
                pass
        raise Damaged(f"{id_of(digest)} rests on {id_of(link.base)}, which cannot be had")

    def _put_together(self, source: Source, digest: bytes, slot: Slot, depth: int) -> bytes:
        stored = source.stored(slot)
        name = id_of(digest)
        if slot.kind == RAW:
            return stored
        if slot.kind == ZSTD:
            return decompress(stored, slot.size, name)
        if slot.kind != ZSTD_PREFIX:
            raise Damaged(f"{name} is held in a way this muse does not know (kind {slot.kind})", "Update muse.")
        if depth >= _MOST_BASES:
            raise _TooDeep(f"{name} rests on too many others")
        link = Link.decode(stored)
        try:
            where, held = self._place(link.base)
        except Missing:
            raise Damaged(f"{name} rests on {id_of(link.base)}, which is missing") from None
        _check_size(link.base, held, _LARGEST_BASE)
        return decompress(link.frame, slot.size, name, self._put_together(where, link.base, held, depth + 1))

    def pieces(self, digest: bytes) -> Iterator[bytes]:
        """The bytes of an object, a piece at a time: a large one is never in memory as a whole.

        Raises:
            Missing: No pack of this operation holds it.
            Damaged: What is stored is not what was written. That is known after the last piece.
        """
        _, slot = self._place(digest)
        if slot.size <= LARGE or slot.kind not in (RAW, ZSTD):
            yield self.read(digest)
        else:
            yield from self._pieces(*self._best_place(digest))

    def _best_place(self, digest: bytes) -> tuple[Source, bytes, Slot]:
        """Where a large object is whole: a second copy says that the first was damaged once, so they are looked at."""
        *others, last = [(source, digest, slot) for source, slot in self._places(digest)]
        return next((place for place in others if self.is_whole(*place)), last)

    def _pieces(self, source: Source, digest: bytes, slot: Slot) -> Iterator[bytes]:
        """One copy of an object, a piece at a time where that is possible."""
        if slot.size <= LARGE or slot.kind not in (RAW, ZSTD) or not isinstance(source, Pack):
            yield self._checked(source, digest, slot, {digest})
            return
        from muse.core.base.codec import decompress_stream

        pieces = source.stored_pieces(slot)
        if slot.kind == ZSTD:
            pieces = decompress_stream(pieces, id_of(digest))
        left = slot.size
        with Beside() as hashed:
            for piece in pieces:
                hashed.update(piece)
                left -= len(piece)
                if left < 0:
                    break
                yield piece
        if left or hashed.digest() != digest:
            raise Damaged(f"{id_of(digest)} is damaged in {source.path}")

    def add(self, data: bytes, digest: bytes | None = None, like: bytes | None = None) -> bytes:
        """Make sure that `data` is in the store or in the command's own pack.

        What the store holds already is read, so that a damaged copy is replaced by this good one.

        Args:
            data: The object.
            digest: Its digest, when the caller has it.
            like: An older version of it, which the store holds; a difference may be much smaller.

        Returns:
            The digest.
        """
        from muse.core.packs.chain import base_for

        assert self.writer is not None, "a reading command adds nothing"
        digest = digest_of(data) if digest is None else digest
        if not self.holds_whole(digest):
            self.writer.add(digest, data, base_for(self, like, len(data)) if like is not None else None)
        return digest

    def incoming(self) -> Incoming:
        """A place for a large content, which `put` puts into the store."""
        assert self.writer is not None, "a reading command adds nothing"
        return self.writer.incoming()

    def adopt(self, incoming: Incoming, digest: bytes) -> None:
        """Make sure that a large content, which has come in whole, is in the store: `add` for what has its own pack."""
        assert self.writer is not None, "a reading command adds nothing"
        if self.holds_whole(digest):
            incoming.discard()
        else:
            self.writer.adopt(incoming)

    def holds_whole(self, digest: bytes) -> bool:
        """Whether an object is here, and is what was written: what is not is to be written anew."""
        if self.writer is not None and digest in self.writer:
            return True
        return digest in self and _come_whole(self.pieces(digest))

    def link(self, digest: bytes) -> Link | None:
        """How an object is held against another; None when it is held whole.

        Raises:
            Missing, Damaged: As `read`.
        """
        source, slot = self._place(digest)
        return Link.decode(source.stored(slot)) if slot.kind == ZSTD_PREFIX else None

    def starting_with(self, digits: str, damage: list[MuseError] | None = None) -> set[bytes]:
        """The objects in packs whose digest begins with these hexadecimal digits (at least four).

        Args:
            digits: The digits.
            damage: Takes what is wrong with packs that cannot be looked through: they may hold more.
        """
        found: set[bytes] = set()
        for ref in self.refs:
            try:
                found.update(self.pack(ref).starting_with(digits))
            except MuseError as error:
                if blames_the_process(error):
                    raise
                if damage is not None:
                    damage.append(error)
        return found

    def open_all(self) -> None:
        """Open every pack now, so that a long command can go on when one is replaced meanwhile.

        Where the system lets a process open so few files that some are closed again, it may have to start over.
        """
        for ref in self.refs:
            self.pack(ref)

    def close(self) -> None:
        """Give the descriptors back; an unfinished pack is gone."""
        for pack in self._open.values():
            pack.close()
        self._open = {}
        if self.writer is not None:
            self.writer.discard()


def _check_size(digest: bytes, slot: Slot, most: int | None) -> None:
    claimed = max(slot.size, slot.stored)
    if most is not None and claimed > most:
        raise Damaged(f"{id_of(digest)} claims {claimed:,} bytes, more than such an object can have")


def _where(source: Source) -> str:
    return source.path if isinstance(source, Pack) else "what was just written"


def _come_whole(pieces: Iterator[bytes]) -> bool:
    """Whether the pieces of an object can all be had, and are what was written."""
    try:
        for _ in pieces:
            pass
    except MuseError as error:
        if blames_the_process(error):
            raise
        return False
    return True
