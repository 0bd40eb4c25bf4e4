"""A plot as SVG: small panels beside each other, logarithmic both ways, on one common height.

It is read on light and on dark pages: text and axes take the page's own colour where they stand in it, and as an
image the file asks for the reader's scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from bench.report import amount

_WIDTH, _HEIGHT = 176, 150
_LEFT, _TOP, _RIGHT, _BOTTOM = 54, 30, 24, 46
_LEGEND = 28
_RADIUS = 3.5
_STYLE = """
svg { color: #1f2328; font: 12px system-ui, sans-serif; --line0: #0969da; --line1: #bc4c00 }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; --line0: #58a6ff; --line1: #f0883e } }
text { fill: currentColor } .title { font-weight: 600 } .tick { font-size: 10px; opacity: 0.75 }
.grid { stroke: currentColor; opacity: 0.15 } .frame { stroke: currentColor; opacity: 0.5; fill: none }
polyline { fill: none; stroke-width: 2 }
.line0 { color: var(--line0) } .line1 { color: var(--line1) }
.line0 *, .line1 * { stroke: currentColor } .mark { fill: currentColor }
"""


class Line(NamedTuple):
    """A line: its name, and its points, which are all above zero."""

    name: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """A small plot: what is measured, what grows to the right, and at most two lines; the height is in seconds."""

    title: str
    across: str
    lines: Sequence[Line]


class _Range(NamedTuple):
    """Powers of ten, from one to a higher one."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> _Range:
        low, high = floor(log10(min(values))), ceil(log10(max(values)))
        return cls(low, max(high, low + 1))

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high one."""
        return (log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(int(self.low), int(self.high) + 1)]


def svg(title: str, panels: Sequence[Panel], columns: int) -> str:
    """The panels as one picture, so many beside each other; all of them have the same lines.

    Args:
        title: What the picture shows, for those who cannot see it.
        panels: The panels, row by row.
        columns: How many stand in a row.
    """
    height = _Range.of([y for panel in panels for line in panel.lines for _, y in line.points])
    across = _LEFT + _WIDTH + _RIGHT
    down = _TOP + _HEIGHT + _BOTTOM
    total = columns * across, _LEGEND + ceil(len(panels) / columns) * down
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total[0]} {total[1]}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        *_legend([line.name for line in panels[0].lines]),
    ]
    for number, panel in enumerate(panels):
        x, y = number % columns * across + _LEFT, number // columns * down + _LEGEND + _TOP
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel, height), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _legend(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        x = _LEFT + number * 80
        yield f'<g class="line{number}"><path d="M{x} 14h24" stroke-width="2"/>{_mark(number, x + 12, 14)}</g>'
        yield f'<text x="{x + 32}" y="18">{escape(name)}</text>'


def _panel(panel: Panel, height: _Range) -> Iterator[str]:
    width = _Range.of([x for line in panel.lines for x, _ in line.points])
    yield f'<text class="title" x="0" y="-10">{escape(panel.title)}</text>'
    yield f'<text x="{_WIDTH / 2}" y="{_HEIGHT + 36}" text-anchor="middle">{escape(panel.across)}</text>'
    for tick in height.ticks():
        y = _down(height, tick)
        yield f'<path class="grid" d="M0 {y}h{_WIDTH}"/>'
        yield f'<text class="tick" x="-6" y="{y + 3:g}" text-anchor="end">{amount(tick, "s")}</text>'
    for tick in width.ticks():
        x = _right(width, tick)
        yield f'<path class="grid" d="M{x} 0v{_HEIGHT}"/>'
        yield f'<text class="tick" x="{x}" y="{_HEIGHT + 16}" text-anchor="middle">{tick:,.0f}</text>'
    yield f'<rect class="frame" width="{_WIDTH}" height="{_HEIGHT}"/>'
    for number, line in enumerate(panel.lines):
        places = [(_right(width, x), _down(height, y)) for x, y in line.points]
        path = " ".join(f"{x},{y}" for x, y in places)
        marks = "".join(_mark(number, x, y) for x, y in places)
        yield f'<g class="line{number}"><polyline points="{path}"/>{marks}</g>'


def _mark(number: int, x: float, y: float) -> str:
    """A disc for the first line and a square for the second: colour alone does not tell everybody."""
    if number == 0:
        return f'<circle class="mark" cx="{x}" cy="{y}" r="{_RADIUS}"/>'
    return f'<rect class="mark" x="{x - _RADIUS:g}" y="{y - _RADIUS:g}" width="{2 * _RADIUS}" height="{2 * _RADIUS}"/>'


def _right(width: _Range, value: float) -> float:
    return round(width.share(value) * _WIDTH, 1)


def _down(height: _Range, value: float) -> float:
    return round((1 - height.share(value)) * _HEIGHT, 1)
