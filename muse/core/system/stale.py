"""Temporary files that were found: those whose writers have died go.

A temporary file of ours is locked by its writer for as long as it has that name, so a free lock means a dead
writer, whatever the clock says. Files of the object families may come from writers without a lock: these must be
old as well.
"""

from __future__ import annotations

import os
import stat
import time

from muse.core.system import crowd, locks, temps


def remove_dead(paths: list[str]) -> int:
    """Remove temporary files, except those whose writers may be alive. Returns how many went."""
    return sum(crowd.share(_remove_if_dead, paths))


def is_young(path: str) -> bool:
    """Whether a file may be of a writer that is at work and takes no lock; also when it is gone by now."""
    try:
        return _is_young(os.lstat(path))
    except OSError:
        return True


def _is_young(found: os.stat_result) -> bool:
    return 0 <= time.time() - found.st_mtime < temps.GRACE_SECONDS


def _remove_if_dead(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return False
        young = _is_young(found)
        needs_age = temps.is_object_temp(os.path.basename(path))
        try:
            dead = locks.try_lock(fd)
        except locks.LocksUnsupported:
            dead, needs_age = True, True
        if not dead or (needs_age and young):
            return False
        os.unlink(path)
        return True
    except OSError:
        return False
    finally:
        locks.release(fd)
