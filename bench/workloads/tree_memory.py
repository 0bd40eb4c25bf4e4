"""The memory that the commit and the status of 100,000 files take, at their peak, as processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload, peak
from bench.repositories import Muse


def workload(quick: bool) -> Workload:
    """The row."""
    count = 10_000 if quick else 100_000
    title = f"memory: commit and status of {count:,} files"
    return Workload(title, "", partial(_contenders, count), rounds=1, goal=300, unit="MiB", warm_ups=0)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    data.write_files(muse.folder, count)
    yield Contenders(partial(_peak, folder))


def _peak(folder: str, number: int) -> Sample:
    return peak(folder, ["muse", "commit", "-m", "a round"], ["muse", "status"])
