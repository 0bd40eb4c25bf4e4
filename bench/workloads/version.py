"""`muse --version` against a Python that does nothing: what muse adds before any verb."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.measure import Contenders, Workload, timed_commands


def workload(quick: bool) -> Workload:
    """The row."""
    return Workload("`muse --version` in a shell", "`python -c pass`", _contenders, rounds=30, goal=2.2, warm_ups=2)


@contextmanager
def _contenders(folder: str) -> Iterator[Contenders]:
    yield Contenders(
        lambda _: timed_commands(folder, ["muse", "--version"]),
        lambda _: timed_commands(folder, [sys.executable, "-c", "pass"]),
    )
