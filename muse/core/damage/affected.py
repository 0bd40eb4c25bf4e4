"""What lost objects mean for people: which commits cannot be had whole any more, and which of their files.

Trees that hold nothing lost are looked at once, however many commits share them.
"""

from __future__ import annotations

from itertools import islice
from math import inf

from muse.core.base.clock import seconds
from muse.core.base.errors import MuseError
from muse.core.base.named import NamedTuple
from muse.core.commits.records import read_commit
from muse.core.commits.trees import DEEPEST, read_tree
from muse.core.types import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from muse.core.commits.records import Commit
    from muse.core.packs.store import ObjectStore

#: So many paths are named for a commit or an object, and so many commits for an object.
MOST = 100


class Broken(NamedTuple):
    """A commit that cannot be had whole.

    Attributes:
        commit: Its digest.
        record: The commit; None when it is lost itself.
        paths: The first files that cannot be had. A folder ends with "/": all of it is lost. "./" is everything.
        total: How many such files and folders there are.
    """

    commit: bytes
    record: Commit | None
    paths: tuple[str, ...]
    total: int


class Affected:
    """What is affected by the loss of some objects.

    Args:
        store: Where the others are.
        lost: The objects that cannot be had.
    """

    def __init__(self, store: ObjectStore, lost: Collection[bytes]) -> None:
        self._store, self._lost = store, lost
        self._counts: dict[bytes, int] = {}
        self.commits: dict[bytes, list[bytes]] = {}
        self.paths: dict[bytes, list[str]] = {}

    def broken(self, commits: Iterable[bytes]) -> tuple[Broken, ...]:
        """Those of the commits that cannot be had whole, newest first; lost ones before all others."""
        found = [one for digest in commits if (one := self._broken(digest)) is not None] if self._lost else []
        found.sort(key=lambda one: one.commit)
        found.sort(key=_seconds, reverse=True)
        return tuple(found)

    def _broken(self, digest: bytes) -> Broken | None:
        if digest in self._lost:
            self._note(digest, digest, "")
            return Broken(digest, None, ("./",), 1)
        try:
            record = read_commit(self._store, digest)
        except MuseError:
            return Broken(digest, None, ("./",), 1)
        count = self._count(record.tree, 0)
        if not count:
            return None
        paths = []
        for path, lost in islice(self._files(record.tree, ""), MOST):
            paths.append(path)
            self._note(lost, digest, path)
        return Broken(digest, record, tuple(paths), count)

    def _note(self, lost: bytes, commit: bytes, path: str) -> None:
        commits, paths = self.commits.setdefault(lost, []), self.paths.setdefault(lost, [])
        if len(commits) < MOST and commit not in commits:
            commits.append(commit)
        if len(paths) < MOST and path and path not in paths:
            paths.append(path)

    def _count(self, tree: bytes, depth: int) -> int:
        """How many files and folders below a tree are lost."""
        known = self._counts.get(tree)
        if known is None:
            known = self._counts[tree] = self._count_anew(tree, depth)
        return known

    def _count_anew(self, tree: bytes, depth: int) -> int:
        if tree in self._lost or depth > DEEPEST:
            return 1
        total = 0
        for mode, digest in read_tree(self._store, tree).values():
            total += self._count(digest, depth + 1) if mode == FOLDER else digest in self._lost
        return total

    def _files(self, tree: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
        """The paths that are lost below a tree, and the object that is."""
        if tree in self._lost or prefix.count("/") > DEEPEST:
            yield prefix or "./", tree
            return
        for name, (mode, digest) in read_tree(self._store, tree).items():
            if mode != FOLDER:
                if digest in self._lost:
                    yield prefix + name, digest
            elif self._counts.get(digest, 1):
                yield from self._files(digest, f"{prefix}{name}/")


def _seconds(one: Broken) -> float:
    """When it was made; a commit that is lost itself comes before all others, a time that is none after them."""
    return inf if one.record is None else seconds(one.record.time)
