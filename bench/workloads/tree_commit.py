"""A commit after one of 10,000 files changed, another one in each round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Repository, three

_STRIDE = 37


def workload(quick: bool) -> Workload:
    """The row."""
    count = 1_000 if quick else 10_000
    title = f"commit of 1 changed file of {count:,}, in process"
    return Workload(title, "`git add`, `git commit`", partial(_contenders, count), rounds=15, warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    yield Contenders(*(_contender(repository, count) for repository in three(folder)))


def _contender(repository: Repository, count: int) -> partial[Sample]:
    paths = data.write_files(repository.folder, count)
    repository.commit()
    return partial(_commit, repository, paths)


def _commit(repository: Repository, paths: list[str], number: int) -> Sample:
    at = number * _STRIDE % len(paths)
    data.write(paths[at], data.text(at, number + 1))
    return repository.commit()
