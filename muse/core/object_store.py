"""Objects: immutable bytes named by the digest of those bytes.

`ObjectStore` is what a command works with: the packs that its operation names, and the pack that it writes. An
object exists for a command when it is in one of these; nothing else on the disk counts. The functions below it are
the low-level API on single objects, `objects/sha256/ab/…`: durable, healing, and no commit relies on them.
"""

from __future__ import annotations

import os
from contextlib import suppress

from muse.core import io, temps
from muse.core.errors import Damaged, Missing, UsageProblem, from_os_error
from muse.core.pack import Pack, PackGone, PackWriter
from muse.core.paths import Layout, objects_dir
from muse.core.types import PackRef, blob_id, digest_of, id_of, parse_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib
    from collections.abc import Sequence

__all__ = [
    "ObjectStore",
    "cleanup_stale_object_temps",
    "has_object",
    "object_path",
    "objects_dir",
    "read_object",
    "restore_object",
    "write_object",
]



class ObjectStore:
    """The objects that one command can see.

    Args:
        layout: The repository.
        refs: The packs that the operation names, oldest first.
        writer: Where new objects go; None for a command that only reads.
    """

    def __init__(self, layout: Layout, refs: Sequence[PackRef], writer: PackWriter | None = None) -> None:
        self._layout = layout
        self._refs = list(refs)
        self._open: dict[str, Pack] = {}
        self.writer = writer

    def _pack(self, ref: PackRef) -> Pack:
        pack = self._open.get(ref.name)
        if pack is None:
            pack = self._open[ref.name] = Pack(self._layout.pack(ref.name), ref)
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


def object_path(root: str | os.PathLike[str], object_id: str) -> pathlib.Path:
    """Where the single object of that id lies: `.muse/objects/sha256/ab/<62 hex>`."""
    from pathlib import Path

    return Path(Layout(os.fspath(root)).shard_file(_digest(object_id)))


def has_object(root: str | os.PathLike[str], object_id: str) -> bool:
    """True when the object is there, single or in a pack of the current operation."""
    layout = Layout(os.fspath(root))
    digest = _digest(object_id)
    return os.path.lexists(layout.shard_file(digest)) or _in_packs(layout, digest) is not None


def read_object(root: str | os.PathLike[str], object_id: str) -> bytes:
    """The exact bytes of an object, checked against its id.

    Raises:
        Missing: There is no such object.
        Damaged: What is stored is not what was written, and no pack holds a good copy.
    """
    layout = Layout(os.fspath(root))
    digest = _digest(object_id)
    damage: Damaged | None = None
    try:
        data = io.read_file(layout.shard_file(digest))
        if digest_of(data) == digest:
            return data
        damage = Damaged(f"{object_id} is damaged in {layout.shard_file(digest)}")
    except FileNotFoundError:
        pass
    except Damaged as error:
        damage = error
    packed = _in_packs(layout, digest)
    if packed is not None:
        return packed
    raise damage or Missing(f"{object_id} is missing from the repository")


def write_object(root: str | os.PathLike[str], object_id: str, data: bytes) -> bool:
    """Write a single object, durably.

    Returns:
        True when it is new or replaced a damaged one; False when it was there already.

    Raises:
        UsageProblem: `data` does not have that id.
        SystemTrouble: The system refused; nothing was written.
    """
    if blob_id(data) != object_id:
        raise UsageProblem(f"the bytes given for {object_id} have another id", "Compute it with `blob_id`.")
    path = Layout(os.fspath(root)).shard_file(_digest(object_id))
    folder = os.path.dirname(path)
    try:
        io.make_folder(folder)
        if _is_whole(path, object_id):
            io.sync_folder(folder)  # a dead writer may have linked it without doing so
            return False
        with io.NewFile(folder, temps.OBJECT_TEMP) as new:
            new.write(data)
            new.replace(path)
        return True
    except OSError as error:
        raise from_os_error(error, "cannot write", path) from error


def restore_object(root: str | os.PathLike[str], object_id: str, destination: str | os.PathLike[str]) -> None:
    """Write the bytes of an object to `destination`, replacing what is there in one step.

    Raises:
        Missing, Damaged: As `read_object`; the destination is not touched.
        SystemTrouble: The system refused; the destination is not touched.
    """
    data = read_object(root, object_id)
    io.write_atomic(os.fspath(destination), data, prefix=temps.RESTORE_TEMP)


def cleanup_stale_object_temps(root: str | os.PathLike[str]) -> int:
    """Remove temporary files that dead writers left beside objects and packs.

    Returns:
        How many files were removed.
    """
    from muse.core.sweep import sweep_objects

    return sweep_objects(Layout(os.fspath(root)))


def _digest(object_id: str) -> bytes:
    try:
        return parse_id(object_id)
    except ValueError:
        raise UsageProblem(f"{object_id!r} is not an object id", "An id is `sha256:` and 64 hex digits.") from None


def _is_whole(path: str, object_id: str) -> bool:
    try:
        return blob_id(io.read_file(path)) == object_id
    except (FileNotFoundError, Damaged):
        return False


def _in_packs(layout: Layout, digest: bytes) -> bytes | None:
    from muse.core import ops

    for _ in range(ops.TRIES):
        newest = ops.newest(layout)
        if newest is None:
            return None
        store = ObjectStore(layout, newest.packs)
        try:
            return store.read(digest)
        except Missing:
            return None
        except PackGone:
            continue
        finally:
            store.close()
    return None
