"""Deciding what may be done to the files of the folder, before anything is.

A target says what a command expects at a path and what it wants there. What stands there decides: as expected, as
committed, or different by noise alone, and it may be replaced; anything else is uncommitted work, and the command
refuses unless it is forced. Whatever is replaced, and cannot be read from any pack, is saved first: where the stored
copy is damaged, the file is the last good one.
"""

from __future__ import annotations

import errno
import os

from muse.core.base import names
from muse.core.base.errors import Changing, Refused, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.folder import twins
from muse.core.folder.files import NotAFile
from muse.core.folder.folders import Blocked, Folders, Found
from muse.core.folder.ignore import REPOSITORIES
from muse.core.folder.worktree import Planned
from muse.core.types import LINK, Change, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from muse.core.packs.store import ObjectStore

    #: Whether two versions of the file at a path differ by noise alone; the versions are read when asked for.
    Noise = Callable[[str, Callable[[], bytes], Callable[[], bytes]], bool]


class Target(NamedTuple):
    """What should stand at a path: what is expected there now, and what is wanted."""

    path: str
    expected: Entry | None
    after: Entry | None


class Plan(NamedTuple):
    """What can be done, and the paths where uncommitted work is in the way."""

    planned: tuple[Planned, ...]
    collisions: tuple[str, ...]


def plan(
    root: str,
    store: ObjectStore,
    targets: Iterable[Target],
    noise: Noise,
    committed: Callable[[str], Entry | None] = lambda path: None,
    *,
    force: bool = False,
) -> Plan:
    """Look at every target and decide.

    Args:
        root: The folder.
        store: Where contents are, and where those that would be lost are saved.
        targets: At most one for a path.
        noise: Tells noise from work.
        committed: What the commit that is checked out has at a path.
        force: Replace uncommitted work too; it is saved in the store first.

    Raises:
        Refused: Two wanted names are one to this file system.
        Refused: A repository of its own stands where a file is wanted: its history is nothing to save and replace.
        SystemTrouble: A file cannot be read, or a folder in which something would change may not be changed.
    """
    planner = _Planner(root, store, {target.path: target for target in targets}, noise, committed, force)
    planner.refuse_twins()
    with Folders(root) as folders:
        for target in planner.targets.values():
            planner.look(folders, target)
    planner.refuse_closed()
    return Plan(tuple(planner.planned), tuple(sorted(planner.collisions)))


