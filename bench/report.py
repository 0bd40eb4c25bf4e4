"""Outcomes as a table: for a terminal, and in Markdown for the page on performance."""

from __future__ import annotations

from collections.abc import Sequence

from bench.measure import Outcome, Sample, middle

_HEAD = ("work", "muse", "against", "ratio", "CPU", "core.fsync=all", "goal")
_LEFT = {"work", "against"}


def plain(outcomes: Sequence[Outcome]) -> str:
    """A table in columns."""
    rows = [_HEAD, *([cell.replace("`", "") for cell in _row(outcome)] for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(_placed(rows[0], row, widths)).rstrip() for row in rows)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A table in Markdown."""
    rule = ["---" if name in _LEFT else "---:" for name in _HEAD]
    rows = [_HEAD, rule, *map(_row, outcomes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _placed(head: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = zip(head, row, widths, strict=True)
    return [cell.ljust(width) if name in _LEFT else cell.rjust(width) for name, cell, width in cells]


def _row(outcome: Outcome) -> list[str]:
    workload = outcome.workload
    return [
        workload.title,
        _median(outcome.muse, workload.unit),
        f"{workload.against}: {_median(outcome.other, workload.unit)}",
        _ratio(outcome.ratio),
        _ratio(outcome.cpu_ratio),
        _ratio(outcome.durable_ratio),
        _goal(outcome),
    ]


def _median(samples: Sequence[Sample], unit: str) -> str:
    value = middle(samples)
    if unit == "B":
        return f"{value / 1e6:.1f} MB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def _ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _goal(outcome: Outcome) -> str:
    if outcome.workload.goal is None:
        return ""
    return f"≤ {outcome.workload.goal:g}{', missed' if outcome.missed else ''}"
