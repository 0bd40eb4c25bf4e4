"""Outputs: chunks of streams, odd payloads, sizes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.notebook.model import NotANotebook, Notebook, read, size_of
from tests.notebook.strategies import code_cell, image, notebook, raw, stream, texts


def shown(*outputs: dict[str, Any]) -> Notebook:
    """The notebook of one cell that shows these."""
    return read(raw(notebook([code_cell("x", *outputs)])))


@given(chunks=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), texts), max_size=6))
def test_chunks_of_a_stream_are_one_output(chunks: list[tuple[str, str]]) -> None:
    """Neighbours of one name are joined, and no text is lost."""
    nb = shown(*(stream(text, name) for name, text in chunks))
    names = [output.name for output in nb.cells[0].outputs]
    assert all(one != other for one, other in pairwise(names))
    whole = "".join(nb.resolve(output.data["text/plain"]) for output in nb.cells[0].outputs)
    assert whole == "".join(text for _, text in chunks)


def test_what_stands_between_separates() -> None:
    """An image between two prints stays between them."""
    kinds = [output.kind for output in shown(stream("a"), image("x"), stream("b")).cells[0].outputs]
    assert kinds == ["stream", "display_data", "stream"]


def test_a_long_run_of_chunks_is_joined_once() -> None:
    """10,000 chunks are an ordinary progress bar."""
    [output] = shown(*(stream("x" * 100) for _ in range(10_000))).cells[0].outputs
    assert size_of(output.data["text/plain"]) == 1_000_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"application/json": "[1]"}, {"application/json": [1]}),
        ({"application/json": ["a", "b"]}, {"application/json": "ab"}),
        ({"application/json": 1}, {"application/json": 1.0}),
        ({"application/json": 1}, {"application/json": True}),
        ({"text/plain": "5"}, {"text/plain": 5}),
        ({"text/plain": '{"a":1}'}, {"text/plain": {"a": 1}}),
        ({"text/plain": ""}, {}),
        ({"text/plain": "a"}, {"text/html": "a"}),
    ],
    ids=str,
)
def test_payloads_that_look_alike_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    """A text is not the JSON that it spells."""
    outputs = [shown({**image(""), "data": data}).cells[0].outputs for data in (one, other)]
    assert outputs[0] != outputs[1]


@pytest.mark.parametrize(
    "output",
    [
        3,
        {},
        {"output_type": 3},
        {"output_type": "stream", "text": "a"},
        {"output_type": "stream", "name": "stdout", "text": 3},
        {"output_type": "error", "traceback": "a"},
        {"output_type": "error", "traceback": [3]},
        {"output_type": "error", "ename": 3},
        {"output_type": "display_data", "data": []},
    ],
    ids=str,
)
def test_shapes_that_no_output_has(output: Any) -> None:
    """They are refused rather than half read."""
    with pytest.raises(NotANotebook, match=r"output|traceback"):
        shown(output)


@pytest.mark.parametrize(
    ("mime", "size"),
    [
        ("text/plain", 4000),
        ("image/svg+xml", 4000),
        ("application/json", 4000),
        ("image/png", 3000),
        ("application/pdf", 3000),
        ("audio/wav", 3000),
    ],
)
def test_the_size_is_known_without_resolving(mime: str, size: int) -> None:
    """What is base64 has the size of what it encodes, short or long."""
    text = "A" * (4000 - 2 * mime.endswith("json"))
    held = shown({**image(""), "data": {mime: text}}).cells[0].outputs[0].data[mime]
    assert len(held) < 100
    assert size_of(held, mime) == size_of("A" * 4000, mime) == size
    assert size_of("é") == 2
