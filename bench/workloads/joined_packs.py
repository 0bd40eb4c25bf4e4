"""How many packs 1,000 commits of 150 KB leave. Nobody packs by hand: commits join what has piled up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import script
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse


def workload(quick: bool) -> Workload:
    """The row."""
    commits = script.commits(quick)
    title = f"packs after {commits:,} commits of 150 KB by script"
    return Workload(title, "", partial(_contenders, commits), rounds=1, goal=30, unit="packs", warm_ups=0)


@contextmanager
def _contenders(commits: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    script.run(muse, commits)
    yield Contenders(lambda _: Sample(script.packs(muse).left))
