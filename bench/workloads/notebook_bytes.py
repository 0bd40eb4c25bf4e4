"""What 20 commits of a 6 MB notebook take on the disk, each after one cell changed; nobody has packed anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import sizes
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Repository, two
from bench.workloads.notebook_commit import commit


def workload(quick: bool) -> Workload:
    """The row."""
    commits = 4 if quick else 20
    title = f"bytes on disk after {commits} such commits of the notebook"
    return Workload(title, "git", partial(_contenders, commits), rounds=1, unit="B", warm_ups=0)


@contextmanager
def _contenders(commits: int, folder: str) -> Iterator[Contenders]:
    yield Contenders(*(partial(_size, repository, commits) for repository in two(folder)))


def _size(repository: Repository, commits: int, number: int) -> Sample:
    for version in range(commits):
        commit(repository, version)
    return Sample(sizes.blocks(repository.store))
