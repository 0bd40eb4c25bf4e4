"""`muse status` typed in a shell, 100 files, against git, which has no Python to start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench import data
from bench.measure import Contenders, Workload
from bench.repositories import Git, MuseProcess
from bench.workloads.process_status import FILES, TITLE


def workload(quick: bool) -> Workload:
    """The row."""
    return Workload(TITLE, "`git status`", _contenders, rounds=30, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    muse, git = MuseProcess(os.path.join(folder, "muse")), Git(os.path.join(folder, "git"))
    for repository in (muse, git):
        data.write_files(repository.folder, FILES)
        repository.commit()
    yield Contenders(lambda _: muse.status(), lambda _: git.status())
