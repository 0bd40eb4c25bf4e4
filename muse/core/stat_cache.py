"""The stat cache: what each file of the folder held when it was last looked at.

It is a cache and nothing more: it may be deleted, and it is thrown away when it is damaged. An entry counts only
while the file's times, size, inode and mode are the same *and* were old enough, when it was read, that no later
change could hide behind them. Folders are packed one by one, so that one change does not encode the rest again.
"""

from __future__ import annotations

from zlib import crc32

from muse.core import io
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import MuseError
from muse.core.base.named import NamedTuple
from muse.core.folder.files import Signature
from muse.core.folder.listing import FolderSignature, Listing
from muse.core.system import temps
from muse.core.types import DIGEST_SIZE, Entry

VERSION = 2
_ESSENCES = 1024


class FolderRecord(NamedTuple):
    """One folder as it was seen.

    Attributes:
        seen: mtime, ctime and inode of the folder; `UNSEEN` when it changed too recently.
        rules: Signature of the rules that sorted its names.
        listing: Its names.
        names, stats, modes, digests: The files that were read, in columns.
        tree: Digest of the committed tree that these files were equal to; empty when they were not.
        subtrees: For each folder of the listing, the digest of its tree in `tree`; empty where it has none.
    """

    seen: FolderSignature
    rules: bytes
    listing: Listing
    names: tuple[str, ...]
    stats: tuple[Signature, ...]
    modes: str
    digests: bytes
    tree: bytes
    subtrees: tuple[bytes, ...]

    def entries(self) -> dict[str, tuple[Signature, Entry]]:
        """Signature and entry of every file, by name."""
        digests, step = self.digests, DIGEST_SIZE
        return {
            name: (seen, Entry(mode, digests[at : at + step]))
            for name, seen, mode, at in zip(
                self.names, self.stats, self.modes, range(0, len(digests), step), strict=True
            )
        }


class StatCache:
    """The records of all folders, by path from the root.

    Args:
        path: The file it is kept in.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._packed: dict[str, bytes] = {}
        self._records: dict[str, FolderRecord] = {}
        self._essences: dict[bytes, bytes] = {}
        self._dirty = False
        self._load()

    def _load(self) -> None:
        try:
            outer = unpack(io.read_file(self.path, io.CACHE_LIMIT), "the stat cache")
            if outer["version"] != VERSION or crc32(outer["body"]) != outer["check"]:
                return
            body = unpack(outer["body"], "the stat cache")
            self._packed, self._essences = dict(body["folders"]), dict(body["essences"])
        except (MuseError, OSError, KeyError, TypeError, ValueError):
            self._packed, self._essences = {}, {}

    def get(self, folder: str) -> FolderRecord | None:
        """The record of a folder, or None."""
        record = self._records.get(folder)
        if record is None and folder in self._packed:
            try:
                record = FolderRecord(*unpack(self._packed[folder], "the stat cache"))
                record = record._replace(listing=Listing(*record.listing))
            except (MuseError, TypeError):
                return None
            self._records[folder] = record
        return record

    def put(self, folder: str, record: FolderRecord) -> None:
        """Remember a folder, unless a time in it is none that can be kept: hundreds of years before ours, say."""
        if self.get(folder) != record:
            try:
                self._packed[folder] = pack(list(record))
            except OverflowError:
                return
            self._records[folder] = record
            self._dirty = True

    def forget(self, folder: str) -> None:
        """Forget one folder: what is remembered of it turned out to be wrong."""
        if self._packed.pop(folder, None) is not None:
            self._records.pop(folder, None)
            self._dirty = True

    def essence(self, digest: bytes) -> bytes | None:
        """What is left of the content of that digest without noise, as it was told; None when nobody told."""
        return self._essences.get(digest)

    def set_essence(self, digest: bytes, essence: bytes) -> None:
        """Remember what is left of a content without noise. The oldest are forgotten."""
        while len(self._essences) >= _ESSENCES:
            del self._essences[next(iter(self._essences))]
        self._essences[digest] = essence
        self._dirty = True

    def keep_only(self, folders: set[str]) -> None:
        """Forget folders that are gone."""
        for folder in self._packed.keys() - folders:
            self.forget(folder)

    def save(self) -> bool:
        """Write what changed. A cache that cannot be written is no failure: False then."""
        if not self._dirty:
            return True
        body = pack({"folders": self._packed, "essences": self._essences})
        data = pack({"version": VERSION, "check": crc32(body), "body": body})
        if len(data) > io.CACHE_LIMIT:
            return False
        try:
            io.write_atomic(self.path, data, durable=False, prefix=temps.STAT_CACHE_TEMP)
        except MuseError:
            return False
        self._dirty = False
        return True


_live: dict[str, tuple[tuple[int, int, int], StatCache]] = {}


def open_cache(path: str) -> StatCache:
    """The cache in `path`; in a process that lives on, the one of last time if nobody else wrote it since."""
    now = _file_signature(path)
    before = _live.get(path)
    cache = before[1] if before is not None and now is not None and before[0] == now else StatCache(path)
    _live.pop(path, None)
    return cache


def close_cache(cache: StatCache) -> None:
    """Save, and remember for the next command of this process."""
    if cache.save():
        now = _file_signature(cache.path)
        if now is not None:
            _live[cache.path] = (now, cache)


def _file_signature(path: str) -> tuple[int, int, int] | None:
    import os

    try:
        state = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino, state.st_size
