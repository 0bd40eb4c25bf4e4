"""A difference of notebooks, as blocks."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.display import html, outputs, text
from muse.display.document import (
    CellDiff,
    Code,
    DiffLine,
    Line,
    OutputDiff,
    Payload,
    Picture,
    Section,
    heading,
    line,
    spans,
)
from muse.display.notebook import notebook_document, whole_notebook
from muse.notebook.diff import diff
from muse.notebook.model import Notebook, read
from tests.display.documents import texts

PNG, SVG = "image/png", "image/svg+xml"


def _code(source: str, *outputs: dict[str, Any], kind: str = "code", **fields: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "outputs": list(outputs), "metadata": {}, **fields}


def _show(data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}, **fields}


def _print(written: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": written}


def _fail(evalue: str, *frames: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "ValueError", "evalue": evalue, "traceback": list(frames)}


def _notebook(*cells: dict[str, Any], **metadata: Any) -> Notebook:
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return read(json.dumps(document).encode())


def _only(old: dict[str, Any] | None, new: dict[str, Any] | None, *, images: bool = True) -> CellDiff:
    """The block for one cell whose source says `x`."""
    before, after = (_notebook(*([_code("x", output)] if output else [_code("x")])) for output in (old, new))
    (block,) = notebook_document(diff(before, after), images=images)
    assert isinstance(block, CellDiff)
    return block


def _output(old: dict[str, Any] | None, new: dict[str, Any] | None) -> OutputDiff:
    (output,) = _only(old, new).outputs
    return output


def _written(lines: tuple[DiffLine, ...]) -> list[str]:
    return [kind + line for kind, line in lines]


def _titles(old: Notebook | None, new: Notebook | None) -> list[str]:
    blocks = notebook_document(diff(old, new))
    return [" ".join(span.text for span in block.title) for block in blocks if isinstance(block, CellDiff)]


def test_a_changed_cell_shows_the_lines_of_its_source() -> None:
    old = _notebook(_code("import os"), _code("x = 1\ny = 2", id="a81be0c4d5e6"))
    new = _notebook(_code("import os"), _code("x = 1\ny = 3", id="a81be0c4d5e6"))
    assert notebook_document(diff(old, new)) == (
        CellDiff(
            spans(("cell 2", "strong"), ("a81be0c4", "dim"), ("source changed", "changed")),
            (DiffLine(" ", "x = 1"), DiffLine("-", "y = 2"), DiffLine("+", "y = 3")),
        ),
    )


def test_a_title_says_what_happened() -> None:
    one, two, three = _code("a = 1", id="one"), _code("b = 2", id="two"), _code("c = 3", id="three")
    text = _code("# Title", kind="markdown", id="text")
    assert _titles(_notebook(one, two), _notebook(one, text, two)) == ["cell 2 markdown text added"]
    assert _titles(_notebook(one, two, three), _notebook(one, three)) == ["cell 2 two removed"]
    assert _titles(_notebook(one, two, three), _notebook(three, one, two)) == ["cell 1 three moved from 3"]
    assert _titles(_notebook(one), _notebook({**one, "metadata": {"tags": ["x"]}})) == [
        "cell 1 one metadata changed"
    ]
    assert _titles(_notebook(one), _notebook({**one, "cell_type": "raw"})) == ["cell 1 raw one was code"]
    assert _titles(None, _notebook(one)) == ["cell 1 one added"]


def test_metadata_of_the_notebook_is_a_line() -> None:
    blocks = notebook_document(diff(_notebook(title="a"), _notebook(title="b")))
    assert blocks == (line(("notebook metadata changed", "changed")),)


def test_equal_notebooks_need_no_words() -> None:
    assert notebook_document(diff(_notebook(_code("x")), _notebook(_code("x")))) == ()


def test_an_added_cell_shows_all_it_has() -> None:
    (block,) = notebook_document(diff(None, _notebook(_code("print(1)", _print("1\n")))))
    assert isinstance(block, CellDiff)
    assert _written(block.source) == ["+print(1)"]
    assert block.outputs == (OutputDiff("stdout", None, Payload("text/plain", 2), (DiffLine("+", "1"),)),)


def test_an_image_is_shown_before_and_after() -> None:
    old, new = b"\x89PNG old" * 500, b"\x89PNG new"
    output = _output(_show({PNG: b64encode(old).decode()}), _show({PNG: b64encode(new).decode() + "\n"}))
    assert output == OutputDiff("image", Payload(PNG, len(old), old), Payload(PNG, len(new), new))


def test_an_svg_is_an_image_too() -> None:
    output = _output(None, _show({SVG: ["<svg>\n", "\ud800</svg>"], "text/plain": "<Figure>"}))
    assert output == OutputDiff("image", None, Payload(SVG, 13, b"<svg>\n?</svg>"))


def test_images_are_shown_while_all_together_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_MAX_IMAGE_BYTES", 10)
    data = (b"123456", b"more than ten", b"12345", b"123")
    images = [_show({PNG: b64encode(image).decode()}) for image in data]
    (block,) = notebook_document(diff(_notebook(_code("x")), _notebook(_code("x", *images))))
    assert isinstance(block, CellDiff)
    shown = [output.after and output.after.data for output in block.outputs]
    assert shown == [b"123456", None, None, b"123"]


def test_images_can_be_left_out() -> None:
    (output,) = _only(None, _show({PNG: b64encode(b"123").decode()}), images=False).outputs
    assert output == OutputDiff("image", None, Payload(PNG, 3, None))


def test_a_broken_image_has_a_size_and_no_bytes() -> None:
    output = _output(None, _show({PNG: "é?"}))
    assert output.after is not None and output.after.data is None


def test_a_table_is_compared_by_its_text() -> None:
    old = _show({"text/html": "<table><td>1</td></table>", "text/plain": "   a\n0  1"})
    new = _show({"text/html": "<table><td>2</td></table>", "text/plain": "   a\n0  2"})
    output = _output(old, new)
    assert output.kind == "table"
    assert _written(output.lines) == ["    a", "-0  1", "+0  2"]


def test_html_is_compared_by_its_source_where_the_text_says_nothing() -> None:
    output = _output(
        _show({"text/html": "<i>\n1</i>", "text/plain": "<HTML>"}),
        _show({"text/html": "<i>\n2</i>", "text/plain": "<HTML>"}),
    )
    assert output.kind == "html"
    assert _written(output.lines) == [" <i>", "-1</i>", "+2</i>"]


@pytest.mark.parametrize(
    ("mime", "kind"),
    [("text/markdown", "markdown"), ("text/latex", "latex"), ("text/x-other", "text/x-other")],
)
def test_other_texts_are_compared_by_line(mime: str, kind: str) -> None:
    output = _output(_show({mime: "a\nb"}), _show({mime: "a\nc"}))
    assert output.kind == kind
    assert _written(output.lines) == [" a", "-b", "+c"]


def test_json_is_spread_over_lines() -> None:
    old, new = (_show({"application/json": {"b": b, "a": 2}}) for b in (1, 3))
    output = _output(old, new)
    assert output.kind == "json"
    assert _written(output.lines) == [" {", '   "a": 2,', '-  "b": 1', '+  "b": 3', " }"]


def test_json_that_nests_too_deeply_is_shown_as_it_is() -> None:
    deep = "[" * 100_000
    old, new = _notebook(_code("x")), _notebook(_code("x", _show({"application/json": 1})))
    cell = new.cells[0]
    output = cell.outputs[0]._replace(data={"application/json": deep})
    new = new._replace(cells=(cell._replace(outputs=(output,)),))
    (block,) = notebook_document(diff(old, new))
    assert isinstance(block, CellDiff)
    assert block.outputs[0].lines[0].text.startswith("[[[")


def test_a_stream_is_compared_as_a_terminal_would_show_it() -> None:
    old = _print("\x1b[32m10%\r100%\x1b[0m\nloss 0.7\r\n", "stderr")
    new = _print("\x1b[32m50%\r100%\x1b[0m\nloss 0.6\r\n", "stderr")
    output = _output(old, new)
    assert output.kind == "stderr"
    assert _written(output.lines) == [" 100%", "-loss 0.7", "+loss 0.6"]


def test_a_difference_that_a_terminal_would_hide_is_shown() -> None:
    assert _written(_output(_print("10%\r100%"), _print("50%\r100%")).lines) == ["-10%\r100%", "+50%\r100%"]


def test_an_error_is_its_message_and_its_traceback_without_colour() -> None:
    old = _fail("no such thing", "\x1b[0;31mline 1\x1b[0m", "line 2")
    new = _fail("no such file", "\x1b[0;31mline 1\x1b[0m", "line 3")
    output = _output(old, new)
    assert output.kind == "error"
    assert _written(output.lines) == [
        "-ValueError: no such thing",
        "+ValueError: no such file",
        " line 1",
        "-line 2",
        "+line 3",
    ]


def test_a_traceback_that_names_the_error_is_not_introduced() -> None:
    output = _output(None, _fail("no", "line 1", "\x1b[31mValueError\x1b[0m: no"))
    assert _written(output.lines) == ["+line 1", "+ValueError: no"]


def test_of_what_is_not_for_people_only_the_size_is_told() -> None:
    plotly = "application/vnd.plotly.v1+json"
    output = _output(_show({plotly: {"data": [1]}}), _show({plotly: {"data": [1, 2]}}))
    assert output == OutputDiff(plotly, Payload(plotly, 12), Payload(plotly, 14))


def test_a_change_beside_the_data_is_told() -> None:
    old, new = (_show({"text/plain": "x"}, metadata={"width": width}) for width in (1, 2))
    output = _output(old, new)
    assert output.kind == "metadata"
    assert _written(output.lines)[2:4] == ['-    "width": 1', '+    "width": 2']


def test_an_endless_line_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_MAX_LINE_LENGTH", 3)
    assert _written(_output(None, _print("abcdef\nghi\n")).lines) == ["+abc … 3 more characters", "+ghi"]


def test_a_whole_notebook_is_its_cells() -> None:
    image, shown = _show({PNG: b64encode(b"image").decode()}), Payload(PNG, 5, b"image")
    cells = [_code("x", _print("one\n"), image, id="abcdefghij"), _code("# why", kind="markdown"), _code("%muse log")]
    first, second, third = whole_notebook(_notebook(*cells, language_info={"name": "Python"}))
    assert first == Section(
        spans(("cell 1", "strong"), "  ", ("abcdefgh", "dim")),
        (Code("x", "python"), heading(("output stdout", "dim")), Code("one"), Picture(shown, "image")),
    )
    assert second == Section(
        spans(("cell 2", "strong"), "  ", ("markdown", "dim")), (Code("# why", "markdown"),)
    )
    assert third == Section(spans(("cell 3", "strong")), (Code("%muse log", "python"),))


def test_a_whole_notebook_without_cells() -> None:
    assert whole_notebook(_notebook()) == (line(("a notebook without cells", "dim")),)


_mimes = st.sampled_from((PNG, SVG, "text/plain", "text/html", "application/json", "x/y"))
_data = st.dictionaries(_mimes, texts)
_cells = st.builds(
    _code,
    texts,
    _data.map(_show) | texts.map(_print) | st.builds(_fail, texts, texts),
    kind=st.sampled_from(("code", "markdown")),
)
_notebooks = st.none() | st.lists(_cells, max_size=3).map(lambda cells: _notebook(*cells))


@given(_notebooks, _notebooks)
def test_any_two_notebooks_can_be_shown(old: Notebook | None, new: Notebook | None) -> None:
    difference = diff(old, new)
    blocks: tuple[CellDiff | Line, ...] = notebook_document(difference)
    assert bool(blocks) is not difference.empty
    text.render(blocks).encode("utf-8")
    html.render(blocks).encode("utf-8")


@given(_notebooks)
def test_any_notebook_can_be_shown_whole(notebook: Notebook | None) -> None:
    if notebook is None:
        return
    blocks = whole_notebook(notebook)
    assert len(blocks) == max(len(notebook.cells), 1)
    text.render(blocks).encode("utf-8")
    html.render(blocks).encode("utf-8")
