"""A commit after one of 10,000 files changed, another one in each round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data, history
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Repository, three


def workload(quick: bool) -> Workload:
    """The row."""
    count = 1_000 if quick else 10_000
    title = f"commit of 1 changed file of {count:,}, in process"
    contenders = partial(_contenders, count)
    return Workload(title, "`git add`, `git commit`", contenders, rounds=15, goal=0.8, warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    repositories = three(folder)
    for repository in repositories:
        data.write_files(repository.folder, count)
        repository.commit()
    yield Contenders(*(partial(_commit, repository, count) for repository in repositories))


def _commit(repository: Repository, count: int, number: int) -> Sample:
    history.change(repository, count, number)
    return repository.commit()
