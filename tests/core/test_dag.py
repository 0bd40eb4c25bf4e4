"""`muse.core.dag`: children before parents, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import dag, trees
from muse.core.errors import Damaged
from muse.core.records import Author, Commit, encode_commit
from tests.core.stores import MemoryStore

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def commit(store: MemoryStore, message: str, *parents: bytes, hours: float = 0, time: str | None = None) -> bytes:
    """Make a commit."""
    moment = time if time is not None else (NOON + timedelta(hours=hours)).isoformat()
    return store.add(encode_commit(Commit(trees.EMPTY_DIGEST, parents, Author("Ada", ""), moment, message)))


# For each commit: which of those before it are its parents, and what its clock said.
GRAPHS = st.lists(st.tuples(st.sets(st.integers(1, 12), max_size=3), st.integers(-5, 5)), min_size=1, max_size=12)


def build(store: MemoryStore, graph: list[tuple[set[int], int]]) -> list[bytes]:
    made: list[bytes] = []
    for at, (back, hours) in enumerate(graph):
        parents = [made[at - step] for step in sorted(back) if step <= at]
        made.append(commit(store, str(at), *parents, hours=hours))
    return made


def ancestors(store: MemoryStore, tips: list[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    pending = list(tips)
    while pending:
        digest = pending.pop()
        if digest not in found:
            found.add(digest)
            pending += dag.read_commit(store, digest).parents
    return found


@given(graph=GRAPHS, chosen=st.lists(st.integers(0, 11), max_size=4))
def test_all_that_is_reachable_once_and_children_first(graph: list[tuple[set[int], int]], chosen: list[int]) -> None:
    store = MemoryStore()
    made = build(store, graph)
    tips = [made[number % len(made)] for number in chosen]
    walked = list(dag.history(store, tips))
    order = [digest for digest, _ in walked]
    assert len(order) == len(set(order))
    assert set(order) == ancestors(store, tips)
    at = {digest: place for place, digest in enumerate(order)}
    for digest, record in walked:
        assert record == dag.read_commit(store, digest)
        assert all(at[digest] < at[parent] for parent in record.parents)


@given(hours=st.permutations(range(6)))
def test_unrelated_commits_come_newest_first(hours: list[int]) -> None:
    store = MemoryStore()
    made = {hour: commit(store, "m", hours=hour) for hour in hours}
    assert [digest for digest, _ in dag.history(store, made.values())] == [made[hour] for hour in range(5, -1, -1)]


def test_times_are_compared_as_moments() -> None:
    store = MemoryStore()
    early = commit(store, "early", time="2026-03-14T23:00:00+09:00")
    late = commit(store, "late", time="2026-03-14T16:00:00+01:00")
    assert [digest for digest, _ in dag.history(store, [early, late])] == [late, early]


def test_a_straight_line_is_read_as_it_is_asked_for() -> None:
    store = MemoryStore()
    tip = commit(store, "0")
    for number in range(1, 100):
        tip = commit(store, str(number), tip, hours=-number)
    walk = dag.history(store, [tip])
    assert [next(walk)[1].message for _ in range(3)] == ["99", "98", "97"]
    assert len(store.reads) == 3


def test_a_long_history_needs_no_deep_stack() -> None:
    store = MemoryStore()
    left = right = commit(store, "root")
    for number in range(1500):
        left, right = commit(store, f"l{number}", left), commit(store, f"r{number}", right)
    assert len(list(dag.history(store, [left, right]))) == 3001


def test_a_parent_that_is_named_twice_counts_once() -> None:
    store = MemoryStore()
    root = commit(store, "root", hours=5)
    twice, once = commit(store, "twice", root, root, hours=9), commit(store, "once", root)
    assert [record.message for _, record in dag.history(store, [twice, once])] == ["twice", "once", "root"]


def test_a_time_that_is_none_counts_as_the_oldest() -> None:
    store = MemoryStore()
    good, odd = commit(store, "good", hours=-1e6), commit(store, "odd", time="yesterday")
    assert [record.message for _, record in dag.history(store, [odd, good])] == ["good", "odd"]


def test_what_is_no_commit_is_named() -> None:
    store = MemoryStore()
    blob = store.add(b"text")
    with pytest.raises(Damaged, match=r"commit sha256:\w{64} cannot be decoded|is not a commit"):
        dag.read_commit(store, blob)


def test_the_tree_of_a_commit() -> None:
    store = MemoryStore()
    assert dag.tree_of(store, None) is None
    assert dag.tree_of(store, commit(store, "m")) == trees.EMPTY_DIGEST
