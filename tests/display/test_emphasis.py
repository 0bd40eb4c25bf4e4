"""Which words of a changed line are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from muse.display.document import DiffLine
from muse.display.emphasis import changed_words

if TYPE_CHECKING:
    from muse.display.document import DiffKind

_texts = st.sampled_from(("x = 1", "x = 2", "", "y(1, 2)", "y(2)", "load(a, b, c)", "load(d, b, e)"))
_lines = st.lists(st.builds(DiffLine, st.sampled_from(("-", "+", " ", "…")), _texts)).map(tuple)


def _marked(*lines: str) -> list[str]:
    """The lines with what is marked in brackets."""
    signs: dict[str, DiffKind] = {"-": "-", "+": "+", " ": " ", "…": "…"}
    diff = tuple(DiffLine(signs[line[0]], line[1:]) for line in lines)
    result = []
    for index, (kind, text) in enumerate(diff):
        for start, end in reversed(changed_words(diff).get(index, [])):
            text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
        result.append(kind + text)
    return result


@given(_lines)
def test_without_the_marked_words_a_pair_is_equal(lines: tuple[DiffLine, ...]) -> None:
    marks = changed_words(lines)
    rest = {"-": list[str](), "+": list[str]()}
    for index, ranges in marks.items():
        kind, text = lines[index]
        for start, end in reversed(ranges):
            assert text[start:end]
            text = text[:start] + text[end:]
        rest[kind].append(text)
    assert rest["-"] == rest["+"]


def test_the_words_that_differ_are_marked() -> None:
    assert _marked("-x = load(path)", "+x = load(name, 3)") == ["-x = load([path])", "+x = load([name, 3])"]


def test_every_part_that_differs_is_marked() -> None:
    assert _marked("-load(a, b, c)", "+load(d, b, efg)") == ["-load([a], b, [c])", "+load([d], b, [efg])"]


def test_lines_with_little_in_common_are_not_marked() -> None:
    assert _marked("-import numpy", "+plt.show()") == ["-import numpy", "+plt.show()"]


def test_a_removed_line_is_compared_with_the_added_line_that_resembles_it() -> None:
    lines = ["-frame = read(path)", "+# all of it", "+frame = read(path, sep)"]
    assert _marked(*lines) == ["-frame = read(path)", "+# all of it", "+frame = read(path[, sep])"]


def test_a_line_in_both_parts_what_is_compared() -> None:
    lines = ["-x = 1", " y", "+x = 2"]
    assert _marked(*lines) == lines


def test_a_remark_parts_nothing() -> None:
    assert _marked("-x = 1", "…no newline at end", "+x = 2") == ["-x = [1]", "…no newline at end", "+x = [2]"]


def test_long_lines_are_left_alone() -> None:
    assert not changed_words((DiffLine("-", "x " * 300 + "1"), DiffLine("+", "x " * 300 + "2")))
