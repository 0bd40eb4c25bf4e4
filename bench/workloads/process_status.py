"""`muse status` typed in a shell, 100 files: Python's start and muse's imports included."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench import data
from bench.measure import Contenders, Workload, timed_commands
from bench.repositories import Git, Muse

_FILES = 100


def workload(quick: bool) -> Workload:
    """The row."""
    title = f"`muse status` in a shell, {_FILES} files"
    return Workload(title, "`git status`", _contenders, rounds=30, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    muse, git = Muse(os.path.join(folder, "muse")), Git(os.path.join(folder, "git"))
    for repository in (muse, git):
        data.write_files(repository.folder, _FILES)
        repository.commit()
    yield Contenders(lambda _: timed_commands(muse.folder, ["muse", "status"]), lambda _: git.status())
