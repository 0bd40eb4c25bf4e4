"""All bytes that 1,000 commits of 150 KB write to packs, joining included, against what they would without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import script
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse


def workload(quick: bool) -> Workload:
    """The row."""
    commits = script.commits(quick)
    title = f"bytes written to packs by these {commits:,} commits"
    return Workload(title, "everything once", partial(_contenders, commits), rounds=1, goal=3, unit="B", warm_ups=0)


@contextmanager
def _contenders(commits: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    script.run(muse, commits)
    packs = script.packs(muse)
    yield Contenders(lambda _: Sample(packs.written), lambda _: Sample(packs.held))