class _Planner:
    def __init__(
        self,
        root: str,
        store: ObjectStore,
        targets: dict[str, Target],
        noise: Noise,
        committed: Callable[[str], Entry | None],
        force: bool,
    ) -> None:
        self.root, self.store, self.targets, self.force = root, store, targets, force
        self.noise, self.committed = noise, committed
        self.planned: list[Planned] = []
        self.collisions: set[str] = set()
        self.removed: set[str] = set()
        self.folds_names = twins.folds_names(root)
        paths = [target.path for target in self.targets.values() if target.after is None and self.folds_names]
        self.leaving = set(map(twins.key, paths))

    def look(self, folders: Folders, target: Target) -> None:
        """Decide about one target."""
        twin_leaves = target.after is not None and bool(self.leaving) and twins.key(target.path) in self.leaving
        found = Found(None) if twin_leaves else folders.find(target.path)  # what stands there is looked at as the twin
        if found.seen is not None and found.entry is None:
            self._something_else(folders, target, found)
            return
        if found.entry is None and target.after is not None and not self._clear_the_way(folders, target.path):
            return
        if found.entry == target.after:
            return
        if self.force or self._is_expected(folders, target, found):
            self._change(folders, target.path, found, target.after)
        else:
            self.collisions.add(target.path)

    def _is_expected(self, folders: Folders, target: Target, found: Found) -> bool:
        old, new = target.expected, found.entry
        if old == new or (new is not None and new == self.committed(target.path)):
            return True
        if old is None or new is None or old.mode != new.mode or old.mode == LINK:
            return False
        return self.noise(target.path, lambda: self.store.read(old.digest), lambda: folders.read(target.path))

    def _something_else(self, folders: Folders, target: Target, found: Found) -> None:
        """A folder, or something that cannot be kept, stands where a file is wanted or expected."""
        if not found.folder:
            self.collisions.add(target.path)
        elif target.after is not None:
            below = [path for path in _files_below(self.root, target.path) if not self._goes(path)]
            if (below or target.expected is not None) and not self.force:
                self.collisions.add(target.path)
                return
            for path in below:
                self._remove(folders, path)
            self.planned.append(Planned(Change(target.path, None, target.after), Found(None)))

    def _clear_the_way(self, folders: Folders, path: str) -> bool:
        """See to it that no file stands where a folder on the way to `path` must be."""
        way = path.split("/")[:-1]
        for length in range(1, len(way) + 1):
            above = "/".join(way[:length])
            if self._goes(above) or folders.is_folder(above):
                continue
            if folders.seen(above) is None:
                break
            if not self.force:
                self.collisions.add(above)
                return False
            self._remove(folders, above)
        return True

    def _goes(self, path: str) -> bool:
        target = self.targets.get(path)
        return path in self.removed or (target is not None and target.after is None)

    def _remove(self, folders: Folders, path: str) -> None:
        found = folders.find(path)
        if found.entry is None:
            self.collisions.add(path)  # a pipe or a device: it could not be brought back
            return
        self.removed.add(path)
        self._change(folders, path, found, None)

    def _change(self, folders: Folders, path: str, found: Found, after: Entry | None) -> None:
        if found.entry is not None and not self.store.holds_whole(found.entry.digest):
            target = self.targets.get(path)
            like = target.expected.digest if target is not None and target.expected is not None else None
            try:
                saved = folders.content(path, self.store.incoming).put_into(self.store, like)
            except (FileNotFoundError, NotAFile, Blocked):
                saved = b""
            if saved != found.entry.digest:
                raise Changing(
                    f"{names.show(path)} changed while it was read", "Nothing was changed; try again."
                )
        self.planned.append(Planned(Change(path, found.entry, after), found))

    def refuse_closed(self) -> None:
        """Refuse to begin what could not be finished: a folder that is mounted read-only, say, is seen before."""
        for folder in sorted({plan.change.path.rpartition("/")[0] for plan in self.planned}):
            place = os.path.join(self.root, folder) if folder else self.root
            while place != self.root and (os.path.islink(place) or not os.path.isdir(place)):
                place = os.path.dirname(place)
            if not os.access(place, os.W_OK | os.X_OK):
                code = errno.EROFS if os.statvfs(place).f_flag & os.ST_RDONLY else errno.EACCES
                raise from_os_error(OSError(code, os.strerror(code)), "cannot change files in", place)

    def refuse_twins(self) -> None:
        """Refuse two wanted names that this file system would take for one."""
        seen: dict[str, str] = {}
        if not self.folds_names:
            return
        for target in self.targets.values():
            if target.after is None:
                continue
            for path in (target.path, *names.folders_above(target.path)):
                twin = seen.setdefault(twins.key(path), path)
                if twin != path:
                    raise Refused(
                        f"{names.show(twin)} and {names.show(path)} are one name on this file system",
                        "Nothing was changed; work with this version on a file system that tells them apart.",
                        kind="name-collision",
                    )


def _files_below(root: str, path: str) -> Iterator[str]:
    for folder, folders, files in os.walk(os.path.join(root, path)):
        if not set(REPOSITORIES).isdisjoint((*folders, *files)):
            raise _repository(os.path.relpath(folder, root), path)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*files, *links):
            yield os.path.relpath(os.path.join(folder, name), root)


def _repository(folder: str, path: str) -> Refused:
    there = "" if folder == path else f" at {names.show(path)}"
    return Refused(
        f"{names.show(folder)} is a repository of its own, in the way of a file{there}",
        "Nothing was changed. Move it away, and try again.",
    )
