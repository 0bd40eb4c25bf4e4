"""The first commit of 10,000 files of 2 KB, in process: every round in a new repository, over the same files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse, Repository, three


def workload(quick: bool) -> Workload:
    """The row."""
    return first(quick, "in process", Muse, goal=0.4)


def first(quick: bool, where: str, kind: type[Muse], goal: float) -> Workload:
    """The row for one kind of muse."""
    count = 1_000 if quick else 10_000
    title = f"first commit of {count:,} files of 2 KB, {where}"
    return Workload(title, "`git add`, `git commit`", partial(_contenders, count, kind), rounds=5, goal=goal)


@contextmanager
def _contenders(count: int, kind: type[Muse], folder: str) -> Iterator[Contenders]:
    repositories = three(folder, kind)
    for repository in repositories:
        data.write_files(repository.folder, count)
    yield Contenders(*(partial(_commit, repository) for repository in repositories))


def _commit(repository: Repository, number: int) -> Sample:
    repository.start_over()
    return repository.commit()
