"""The status of 10,000 files of which none has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Workload
from bench.repositories import Git, Muse


def workload(quick: bool) -> Workload:
    """The row."""
    count = 1_000 if quick else 10_000
    title = f"status of {count:,} clean files, in process"
    return Workload(title, "`git status`", partial(_contenders, count), rounds=20, warm_ups=2)


@contextmanager
def _contenders(count: int, folder: str) -> Iterator[Contenders]:
    muse, git = Muse(os.path.join(folder, "muse")), Git(os.path.join(folder, "git"))
    for repository in (muse, git):
        data.write_files(repository.folder, count)
        repository.commit()
    yield Contenders(lambda _: muse.status(), lambda _: git.status())
