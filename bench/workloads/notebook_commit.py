"""A commit after one cell of a notebook with 20 plots, 6 MB, was changed and run: its source and its image differ."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Repository, three


def workload(quick: bool) -> Workload:
    """The row."""
    title = "commit after one cell of a 6 MB notebook changed, in process"
    return Workload(title, "`git add`, `git commit`", _contenders, rounds=15, goal=0.4, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    yield Contenders(*(partial(commit, repository) for repository in three(folder)))


def commit(repository: Repository, number: int) -> Sample:
    """Save the notebook in its next version, and commit it."""
    data.write(os.path.join(repository.folder, "analysis.ipynb"), data.notebook(number))
    return repository.commit()
