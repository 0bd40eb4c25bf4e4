"""Checking out a commit that has a file of 1 GiB, from the one before, which has not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import MAIN, Repository, two
from bench.workloads.large_commit import NAME, mebibytes, write

#: The branch without the file.
WITHOUT = "without"


def workload(quick: bool) -> Workload:
    """The row."""
    size = mebibytes(quick)
    title = f"checkout of one file of {size:,} MiB, in process"
    return Workload(title, "`git checkout`", partial(_contenders, size), rounds=5, goal=1.0)


@contextmanager
def _contenders(size: int, folder: str) -> Iterator[Contenders]:
    repositories = two(folder)
    for repository in repositories:
        prepare(repository, size)
    yield Contenders(*(partial(_checkout, repository) for repository in repositories))


def prepare(repository: Repository, size: int) -> None:
    """Two branches, with the file and without."""
    data.write_files(repository.folder, 1)
    repository.commit()
    repository.branch(WITHOUT)
    write(repository, size)
    repository.commit_file(NAME)


def _checkout(repository: Repository, number: int) -> Sample:
    repository.checkout(WITHOUT)
    return repository.checkout(MAIN)
