"""Every place where an object may still be found: all packs in the folder, single objects, and the user's own files.

For `doctor`, and for who must look before something is given up: gc, and a command that finds no log. Everybody else
sees the packs that an operation names, and nothing else.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from muse.core import io
from muse.core.base import hashing, progress
from muse.core.base.errors import Damaged, MuseError, TooNew
from muse.core.commits.records import MAX_RECORD, read_commit
from muse.core.damage import health
from muse.core.damage.salvage import Salvaged
from muse.core.packs.pack import LARGE, ZSTD_PREFIX, Pack, PackGone
from muse.core.packs.store import ObjectStore
from muse.core.paths import MUSE
from muse.core.system.stale import is_young
from muse.core.types import PackRef, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from muse.core.commits.records import Commit
    from muse.core.packs.pack import Slot
    from muse.core.packs.pack_writer import PackWriter
    from muse.core.paths import Layout


#: How the bytes of every commit begin.
_COMMIT = b"\x97\xa6commit\x01"
_MOST_OF_A_COMMIT = 1 << 20


class Everywhere(ObjectStore):
    """All objects that any pack in the folder holds, and what other places offer.

    Args:
        layout: The repository.
        named: Packs as an operation names them: their files may have grown since.

    Attributes:
        files: Files of the user that hold objects which were looked for.
    """

    def __init__(self, layout: Layout, named: Iterable[PackRef] = ()) -> None:
        sizes = {ref.name: ref.size for ref in named}
        there = (*health.set_aside(layout), *health.packs_in_folder(layout))
        refs = [PackRef(name, min(size, sizes.get(name, size))) for name, size in there]
        super().__init__(layout, refs, None, lambda: True)
        self.files: dict[bytes, str] = {}

    def path(self, ref: PackRef) -> str:
        """Where a pack lies, also one that was set aside."""
        path, aside = self._layout.pack(ref.name), self._layout.pack_aside(ref.name)
        return aside if os.path.lexists(aside) and not os.path.lexists(path) else path

    def pack(self, ref: PackRef) -> Pack:
        """A pack, also one that was set aside, or whose end is damaged. Raises as `ObjectStore.pack` does."""
        if ref.name not in self._open:
            try:
                self._open[ref.name] = self._opened(ref)
            except PackGone as gone:
                raise Damaged(f"{gone} is missing") from None
        return self._open[ref.name]

    def _opened(self, ref: PackRef) -> Pack:
        path, trouble = self.path(ref), list[MuseError]()
        try:
            pack = Pack(path, ref, self._holder)
        except TooNew:
            raise
        except Damaged:
            return Salvaged(path, ref, self._holder)
        for _ in pack.slots(trouble):
            pass
        if trouble:
            pack.close()  # it opens again where it must do
            with suppress(Damaged):
                return Salvaged(path, ref, self._holder)
        return pack

    def _read(self, digest: bytes, tried: set[bytes], most: int | None) -> bytes:
        """What `read` gives, and what it takes for a base: from a pack, or wherever else it is found."""
        try:
            return super()._read(digest, tried, most)
        except Damaged:
            for path in self._elsewhere(digest):
                if os.lstat(path).st_size <= MAX_RECORD:
                    data = b"".join(_contents(path))
                    if digest_of(data) == digest:
                        return data
            raise

    def copies(self, digest: bytes) -> Iterator[tuple[Pack, Slot]]:
        """Every whole copy of an object in a pack."""
        for pack, slot in self._packed(digest):
            if self.is_whole(pack, digest, slot):
                yield pack, slot

    def commits(self, ref: PackRef) -> dict[bytes, Commit]:
        """The commits in a pack, as far as they can be read."""
        try:
            slots = list(self.pack(ref).slots([]))
        except Damaged:
            return {}
        found = ((digest, self._commit(digest)) for digest, slot in slots if slot.size <= _MOST_OF_A_COMMIT)
        return {digest: commit for digest, commit in found if commit is not None}

    def _commit(self, digest: bytes) -> Commit | None:
        try:
            return read_commit(self, digest) if self.read(digest).startswith(_COMMIT) else None
        except Damaged:
            return None

    def bases(self, digest: bytes) -> set[bytes]:
        """What the copies of an object rest on, directly or not, whether that can be had or not."""
        found: set[bytes] = set()
        pending = [digest]
        while pending:
            for pack, slot in self._packed(pending.pop()):
                base = _base(pack, slot)
                if base is not None and base not in found:
                    found.add(base)
                    pending.append(base)
        return found

    def declared(self, digest: bytes) -> int | None:
        """The size of an object, as an index declares it; None where no index does."""
        return next((slot.size for _, slot in self._packed(digest)), None)

    def _packed(self, digest: bytes) -> Iterator[tuple[Pack, Slot]]:
        for ref in self.refs:
            try:
                pack = self.pack(ref)
                slot = pack.find(digest)
            except Damaged:
                continue
            if slot is not None:
                yield pack, slot

    def _elsewhere(self, digest: bytes) -> Iterator[str]:
        """The files of other places that may hold an object."""
        single, theirs = self._layout.shard_file(digest), self.files.get(digest)
        if os.path.lexists(single) and self._may_be(digest, os.lstat(single).st_size):
            yield single
        if theirs is not None and os.path.lexists(theirs):
            yield theirs

    def _may_be(self, digest: bytes, size: int) -> bool:
        """Whether a single object has the size that it should: nobody reads through gigabytes of nothing."""
        declared = self.declared(digest)
        return size == declared if declared is not None else size <= io.MAX_READ

    def fetch(self, digest: bytes, writer: PackWriter) -> bool:
        """Write an object anew from a place that is no pack; False when there is none."""
        for path in self._elsewhere(digest):
            if os.lstat(path).st_size <= LARGE:
                data = b"".join(_contents(path))
                if digest_of(data) == digest:
                    writer.add(digest, data)
                    return True
            elif stream(digest, _contents(path), writer):
                return True
        return False

    def look_in_folder(self, wanted: Mapping[bytes, int | None]) -> None:
        """Look for objects among the user's files.

        Args:
            wanted: Digest to size; None where that is not known, and then every file must be read.
        """
        sizes = set(wanted.values())
        for number, path in enumerate(_user_files(self._layout.root)):
            progress.report("reading files", number)
            try:
                if None in sizes or os.lstat(path).st_size in sizes:
                    found = hashing.openssl()()
                    for piece in _contents(path):
                        found.update(piece)
                    if found.digest() in wanted:
                        self.files[found.digest()] = path
            except OSError:
                continue  # it is gone, or nobody may read it


def stream(digest: bytes, pieces: Iterable[bytes], writer: PackWriter) -> bool:
    """Write a large object anew; False when the pieces turn out to be something else."""
    incoming = writer.incoming()
    try:
        for piece in pieces:
            incoming.write(piece)
        if incoming.finish() == digest:
            writer.adopt(incoming)
            return True
    except Damaged:
        pass
    except BaseException:
        incoming.discard()
        raise
    incoming.discard()
    return False


def _base(pack: Pack, slot: Slot) -> bytes | None:
    """What an object rests on, if that can be told."""
    try:
        return pack.link(slot).base if slot.kind == ZSTD_PREFIX else None
    except Damaged:
        return None


def may_be_first(layout: Layout) -> bool:
    """Whether the packs in the folder may be of the first command of all: young, and without a commit with parents."""
    everywhere = Everywhere(layout)
    try:
        packs = [ref for ref in everywhere.refs if os.path.lexists(layout.pack(ref.name))]
        young = all(is_young(layout.pack(ref.name)) for ref in packs)
        return young and not any(commit.parents for ref in packs for commit in everywhere.commits(ref).values())
    finally:
        everywhere.close()


def _contents(path: str) -> Iterator[bytes]:
    """The bytes of a file, or the target of a link; nothing when it cannot be read."""
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            yield os.fsencode(os.readlink(path))
        else:
            yield from io.pieces(path, 1 << 62)
    except (OSError, MuseError):
        return


def _user_files(root: str) -> Iterator[str]:
    """Every file and link of the folder, ignored ones too."""
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name != MUSE and name not in links]
        for name in (*files, *links):
            yield os.path.join(folder, name)
