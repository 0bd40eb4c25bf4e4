"""A result is data first, and shows itself in a terminal and in a notebook."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from muse.display import result
from muse.display.document import Code, Document
from muse.display.result import Result


class _Fields(NamedTuple):
    text: str


class _Answer(Result, _Fields):
    __slots__ = ()

    def blocks(self) -> Document:
        return (Code(self.text),)

    def json(self) -> object:
        return {"text": self.text}


def test_a_result_is_a_named_tuple() -> None:
    answer = _Answer("x")
    assert answer == ("x",)
    assert answer._replace(text="y").text == "y"
    assert answer.exit_status == 0
    assert not hasattr(answer, "__dict__")


def test_an_answer_is_no_file_unless_it_says_so() -> None:
    written: list[bytes] = []
    assert _Answer("x").write_raw(written.append) is None
    assert not written


def test_a_result_reads_as_its_document() -> None:
    assert repr(_Answer("x < 3")) == str(_Answer("x < 3")) == "x < 3"


def test_a_front_end_gets_what_it_asks_for() -> None:
    answer = _Answer("x < 3")
    bundle = answer._repr_mimebundle_()
    assert bundle["text/plain"] == "x < 3"
    assert "x &lt; 3" in bundle["text/html"]
    assert list(answer._repr_mimebundle_(include={"text/plain", "image/png"})) == ["text/plain"]
    assert list(answer._repr_mimebundle_(exclude={"text/plain"})) == ["text/html"]


@pytest.mark.parametrize("limit", ["_MAX_LINES", "_MAX_CHARACTERS"])
def test_a_notebook_keeps_the_beginning_of_a_long_answer(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, limit, 3)
    answer = _Answer("\n".join("abcdef"))
    assert repr(answer) == "a\nb\nc\nd\ne\nf"
    shown = answer._repr_mimebundle_()["text/plain"].split("\n")
    assert shown == [*"abc"[: 3 if limit == "_MAX_LINES" else 2], "… the rest is too long for a notebook"]
