"""The sweep: removing temporary files that a dead process left. It runs before every command.

Nothing outside `.muse/` is ever swept, and nothing here ever raises: a command must run on a read-only disk too.
Which files may go, `muse.core.system.stale` decides.

To be free, the sweep remembers folders that it found clean and looks at their times alone. `docs/crash-safety.md`
says what may be remembered, and for how long. In repositories so large that it pays, this is kept in `cache/sweep`
for the next process; a cache and nothing more.
"""

from __future__ import annotations

import os
import stat
import time
from zlib import crc32

from muse.core import io
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import MuseError
from muse.core.paths import FOREIGN_FOLDERS, Layout
from muse.core.system import temps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

#: mtime in nanoseconds, and inode: a folder with the same ones has the same names, if it was given time to settle.
Signature = tuple[int, int]

#: Folders below `.muse/` that may hold the families `.muse-tmp-*` and `.stat_cache_*.tmp`; "" is `.muse/` itself.
MUSE_FOLDERS = ("", "cache", "ops", "journal", "restore", *FOREIGN_FOLDERS)

#: A folder that changed less than this long ago may change again without showing it in its time.
SETTLED_NS = 2_000_000_000
#: So many entries of our own may follow one another before the folder is listed again.
MOST_CARRIED = 64
#: To list so many names costs more than to remember them across processes; so do so many folders.
MANY_NAMES, MANY_FOLDERS = 500, 32

_VERSION = 1
_LIMIT = 1 << 20
_PACKS, _SHARDS = "objects/pack", "objects/sha256"
#: `O_PATH`, where there is one, needs no permission to list. A link leads out of `.muse/`.
_LOOK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Memory:
    """What is known of the folders of one repository. A shard is named by its two digits, any other from `.muse/`.

    Args:
        muse: Its `.muse`.

    Attributes:
        clean: Folders in which there was nothing to sweep, long enough after they last changed.
        large: Folders with many names and nothing to sweep, as they were when last listed or after an entry of ours,
            and the number of entries since they were listed.
        shards: The names of all shards, for as long as the folder that holds them is `clean`.
    """

    def __init__(self, muse: str) -> None:
        self._path = os.path.join(muse, "cache", "sweep")
        self._file: Signature | None = None
        self.clean: dict[str, Signature] = {}
        self.large: dict[str, tuple[Signature, int]] = {}
        self.shards: tuple[str, ...] = ()

    def is_clean(self, name: str, seen: Signature, now: int) -> bool:
        """Whether a folder that looks like this need not be listed."""
        known, entries = self.large.get(name, (None, 0))
        carried = known == seen and entries < MOST_CARRIED and 0 <= now - seen[0] < SETTLED_NS
        return carried or self.clean.get(name) == seen

    def forget(self, name: str) -> None:
        """Something is in that folder."""
        self.clean.pop(name, None)
        self.large.pop(name, None)

    def load(self) -> bool:
        """Take over what another process kept since the last time. False when there is nothing new."""
        now = signature(self._path)
        if now is None or now == self._file:
            return False
        self._file = now
        try:
            outer = unpack(io.read_file(self._path, _LIMIT), "the sweep's cache")
            if outer["version"] != _VERSION or crc32(outer["body"]) != outer["check"]:
                return False
            body = unpack(outer["body"], "the sweep's cache")
            clean, large, shards = _numbers(body["clean"], 2), _numbers(body["large"], 3), body["shards"]
            if type(shards) is not tuple or not _are_shards(shards):  # such a name could lead out of `.muse/`
                return False
        except (MuseError, OSError, KeyError, TypeError, ValueError, AttributeError):
            return False
        self.clean, self.shards = clean, shards
        self.large = {name: ((mtime, inode), count) for name, (mtime, inode, count) in large.items()}
        return True

    def save(self) -> None:
        """Keep what is remembered for other processes, if the system lets us."""
        large = {name: (*seen, entries) for name, (seen, entries) in self.large.items()}
        try:
            body = pack({"clean": self.clean, "large": large, "shards": self.shards})
            data = pack({"version": _VERSION, "check": crc32(body), "body": body})
            if not os.path.isdir(os.path.dirname(self._path)):
                os.mkdir(os.path.dirname(self._path))
            io.write_atomic(self._path, data, durable=False, prefix=temps.STAT_CACHE_TEMP)
        except (MuseError, OSError, OverflowError):
            pass  # no place, or a time that cannot be kept: the next process lists again
        self._file = signature(self._path)


_memories: dict[str, Memory] = {}


def sweep(layout: Layout) -> int:
    """Remove what dead writers left anywhere below `.muse/`. Returns how many files went."""
    one = _Sweep(layout.muse)
    one.muse_folders()
    one.object_folders()
    return one.finish()


def sweep_muse(muse: str) -> int:
    """Sweep the folders of records and caches. Returns how many files went."""
    one = _Sweep(muse)
    one.muse_folders()
    return one.finish()


