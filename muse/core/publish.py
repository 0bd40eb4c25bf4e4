"""Creating a name only if it is absent: the one step that two processes race for.

Three ways, in this order of preference: a hard link; `renameat2` with `RENAME_NOREPLACE`; a rename under an
`flock`. Checking first and renaming then is not one of them: it loses.
"""

from __future__ import annotations

import errno
import os

from muse.core import locks
from muse.core.errors import SystemTrouble

LINK, RENAME, LOCK = "link", "rename", "lock"
WAYS = (LINK, RENAME, LOCK)

_LOCK_NAME = "publish.lock"


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
        from muse.core import syscalls

        syscalls.rename_noreplace(temp, path)
    else:
        _rename_locked(temp, path)


def _rename_locked(temp: str, path: str) -> None:
    import time

    fd = os.open(os.path.join(os.path.dirname(path), _LOCK_NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        deadline = time.monotonic() + 10
        while not locks.try_lock(fd):
            if time.monotonic() > deadline:
                raise OSError(errno.EAGAIN, "another process keeps the lock", path)
            time.sleep(0.005)
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        os.rename(temp, path)
    finally:
        os.close(fd)


def find_way(folder: str) -> str:
    """Try once, in `folder`, which way this file system offers.

    Raises:
        SystemTrouble: None of them works, so that two writers could not be told apart.
    """
    from muse.core import temps

    for way in WAYS:
        source = os.path.join(folder, temps.new_name(temps.MUSE_TEMP))
        target = os.path.join(folder, temps.new_name(temps.MUSE_TEMP))
        try:
            os.close(os.open(source, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            create(source, target, way)
            return way
        except (OSError, locks.LocksUnsupported):
            continue
        finally:
            for name in (source, target):
                if os.path.lexists(name):
                    os.unlink(name)
    raise SystemTrouble(
        f"the file system of {folder} can create no file only if it is absent",
        "Keep the repository on a local disk: two writers could overwrite each other here.",
        kind="no-exclusive-create",
    )
