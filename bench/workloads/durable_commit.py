"""A commit of 200 changed files that survives a power cut, and one that does not wait for the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import data
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse

_FILES = 200


def workload(quick: bool) -> Workload:
    """The row."""
    rounds = 5 if quick else 25
    title = f"commit of {_FILES} changed files, in process"
    return Workload(title, '`durability = "off"`', _contenders, rounds=rounds, goal=1.5, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    durable, fast = (Muse(os.path.join(folder, name)) for name in ("full", "off"))
    fast.run(["config", "durability", "off"])
    for repository in (durable, fast):
        data.write_files(repository.folder, _FILES)
    yield Contenders(*(partial(_commit, repository) for repository in (durable, fast)))


def _commit(muse: Muse, number: int) -> Sample:
    for at in range(_FILES):
        data.write(os.path.join(muse.folder, data.name(at, _FILES)), data.text(at, number))
    return muse.commit()
