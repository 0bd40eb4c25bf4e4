"""What stands in one open folder, sorted by what it is, and by whether the ignore rules leave it out."""

from __future__ import annotations

import os
import stat
import time

from muse.core.base import names
from muse.core.base.named import NamedTuple
from muse.core.folder.files import is_racy
from muse.core.folder.ignore import RULE_FILES, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

#: mtime, ctime and inode of a folder: when they are the same and old enough, so are the names in it.
FolderSignature = tuple[int, int, int]

#: A folder signature that no folder has: "list it again".
UNSEEN: FolderSignature = (0, 0, 0)


class Listing(NamedTuple):
    """The names in one folder.

    Attributes:
        files: Files and links.
        folders: Folders.
        others: FIFOs, sockets, devices.
        ignored: Names of any kind that the rules leave out.
        forced: Names that the rules would leave out, but which are tracked.
        bad: Names that no tree may hold.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    forced: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    def holds_for(self, tracked: Collection[str]) -> bool:
        """True when the verdicts are the same for these tracked names."""
        return all(name not in tracked for name in self.ignored) and all(name in tracked for name in self.forced)

    def only(self, tracked: Collection[str]) -> Listing:
        """The same as closed rules would sort it: what is not tracked is left out."""
        kinds = (self.files, self.folders, self.others, self.bad)
        found = sorted([name for kind in (*kinds, self.ignored) for name in kind])
        files, folders, others, bad = [tuple([name for name in kind if name in tracked]) for kind in kinds]
        ignored = tuple([name for name in found if name not in tracked])
        return Listing(files, folders, others, ignored, tuple([name for name in found if name in tracked]), bad)


def list_folder(fd: int, tracked: Collection[str], rules: Rules) -> Listing:
    """List an open folder; names that are tracked are never left out."""
    files: list[str] = []
    folders: list[str] = []
    others: list[str] = []
    ignored: list[str] = []
    forced: list[str] = []
    bad: list[str] = []
    with os.scandir(fd) as found:
        listed = sorted([(entry.name, _kind(entry)) for entry in found])
    for name, kind in listed:
        if rules.ignored(name, kind == "folder"):
            if name not in tracked:
                ignored.append(name)
                continue
            forced.append(name)
        if names.is_bad(name):
            bad.append(name)
        elif kind == "folder":
            folders.append(name)
        else:
            (files if kind == "file" else others).append(name)
    return Listing(tuple(files), tuple(folders), tuple(others), tuple(ignored), tuple(forced), tuple(bad))


def folder_signature(fd: int) -> FolderSignature:
    """The signature of an open folder; `UNSEEN` when it changed too recently to be trusted."""
    state = os.fstat(fd)
    seen = (state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
    return UNSEEN if is_racy((*seen[:2], 0, 0, 0), time.time_ns()) else seen


def rules_of(fd: int, name: str, above: Rules | None, known: Listing | None) -> Rules:
    """The ignore rules in force in an open folder.

    Args:
        name: Its name in the folder above.
        above: The rules there; None for the top.
        known: The names in the folder, where they are known: without a rule file among them nothing is opened.
    """
    text = None
    for file in RULE_FILES:
        if known is None or file in known.files or file in known.ignored:
            text = _small_file(fd, file)
        if text is not None:
            break
    return Rules.root(text) if above is None else above.child(name, text)


def _small_file(fd: int, name: str) -> bytes | None:
    try:
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return None
    try:
        return os.read(found, 1 << 20) if stat.S_ISREG(os.fstat(found).st_mode) else None
    finally:
        os.close(found)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "file"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
