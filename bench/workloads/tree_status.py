"""The status of 10,000 files of which none has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Workload
from bench.repositories import two


def workload(quick: bool) -> Workload:
    """The row."""
    count = 1_000 if quick else 10_000
    title = f"status of {count:,} clean files, in process"
    contenders = partial(_contenders, count)
    return Workload(title, "`git status`", contenders, rounds=20, goal=1.4, judged="cpu", warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    muse, git = two(folder)
    for repository in (muse, git):
        data.write_files(repository.folder, count)
        repository.commit()
    yield Contenders(lambda _: muse.status(), lambda _: git.status())
