"""One pass over the folder: which files differ from a commit.

Folders that are ignored, virtual environments and repositories of their own are not entered; where something in one
is tracked, nothing but that is seen there. A folder that the stat cache knows, whose own times are the same, is not
listed: its files are looked at one `stat` each, and only a file whose signature changed is read.
"""

from __future__ import annotations

import os
import sys

from muse.core.base import names, progress
from muse.core.base.errors import MuseError, SystemTrouble, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.commits import trees
from muse.core.folder import files, listing
from muse.core.folder.files import UNKNOWN, Content, NotAFile, Signature, signature
from muse.core.folder.ignore import ENVIRONMENT_MARK, REPOSITORIES, Rules
from muse.core.folder.listing import UNSEEN, FolderSignature, Listing
from muse.core.stat_cache import FolderRecord, StatCache
from muse.core.types import DIGEST_SIZE, FOLDER, Change, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from muse.core.commits.records import Tree
    from muse.core.packs.store import ObjectStore

    #: Told of every file that was read and differs: path, entry before, what was read.
    Sink = Callable[[str, Entry | None, Content], None]

#: New files above this many bytes are left out unless they are added by name.
LARGE = 100 << 20
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Stands for a new file that was not read; its signature tells nobody that it was.
_UNREAD = Entry("f", bytes(DIGEST_SIZE))


class Skipped(NamedTuple):
    """A path that is left out, and why: "large", "special", "repository", "name"."""

    path: str
    why: str
    size: int = 0


class Scan(NamedTuple):
    """What a pass over the folder found.

    Attributes:
        changes: Files that differ from the commit: before as committed, after as on the disk.
        skipped: What was left out and should be named.
        troubles: Files and folders that could not be read.
    """

    changes: tuple[Change, ...]
    skipped: tuple[Skipped, ...]
    troubles: tuple[MuseError, ...]


