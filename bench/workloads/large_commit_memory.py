"""The memory that adding and committing one file of 1 GiB takes, at its peak, as processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.measure import Contenders, Sample, Workload, peak
from bench.repositories import Muse
from bench.workloads.large_commit import NAME, mebibytes, write


def workload(quick: bool) -> Workload:
    """The row."""
    size = mebibytes(quick)
    title = f"memory: add and commit of one file of {size:,} MiB"
    return Workload(title, "", partial(_contenders, size), rounds=1, goal=200, unit="MiB", warm_ups=0)


@contextmanager
def _contenders(size: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    write(muse, size)
    yield Contenders(partial(_peak, folder))


def _peak(folder: str, number: int) -> Sample:
    return peak(folder, ["muse", "add", NAME], ["muse", "commit", "-m", "a file"])
