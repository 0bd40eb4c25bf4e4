"""The sweep before every command, in a repository of 100,000 single objects that has nothing to sweep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Workload, timed
from bench.repositories import Muse

_SHARDS = 256
_HOUR = 3600


def workload(quick: bool) -> Workload:
    """The row."""
    count = 10_000 if quick else 100_000
    title = f"sweep of {count:,} single objects, nothing stale"
    return Workload(title, "", partial(_contenders, count), rounds=30, goal=0.001, warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    from muse.core.repo import _startup_gc

    muse = Muse(folder)
    for shard, path in enumerate(shards(muse)):
        for at in range(shard, count, _SHARDS):
            data.write(os.path.join(path, f"{at:062x}"), b"")
        age(path)
    yield Contenders(lambda _: timed(lambda: _startup_gc(folder)))


def shards(muse: Muse) -> list[str]:
    """The folders of single objects, all of them."""
    paths = [os.path.join(muse.store, "objects", "sha256", f"{shard:02x}") for shard in range(_SHARDS)]
    for path in paths:
        os.makedirs(path, exist_ok=True)
    return paths


def age(path: str) -> None:
    """Make something look an hour old."""
    then = os.stat(path).st_mtime - _HOUR
    os.utime(path, (then, then))