class _Here(NamedTuple):
    """The folder that is being compared: descriptor, path, committed tree, rules, what the cache knows."""

    fd: int
    path: str
    tree: bytes | None
    rules: Rules
    record: FolderRecord | None
    seen: FolderSignature

    def join(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name


def scan(
    root: str,
    store: ObjectStore,
    tree: bytes | None,
    cache: StatCache,
    *,
    staged: Collection[str] = (),
    sink: Sink | None = None,
    within: Collection[str] = ("",),
) -> Scan:
    """Compare the folder with a tree.

    Args:
        root: The folder.
        store: Where the tree is.
        tree: The tree to compare with; None for an empty one.
        cache: What is known of the files; brought up to date, not saved.
        staged: Paths that count as tracked though no commit holds them: ignore rules do not hide them.
        sink: Told of every file that had to be read and differs, with its bytes.
        within: Files and folders: what lies elsewhere is not read, and does not count; "" is everything.
    """
    scanner = _Scanner(store, cache, staged, sink, within)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        scanner.visit(fd, "", tree, None)
    finally:
        os.close(fd)
    if "" in within:
        cache.keep_only(scanner.folders)
    changes = [change for change in scanner.changes if scanner.concerns(change.path)]
    changes.sort(key=lambda change: names.sort_key(change.path))
    return Scan(tuple(changes), tuple(scanner.skipped), tuple(scanner.troubles))


class _Scanner:
    def __init__(
        self,
        store: ObjectStore,
        cache: StatCache,
        staged: Collection[str],
        sink: Sink | None,
        within: Collection[str],
    ) -> None:
        self.store, self.cache, self.sink = store, cache, sink
        self.within = () if "" in within else tuple(within)
        self.staged = _by_folder(staged)
        self.changes: list[Change] = []
        self.skipped: list[Skipped] = []
        self.troubles: list[MuseError] = []
        self.folders: set[str] = set()
        self.mapped = _mapped()
        self.read = 0

    def concerns(self, path: str) -> bool:
        """Whether a path lies in what is looked at, or on the way to it."""
        here = path + "/"
        return not self.within or any([here.startswith(f"{one}/") or one.startswith(here) for one in self.within])

    def visit(self, fd: int, path: str, tree: bytes | None, above: Rules | None) -> None:
        """Compare one open folder, and what is below it, with a tree."""
        self.folders.add(path)
        record, seen = self.cache.get(path), listing.folder_signature(fd)
        known = record.listing if record is not None and record.seen == seen != UNSEEN else None
        rules = listing.rules_of(fd, path.rpartition("/")[2], above, known)
        here = _Here(fd, path, tree, rules, record, seen)
        if self._is_unchanged(here):
            assert here.record is not None
            for name, below in zip(here.record.listing.folders, here.record.subtrees, strict=True):
                self._enter(here, here.record.listing, name, below or None)
        else:
            self._compare(here, above)

    def _is_unchanged(self, here: _Here) -> bool:
        """True when every file here is known to be as in the committed tree. The fast path."""
        record = here.record
        if record is None or not here.tree or record.tree != here.tree or here.path in self.staged:
            return False
        if not self._lists_the_same(here, record):
            return False
        fd, stat, sign = here.fd, os.stat, signature
        try:
            found = tuple([sign(stat(name, dir_fd=fd, follow_symlinks=False)) for name in record.names])
        except OSError:
            return False
        return found == record.stats and not (self.mapped and any([seen[3] in self.mapped for seen in found]))

    @staticmethod
    def _lists_the_same(here: _Here, record: FolderRecord) -> bool:
        """True when the names in the folder are the recorded ones; `UNSEEN` proves nothing, not even to itself."""
        return record.seen == here.seen != UNSEEN and record.rules == here.rules.signature

    def _enter(self, here: _Here, found: Listing, name: str, tree: bytes | None) -> None:
        """Open a sub-folder and compare it; one that is gone counts as empty."""
        path = here.join(name)
        if not self.concerns(path):
            return
        if path.count("/") > trees.DEEPEST:
            self.troubles.append(SystemTrouble(f"{names.show(path)} is nested too deep", "Move it up, or ignore it."))
            return
        try:
            fd = os.open(name, _FOLDER_FLAGS, dir_fd=here.fd)
        except FileNotFoundError:
            self._all_gone(path, tree)
            return
        except OSError as error:
            self.troubles.append(from_os_error(error, "cannot open the folder", names.show(path)))
            return
        try:
            self.visit(fd, path, tree, here.rules.closed() if name in found.forced else here.rules)
        finally:
            os.close(fd)

    def _compare(self, here: _Here, above: Rules | None) -> None:
        committed = trees.read_tree(self.store, here.tree)
        tracked = committed.keys() | self.staged.get(here.path, set())
        found = self._list(here, tracked)
        if found is None:
            return
        if mark := _mark(here, found, above):
            if mark != ENVIRONMENT_MARK:
                self.skipped.append(Skipped(here.path, "repository"))
                here = here._replace(seen=UNSEEN)  # it is named each time
            if not tracked:
                return
            found = found.only(tracked)
        for name in found.others:
            self.skipped.append(Skipped(here.join(name), "special"))
        for name in found.bad:
            self.skipped.append(Skipped(here.join(name), "name"))
        stats, entries = self._read_files(here, found.files, committed)
        for name, entry in committed.items():
            if entry.mode != FOLDER and name not in entries:
                self.changes.append(Change(here.join(name), entry, None))
            elif entry.mode == FOLDER and name not in found.folders:
                self._all_gone(here.join(name), entry.digest)
        self._remember(here, found, stats, entries, committed)
        for name in found.folders:
            self._enter(here, found, name, _subtree(committed, name))

    def _list(self, here: _Here, tracked: Collection[str]) -> Listing | None:
        record = here.record
        if record is not None and self._lists_the_same(here, record):
            known = record.listing
            if known.holds_for(tracked):
                return known
        try:
            return listing.list_folder(here.fd, tracked, here.rules)
        except OSError as error:
            self.troubles.append(from_os_error(error, "cannot list the folder", names.show(here.path or ".")))
            return None

    def _read_files(
        self, here: _Here, files: tuple[str, ...], committed: Tree
    ) -> tuple[list[Signature], dict[str, Entry]]:
        """Signature and entry of each file, reading those that the cache does not answer for."""
        cached = here.record.entries() if here.record is not None else {}
        stats: list[Signature] = []
        entries: dict[str, Entry] = {}
        for name in files:
            before = _file(committed, name)
            try:
                seen = signature(os.stat(name, dir_fd=here.fd, follow_symlinks=False))
                old = cached.get(name)
                if before is None and seen[2] > LARGE and name not in self.staged.get(here.path, ()):
                    self.skipped.append(Skipped(here.join(name), "large", seen[2]))
                    continue
                if old is not None and old[0] == seen and seen[3] not in self.mapped:
                    entry = old[1]
                elif self.concerns(here.join(name)):
                    entry, seen = self._read(here, name, before)
                else:
                    entry, seen = before or _UNREAD, UNKNOWN
            except FileNotFoundError:
                continue
            except NotAFile:
                self.skipped.append(Skipped(here.join(name), "special"))
                continue
            except (MuseError, OSError) as error:
                if self.concerns(here.join(name)):
                    self.troubles.append(_trouble(error, here.join(name)))
                entries[name] = before or _UNREAD
                stats.append(UNKNOWN)
                continue
            entries[name] = entry
            stats.append(seen)
            if entry != before:
                self.changes.append(Change(here.join(name), before, entry))
        return stats, entries

    def _read(self, here: _Here, name: str, before: Entry | None) -> tuple[Entry, Signature]:
        path = here.join(name)
        self.read += 1
        progress.report("reading changed files", self.read)
        wanted = self.sink is not None
        content = files.read_entry(here.fd, name, path, keep=wanted, large=self.store.incoming if wanted else None)
        if self.sink is not None and content.entry != before:
            self.sink(path, before, content)
        elif content.incoming is not None:
            content.incoming.discard()
        return content.entry, UNKNOWN if content.racy or content.seen[3] in self.mapped else content.seen

    def _remember(
        self, here: _Here, found: Listing, stats: list[Signature], entries: dict[str, Entry], committed: Tree
    ) -> None:
        complete = len(entries) == len(found.files)
        as_ever = complete and here.path not in self.staged  # what is staged forces names that the rules leave out
        files = {name: entry for name, entry in committed.items() if entry.mode != FOLDER}
        same = as_ever and entries == files and all(name in found.folders for name in committed.keys() - files.keys())
        self.cache.put(
            here.path,
            FolderRecord(
                seen=here.seen if complete and not found.others and not found.bad else UNSEEN,
                rules=here.rules.signature,
                listing=found,
                names=tuple(entries),
                stats=tuple(stats),
                modes="".join([entry.mode for entry in entries.values()]),
                digests=b"".join([entry.digest for entry in entries.values()]),
                tree=here.tree if same and here.tree else b"",
                subtrees=tuple([_subtree(committed, name) or b"" for name in found.folders]),
            ),
        )

    def _all_gone(self, path: str, tree: bytes | None) -> None:
        for below, entry in trees.walk(self.store, tree, path + "/"):
            self.changes.append(Change(below, entry, None))


def _mapped() -> frozenset[int]:
    """The inodes of files that may change without their times showing it; without `mmap` this process has none."""
    if "mmap" not in sys.modules:
        return frozenset()
    from muse.core.folder import mapped

    return mapped.inodes()


def _mark(here: _Here, found: Listing, above: Rules | None) -> str:
    """The name that makes a folder a virtual environment, or a repository of its own; empty for a usual one."""
    if above is None or above.is_closed:
        return ""
    name = here.path.rpartition("/")[2]
    has_mark = ENVIRONMENT_MARK in found.files or ENVIRONMENT_MARK in found.ignored
    if has_mark and above.ignored(name, True, environment=True):
        return ENVIRONMENT_MARK
    return next((mark for mark in REPOSITORIES if mark in found.ignored or mark in found.forced), "")


def _by_folder(paths: Collection[str]) -> dict[str, set[str]]:
    """Folder to the names in it that lie on the way to one of the paths."""
    tracked: dict[str, set[str]] = {}
    for path in paths:
        while path:
            folder, _, name = path.rpartition("/")
            tracked.setdefault(folder, set()).add(name)
            path = folder
    return tracked


def _trouble(error: MuseError | OSError, path: str) -> MuseError:
    return error if isinstance(error, MuseError) else from_os_error(error, "cannot look at", names.show(path))


def _file(committed: Tree, name: str) -> Entry | None:
    entry = committed.get(name)
    return None if entry is None or entry.mode == FOLDER else entry


def _subtree(committed: Tree, name: str) -> bytes | None:
    entry = committed.get(name)
    return entry.digest if entry is not None and entry.mode == FOLDER else None
