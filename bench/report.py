"""Outcomes as a table: for a terminal, and in Markdown for the page on performance."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.measure import Outcome, Sample, middle

_HEAD = ("work", "muse", "against", "ratio", "CPU", "core.fsync=all", "goal")
_LEFT = {"work", "against"}
_ROUNDED = 0.9995  # three digits make one of more
#: The sizes that seconds and bytes are told in, the largest first.
_SCALES = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "B": ((1e6, "MB"), (1e3, "KB"), (1, "B")),
}


def plain(outcomes: Sequence[Outcome]) -> str:
    """Outcomes in columns."""
    return plain_table([_HEAD, *map(_row, outcomes)], _LEFT)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Outcomes in Markdown."""
    return markdown_table([_HEAD, *map(_row, outcomes)], _LEFT)


def plain_table(rows: Sequence[Sequence[str]], left: Collection[str]) -> str:
    """A table in columns: the head first, and which of its columns are set to the left."""
    bare = [[cell.replace("`", "") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*bare, strict=True)]
    return "\n".join("  ".join(_placed(bare[0], row, widths, left)).rstrip() for row in bare)


def markdown_table(rows: Sequence[Sequence[str]], left: Collection[str]) -> str:
    """The same in Markdown."""
    rule = ["---" if name in left else "---:" for name in rows[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _placed(head: Sequence[str], row: Sequence[str], widths: Sequence[int], left: Collection[str]) -> list[str]:
    cells = zip(head, row, widths, strict=True)
    return [cell.ljust(width) if name in left else cell.rjust(width) for name, cell, width in cells]


def _row(outcome: Outcome) -> list[str]:
    workload = outcome.workload
    other = f"{workload.against}: {_median(outcome.other, workload.unit)}" if outcome.other else ""
    return [
        workload.title,
        _median(outcome.muse, workload.unit),
        other,
        ratio(outcome.ratio),
        ratio(outcome.cpu_ratio),
        ratio(outcome.durable_ratio),
        goal(outcome),
    ]


def _median(samples: Sequence[Sample], unit: str) -> str:
    return amount(middle(samples), unit)


def amount(value: float, unit: str) -> str:
    """A quantity for people: seconds and bytes in the size that suits them, anything else as it is counted."""
    if unit not in _SCALES:
        return f"{_three_digits(value)} {unit}"
    size, name = next((step for step in _SCALES[unit] if abs(value) >= step[0] * _ROUNDED), _SCALES[unit][-1])
    return f"{_three_digits(value / size)} {name}"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratio(value: float | None) -> str:
    """A ratio; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def goal(outcome: Outcome) -> str:
    """What was to be reached, and whether it was missed; empty where nothing was set."""
    workload = outcome.workload
    if workload.goal is None:
        return ""
    limit = f"{workload.goal:g}" if outcome.other else amount(workload.goal, workload.unit)
    return f"≤ {limit}{' CPU' if workload.judged == 'cpu' else ''}{', missed' if outcome.missed else ''}"
