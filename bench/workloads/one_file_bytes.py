"""What a commit of one changed file adds to the store besides that file: the trees, the record, the operation.

The file's new content is random and its size is known, so it is taken off; so are caches, which anyone may delete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data, sizes
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse

_COMMITS = 64
_CONTENT = 100
_STRIDE = 37


def workload(quick: bool) -> Workload:
    """The row."""
    return spread(quick, folders=100, goal=2_000)


def spread(quick: bool, folders: int, goal: int) -> Workload:
    """The row for files in so many folders."""
    count = 1_000 if quick else 10_000
    where = "one folder" if folders == 1 else f"{folders} folders"
    title = f"bytes besides the file, commit of 1 of {count:,} in {where}"
    contenders = partial(_contenders, count, folders)
    return Workload(title, "", contenders, rounds=1, goal=goal, unit="B", warm_ups=0)


@contextmanager
def _contenders(count: int, folders: int, folder: str) -> Iterator[Contenders]:
    muse = Muse(folder)
    paths = [os.path.join(folder, f"part{at % folders:03}", f"file{at:05}.bin") for at in range(count)]
    for at, path in enumerate(paths):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data.write_random(path, _CONTENT, at)
    muse.commit()
    yield Contenders(partial(_added, muse, paths))


def _added(muse: Muse, paths: list[str], number: int) -> Sample:
    before = sizes.contents(muse.store, without=["cache"])
    for commit in range(_COMMITS):
        at = commit * _STRIDE % len(paths)
        data.write_random(paths[at], _CONTENT, len(paths) + commit)
        muse.commit()
    added = sizes.contents(muse.store, without=["cache"]) - before
    return Sample(added / _COMMITS - _CONTENT)
