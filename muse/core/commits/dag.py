"""Commits and their parents: walking from children to parents.

Long walks use the commit graph (`muse.core.commits.graph`), if they are told where it is kept. Short ones read the
records: that takes less than opening the graph, and as long in a history of ten thousand commits as in one of ten.
"""

from __future__ import annotations

from itertools import islice

from muse.core.commits.records import Commit, read_commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from muse.core.commits.graph import Graph
    from muse.core.packs.store import ObjectStore

Entry = tuple[bytes, Commit]

#: So many records are read sooner than the graph is opened.
FEW = 100

_FIRST = 1  # the lowest generation
_LEFT, _RIGHT, _BEHIND = 1, 2, 4


def history(
    store: ObjectStore, tips: Iterable[bytes], cache: str = "", *, number: int | None = None
) -> Iterator[Entry]:
    """The commits reachable from `tips`, children before parents whatever the clocks say, else newest first.

    Args:
        cache: The file of the commit graph; "" for none.
        number: At most this many. Few commits in a straight line are read one by one as they are asked for; so are
            all in a straight line when there is no `cache`.
    """
    few = not cache or (number is not None and number <= FEW)
    return islice(_history(store, tips, cache, few), number)


def _history(store: ObjectStore, tips: Iterable[bytes], cache: str, few: bool) -> Iterator[Entry]:
    pending = tuple(dict.fromkeys(tips))
    while few and len(pending) == 1:
        commit = read_commit(store, pending[0])
        yield pending[0], commit
        pending = tuple(dict.fromkeys(commit.parents))
    if pending:
        from muse.core.commits.graph import open_graph

        with open_graph(cache) as graph:
            for place in walk(graph, graph.reach(store, pending)):
                yield graph.digests[place], graph.commits[place]


def readable(store: ObjectStore, tips: Iterable[bytes], lost: set[bytes]) -> Iterator[tuple[bytes, Commit]]:
    """As `history`, without the commits that cannot be had, and without what only they lead to.

    Args:
        lost: Takes the digests of those.
    """
    from muse.core.commits.graph import Graph

    graph = Graph()  # one that lacks commits is no use to others
    for place in walk(graph, graph.reach(store, tips, lost)):
        yield graph.digests[place], graph.commits[place]


def walk(graph: Graph, tips: Iterable[int]) -> Iterator[int]:
    """The places of all that `tips` reach, children before parents whatever the clocks say, else newest first.

    What is not asked for is not looked at.
    """
    pending = tuple(dict.fromkeys(tips))
    while pending:
        if len(pending) == 1:
            yield pending[0]
            pending = graph.parents[pending[0]]
        else:
            pending = yield from _braid(graph, pending)


def _braid(graph: Graph, tips: Iterable[int]) -> Generator[int, None, tuple[int, ...]]:
    """Walk from `tips` until all lines have become one again; returns where, or nothing when all ends before.

    A commit is shown when all its children have been. Their number is known as soon as the parents of every commit
    of a higher generation were counted, so what is older is left alone until then.
    """
    from heapq import heapify, heappop, heappush

    parents, generations, seconds, digests = graph.parents, graph.generations, graph.seconds, graph.digests
    children = dict.fromkeys(tips, 0)
    uncounted = [(-generations[place], place) for place in children]
    heapify(uncounted)

    def count(above: int) -> None:
        """Count the parents of every commit of a generation higher than `above`."""
        while uncounted and -uncounted[0][0] > above:
            for parent in set(parents[heappop(uncounted)[1]]):
                if parent not in children:
                    children[parent] = 0
                    heappush(uncounted, (-generations[parent], parent))
                children[parent] += 1

    count(min([generations[place] for place in children]))
    ready = [(-seconds[place], digests[place], place) for place in children if not children[place]]
    heapify(ready)
    shown = 0
    while ready:
        place = heappop(ready)[2]
        if len(children) == shown + 1:
            return (place,)
        yield place
        shown += 1
        above = set(parents[place])
        count(min([generations[parent] for parent in above], default=_FIRST))
        for parent in above:
            children[parent] -= 1
            if not children[parent]:
                heappush(ready, (-seconds[parent], digests[parent], parent))
    return ()


def ancestor(store: ObjectStore, commit: bytes, steps: int, cache: str = "") -> bytes | None:
    """The commit so many first parents before `commit`; None where the history is shorter.

    Args:
        cache: The file of the commit graph; "" for none. What it lacks is read.
    """
    if steps <= FEW:
        return _back(store, commit, steps, None)
    from muse.core.commits.graph import open_graph

    with open_graph(cache) as graph:
        return _back(store, commit, steps, graph)


def _back(store: ObjectStore, commit: bytes, steps: int, graph: Graph | None) -> bytes | None:
    for done in range(steps):
        place = graph.find(commit) if graph is not None else None
        if graph is not None and place is not None:
            return _back_in(graph, place, steps - done)
        parents = read_commit(store, commit).parents
        if not parents:
            return None
        commit = parents[0]
    return commit


def _back_in(graph: Graph, place: int, steps: int) -> bytes | None:
    for _ in range(steps):
        parents = graph.parents[place]
        if not parents:
            return None
        place = parents[0]
    return graph.digests[place]


def merge_bases(store: ObjectStore, left: bytes, right: bytes, cache: str = "") -> list[bytes]:
    """The best common ancestors: those from which no other common ancestor can be reached. Newest first.

    A commit counts as an ancestor of itself. There is more than one base after a criss-cross merge, none where the
    histories have nothing in common.

    Args:
        cache: The file of the commit graph; "" for none.
    """
    from muse.core.commits.graph import open_graph

    with open_graph(cache) as graph:
        found = _merge_bases(graph, *graph.reach(store, (left, right)))
        found.sort(key=lambda place: (-graph.seconds[place], graph.digests[place]))
        return [graph.digests[place] for place in found]


def _merge_bases(graph: Graph, left: int, right: int) -> list[int]:
    """Paint what each side reaches, highest generation first, until only what lies behind a base is left."""
    from heapq import heapify, heappop, heappush

    colours = {left: _LEFT}
    colours[right] = colours.get(right, 0) | _RIGHT
    queue = [(-graph.generations[place], place) for place in colours]
    heapify(queue)
    found = []
    while any(colours[place] < _BEHIND for _, place in queue):
        place = heappop(queue)[1]
        if colours[place] == _LEFT | _RIGHT:
            found.append(place)
            colours[place] |= _BEHIND
        for parent in set(graph.parents[place]):
            if parent not in colours:
                heappush(queue, (-graph.generations[parent], parent))
            colours[parent] = colours.get(parent, 0) | colours[place]
    return found
