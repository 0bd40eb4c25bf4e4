"""Changing one file of the folder, and never losing what somebody saved over it a moment ago.

Between the last look at a file and the change there is a gap. So the old file is not replaced or unlinked: it changes
places with the new one, or moves aside, in one step, and is looked at once more where its name leads nobody any more.
If it is not what it was, or if nobody can tell, it goes back. What moved aside is removed with others: the bytes of a
file are given back to the disk when its last name goes, and some file systems wait for that.

Where a system cannot do this, a gap of microseconds is left.
"""

from __future__ import annotations

import errno
import os

from muse.core.base.errors import MuseError
from muse.core.folder.files import NotAFile, differ_in_names_alone, read_entry, signature
from muse.core.system import syscalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from muse.core.folder.folders import Found

#: A kernel or a file system that cannot do it; a container whose rules do not know it; one that would have to copy the
#: old file for it, and has no room.
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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
        _place(staged, above, name, found)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        from muse.core.folder import beside

        with beside.copied(staged, above, name, durable=durable) as copy:
            try:
                same = found.entry is None or _is_still(name, above, name, found)  # copying takes its time
            except FileNotFoundError:
                same = False
            if not same:
                raise Changed from None
            _place(copy, above, name, found, src_dir_fd=above)


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
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            _remove_beside(above, name, found)
            return
        # There is no room for one more name, say; what is worse, `unlink` says, too.
        if not _is_still(name, above, name, found):
            raise Changed from None
        os.unlink(name, dir_fd=above)
    else:
        _look_again(aside, above, name, found, lambda: _put_back(aside, above, name))


def _remove_beside(above: int, name: str, found: Found) -> None:
    """Take a file on another mount away, by way of a name beside it."""
    from muse.core.folder import beside

    aside = beside.name_of_copy(name)
    os.rename(name, aside, src_dir_fd=above, dst_dir_fd=above)
    _look_again(aside, above, name, found, lambda: _put_back(aside, above, name, above))
    os.unlink(aside, dir_fd=above)


def _place(source: str, above: int, name: str, found: Found, *, src_dir_fd: int | None = None) -> None:
    """Give the new file its name: by an exchange, or only if the name is free; else by a rename."""
    ours = _looks(source, src_dir_fd)
    try:
        if found.entry is None:
            syscalls.rename_noreplace(source, name, above, src_dir_fd=src_dir_fd)
            return
        syscalls.exchange(source, above, name, src_dir_fd=src_dir_fd)
    except (FileExistsError, FileNotFoundError):
        _looks(source, src_dir_fd)  # it may be this one that is missing
        raise Changed from None
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        os.rename(source, name, src_dir_fd=src_dir_fd, dst_dir_fd=above)
        return

    def change_back() -> None:
        _change_back(source, above, name, ours, src_dir_fd)

    _look_again(source, above if src_dir_fd is None else src_dir_fd, name, found, change_back)


def _looks(path: str, dir_fd: int | None) -> tuple[int, ...]:
    """What tells a file from another one under the same name, also where files are numbered anew."""
    state = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
    return state.st_mtime_ns, state.st_size, state.st_mode


def _look_again(path: str, dir_fd: int, name: str, found: Found, give_back: Callable[[], None]) -> None:
    """Look at the file that was taken; give it back when it is not the one that was found, or nobody can tell."""
    try:
        same = _is_still(path, dir_fd, name, found)
    except BaseException as error:
        give_back()
        if isinstance(error, MuseError):  # it keeps changing, or may not be read: whoever saved it wanted that
            raise Changed from error
        raise
    if not same:
        give_back()
        raise Changed


def _is_still(path: str, dir_fd: int, name: str, found: Found) -> bool:
    """Whether a file is the one that was found; its contents say so where its times do not.

    Some file systems number a file anew when it moves.
    """
    seen = signature(os.stat(path, dir_fd=dir_fd, follow_symlinks=False))
    if not found.racy and found.seen is not None and differ_in_names_alone(seen, found.seen):
        return True
    try:
        return read_entry(dir_fd, path, name, keep=False).entry == found.entry
    except NotAFile:
        return False


def _change_back(source: str, above: int, name: str, ours: tuple[int, ...], src_dir_fd: int | None) -> None:
    try:
        syscalls.exchange(source, above, name, src_dir_fd=src_dir_fd)
        if _looks(source, src_dir_fd) != ours:  # it was saved once more meanwhile: that is the newer
            syscalls.exchange(source, above, name, src_dir_fd=src_dir_fd)
    except FileNotFoundError:
        _put_back(source, above, name, src_dir_fd)


def _put_back(path: str, above: int, name: str, src_dir_fd: int | None = None) -> None:
    """Give a file its name again, unless somebody has saved another one under it: that is the newer."""
    try:
        syscalls.rename_noreplace(path, name, above, src_dir_fd=src_dir_fd)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        os.rename(path, name, src_dir_fd=src_dir_fd, dst_dir_fd=above)
