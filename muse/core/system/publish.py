"""Creating a name only if it is absent: the one step that two processes race for.

Three ways, in this order of preference: a hard link; `renameat2` with `RENAME_NOREPLACE`; a rename under an
`flock`. Checking first and renaming then is not one of them: it loses.
"""

from __future__ import annotations

import errno
import os

from muse.core.base.errors import SystemTrouble, from_os_error
from muse.core.system import locks

LINK, RENAME, LOCK = "link", "rename", "lock"
WAYS = (LINK, RENAME, LOCK)

_LOCK_NAME = "publish.lock"
#: A sweep may take the file that a way is tried with; nobody is so unlucky so often.
_TRIES = 100
#: What says nothing about the abilities of a file system.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS}
_NEEDED = {LINK: "hard links", RENAME: "renaming without replacing", LOCK: "locks"}
_LACKING = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOLCK}


def link_nameless(fd: int, path: str) -> None:
    """Name an open `O_TMPFILE` file.

    Giving a folder descriptor makes Python call `linkat` and follow the link below `/proc`; without it `link(2)`
    is called, which does not.

    Raises:
        FileExistsError: The name is taken.
    """
    os.link(f"/proc/self/fd/{fd}", path, src_dir_fd=0, follow_symlinks=True)


def create(temp: str, path: str, way: str) -> None:
    """Give the file `temp` the name `path`, if it is absent. `temp` may be left for the caller to remove.

    Raises:
        FileExistsError: The name is taken.
    """
    if way == LINK:
        os.link(temp, path)
    elif way == RENAME:
        from muse.core.system import syscalls

        syscalls.rename_noreplace(temp, path)
    else:
        _rename_locked(temp, path)


def _rename_locked(temp: str, path: str) -> None:
    fd = os.open(os.path.join(os.path.dirname(path), _LOCK_NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if not locks.wait_for_lock(fd, locks.PATIENCE):
            raise OSError(errno.EAGAIN, "another process keeps the lock", path)
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        os.rename(temp, path)
    except locks.LocksUnsupported:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), path) from None
    finally:
        locks.release(fd)


def refusal(error: OSError, path: str, way: str, folder: str) -> SystemTrouble:
    """What to say when a name could not be created.

    A repository that was copied from elsewhere may ask for a way that is not to be had here.

    Args:
        error: What the system raised.
        path: The name.
        way: How it was tried.
        folder: Where to look for a way that works.
    """
    if error.errno not in _LACKING:
        return from_os_error(error, "cannot write", path)
    try:
        found = find_way(folder)
    except SystemTrouble as none:
        return none
    except OSError as worse:
        return from_os_error(worse, "cannot write", path)
    if found == way:
        return from_os_error(error, "cannot write", path)
    return SystemTrouble(
        f"cannot write {path}: this file system has no {_NEEDED[way]}",
        f"If the repository is to stay here: `muse config store.publish {found}`.",
        kind="no-exclusive-create",
    )


def find_way(folder: str) -> str:
    """Try once, in `folder`, which way this file system offers. Ctrl+C waits until no trace of that is left.

    Raises:
        SystemTrouble: None of them works, so that two writers could not be told apart.
        OSError: No file can be created at all, or the system refused what it may allow in a minute.
    """
    from muse.core.system.interrupts import Deferral

    deferral = Deferral()
    deferral.begin()
    try:
        for way in WAYS:
            if _works(folder, way):
                return way
    finally:
        deferral.cancel()
    raise SystemTrouble(
        f"the file system of {folder} can create no file only if it is absent",
        "Keep the repository on a local disk: two writers could overwrite each other here.",
        kind="no-exclusive-create",
    )


def _works(folder: str, way: str) -> bool:
    from muse.core.system import temps

    for _ in range(_TRIES):
        source, target = (os.path.join(folder, temps.new_name(temps.MUSE_TEMP)) for _ in range(2))
        os.close(os.open(source, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        try:
            create(source, target, way)
            return True
        except FileNotFoundError:
            continue  # a sweep took it for one that a dead writer left
        except OSError as error:
            if error.errno in _PASSING:
                raise
            return False
        finally:
            for name in (source, target):
                if os.path.lexists(name):
                    os.unlink(name)
    return False
