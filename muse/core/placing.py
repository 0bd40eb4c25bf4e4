"""Changing one file of the folder, and never losing what somebody saved over it a moment ago.

Between the last look at a file and the change there is a gap. So the old file is not replaced or unlinked: it changes
places with the new one, or moves aside, in one step, and is looked at once more where nobody else can reach it. If it
is not what it was, it goes back. What moved aside waits below `.muse/restore/` to be removed with others: the bytes of
a file are given back to the disk when its last name goes, and some file systems wait for that.

A system that cannot do this, or another mount than that of `.muse/`, is left with the gap.
"""

from __future__ import annotations

import errno
import os

from muse.core import syscalls
from muse.core.disk import NotAFile, read_entry, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.disk import Found

#: A kernel or a file system that cannot do it; a container whose rules do not know it; another mount.
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV}


class Changed(Exception):
    """Somebody was faster by a hair: what they saved stands."""


def put(staged: str, above: int, name: str, found: Found, *, durable: bool) -> None:
    """Put a new file in place. The old one has the path of the new one then.

    Args:
        staged: The path of the new file.
        above, name: The open folder and the name in it.
        found: What stood there when it was looked at last.
        durable: Whether a copy, where there must be one, has to be on the disk first.

    Raises:
        Changed: Something else stands there by now.
        OSError: The system refused; the old file stands.
    """
    try:
        if found.entry is None:
            syscalls.rename_noreplace(staged, name, above)
        else:
            syscalls.exchange(staged, above, name)
    except (FileExistsError, FileNotFoundError):
        raise Changed from None
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        _replace(staged, above, name, durable)
    else:
        if found.entry is not None and not _is_still(staged, above, name, found):
            _change_back(staged, above, name)
            raise Changed


def remove(aside: str, above: int, name: str, found: Found) -> None:
    """Take a file away. It may have the path `aside` then.

    Args:
        aside: A free path below `.muse/restore/`.
        above, name, found: As for `put`.

    Raises:
        Changed: Something else stands there by now.
        FileNotFoundError: It is gone already.
        OSError: The system refused; the file stands.
    """
    try:
        os.rename(name, aside, src_dir_fd=above)
    except OSError:  # on another mount, say, or no room for one more name; what is worse, `unlink` says, too
        os.unlink(name, dir_fd=above)
        return
    if not _is_still(aside, above, name, found):
        _put_back(aside, above, name)
        raise Changed


def _replace(staged: str, above: int, name: str, durable: bool) -> None:
    try:
        os.rename(staged, name, dst_dir_fd=above)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        from muse.core import beside

        beside.replace(staged, above, name, durable=durable)


def _is_still(path: str, above: int, name: str, found: Found) -> bool:
    """Whether the file that was taken is the one that was found; its contents say so where its times do not.

    The time of the last change of the inode tells of names, too. Some file systems number a file anew when it moves.
    """
    seen = signature(os.lstat(path))
    if not found.racy and found.seen is not None and seen[:1] + seen[2:] == found.seen[:1] + found.seen[2:]:
        return True
    try:
        return read_entry(above, path, name, keep=False).entry == found.entry
    except NotAFile:
        return False


def _change_back(staged: str, above: int, name: str) -> None:
    try:
        syscalls.exchange(staged, above, name)
    except FileNotFoundError:
        _put_back(staged, above, name)


def _put_back(path: str, above: int, name: str) -> None:
    """Give a file its name again, unless somebody has saved another one under it: that is the newer."""
    try:
        syscalls.rename_noreplace(path, name, above)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        os.rename(path, name, dst_dir_fd=above)
