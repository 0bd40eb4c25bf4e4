"""Advisory locks that die with their holder.

`flock` is dropped by the operating system when a process ends, however it ends. So a lock that is free means that
its holder is done or dead, and nobody ever has to clean up after it.

It belongs to the open file, which a child that another thread forks meanwhile has open, too. So a lock is given back
by unlocking: closing alone would leave it to the child.
"""

from __future__ import annotations

import errno
import os
import time

from muse.core.base import progress

if os.name == "posix":
    import fcntl

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}

#: Some systems offer the module and no lock in it.
AVAILABLE = os.name == "posix" and hasattr(fcntl, "flock")

#: Seconds that a command waits for another process.
PATIENCE = 10.0


class LocksUnsupported(Exception):
    """The file system (or the platform) has no `flock`."""


def wait_for_lock(fd: int, patience: float, *, shared: bool = False) -> bool:
    """Take the lock on an open file, and wait for it.

    Args:
        fd: The file.
        patience: Seconds to wait at most; 0 tries once.
        shared: Whether others may hold it, too.

    Returns:
        False when somebody else still holds it.

    Raises:
        LocksUnsupported: There are no such locks here.
    """
    began = time.monotonic()
    while not try_lock(fd, shared=shared):
        waited = time.monotonic() - began
        if waited >= patience:
            return False
        progress.report("waiting for another muse command, seconds", int(waited), int(patience))
        time.sleep(0.005)
    return True


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Take the lock on an open file without waiting.

    Returns:
        True when the lock is ours, False when somebody else holds it.

    Raises:
        LocksUnsupported: There are no such locks here.
    """
    if not AVAILABLE:
        raise LocksUnsupported
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno in _UNSUPPORTED:
            raise LocksUnsupported from None
        raise
    return True


def release(fd: int) -> None:
    """Give back the lock on an open file, if there is one, and close the file. It never fails."""
    try:
        if AVAILABLE:
            fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        pass  # closing gives it back, too, unless a child has the file open
    finally:
        _close(fd)


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        return  # it is closed all the same
