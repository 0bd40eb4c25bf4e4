"""Notebooks of format 3 are read as what Jupyter makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from muse.notebook.model import TRACEBACK, NotANotebook, Output, read
from muse.notebook.noise import essence
from tests.notebook.strategies import raw


def old(*cells: dict[str, Any], **fields: Any) -> bytes:
    """A notebook of format 3."""
    sheet = {"cells": list(cells), "metadata": {}}
    return raw({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet], **fields})


CELLS: list[dict[str, Any]] = [
    {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Results", "of today"]},
    {"cell_type": "markdown", "metadata": {}, "source": "prose"},
    {
        "cell_type": "code",
        "collapsed": False,
        "input": ["x = 1\n", "x"],
        "language": "python",
        "metadata": {},
        "prompt_number": 3,
        "outputs": [
            {"output_type": "stream", "stream": "stderr", "text": ["a", "b"]},
            {
                "output_type": "pyout",
                "prompt_number": 3,
                "text": ["1"],
                "png": "iVBOR" * 1000,
                "metadata": {},
            },
            {"output_type": "display_data", "svg": "<svg/>", "html": "<b>", "latex": "$x$"},
            {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["t"]},
        ],
    },
]


def test_the_names_of_format_4() -> None:
    """Headings become Markdown, `input` the source, `pyout` a result, `png` an image."""
    nb = read(old(*CELLS))
    heading, prose, code = nb.cells
    assert (heading.kind, heading.source) == ("markdown", "## Results of today")
    assert (prose.kind, prose.source, prose.rest) == ("markdown", "prose", "{}")
    assert (code.kind, code.source, code.rest) == ("code", "x = 1\nx", '{"metadata":{"collapsed":false}}')
    result = code.outputs[1]
    assert nb.resolve(result.data.pop("image/png")) == "iVBOR" * 1000
    assert code.outputs == (
        Output("stream", "stderr", {"text/plain": "a\nb"}),
        Output("execute_result", "", {"text/plain": "1"}),
        Output("display_data", "", {"image/svg+xml": "<svg/>", "text/html": "<b>", "text/latex": "$x$"}),
        Output("error", "E", {"text/plain": "E: v", TRACEBACK: "t"}),
    )
    assert nb.language == "python"


def test_prompt_numbers_are_noise() -> None:
    """As execution counts are in format 4."""
    code = CELLS[2]
    again = {
        **code,
        "prompt_number": 9,
        "outputs": [{**output, "prompt_number": 9} for output in code["outputs"]],
    }
    assert essence(read(old(code))) == essence(read(old(again)))


@pytest.mark.filterwarnings("ignore")
def test_jupyter_reads_it_alike() -> None:
    """What nbformat makes of such a file compares equal."""
    nbformat = pytest.importorskip("nbformat")
    upgraded = nbformat.convert(nbformat.reads(old(*CELLS).decode(), as_version=3), 4)
    ours, theirs = read(old(*CELLS)), read(nbformat.writes(upgraded).encode())
    assert [cell.key for cell in ours.cells] == [cell.key for cell in theirs.cells]


def test_cells_of_all_worksheets_count() -> None:
    """In one row; what else a worksheet says is kept."""
    sheets = [{"cells": CELLS[:1], "metadata": {"a": 1}}, {"cells": CELLS[1:]}]
    nb = read(old(worksheets=sheets))
    assert [cell.position for cell in nb.cells] == [1, 2, 3]
    assert nb.rest == '{"worksheets":[{"metadata":{"a":1}},{}]}'


@pytest.mark.parametrize(
    "content",
    [
        old(worksheets=None),
        old(worksheets=[3]),
        old(worksheets=[{"cells": 3}]),
        old(3),  # type: ignore[arg-type]
        old({"cell_type": "heading", "level": "2", "source": "a"}),
        old({"cell_type": "heading", "level": 10**9, "source": "a"}),
        old({"cell_type": "code", "outputs": [3]}),
        old({"cell_type": "code", "input": 3}),
        old(cells=[]),
        old({"cell_type": "code", "input": "x", "source": "y"}),
        old({"cell_type": "code", "outputs": [{"output_type": "pyout", "data": {}}]}),
        old({"cell_type": "code", "outputs": [{"output_type": "stream", "name": "stdout"}]}),
    ],
)
def test_wrong_types(content: bytes) -> None:
    """They are refused rather than half read."""
    with pytest.raises(NotANotebook):
        read(content)
