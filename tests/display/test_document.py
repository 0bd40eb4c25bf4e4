"""The constructors take what is handy to write."""

from __future__ import annotations

from muse.display.document import Heading, Line, Span, heading, line, spans


def test_parts_are_strings_pairs_or_spans() -> None:
    assert spans("on ", ("main", "branch"), Span("!", "strong")) == (
        Span("on ", ""),
        Span("main", "branch"),
        Span("!", "strong"),
    )


def test_lines_and_headings_are_made_of_parts() -> None:
    assert line("a", ("b", "path"), indent=2) == Line((Span("a"), Span("b", "path")), 2)
    assert heading("Changed") == Heading((Span("Changed"),))
