"""Single objects, `objects/sha256/ab/…`: the low-level API. Durable, healing, and no commit relies on them.

Writing answers from single objects alone; reading looks into the packs of the current operation too.
"""

from __future__ import annotations

import os

from muse.core import io
from muse.core.base.errors import Damaged, Missing, UsageProblem, from_os_error
from muse.core.commands import create
from muse.core.damage import health
from muse.core.operations import ops
from muse.core.packs.pack import LARGE, PackGone
from muse.core.paths import Layout, objects_dir
from muse.core.system import temps
from muse.core.system.sweep import sweep_objects
from muse.core.types import blob_id, digest_of, parse_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib

__all__ = [
    "cleanup_stale_object_temps",
    "has_object",
    "object_path",
    "objects_dir",
    "read_object",
    "restore_object",
    "write_object",
]


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
        data = _single(layout.shard_file(digest), digest)
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
    digest = _digest(object_id)
    path = Layout(os.fspath(root)).shard_file(digest)
    folder = os.path.dirname(path)
    try:
        create.make_folder(folder)
        if _is_whole(path, digest):
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
    return sweep_objects(Layout(os.fspath(root)))


def _digest(object_id: str) -> bytes:
    try:
        return parse_id(object_id)
    except ValueError:
        raise UsageProblem(f"{object_id!r} is not an object id", "An id is `sha256:` and 64 hex digits.") from None


def _single(path: str, digest: bytes) -> bytes:
    """What a single object holds. A large one is checked before: it may be gigabytes of nothing."""
    if os.path.lexists(path) and os.lstat(path).st_size > LARGE:
        health.check_file(path, digest)
    return io.read_file(path)


def _is_whole(path: str, digest: bytes) -> bool:
    try:
        health.check_file(path, digest)
    except (FileNotFoundError, Damaged):
        return False
    return True


def _in_packs(layout: Layout, digest: bytes) -> bytes | None:
    for _ in range(ops.TRIES):
        newest = ops.newest(layout)
        if newest is None:
            return None
        store = ops.open_store(layout, newest)
        try:
            return store.read(digest)
        except Missing:
            return None
        except PackGone:
            continue
        finally:
            store.close()
    return None
