"""Commits and their parents: reading them, and walking from children to parents."""

from __future__ import annotations

import heapq

from muse.core.clock import parse
from muse.core.records import Commit, decode_commit
from muse.core.types import id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from muse.core.store import ObjectStore

Entry = tuple[bytes, Commit]


def read_commit(store: ObjectStore, digest: bytes) -> Commit:
    """The commit of that digest.

    Raises:
        Missing, Damaged: It is not there, or is no commit.
    """
    return decode_commit(store.read(digest), f"commit {id_of(digest)}")


def tree_of(store: ObjectStore, commit: bytes | None) -> bytes | None:
    """The tree of a commit; None for no commit."""
    return read_commit(store, commit).tree if commit is not None else None


def history(store: ObjectStore, tips: Iterable[bytes]) -> Iterator[Entry]:
    """Every commit reachable from `tips`, children before parents whatever the clocks say, else newest first.

    A straight line is walked as it is asked for; from the first fork on all the rest is read.
    """
    pending = dict.fromkeys(tips)
    while len(pending) == 1:
        digest = pending.popitem()[0]
        commit = read_commit(store, digest)
        yield digest, commit
        pending = dict.fromkeys(commit.parents)
    yield from _in_order(_reachable(store, pending), pending)


def _reachable(store: ObjectStore, tips: Iterable[bytes]) -> dict[bytes, Commit]:
    found: dict[bytes, Commit] = {}
    pending = list(tips)
    while pending:
        digest = pending.pop()
        if digest not in found:
            found[digest] = read_commit(store, digest)
            pending.extend(found[digest].parents)
    return found


def _in_order(commits: dict[bytes, Commit], tips: Iterable[bytes]) -> Iterator[Entry]:
    children = dict.fromkeys(commits, 0)
    for commit in commits.values():
        for parent in set(commit.parents):
            children[parent] += 1
    ready = [(_age(commits[tip]), tip) for tip in tips if not children[tip]]
    heapq.heapify(ready)
    while ready:
        _, digest = heapq.heappop(ready)
        yield digest, commits[digest]
        for parent in set(commits[digest].parents):
            children[parent] -= 1
            if not children[parent]:
                heapq.heappush(ready, (_age(commits[parent]), parent))


def _age(commit: Commit) -> float:
    """Small for young commits; a time that is none counts as the oldest."""
    try:
        return -parse(commit.time)
    except ValueError:
        return float("inf")
