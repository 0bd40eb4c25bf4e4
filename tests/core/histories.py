"""Histories for the tests of the commit graph: random ones, and long ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from muse.core.commits import records, trees
from muse.core.commits.records import Author, Commit, encode_commit
from tests.core.stores import MemoryStore

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)

Shape = list[tuple[set[int], int]]

#: For each commit: how many places back its parents are, and what its clock said.
SHAPES = st.lists(st.tuples(st.sets(st.integers(1, 12), max_size=3), st.integers(-5, 5)), min_size=1, max_size=16)


def commit(
    store: MemoryStore,
    message: str,
    *parents: bytes,
    hours: float = 0,
    time: str | None = None,
    tree: bytes = trees.EMPTY_DIGEST,
) -> bytes:
    """Make a commit."""
    moment = time if time is not None else (NOON + timedelta(hours=hours)).isoformat()
    return store.add(encode_commit(Commit(tree, parents, Author("Ada", ""), moment, message)))


def build(store: MemoryStore, shape: Shape) -> list[bytes]:
    """The commits of a shape, parents before children."""
    made: list[bytes] = []
    for at, (back, hours) in enumerate(shape):
        parents = [made[at - step] for step in sorted(back) if step <= at]
        made.append(commit(store, str(at), *parents, hours=hours))
    return made


def line(store: MemoryStore, number: int) -> list[bytes]:
    """So many commits in a straight line, the first one first; the clock runs backwards."""
    made = [commit(store, "0")]
    while len(made) < number:
        made.append(commit(store, str(len(made)), made[-1], hours=-len(made)))
    return made


def ancestors(store: MemoryStore, tips: list[bytes]) -> set[bytes]:
    """All that `tips` reach, themselves included."""
    found: set[bytes] = set()
    pending = list(tips)
    while pending:
        digest = pending.pop()
        if digest not in found:
            found.add(digest)
            pending += records.read_commit(store, digest).parents
    return found
