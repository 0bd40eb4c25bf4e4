"""Nothing hidden stays hidden, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given

from muse.display.visible import visible, without_ansi
from tests.display.documents import texts


@given(texts)
def test_the_result_is_one_line_that_can_be_encoded(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert not {"\x1b", "\x9b", "\t", "\0", "\u202e"} & set(shown)
    assert len(visible(text, tabs=True).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é, 王, 👩‍🔬, \xa0", "plain, é, 王, 👩‍🔬, \xa0"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x9b0m", r"\x1b[31mred\x9b0m"),
        ("caf\udce9", r"caf\udce9"),
        ("x = \u202e'sdrawkcab'", r"x = \u202e'sdrawkcab'"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_code_keeps_its_tabs() -> None:
    assert visible("\tx\n\x1b", tabs=True) == "\tx\\n\\x1b"


def test_colours_of_a_traceback_are_taken_out() -> None:
    coloured = "\x1b[0;31mKeyError\x1b[0m: 'x' \x1b]0;title\x07\x1b[?25lend"
    assert without_ansi(coloured) == "KeyError: 'x' end"
