"""Commits one after the other, as a script makes them: one file of 150 KB that does not compress, new in each."""

from __future__ import annotations

import os
from time import perf_counter
from typing import NamedTuple

from bench import data
from bench.repositories import Muse

_SIZE = 150_000


class Packs(NamedTuple):
    """What became of the packs.

    Attributes:
        left: How many the store holds at the end.
        held: Their bytes: everything once.
        written: Bytes of every pack that was ever written.
    """

    left: int
    held: int
    written: int


def commits(quick: bool) -> int:
    """How many commits the script makes."""
    return 100 if quick else 1_000


def run(muse: Muse, count: int) -> list[float]:
    """Make the commits in a new repository. Returns the seconds that each took."""
    import muse as api
    from muse.core.repo import Repo

    seconds = []
    for number in range(count):
        data.write_random(os.path.join(muse.folder, "figure.png"), _SIZE, number)
        start = perf_counter()
        api.commit(f"commit {number}", repo=Repo.open(muse.folder))
        seconds.append(perf_counter() - start)
    return seconds


def packs(muse: Muse) -> Packs:
    """Take stock: every operation names the packs of the store after it."""
    from muse.core.operations import ops
    from muse.core.paths import Layout

    layout = Layout(muse.folder)
    operations = [ops.read(layout, number) for number in ops.numbers(layout)]
    written = {pack for operation in operations for pack in operation.packs}
    held = operations[-1].packs
    return Packs(len(held), sum(pack.size for pack in held), sum(pack.size for pack in written))
