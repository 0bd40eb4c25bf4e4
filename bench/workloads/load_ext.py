"""`%load_ext muse` against `%load_ext autoreload`, each in a kernel that was started for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench.kernel import Kernel
from bench.measure import Contenders, Sample, Workload
from bench.repositories import Muse


def workload(quick: bool) -> Workload:
    """The row."""
    return Workload("`%load_ext muse`, fresh kernel", "`%load_ext autoreload`", _contenders, rounds=15, goal=1.0)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    repository = Muse(os.path.join(folder, "muse"))

    def load(extension: str) -> Sample:
        with Kernel(repository.folder) as kernel:
            return kernel.time(f"%load_ext {extension}")

    yield Contenders(lambda _: load("muse"), lambda _: load("autoreload"))
