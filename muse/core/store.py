"""The objects that one command can see: the packs that its operation names, and the pack that it writes.

An object exists for a command when it is in one of these; nothing else on the disk counts.
"""

from __future__ import annotations

from contextlib import suppress

from muse.core.errors import Damaged, Missing
from muse.core.pack import Pack, PackGone, PackWriter
from muse.core.types import PackRef, digest_of, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from muse.core.paths import Layout


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
        self._refs = list(refs)
        self._open: dict[str, Pack] = {}
        self.writer = writer

    def _pack(self, ref: PackRef) -> Pack:
        pack = self._open.get(ref.name)
        if pack is None:
            try:
                pack = self._open[ref.name] = Pack(self._layout.pack(ref.name), ref)
            except PackGone as gone:
                if self._still_named():
                    raise Damaged(f"{gone} is missing, and the newest operation names it") from None
                raise
        return pack

    def __contains__(self, digest: bytes) -> bool:
        if self.writer is not None and digest in self.writer:
            return True
        return any(self._holds(ref, digest) for ref in reversed(self._refs))

    def _holds(self, ref: PackRef, digest: bytes) -> bool:
        """False for a damaged pack too: it must not hide what others hold, and what it held is written anew."""
        try:
            return self._pack(ref).find(digest) is not None
        except Damaged:
            return False

    def read(self, digest: bytes) -> bytes:
        """The exact bytes of an object, checked.

        Raises:
            Missing: No pack of this operation holds it.
            Damaged: What is stored is not what was written.
        """
        if self.writer is not None and digest in self.writer:
            return self.writer.read(digest)
        damage: Damaged | None = None
        for ref in reversed(self._refs):
            try:
                pack = self._pack(ref)
                slot = pack.find(digest)
                if slot is not None:
                    return pack.read(digest, slot)
            except Damaged as error:
                damage = error  # another pack may hold a good copy
        raise damage or Missing(f"{id_of(digest)} is missing from the repository")

    def add(self, data: bytes, digest: bytes | None = None) -> bytes:
        """Make sure that `data` is in the store or in the command's own pack.

        What the store holds already is read, so that a damaged copy is replaced by this good one.

        Args:
            digest: The digest of `data`, when the caller has it.

        Returns:
            The digest.
        """
        assert self.writer is not None, "a reading command adds nothing"
        digest = digest_of(data) if digest is None else digest
        if digest not in self.writer and not self._holds_whole(digest):
            self.writer.add(digest, data)
        return digest

    def _holds_whole(self, digest: bytes) -> bool:
        if digest not in self:
            return False
        try:
            self.read(digest)
        except Damaged:
            return False
        return True

    def starting_with(self, digits: str) -> set[bytes]:
        """The objects in packs whose digest begins with these hexadecimal digits (at least four)."""
        found: set[bytes] = set()
        for ref in self._refs:
            with suppress(Damaged):
                found.update(self._pack(ref).starting_with(digits))
        return found

    def open_all(self) -> None:
        """Open every pack now, so that a long command can go on when one is replaced meanwhile."""
        for ref in self._refs:
            self._pack(ref)

    def close(self) -> None:
        """Give the descriptors back; an unfinished pack is gone."""
        for pack in self._open.values():
            pack.close()
        self._open = {}
        if self.writer is not None:
            self.writer.discard()
