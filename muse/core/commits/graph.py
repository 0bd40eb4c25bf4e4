"""The commit graph: what `log` shows of every commit, in one file, so that no record is read twice.

It is a cache and nothing more: it may be deleted, it is thrown away when it is damaged, and whoever cannot write it
goes without. A commit never changes, so the graph can lack commits but is never wrong about one. After a gc it may
hold commits that are gone; it is only asked about what live commits reach, so nobody meets them.

Commands that look extend it, a commit does not. Rewriting it takes longer than reading a few records, so it is written
when at least `_FEW` commits or filters are new, and at least one for `_SHARE` that it holds.
"""

from __future__ import annotations

import os
from zlib import crc32

from muse.core import io
from muse.core.base.clock import seconds
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged, MuseError, TooNew
from muse.core.commits.records import Author, Commit, read_commit
from muse.core.types import DIGEST_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from muse.core.packs.store import ObjectStore

VERSION = 1
_FEW = 16
_SHARE = 64

#: The columns with one value for each commit, and what a value is.
_KINDS = {
    "parents": tuple,
    "generations": int,
    "author": int,
    "times": str,
    "seconds": float,
    "messages": str,
    "filters": bytes,
}

_Signature = tuple[int, int, int]


class Graph:
    """Commits, parents before children; with a commit it holds all that the commit can reach.

    Used as a context manager: at the end it is written if enough is new, and kept for the next command of this
    process. What an interrupt may have left half done is dropped.

    Args:
        path: The file it is kept in; "" for a graph that is kept nowhere.

    Attributes:
        digests, commits, parents, generations, seconds, filters: A list each. A commit has the same place in all of
            them; `parents` has the places of its parents. `docs/format.md` says what the others hold.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.digests: list[bytes] = []
        self.commits: list[Commit] = []
        self.parents: list[tuple[int, ...]] = []
        self.generations: list[int] = []
        self.seconds: list[float] = []
        self.filters: list[bytes] = []
        self._new = 0
        self._seen = _signature(path) if path else None
        if path:
            self._load()
        self._places = dict(zip(self.digests, range(len(self.digests)), strict=True))

    def _load(self) -> None:
        try:
            outer = unpack(io.read_file(self.path, io.CACHE_LIMIT), "the commit graph")
            if outer["version"] == VERSION and crc32(outer["body"]) == outer["check"]:
                self._set(unpack(outer["body"], "the commit graph"))
        except (MuseError, OSError, LookupError, TypeError, ValueError):
            pass  # it is made anew

    def _set(self, body: dict[str, Any]) -> None:
        """Take over what the file says, if it is a graph: a checksum tells of damage, not of what somebody wrote."""
        digests, trees, people = _cut(body["digests"]), _cut(body["trees"]), _people(body["authors"])
        parents, generations, author, times, seconds, messages, filters = [
            _column(body[name], kind, len(digests)) for name, kind in _KINDS.items()
        ]
        if len(trees) != len(digests) or len(set(digests)) != len(digests) or min(author, default=0) < 0:
            raise ValueError
        _check_order(parents, generations)
        above = [tuple([digests[place] for place in places]) for places in parents]
        self.commits = list(map(Commit, trees, above, [people[place] for place in author], times, messages))
        self.digests, self.parents, self.generations = digests, parents, generations
        self.seconds, self.filters = seconds, filters

    def find(self, digest: bytes) -> int | None:
        """The place of a commit; None when the graph lacks it."""
        return self._places.get(digest)

    def reach(self, store: ObjectStore, tips: Iterable[bytes], lost: set[bytes] | None = None) -> list[int]:
        """The places of `tips`, after reading what the graph lacks of all that they reach.

        Args:
            store: Where the records are.
            tips: Where to begin.
            lost: Takes those that cannot be had; the graph, which is kept nowhere then, is made without them.

        Raises:
            Missing, Damaged: One of them is not there, or is no commit, and `lost` is not given.
        """
        tips = list(tips)
        pending = list(tips)
        read: dict[bytes, Commit] = {}
        while pending:
            digest = pending[-1]
            if digest in self._places:
                pending.pop()
                continue
            commit = read.get(digest)
            if commit is None:
                try:
                    commit = read[digest] = read_commit(store, digest)
                except Damaged as error:
                    if lost is None or isinstance(error, TooNew):
                        raise
                    lost.add(pending.pop())
                    continue
            lacking = [parent for parent in commit.parents if parent not in self._places and parent not in (lost or ())]
            if lacking:
                pending += lacking
            else:
                self._append(digest, commit)
        return [self._places[tip] for tip in tips if tip not in (lost or ())]

    def _append(self, digest: bytes, commit: Commit) -> None:
        parents = tuple([self._places[parent] for parent in commit.parents if parent in self._places])
        self._places[digest] = len(self.digests)
        self.digests.append(digest)
        self.commits.append(commit)
        self.parents.append(parents)
        self.generations.append(1 + max([self.generations[parent] for parent in parents], default=0))
        self.seconds.append(seconds(commit.time))
        self.filters.append(b"")
        self._new += 1

    def set_filter(self, place: int, filter: bytes) -> None:
        """Remember the path filter of a commit."""
        self.filters[place] = filter
        self._new += 1

    def _encode(self) -> bytes:
        people: dict[Author, int] = {}
        author = [people.setdefault(commit.author, len(people)) for commit in self.commits]
        body = {
            "digests": b"".join(self.digests),
            "trees": b"".join([commit.tree for commit in self.commits]),
            "parents": self.parents,
            "generations": self.generations,
            "authors": list(people),
            "author": author,
            "times": [commit.time for commit in self.commits],
            "seconds": self.seconds,
            "messages": [commit.message for commit in self.commits],
            "filters": self.filters,
        }
        data = pack(body)
        return pack({"version": VERSION, "check": crc32(data), "body": data})

    def _save(self) -> None:
        """Write it. One that cannot be written is no failure; the next try is made when as much is new again.

        Nor is one that somebody else has written since: a gc may have forgotten what this one holds.
        """
        self._new = 0
        data = self._encode()
        try:
            if len(data) <= io.CACHE_LIMIT and _signature(self.path) == self._seen:
                io.write_atomic(self.path, data, durable=False)
                self._seen = _signature(self.path)
        except MuseError:
            pass

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if self.path and (kind is None or issubclass(kind, (MuseError, GeneratorExit))):
            if self._new >= max(_FEW, len(self.digests) // _SHARE):
                self._save()
            if self._seen is not None:
                _live[self.path] = (self._seen, self)


_live: dict[str, tuple[_Signature, Graph]] = {}


def open_graph(path: str) -> Graph:
    """The graph in `path`; in a process that lives on, the one of last time if nobody else wrote it since.

    One that never had a file is not kept: nothing would tell that a gc has forgotten some of it.
    """
    seen, graph = _live.pop(path, (None, None))
    return graph if graph is not None and seen == _signature(path) else Graph(path)


def forget(path: str, *, durable: bool = True) -> bool:
    """Let the file hold no commit. Who has read an older one sees that it is another, and does not write it.

    Returns:
        False when there is a file that can be neither replaced nor removed.
    """
    try:
        io.write_atomic(path, Graph()._encode(), durable=durable)
    except MuseError:
        io.remove_quietly(path)
        return not os.path.isfile(path)
    return True


def _signature(path: str) -> _Signature | None:
    try:
        state = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino, state.st_size


def _cut(digests: Any) -> list[bytes]:
    if type(digests) is not bytes or len(digests) % DIGEST_SIZE:
        raise TypeError
    return [digests[at : at + DIGEST_SIZE] for at in range(0, len(digests), DIGEST_SIZE)]


def _column(values: Any, kind: type, size: int) -> list[Any]:
    if type(values) is not tuple or set(map(type, values)) - {kind} or len(values) != size:
        raise TypeError
    if kind is float and any([value != value for value in values]):
        raise ValueError  # nothing comes before or after what is no number
    return list(values)


def _people(authors: Any) -> list[Author]:
    if type(authors) is not tuple or any(tuple(map(type, author)) != (str, str) for author in authors):
        raise TypeError
    return [Author(*author) for author in authors]


def _check_order(parents: list[tuple[int, ...]], generations: list[int]) -> None:
    """Hold parents against places and generations: where a commit came after itself, no walk would end."""
    for place, above in enumerate(parents):
        highest = 0
        for parent in above:
            if type(parent) is not int or not 0 <= parent < place:
                raise ValueError
            if generations[parent] > highest:  # `max` would take as long as all the rest
                highest = generations[parent]
        if generations[place] != highest + 1:
            raise ValueError
