"""Telling a person that work goes on. Work reports here; whoever can show it sets `monitor`.

A terminal, a notebook, a test and nothing at all are four monitors; the work knows none of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    #: Told what is being done, how much of it is done, and how much there is (0 when nobody knows).
    Monitor = Callable[[str, int, int], None]

monitor: Monitor | None = None


def report(what: str, done: int, total: int = 0) -> None:
    """Say how far the work is. Costs nothing when nobody watches.

    Args:
        what: In words: "reading files".
        done: How many are done.
        total: Of how many; 0 when that is not known.
    """
    if monitor is not None:
        monitor(what, done, total)


def sentence(what: str, done: int, total: int) -> str:
    """A report in one line: "reading files: 1,200 of 10,000"."""
    return f"{what}: {done:,} of {total:,}" if total else f"{what}: {done:,}"


class Patient:
    """A monitor that keeps quiet for the first second, and then speaks at most a few times a second.

    Args:
        show: Shows a line.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        import time

        self._show, self._clock = show, time.monotonic
        self._next = self._clock() + 1.0
        self.shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show the report if it is time."""
        now = self._clock()
        if now >= self._next:
            self._next = now + 0.2
            self.shown = True
            self._show(sentence(what, done, total))
