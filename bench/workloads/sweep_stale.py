"""The sweep that removes 1,000 files which a dead writer left an hour ago, among the single objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload, timed
from bench.repositories import Muse
from bench.workloads.sweep_steady import age, shards

_STALE = 1_000


def workload(quick: bool) -> Workload:
    """The row."""
    return Workload(f"sweep of {_STALE:,} stale files", "", _contenders, rounds=15, goal=0.1)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    yield Contenders(partial(_sweep, folder, shards(muse)))


def _sweep(folder: str, shards: list[str], number: int) -> Sample:
    from muse.core.repo import _startup_gc

    stale = [os.path.join(shards[at % len(shards)], f".obj-tmp-{number}-{at}") for at in range(_STALE)]
    for path in stale:
        data.write(path, b"")
        age(path)
    sample = timed(lambda: _startup_gc(folder))
    assert not any(map(os.path.lexists, stale)), "stale files were left"
    return sample
