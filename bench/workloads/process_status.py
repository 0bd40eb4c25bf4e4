"""`muse status` typed in a shell, 100 files, against a Python that does nothing: all that muse adds, imports first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench import data
from bench.measure import Contenders, Workload, timed_commands
from bench.repositories import MuseProcess

#: Files in the folder.
FILES = 100
TITLE = f"`muse status` in a shell, {FILES} files"


def workload(quick: bool) -> Workload:
    """The row."""
    return Workload(TITLE, "`python -c pass`", _contenders, rounds=30, goal=3, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    muse = MuseProcess(os.path.join(folder, "muse"))
    data.write_files(muse.folder, FILES)
    muse.commit()
    python = [sys.executable, "-c", "pass"]
    yield Contenders(lambda _: muse.status(), lambda _: timed_commands(folder, python))
