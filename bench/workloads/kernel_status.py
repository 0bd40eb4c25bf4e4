"""`%muse status` against `!git status`, in one live kernel, in one folder of 100 files.

One of the files is the notebook that the kernel runs, and the kernel has run a cell of it: so `status` compares what
ran with what is saved, as it does for a person. No front end listens, so nothing is saved first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench import data
from bench.kernel import Kernel
from bench.measure import Contenders, Workload
from bench.repositories import Git, Muse

_FILES = 100


def workload(quick: bool) -> Workload:
    """The row."""
    title = f"`%muse status` in a live kernel, {_FILES} files"
    return Workload(title, "`!git status` there", _contenders, rounds=30, goal=0.05, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    here = os.path.join(folder, "here")
    data.write_files(here, _FILES - 1)
    notebook = os.path.join(here, "analysis.ipynb")
    data.write(notebook, data.notebook(0, plots=1))
    for repository in (Git(here), Muse(here)):
        repository.commit()
    with Kernel(here, notebook) as kernel:
        kernel.run("%load_ext muse")
        kernel.run("def plot(number, degree): pass")
        kernel.run(data.source(0))
        yield Contenders(lambda _: kernel.time("%muse status"), lambda _: kernel.time("!git status"))
