"""Whether what lies below `.muse/objects/` is what was written: every entry of a pack, every single object.

Each entry is put together once and held against its digest, in the order in which it lies on the disk. What others
rest on is kept for a while: a hundred versions of a file are read as often as they are stored, not as often as they
build on each other. Nothing here stops at the first damage.
"""

from __future__ import annotations

import os
import stat

from muse.core import io
from muse.core.base import hashing, progress
from muse.core.base.codec import MAX_WINDOW, decompress, decompress_stream
from muse.core.base.errors import Damaged, MuseError, TooNew, blames_the_process, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.packs.pack import HEADER, LARGE, MAGIC, RAW, VERSION, ZSTD, ZSTD_PREFIX, Link
from muse.core.types import PackRef, digest_of, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muse.core.packs.pack import Pack, Slot
    from muse.core.packs.store import ObjectStore
    from muse.core.paths import Layout

#: Bytes of objects that are kept because others may rest on them.
_ROOM = 4 * LARGE
_NAME_DIGITS, _SHARD_DIGITS = 32, 2
_SUFFIX, _ASIDE = ".pack", ".damaged"


class Health(NamedTuple):
    """What was found out about a pack.

    Attributes:
        ref: The pack.
        trouble: What is wrong with the file itself. What such a part of the index held is not known.
        good: The objects that can be had from it.
        bad: Those that cannot, and why.
        sizes: Their sizes, as the index says.
        bases: What its objects rest on.
    """

    ref: PackRef
    trouble: list[MuseError]
    good: set[bytes]
    bad: dict[bytes, MuseError]
    sizes: dict[bytes, int]
    bases: set[bytes]

    @property
    def whole(self) -> bool:
        """True when nothing is wrong with it."""
        return not self.trouble and not self.bad


class Examiner:
    """Looks through packs.

    Args:
        store: Where the objects are that others rest on.
        packs: Those that will be examined. All are opened now.

    Raises:
        SystemTrouble: This process may not open so many files.
        PackGone: One was replaced.
    """

    def __init__(self, store: ObjectStore, packs: Iterable[PackRef]) -> None:
        self._store = store
        self._recent: dict[bytes, bytes] = {}
        self._room = _ROOM
        self._done, self._total = 0, 0
        for ref in packs:
            try:
                self._total += store.pack(ref).count
            except MuseError as error:
                if blames_the_process(error):
                    raise

    def examine(self, ref: PackRef) -> Health:
        """Read a whole pack.

        Raises:
            PackGone: It was replaced.
        """
        health = Health(ref, [], set(), {}, {}, set())
        try:
            pack = self._store.pack(ref)
            if b"".join(pack.pieces(0, HEADER.size)) != HEADER.pack(MAGIC, VERSION, 0):
                health.trouble.append(Damaged(f"{pack.path} has a damaged header"))
            slots = sorted(pack.slots(health.trouble), key=lambda found: found[1].offset)
        except MuseError as error:
            health.trouble.append(error)
            return health
        for digest, slot in slots:
            progress.report("checking objects", self._done, self._total)
            self._done += 1
            try:
                self._check(pack, digest, slot, health)
                health.good.add(digest)
            except MuseError as error:
                health.bad[digest] = error
                health.sizes[digest] = slot.size
        return health

    def _check(self, pack: Pack, digest: bytes, slot: Slot, health: Health) -> None:
        if slot.kind in (RAW, ZSTD) and max(slot.size, slot.stored) > LARGE:
            found, size = hashing.openssl()(), 0
            for piece in _pieces(pack, digest, slot):
                found.update(piece)
                size += len(piece)
                if size > slot.size:
                    break
            right = size == slot.size and found.digest() == digest
        else:
            data = self._data(pack, digest, slot, health)
            right = len(data) == slot.size and digest_of(data) == digest
            if right:
                self._remember(digest, data)
        if not right:
            raise Damaged(f"{id_of(digest)} is damaged in {pack.path}")

    def _data(self, pack: Pack, digest: bytes, slot: Slot, health: Health) -> bytes:
        name = id_of(digest)
        if slot.kind == RAW:
            return pack.stored(slot)
        if slot.kind == ZSTD:
            return decompress(pack.stored(slot), slot.size, name)
        if slot.kind != ZSTD_PREFIX:
            raise TooNew(f"{name} in {pack.path}", slot.kind)
        if max(slot.size, slot.stored) > 1 << MAX_WINDOW:
            raise Damaged(f"{name} claims too much in {pack.path}")
        link = Link.decode(pack.stored(slot))
        health.bases.add(link.base)
        return decompress(link.frame, slot.size, name, self._base(name, link.base))

    def _base(self, name: str, base: bytes) -> bytes:
        data = self._recent.pop(base, None)
        if data is None:
            try:
                data = self._store.read(base)
            except Damaged:
                raise Damaged(f"{name} rests on {id_of(base)}, which cannot be had") from None
        else:
            self._room += len(data)
        self._remember(base, data)
        return data

    def _remember(self, digest: bytes, data: bytes) -> None:
        if len(data) > _ROOM or digest in self._recent:
            return
        self._recent[digest] = data
        self._room -= len(data)
        while self._room < 0:
            oldest = next(iter(self._recent))
            self._room += len(self._recent.pop(oldest))


def _pieces(pack: Pack, digest: bytes, slot: Slot) -> Iterator[bytes]:
    stored = pack.stored_pieces(slot)
    return stored if slot.kind == RAW else decompress_stream(stored, id_of(digest))


def packs_in_folder(layout: Layout) -> tuple[PackRef, ...]:
    """Every file that has the name of a pack, whoever names it, in order of name.

    Raises:
        SystemTrouble: The folder cannot be listed.
    """
    return _files(layout, _SUFFIX)


def set_aside(layout: Layout) -> tuple[PackRef, ...]:
    """The packs that `doctor` has set aside. Raises as `packs_in_folder` does."""
    return _files(layout, _ASIDE)


def _files(layout: Layout, suffix: str) -> tuple[PackRef, ...]:
    found = []
    for name in _names(layout.packs):
        if len(name) == _NAME_DIGITS + len(suffix) and name.endswith(suffix) and _is_hex(name[:_NAME_DIGITS]):
            try:
                there = os.lstat(os.path.join(layout.packs, name))
            except OSError:
                continue  # whoever wrote it has just removed it
            if stat.S_ISREG(there.st_mode):
                found.append(PackRef(name[:_NAME_DIGITS], there.st_size))
    return tuple(found)


def singles(layout: Layout) -> Iterator[bytes]:
    """The digests that single objects are named by. Raises as `packs_in_folder` does."""
    for shard in _names(layout.shards):
        if len(shard) == _SHARD_DIGITS and _is_hex(shard):
            for name in _names(os.path.join(layout.shards, shard)):
                if len(shard + name) == 64 and _is_hex(name):
                    yield bytes.fromhex(shard + name)


def check_file(path: str, digest: bytes) -> None:
    """Read a file of one object, and hold it against its digest.

    Raises:
        FileNotFoundError: There is none.
        Damaged: It is not what its name says.
        SystemTrouble: It cannot be read.
    """
    found = hashing.openssl()()
    for piece in io.pieces(path):
        found.update(piece)
    if found.digest() != digest:
        raise Damaged(f"{id_of(digest)} is damaged in {path}")


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []  # an older layout, or none at all
    except OSError as error:
        raise from_os_error(error, "cannot list", folder) from error


def _is_hex(text: str) -> bool:
    return not set(text) - set("0123456789abcdef")
