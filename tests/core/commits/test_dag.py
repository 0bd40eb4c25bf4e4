"""`commits.dag`: children before parents, whatever the clocks say, and whatever the commit graph knows already."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import clock
from muse.core.base.errors import Damaged
from muse.core.commits import dag, graph, records, trees
from muse.core.commits.graph import Graph
from tests.core.histories import SHAPES, Shape, ancestors, build, commit, line
from tests.core.stores import MemoryStore

CHOSEN = st.lists(st.integers(0, 15), max_size=4)


@pytest.fixture
def cache(tmp_path: Path) -> str:
    return str(tmp_path / "graph")


@given(shape=SHAPES, chosen=CHOSEN)
def test_all_that_is_reachable_once_and_children_first(shape: Shape, chosen: list[int]) -> None:
    store = MemoryStore()
    made = build(store, shape)
    tips = [made[number % len(made)] for number in chosen]
    walked = list(dag.history(store, tips))
    order = [digest for digest, _ in walked]
    assert len(order) == len(set(order))
    assert set(order) == ancestors(store, tips)
    at = {digest: place for place, digest in enumerate(order)}
    for digest, record in walked:
        assert record == records.read_commit(store, digest)
        assert all(at[digest] < at[parent] for parent in record.parents)


def plainly(store: MemoryStore, tips: list[bytes]) -> list[bytes]:
    """The order by its definition: of the commits whose children have all been shown, the newest is next."""
    left = {digest: records.read_commit(store, digest) for digest in ancestors(store, tips)}
    order = []
    while left:
        parents = {parent for record in left.values() for parent in record.parents}
        ready = [(-clock.seconds(record.time), digest) for digest, record in left.items() if digest not in parents]
        order.append(min(ready)[1])
        del left[order[-1]]
    return order


@given(shape=SHAPES, chosen=CHOSEN, known=CHOSEN)
def test_the_order_does_not_depend_on_what_the_graph_knows(shape: Shape, chosen: list[int], known: list[int]) -> None:
    store = MemoryStore()
    made = build(store, shape)
    tips = [made[number % len(made)] for number in chosen]
    commits = Graph()
    commits.reach(store, [made[number % len(made)] for number in known])
    walked = [commits.digests[place] for place in dag.walk(commits, commits.reach(store, tips))]
    assert walked == plainly(store, tips) == [digest for digest, _ in dag.history(store, tips)]


@given(shape=SHAPES, number=st.integers(1, 20))
def test_the_first_so_many_are_the_same_with_a_graph_and_without(
    tmp_path_factory: pytest.TempPathFactory, shape: Shape, number: int
) -> None:
    store = MemoryStore()
    made = build(store, shape)
    cache = str(tmp_path_factory.getbasetemp() / "graph")
    whole = list(dag.history(store, made[-1:], cache))
    assert list(dag.history(store, made[-1:], cache, number=number)) == whole[:number]
    assert list(dag.history(store, made[-1:], number=number)) == whole[:number]


@given(hours=st.permutations(range(6)))
def test_unrelated_commits_come_newest_first(hours: list[int]) -> None:
    store = MemoryStore()
    made = {hour: commit(store, "m", hours=hour) for hour in hours}
    assert [digest for digest, _ in dag.history(store, made.values())] == [made[hour] for hour in range(5, -1, -1)]


def test_a_commit_waits_for_children_that_are_further_back() -> None:
    """It is a parent of the tip, and of an old commit that the tip reaches as well; by its clock it would be next."""
    store = MemoryStore()
    parent = commit(store, "parent", hours=9)
    tip = commit(store, "tip", commit(store, "two", commit(store, "one", parent)), parent, hours=9)
    other = line(store, 8)[-1]
    walked = [record.message for _, record in dag.history(store, [tip, other])]
    assert walked[:4] == ["tip", "two", "one", "parent"]


def test_times_are_compared_as_moments() -> None:
    store = MemoryStore()
    early = commit(store, "early", time="2026-03-14T23:00:00+09:00")
    late = commit(store, "late", time="2026-03-14T16:00:00+01:00")
    assert [digest for digest, _ in dag.history(store, [early, late])] == [late, early]


@pytest.mark.parametrize("number", [None, 3])
def test_a_straight_line_is_read_as_it_is_asked_for(number: int | None) -> None:
    store = MemoryStore()
    tip = line(store, 200)[-1]
    walk = dag.history(store, [tip], number=number)
    assert [next(walk)[1].message for _ in range(3)] == ["199", "198", "197"]
    assert len(store.reads) == 3


def test_a_few_commits_are_read_without_the_graph(cache: str) -> None:
    store = MemoryStore()
    tip = line(store, 2000)[-1]
    assert [record.message for _, record in dag.history(store, [tip], cache, number=dag.FEW)][-1] == "1900"
    assert len(store.reads) == dag.FEW
    assert cache not in graph._live


def test_a_walk_that_ends_early_keeps_what_was_read(cache: str) -> None:
    store = MemoryStore()
    tip = line(store, 300)[-1]
    assert len(list(dag.history(store, [tip], cache, number=dag.FEW + 1))) == dag.FEW + 1
    assert len(graph.Graph(cache).digests) == 300


def test_what_the_graph_knows_is_not_read_again(cache: str) -> None:
    store = MemoryStore()
    made = line(store, 300)
    whole = list(dag.history(store, made[-1:], cache))
    assert len(store.reads) == 300
    more = commit(store, "new", made[-1])
    store.reads.clear()
    for live in (True, False):
        if not live:
            graph._live.clear()
        again = list(dag.history(store, [more], cache))
        assert again == [(more, records.read_commit(store, more)), *whole]
        assert set(store.reads) == {more}


def test_behind_a_fork_only_what_is_shown_is_looked_at() -> None:
    """Counting children stops at the generation of what is to be shown."""
    store = MemoryStore()
    made = line(store, 2000)
    left, right = commit(store, "l", made[-1]), commit(store, "r", made[-1])
    commits = Graph()
    places = commits.reach(store, [left, right])
    looked: list[int] = []

    class Watched(list[tuple[int, ...]]):
        def __getitem__(self, place: object) -> tuple[int, ...]:  # type: ignore[override]
            assert isinstance(place, int)
            looked.append(place)
            return super().__getitem__(place)

    commits.parents = Watched(commits.parents)
    walk = dag.walk(commits, places)
    assert [commits.commits[next(walk)].message for _ in range(5)][2:] == ["1999", "1998", "1997"]
    assert len(looked) < 10


def test_a_long_history_needs_no_deep_stack() -> None:
    store = MemoryStore()
    left = right = commit(store, "root")
    for number in range(6000):
        left, right = commit(store, f"l{number}", left), commit(store, f"r{number}", right)
    assert len(list(dag.history(store, [left, right]))) == 12001
    assert [records.read_commit(store, base).message for base in dag.merge_bases(store, left, right)] == ["root"]
    found = dag.ancestor(store, left, 5999)
    assert found is not None
    assert records.read_commit(store, found).message == "l0"


def test_a_parent_that_is_named_twice_counts_once() -> None:
    store = MemoryStore()
    root = commit(store, "root", hours=5)
    twice, once = commit(store, "twice", root, root, hours=9), commit(store, "once", root)
    assert [record.message for _, record in dag.history(store, [twice, once])] == ["twice", "once", "root"]
    walked = list(dag.history(store, [twice]))
    assert [record.message for _, record in walked] == ["twice", "root"]
    assert walked[0][1].parents == (root, root)


def test_a_time_that_is_none_counts_as_the_oldest() -> None:
    store = MemoryStore()
    good, odd = commit(store, "good", hours=-1e6), commit(store, "odd", time="yesterday")
    assert [record.message for _, record in dag.history(store, [odd, good])] == ["good", "odd"]


@given(shape=SHAPES, start=st.integers(0, 15), steps=st.integers(0, 15))
def test_the_ancestor_is_that_many_first_parents_back(shape: Shape, start: int, steps: int) -> None:
    store = MemoryStore()
    made = build(store, shape)
    digest: bytes | None = made[start % len(made)]
    tip = made[start % len(made)]
    for _ in range(steps):
        digest = next(iter(records.read_commit(store, digest).parents), None) if digest is not None else None
    assert dag.ancestor(store, tip, steps) == digest


@pytest.mark.parametrize("known", [0, graph._FEW, 700, 1000])
def test_a_far_ancestor_is_read_only_where_the_graph_lacks_commits(cache: str, known: int) -> None:
    store = MemoryStore()
    made = line(store, 1000)
    list(dag.history(store, made[known - 1 : known], cache))
    for steps, wanted in ((500, made[499]), (999, made[0]), (1000, None), (10**9, None)):
        store.reads.clear()
        assert dag.ancestor(store, made[-1], steps, cache) == wanted
        assert len(store.reads) == min(steps, 1000 - known)


@given(shape=SHAPES, first=st.integers(0, 15), second=st.integers(0, 15), known=CHOSEN)
def test_merge_bases_are_the_best_common_ancestors(shape: Shape, first: int, second: int, known: list[int]) -> None:
    store = MemoryStore()
    made = build(store, shape)
    left, right = made[first % len(made)], made[second % len(made)]
    common = ancestors(store, [left]) & ancestors(store, [right])
    best = {one for one in common if not any(one in ancestors(store, [other]) for other in common - {one})}
    found = dag.merge_bases(store, left, right)
    assert found == dag.merge_bases(store, right, left)
    assert found == sorted(best, key=lambda one: (-clock.seconds(records.read_commit(store, one).time), one))


def test_merge_bases_do_not_read_what_the_graph_knows(cache: str) -> None:
    store = MemoryStore()
    made = line(store, 100)
    left, right = commit(store, "left", made[-1]), commit(store, "right", made[49])
    assert dag.merge_bases(store, left, right, cache) == [made[49]]
    store.reads.clear()
    graph._live.clear()
    assert dag.merge_bases(store, right, left, cache) == [made[49]]
    assert store.reads == []


def test_after_a_criss_cross_merge_there_are_two_bases() -> None:
    store = MemoryStore()
    root = commit(store, "root")
    one, two = commit(store, "one", root, hours=1), commit(store, "two", root, hours=2)
    left, right = commit(store, "left", one, two), commit(store, "right", two, one)
    assert dag.merge_bases(store, left, right) == [two, one]


def test_what_is_no_commit_is_named() -> None:
    store = MemoryStore()
    blob = store.add(b"text")
    with pytest.raises(Damaged, match=r"commit sha256:\w{64} cannot be decoded|is not a commit"):
        records.read_commit(store, blob)


def test_the_tree_of_a_commit() -> None:
    store = MemoryStore()
    assert records.tree_of(store, None) is None
    assert records.tree_of(store, commit(store, "m")) == trees.EMPTY_DIGEST
