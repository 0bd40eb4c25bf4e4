"""The sweep: removing temporary files that a dead process left. It runs before every command.

A temporary file of ours is locked by its writer for as long as it has that name, so a free lock means a dead
writer, whatever the clock says. Files of the object families may come from writers without a lock: these must be
old as well. Nothing outside `.muse/` is ever swept, and nothing here ever raises: a command must run on a
read-only disk too.

To be free, the sweep remembers folders that it found clean and looks at their times alone.
"""

from __future__ import annotations

import os
import stat
import time

from muse.core import locks, temps
from muse.core.paths import FOREIGN_FOLDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from muse.core.paths import Layout

#: Folders below `.muse/` that may hold the families `.muse-tmp-*` and `.stat_cache_*.tmp`; "" is `.muse/` itself.
MUSE_FOLDERS = ("", "cache", "ops", "journal", "restore", *FOREIGN_FOLDERS)

#: A folder that changed less than this long ago may change again without showing it in its time.
_SETTLED_NS = 2_000_000_000
_MANY = 50
_WORKERS = 8

_clean: dict[str, tuple[int, int]] = {}


def sweep(layout: Layout) -> int:
    """Remove what dead writers left anywhere below `.muse/`. Returns how many files went."""
    return sweep_muse(layout.muse) + sweep_objects(layout)


def sweep_muse(muse: str) -> int:
    """Sweep the folders of records and caches. Returns how many files went."""
    return _sweep_folders([os.path.join(muse, name) if name else muse for name in MUSE_FOLDERS], temps.is_muse_temp)


def sweep_objects(layout: Layout) -> int:
    """Sweep the folders of packs and single objects. Returns how many files went."""
    try:
        with os.scandir(layout.shards) as found:
            shards = [entry.path for entry in found if len(entry.name) == 2]
    except OSError:
        shards = []
    return _sweep_folders([layout.packs, *shards], temps.is_object_temp)


def _sweep_folders(folders: list[str], is_temp: Callable[[str], bool]) -> int:
    found: list[str] = []
    settled: dict[str, tuple[int, int]] = {}
    now = time.time_ns()
    for folder in folders:
        try:
            state = os.stat(folder, follow_symlinks=False)
            seen = (state.st_mtime_ns, state.st_ino)
            if _clean.get(folder) == seen or not stat.S_ISDIR(state.st_mode):
                continue
            temporary = [os.path.join(folder, name) for name in os.listdir(folder) if is_temp(name)]
        except OSError:
            continue
        if temporary:
            found += temporary
        elif state.st_mtime_ns < now - _SETTLED_NS:
            settled[folder] = seen
    _clean.update(settled)
    return _remove_all(found) if found else 0


def _remove_all(paths: list[str]) -> int:
    if len(paths) <= _MANY:
        return sum(map(_remove_if_dead, paths))
    from threading import Thread

    counts: list[int] = []
    parts = [paths[first::_WORKERS] for first in range(_WORKERS)]
    threads = [Thread(target=lambda part=part: counts.append(sum(map(_remove_if_dead, part)))) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _remove_if_dead(path: str) -> bool:
    """Remove one temporary file, unless its writer may be alive."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return False
        young = 0 <= time.time() - found.st_mtime < temps.GRACE_SECONDS
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
        os.close(fd)
