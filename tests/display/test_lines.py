"""The law of a diff: it leads from the old text to the new one, and back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.display import lines
from muse.display.document import DiffLine
from muse.display.lines import NO_NEWLINE, line_diff, stat

_parts = st.sampled_from(("a\n", "b\n", "c\n", "\n", "a\r\n", "x", "\u2028", "\x0c"))
_orders = st.lists(st.sampled_from([f"{number}\n" for number in range(9)]), unique=True)
_texts = (st.lists(_parts, max_size=14) | _orders).map("".join)


def _side(diff: tuple[DiffLine, ...], kinds: str) -> str:
    """The text that the lines of these kinds make up."""
    parts: list[str] = []
    relevant = False
    for kind, text in diff:
        if kind == "…" and relevant:
            assert text == NO_NEWLINE
            parts[-1] = parts[-1].removesuffix("\n")
        elif kind != "…":
            relevant = kind in kinds
            parts += [text + "\n"] if relevant else []
    return "".join(parts)


@given(_texts, _texts)
def test_a_diff_with_all_its_context_holds_both_texts(old: str, new: str) -> None:
    diff = line_diff(old, new, context=1_000)
    if old == new:
        assert diff == ()
    else:
        assert _side(diff, " -") == old
        assert _side(diff, " +") == new


@given(_texts, _texts)
def test_the_stat_counts_the_lines_of_the_diff(old: str, new: str) -> None:
    kinds = [kind for kind, _ in line_diff(old, new)]
    assert stat(old, new) == (kinds.count("+"), kinds.count("-"))


@given(_texts, _texts, st.integers(0, 3))
def test_each_hunk_stands_where_its_header_says(old: str, new: str, context: int) -> None:
    before, after = lines._lines(old), lines._lines(new)
    i = j = 0
    for kind, text in line_diff(old, new, context):
        if kind == "@":
            left, right = text.removeprefix("@@ -").removesuffix(" @@").split(" +")
            assert _start(left) > i or i == j == 0
            i, j = _start(left), _start(right)
        if kind in " -":
            assert before[i].removesuffix("\n") == text
            i += 1
        if kind in " +":
            assert after[j].removesuffix("\n") == text
            j += 1


def _start(written: str) -> int:
    first, _, count = written.partition(",")
    return int(first) if count == "0" else int(first) - 1


def test_far_changes_are_hunks_of_their_own() -> None:
    old = "".join(f"{number}\n" for number in range(1, 31))
    new = old.replace("10\n", "ten\n").replace("25\n", "")
    assert [kind + text for kind, text in line_diff(old, new, context=1)] == [
        "@@@ -9,3 +9,3 @@", " 9", "-10", "+ten", " 11",
        "@@@ -24,3 +24,2 @@", " 24", "-25", " 26",
    ]


def test_a_change_at_the_top_needs_no_header() -> None:
    assert line_diff("a\nb\n", "x\nb\n") == (DiffLine("-", "a"), DiffLine("+", "x"), DiffLine(" ", "b"))


def test_an_empty_range_names_the_line_before() -> None:
    assert line_diff("a\nb\n", "a\nx\nb\n", 0)[0] == DiffLine("@", "@@ -1,0 +2 @@")
    assert line_diff("a\nx\nb\n", "a\nb\n", 0)[0] == DiffLine("@", "@@ -2 +1,0 @@")


def test_a_newline_that_went_is_said() -> None:
    assert line_diff("a\n", "a") == (DiffLine("-", "a"), DiffLine("+", "a"), DiffLine("…", NO_NEWLINE))


def test_lines_that_occur_once_hold_the_rest_together() -> None:
    old = "def f():\n    pass\n\ndef g():\n    pass\n"
    new = "def e():\n    pass\n\ndef f():\n    pass\n\ndef g():\n    pass\n"
    assert [kind + text for kind, text in line_diff(old, new, 0)] == ["+def e():", "+    pass", "+"]


@pytest.mark.parametrize("limit", ["_MAX_AREA", "_MAX_PAIRS"])
def test_what_is_too_large_to_match_is_replaced(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, limit, 0)
    old, new = "top\n" + "a\nb\n" * 50 + "end\n", "top\n" + "b\nc\n" * 50 + "end\n"
    diff = line_diff(old, new, 1_000)
    assert _side(diff, " +") == new
    assert [kind for kind, _ in diff] == [" "] + ["-"] * 100 + ["+"] * 100 + [" "]


@pytest.mark.parametrize("repeats", [1, 2, 50, 20_000])
def test_large_texts_take_a_moment_not_minutes(repeats: int) -> None:
    old = [f"{number // repeats}\n" for number in range(20_000)]
    new = ["x\n" if number % 7 == 0 else line for number, line in enumerate(old)]
    start = time.perf_counter()
    diff = line_diff("".join(old), "".join(new), 1_000_000)
    assert time.perf_counter() - start < 10
    assert _side(diff, " +") == "".join(new)
