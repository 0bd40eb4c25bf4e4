"""Which system calls are tried: all from the first write on, and some before it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import cycle
from typing import TypeVar

from muse.testing.faults import Call, Fault

T = TypeVar("T")

#: How many calls before the first write are tried: nothing can have happened there.
_EARLY = 5
#: Of the many like calls that stage files, one in so many is tried: odd, so that it is not always the open of a file.
_STAGING = 9
#: Around the call that decides, so many to both sides are tried however few of the others are.
_AROUND = 4


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

    def some(self, number: int, items: Sequence[T], more: int = 10) -> Sequence[T]:
        """At most so many, spread evenly; `more` times as many where all points are tried."""
        step = -(-len(items) // (more * number if self.all else number))
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
        usual = [call for call in changing if call in kept or not _stages(call)]
        middle = changing.index(calls[entry(calls)])
        tried = {*self.every(1, usual), *changing[max(0, middle - _AROUND) : middle + _AROUND + 1]}
        return [call for call in changing if call in tried]

    def with_each(self, calls: Sequence[Call], whats: Sequence[str]) -> list[Fault]:
        """Every call with every fault; by default every second call, each with the next fault."""
        if self.all:
            return [Fault(call, what) for call in calls for what in whats]
        return [Fault(call, what) for call, what in zip(calls[::2], cycle(whats), strict=False)]


def _thin(step: int, items: Sequence[T]) -> Sequence[T]:
    """Every so-manieth, the last one always."""
    return items[(len(items) - 1) % step :: step] if items else items


def first_write(calls: Sequence[Call]) -> int:
    """Where the command first creates anything below `.muse/`: its lock, a pack, a cache."""
    return next(place for place, call in enumerate(calls) if call.changes and _is_ours(call))


def entry(calls: Sequence[Call]) -> int:
    """The step that decides: where the command creates its entry in the log, or the file of settings anew."""
    linked = (place for place, call in enumerate(calls) if "link" in call.name and _last(call).startswith(".muse/ops/"))
    settings = (place for place, call in enumerate(calls) if _last(call) == ".muse/config.toml" and call.changes)
    return next(linked, None) or next(settings)


def _last(call: Call) -> str:
    return call.paths[-1] if call.paths else ""


def _is_ours(call: Call) -> bool:
    return any(path.split(os.sep, 1)[0] == ".muse" for path in call.paths)


def _stages(call: Call) -> bool:
    return call.name in ("openat", "write", "fsync", "symlink") and call.paths[-1].startswith(".muse/restore/#-")
