"""What an entry has taken out of the store: it goes once the entry counts, and what stands in for it is on the disk."""

from __future__ import annotations

import os

from muse.core import io
from muse.core.base.errors import Damaged, from_os_error
from muse.core.system import crowd, syscalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.operations.ops import Operation
    from muse.core.paths import Layout
    from muse.core.types import PackRef

#: Packs that are large take long to remove: for so many, threads are worth it.
_SEVERAL = 8


def settle(layout: Layout, operation: Operation) -> None:
    """Make an entry durable, with all packs that it names, where its command has not waited for the disk.

    Packs and entries may be on disks of their own. Where a file system cannot be synced as a whole, that is done file
    by file.

    Raises:
        OSError, SystemTrouble: The disk does not confirm it.
    """
    packs = [layout.pack(ref.name) for ref in operation.packs]
    entry = [layout.operation(operation.number)]
    done: set[int] = set()
    for folder, files in ((layout.packs, packs), (layout.ops, entry), (layout.muse, [layout.applied])):
        disk = os.stat(folder).st_dev
        if disk in done:
            continue
        if syscalls.sync_file_system(folder):
            done.add(disk)
            continue
        for path in files:
            _sync_file(path)
        io.sync_folder(folder)


def _sync_file(path: str) -> None:
    try:
        fd, _ = io.open_regular(path, 1 << 62)
    except (FileNotFoundError, Damaged):
        return  # it was damaged before, or a later command has replaced it
    try:
        io.sync(fd)
    finally:
        os.close(fd)


def remove(layout: Layout, refs: Iterable[PackRef]) -> None:
    """Remove the files of packs. gc takes those that stay."""
    crowd.share(io.remove_quietly, [layout.pack(ref.name) for ref in refs], _SEVERAL)


def set_aside(layout: Layout, refs: Iterable[PackRef]) -> list[str]:
    """Rename the files of packs in which more may be found, so that no gc takes them.

    Returns:
        What is to be said of those that kept their names.
    """
    refused = []
    for ref in refs:
        path = layout.pack(ref.name)
        try:
            os.rename(path, layout.pack_aside(ref.name))
        except FileNotFoundError:
            continue  # there is nothing to be had from it
        except OSError as error:
            trouble = from_os_error(error, "cannot set aside", path).message
            refused.append(f"{trouble}; copy it first if something is lost, for `muse gc` removes it")
    return refused
