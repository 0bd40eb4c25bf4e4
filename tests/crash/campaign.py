"""Striking a command at many points, and keeping count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from tests.crash.harness import Struck, ahead, forget

P = TypeVar("P")

_SHOWN, _LENGTH = 12, 400
#: One more than there are cores in CI: a copy waits until its files are old enough.
_THREADS = 3


class Row(NamedTuple):
    """A line of the table."""

    command: str
    what: str
    points: int
    violations: int


class Campaign:
    """Tries points of one command, and keeps count.

    Args:
        command: Its name.
        rows: The table.
    """

    def __init__(self, command: str, rows: list[Row]) -> None:
        self.command, self.rows = command, rows

    def run(
        self, what: str, points: Iterable[P], strike: Callable[[P], Struck], check: Callable[[P, Struck], None]
    ) -> None:
        """Strike at every point, and check what is left.

        Raises:
            AssertionError: A check did not hold; the message names the points.
        """
        violations: list[str] = []
        tried = 0
        for point, struck in ahead(lambda point: (point, strike(point)), points, threads=_THREADS):
            tried += 1
            try:
                check(point, struck)
            except Exception as error:
                violations.append(_violation(struck.fault, error))
            finally:
                forget(struck)
        self._end(what, tried, violations)

    def run_each(self, what: str, points: Iterable[P], check: Callable[[P], None]) -> None:
        """Try points where nothing is struck: each is set up and checked by `check`. Raises as `run` does."""
        violations: list[str] = []
        tried = 0
        for point in points:
            tried += 1
            try:
                check(point)
            except Exception as error:
                violations.append(_violation(point, error))
        self._end(what, tried, violations)

    def _end(self, what: str, tried: int, violations: list[str]) -> None:
        self.rows.append(Row(self.command, what, tried, len(violations)))
        assert tried, "no point was tried"
        assert not violations, "\n".join([f"{len(violations)} of {tried} points:", *violations[:_SHOWN]])


def _violation(point: object, error: Exception) -> str:
    return f"{point}\n    {type(error).__name__}: {str(error)[:_LENGTH]}"


def table(rows: Iterable[Row]) -> list[str]:
    """The table as lines."""
    cells = [("command", "fault", "points", "violations"), *(tuple(map(str, row)) for row in rows)]
    first, second, third, fourth = (max(map(len, column)) for column in zip(*cells, strict=True))
    return [f"{a:<{first}}  {b:<{second}}  {c:>{third}}  {d:>{fourth}}" for a, b, c, d in cells]
