"""The commits that changed a path, found without comparing the trees of the others.

Each commit has a Bloom filter of the paths that it changed, kept in the commit graph. A filter that says no is right;
one that says maybe is followed by a look into the trees. Filters are made when somebody first asks about a path.
"""

from __future__ import annotations

from itertools import islice

from muse.core.base.names import folders_above, sort_key
from muse.core.commits import trees
from muse.core.types import FOLDER, Entry, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from muse.core.commits.graph import Graph
    from muse.core.packs.store import ObjectStore

#: A commit that changes more files than this has a filter that says maybe to every path.
MOST = 512

_BITS_A_PATH, _HASHES, _HASH_SIZE = 10, 7, 4
#: Bytes of the shortest filter. Most commits change one file: with less, many a name would be taken for another.
_LEAST = 8
_MAYBE = b"\xff"


def make(changed: Iterable[str]) -> bytes:
    """The filter of a commit that changed these files."""
    files = list(islice(changed, MOST + 1))
    if len(files) > MOST:
        return _MAYBE
    paths = {path for file in files for path in (file, *folders_above(file))}
    size = max(_LEAST, -(-len(paths) * _BITS_A_PATH // 8))
    bits = 0
    for path in paths:
        bits |= _mask(_hashes(path), size * 8)
    return bits.to_bytes(size, "little")


def _hashes(path: str) -> list[int]:
    digest = digest_of(sort_key(path))
    return [int.from_bytes(digest[at : at + _HASH_SIZE]) for at in range(0, _HASHES * _HASH_SIZE, _HASH_SIZE)]


class Probe:
    """Asks filters for some paths.

    Args:
        paths: Files or folders; "", the root, may have changed in every commit.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._hashes = [_hashes(path) if path else [] for path in paths]
        self._masks: dict[int, list[int]] = {}

    def may_be_in(self, filter: bytes) -> bool:
        """False when the commit with that filter changed none of the paths."""
        masks = self._masks.get(len(filter))
        if masks is None:
            masks = self._masks[len(filter)] = [_mask(hashes, len(filter) * 8) for hashes in self._hashes]
        bits = int.from_bytes(filter, "little")
        return any([bits & mask == mask for mask in masks])


def _mask(hashes: Iterable[int], size: int) -> int:
    mask = 0
    for number in hashes:
        mask |= 1 << number % size
    return mask


def touching(store: ObjectStore, graph: Graph, places: Iterable[int], paths: Collection[str]) -> Iterator[int]:
    """Those of the commits at `places` in which a path differs from every parent; a first commit if it has the path.

    Several paths count as one: they differ from a parent when any of them does.

    Args:
        graph: Has the commits. The filters that are missing are added as they are needed.
        paths: Files or folders, from the root; "" is the root.
    """
    probe = Probe(paths)
    nothing: list[Entry | None] = [None] * len(paths)
    look = _Lookup(store)
    for place in places:
        filter = graph.filters[place] or _add_filter(store, graph, place)
        if probe.may_be_in(filter):
            family = [graph.commits[one].tree for one in (place, *graph.parents[place])]
            here, *before = [[look(tree, path) for path in paths] for tree in family]
            if here not in (before or [nothing]):
                yield place


class _Lookup:
    """What stands at a path below a tree, as `trees.lookup`; a folder that many trees share is read once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._seen: dict[tuple[bytes, str], Entry | None] = {}

    def __call__(self, tree: bytes, path: str) -> Entry | None:
        if not path:
            return Entry(FOLDER, tree)
        if (tree, path) not in self._seen:
            name, _, rest = path.partition("/")
            entry = trees.read_tree(self._store, tree).get(name)
            if entry is not None and rest:
                entry = self(entry.digest, rest) if entry.mode == FOLDER else None
            self._seen[tree, path] = entry
        return self._seen[tree, path]


def _add_filter(store: ObjectStore, graph: Graph, place: int) -> bytes:
    parents = graph.parents[place]
    before = graph.commits[parents[0]].tree if parents else None
    changes = trees.compare(store, before, graph.commits[place].tree)
    filter = make(change.path for change in changes)
    graph.set_filter(place, filter)
    return filter