def sweep_objects(layout: Layout) -> int:
    """Sweep the folders of packs and single objects. Returns how many files went."""
    one = _Sweep(layout.muse)
    one.object_folders()
    return one.finish()


def signature(path: str) -> Signature | None:
    """What tells whether a folder has changed; None when it cannot be seen."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def carry(folder: str, before: Signature | None, after: Signature | None) -> None:
    """Remember a large folder as it is after a command has made an entry of its own in it.

    Args:
        folder: The path of a folder right below `.muse/`.
        before, after: Its signatures from before the entry had any name, and from when it had its final one alone.
    """
    muse, name = os.path.split(folder)
    memory = _memories.get(muse)
    if memory is None or after is None:
        return
    known, entries = memory.large.get(name, (None, 0))
    if known is not None and known == before:
        memory.large[name] = (after, entries + 1)
        memory.save()


def _are_shards(names: tuple[str, ...]) -> bool:
    return set(map(len, names)) <= {2} and not "".join(names).strip("0123456789abcdef")


def _numbers(by_name: Any, count: int) -> dict[str, Any]:
    """The same; raises TypeError or AttributeError where something else than `count` integers has a name."""
    if any(type(name) is not str or tuple(map(type, found)) != (int,) * count for name, found in by_name.items()):
        raise TypeError
    return dict(by_name)


class _Sweep:
    """One sweep of one repository, folder by folder."""

    def __init__(self, muse: str) -> None:
        self.muse, self.now = muse, time.time_ns()
        self.memory = _memories.setdefault(muse, Memory(muse))
        self.stale: list[str] = []
        self.new_names = self.new_folders = 0
        self._asked_others = False

    def muse_folders(self) -> None:
        """Look at the folders of records and caches."""
        self._look(self.muse, MUSE_FOLDERS, temps.is_muse_temp)

    def object_folders(self) -> None:
        """Look at the folders of packs and single objects."""
        self._look(self.muse, (_PACKS,), temps.is_object_temp)
        self._look(os.path.join(self.muse, _SHARDS), self._shards(), temps.is_object_temp)

    def finish(self) -> int:
        """Remove what was found, and keep what was learnt if that pays."""
        if self.new_names > MANY_NAMES or self.new_folders > MANY_FOLDERS:
            self.memory.save()
        if not self.stale:
            return 0
        from muse.core.system import stale

        return stale.remove_dead(self.stale)

    def _look(self, above: str, names: Iterable[str], is_temp: Callable[[str], bool]) -> None:
        """Look at the times of folders, and list those that are not known to be clean."""
        try:
            fd = os.open(above, _LOOK)
        except OSError:
            return
        try:
            for name in names:
                try:
                    found = os.stat(name or ".", dir_fd=fd, follow_symlinks=False)
                    seen = (found.st_mtime_ns, found.st_ino)
                    if self.memory.clean.get(name) == seen:
                        continue  # the one way that is taken 256 times
                    inside = stat.S_ISDIR(found.st_mode) and self._is_inside(name)
                    if inside and not self._is_clean(name, seen):
                        self._list(name, os.path.join(above, name) if name else above, seen, is_temp)
                except OSError:
                    continue
        finally:
            os.close(fd)

    def _is_inside(self, name: str) -> bool:
        """False when the folder above is a link."""
        above = os.path.dirname(name)
        return not (above and os.path.islink(os.path.join(self.muse, above)))

    def _is_clean(self, name: str, seen: Signature) -> bool:
        if self.memory.is_clean(name, seen, self.now):
            return True
        if self._asked_others:
            return False
        self._asked_others = True
        return self.memory.load() and self.memory.is_clean(name, seen, self.now)

    def _list(self, name: str, path: str, seen: Signature, is_temp: Callable[[str], bool]) -> None:
        names = os.listdir(path)
        stale = [os.path.join(path, found) for found in names if is_temp(found)]
        self.memory.forget(name)
        if stale:
            self.stale += stale
            return
        if len(names) > MANY_NAMES:
            self.memory.large[name] = (seen, 0)
            self.new_names += len(names)
        self._found_clean(name, seen)

    def _found_clean(self, name: str, seen: Signature) -> bool:
        settled = seen[0] < self.now - SETTLED_NS
        if settled:
            self.memory.clean[name] = seen
            self.new_folders += 1
        return settled

    def _shards(self) -> Iterable[str]:
        """The names of the shards; they are remembered as well, for to list them takes as long as 50 times do."""
        path = os.path.join(self.muse, _SHARDS)
        try:
            found = os.stat(path, follow_symlinks=False)
            seen = (found.st_mtime_ns, found.st_ino)
            if not stat.S_ISDIR(found.st_mode) or not self._is_inside(_SHARDS):
                return ()
            if self._is_clean(_SHARDS, seen):
                return self.memory.shards
            shards = tuple(name for name in os.listdir(path) if _are_shards((name,)))
        except OSError:
            return ()
        if self._found_clean(_SHARDS, seen):
            self.memory.shards = shards
        return shards
