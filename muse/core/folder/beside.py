"""Putting a new file in place on another mount than `.muse/`, where a rename does not lead.

It is copied beside the old one first, and takes its place then: so it is whole at any moment there, too. The name of
the copy follows from that of the file. A crash leaves it to the command that finishes, and scans pass over it.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress

from muse.core import io
from muse.core.system import temps
from muse.core.types import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def copied(staged: str, dir_fd: int, name: str, *, durable: bool) -> Iterator[str]:
    """Have a copy of a staged file or link beside the file whose place it takes; what has its name at the end goes.

    Args:
        staged: The path of the new file, which stays.
        dir_fd, name: The open folder and the name in it.
        durable: Whether the copy must be on the disk.

    Yields:
        The name of the copy.

    Raises:
        OSError: The system refused.
    """
    temp = name_of_copy(name)
    forget(dir_fd, name)
    try:
        _copy(staged, temp, dir_fd, durable)
        yield temp
    finally:
        forget(dir_fd, name)


def forget(dir_fd: int, name: str) -> None:
    """Remove the copy that a dead command may have left beside a file."""
    with suppress(OSError):
        os.unlink(name_of_copy(name), dir_fd=dir_fd)


def name_of_copy(name: str) -> str:
    """What the copy beside a file is called."""
    return temps.RESTORE_TEMP + digest_of(os.fsencode(name)).hex()[:16]


def _copy(staged: str, temp: str, dir_fd: int, durable: bool) -> None:
    if os.path.islink(staged):
        os.symlink(os.readlink(staged), temp, dir_fd=dir_fd)
        return
    found = os.lstat(staged)
    fd = os.open(temp, _NEW, stat.S_IMODE(found.st_mode), dir_fd=dir_fd)
    try:
        for piece in io.pieces(staged, found.st_size):
            io.write_all(fd, piece)
        if durable:
            io.sync(fd)
    finally:
        os.close(fd)
