"""The bytes of 100 commits of a CSV of 1 MB that grows by a line: muse as it is, git after `git gc`.

What an empty repository holds is not counted: git's has 25 KB of samples.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from bench import data, sizes
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Git, Repository, two

_ROWS = 17_000


def workload(quick: bool) -> Workload:
    """The row."""
    return counted(quick, "bytes", sizes.contents, goal=1.0)


def counted(quick: bool, what: str, count: Callable[[str], int], goal: float | None = None) -> Workload:
    """The row for one way of counting."""
    commits = 10 if quick else 100
    title = f"{what} after {commits} commits of a 1 MB CSV, a line more in each"
    return Workload(title, "after `git gc`", partial(_contenders, commits, count), 1, goal, unit="B", warm_ups=0)


@contextmanager
def _contenders(commits: int, count: Callable[[str], int], folder: str) -> Iterator[Contenders]:
    yield Contenders(*(partial(_grow, repository, commits, count) for repository in two(folder)))


def _grow(repository: Repository, commits: int, count: Callable[[str], int], number: int) -> Sample:
    empty = count(repository.store)
    for more in range(commits):
        data.write(os.path.join(repository.folder, "weather.csv"), data.table(_ROWS + more))
        repository.commit()
    if isinstance(repository, Git):
        repository.run(["gc", "--quiet"])
    return Sample(count(repository.store) - empty)
