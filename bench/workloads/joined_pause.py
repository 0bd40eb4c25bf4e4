"""By how much the slowest of 1,000 commits of 150 KB exceeds the median: what joining may cost one of them.

A busy disk makes any commit slow once, but not the same one in every run; joining does. So the script runs three
times, and each commit counts with its fastest time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from bench import script
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse

_RUNS = 3


def workload(quick: bool) -> Workload:
    """The row."""
    commits = script.commits(quick)
    title = f"the slowest of these {commits:,} commits, above the median"
    return Workload(title, "", partial(_contenders, commits), rounds=1, goal=0.05, warm_ups=0)


@contextmanager
def _contenders(commits: int, folder: str) -> Iterator[Contenders]:
    yield Contenders(partial(_pause, commits, folder))


def _pause(commits: int, folder: str, number: int) -> Sample:
    runs = [script.run(Muse(os.path.join(folder, str(run))), commits) for run in range(_RUNS)]
    seconds = [min(times) for times in zip(*runs, strict=True)]
    return Sample(max(seconds) - median(seconds))
