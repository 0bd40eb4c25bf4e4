"""The memory that checking out one file of 1 GiB takes, at its peak, as a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.measure import Contenders, Sample, Workload, peak
from bench.repositories import MAIN, Muse
from bench.workloads.large_checkout import WITHOUT, prepare
from bench.workloads.large_commit import mebibytes


def workload(quick: bool) -> Workload:
    """The row."""
    size = mebibytes(quick)
    title = f"memory: checkout of one file of {size:,} MiB"
    return Workload(title, "", partial(_contenders, size), rounds=1, goal=200, unit="MiB", warm_ups=0)


@contextmanager
def _contenders(size: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    prepare(muse, size)
    yield Contenders(partial(_peak, muse))


def _peak(muse: Muse, number: int) -> Sample:
    muse.checkout(WITHOUT)
    return peak(muse.folder, ["muse", "checkout", MAIN])
