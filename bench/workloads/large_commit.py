"""Adding and committing one file of 1 GiB that does not compress: every round in a new repository, the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Repository, two

#: The file.
NAME = "large.bin"


def workload(quick: bool) -> Workload:
    """The row."""
    size = mebibytes(quick)
    title = f"add and commit of one file of {size:,} MiB, in process"
    contenders = partial(_contenders, size)
    return Workload(title, "`git add`, `git commit`", contenders, rounds=3, goal=0.08, warm_ups=0)


def mebibytes(quick: bool) -> int:
    """The size of the file."""
    return 64 if quick else 1024


def write(repository: Repository, size: int) -> None:
    """Put the file into the folder of a repository."""
    data.write_random(os.path.join(repository.folder, NAME), size << 20)


@contextmanager
def _contenders(size: int, folder: str) -> Iterator[Contenders]:
    repositories = two(folder)
    for repository in repositories:
        write(repository, size)
    yield Contenders(*(partial(commit, repository) for repository in repositories))


def commit(repository: Repository, number: int) -> Sample:
    """A round."""
    repository.start_over()
    return repository.commit_file(NAME)
