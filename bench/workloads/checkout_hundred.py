"""To another branch and back, in a tree of 10,000 files of which 100 differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import MAIN, Repository, three

_BRANCHES = ("other", MAIN)
_CHANGED = 100


def workload(quick: bool) -> Workload:
    """The row."""
    count = 1_000 if quick else 10_000
    title = f"checkout of {_CHANGED} changed files of {count:,}, in process"
    return Workload(title, "`git checkout`", partial(_contenders, count), rounds=16, goal=1.0, warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    yield Contenders(*(_contender(repository, count) for repository in three(folder)))


def _contender(repository: Repository, count: int) -> partial[Sample]:
    paths = data.write_files(repository.folder, count)
    repository.commit()
    repository.branch(_BRANCHES[0])
    step = count // _CHANGED
    for at in range(0, count, step):
        data.write(paths[at], data.text(at, 1))
    repository.commit()
    return partial(_switch, repository)


def _switch(repository: Repository, number: int) -> Sample:
    return repository.checkout(_BRANCHES[number % 2])
