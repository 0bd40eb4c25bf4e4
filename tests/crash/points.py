"""Which system calls are tried: all from the first write on, and some before it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from muse.testing.faults import Call

T = TypeVar("T")

#: How many calls before the first write are tried: nothing can have happened there.
_EARLY = 5
#: Of the many like calls that stage files, one in so many is tried: odd, so that it is not always the open of a file.
_STAGING = 9


class Sampling:
    """How many of the points are tried.

    Args:
        wish: "all" for every point from the first write on, and ten times as many of the others; a number N for
            every Nth of what is usual; empty for the usual.
    """

    def __init__(self, wish: str) -> None:
        self.all = wish == "all"
        self._factor = int(wish) if wish and not self.all else 1

    def thinner(self, one_in: int) -> Sampling:
        """The same, but for one in so many of the usual points; all stay all."""
        return self if self.all else Sampling(str(self._factor * one_in))

    def every(self, step: int, items: Sequence[T]) -> Sequence[T]:
        """One of so many."""
        return _thin(1 if self.all else step * self._factor, items)

    def some(self, number: int, items: Sequence[T]) -> Sequence[T]:
        """At most so many, spread evenly."""
        step = -(-len(items) // (10 * number if self.all else number))
        return _thin(step * self._factor, items)

    def before(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Some of the calls before the first write."""
        return self.some(_EARLY, calls[: first_write(calls)])

    def inside(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Every call from the first that looks below `.muse/` on, those that only read too."""
        return calls[next(place for place, call in enumerate(calls) if _is_ours(call)) :]

    def since(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Every call that can change something from the first write on; fewer of those that stage files."""
        changing = [call for call in calls[first_write(calls) :] if call.changes]
        staging = [call for call in changing if _stages(call)]
        kept = set(self.every(_STAGING, staging))
        return self.every(1, [call for call in changing if call in kept or not _stages(call)])


def _thin(step: int, items: Sequence[T]) -> Sequence[T]:
    """Every so-manieth, the last one always."""
    return items[(len(items) - 1) % step :: step] if items else items


def first_write(calls: Sequence[Call]) -> int:
    """Where the command first creates anything below `.muse/`: its lock, a pack, a cache."""
    return next(place for place, call in enumerate(calls) if call.changes and _is_ours(call))


def entry(calls: Sequence[Call]) -> int:
    """Where the command creates its entry in the log: the step that decides."""
    return next(
        place for place, call in enumerate(calls) if "link" in call.name and call.paths[-1].startswith(".muse/ops/")
    )


def _is_ours(call: Call) -> bool:
    return any(path.split(os.sep, 1)[0] == ".muse" for path in call.paths)


def _stages(call: Call) -> bool:
    return call.name in ("openat", "write", "fsync", "symlink") and call.paths[-1].startswith(".muse/restore/#-")
