"""The whole log of 2,000 commits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import history
from bench.measure import Contenders, Workload
from bench.repositories import two

_FILES = 100
#: Seconds after which the times of what was written prove something; people read logs later than that.
_SETTLED = 3


def workload(quick: bool) -> Workload:
    """The row."""
    return listing(quick, "log of {:,} commits, in process", "`git log`", (), goal=0.3)


def listing(quick: bool, title: str, against: str, options: tuple[str, ...], goal: float) -> Workload:
    """The row for `log` with these options."""
    commits = 200 if quick else 2_000
    contenders = partial(_contenders, commits, options)
    return Workload(title.format(commits), against, contenders, rounds=30, goal=goal, warm_ups=2)


@contextmanager
def _contenders(commits: int, options: tuple[str, ...], folder: str) -> Iterator[Contenders]:
    muse, git = two(folder)
    for repository in (muse, git):
        history.build(repository, _FILES, commits)
    time.sleep(_SETTLED)
    yield Contenders(lambda _: muse.log(*options), lambda _: git.log(*options))
