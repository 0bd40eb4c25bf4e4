"""`read` gives the same model for the same content, and nothing but `NotANotebook` for anything else."""

from __future__ import annotations

import copy
import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.notebook import light
from muse.notebook.model import TRACEBACK, NotANotebook, Notebook, Output, read
from tests.environment import ROOT
from tests.notebook.strategies import (
    ODD,
    code_cell,
    damaged,
    documents,
    image,
    json_values,
    notebook,
    raw,
    stream,
    writings,
)

LONG = "iVBOR" * 1000


def read_fully(content: bytes) -> Notebook:
    """The same, with nothing cut out."""
    with mock.patch.object(light, "_cut", lambda raw: (raw, {})):
        return read(content)


def answer(content: bytes, how: Any) -> Notebook | str:
    """The notebook, or why there is none."""
    try:
        found: Notebook = how(content)
    except NotANotebook as error:
        return str(error)
    return found


@given(document=documents, data=st.data())
def test_the_model_depends_on_the_content_alone(document: dict[str, Any], data: st.DataObject) -> None:
    """However it is written and read, the same content is the same model, and every text can be had whole."""
    expected = read_fully(raw(document))
    written = data.draw(writings(document))
    assert read(written) == expected
    assert read_fully(written) == expected


@given(document=documents)
def test_texts_are_whole(document: dict[str, Any]) -> None:
    """Sources are plain, and `resolve` gives back every text of every output."""
    nb = read(raw(document))
    for cell, record in zip(nb.cells, document["cells"], strict=True):
        assert (cell.kind, cell.source) == (record["cell_type"], record["source"])
        shown = [output for output in cell.outputs if output.kind == "display_data"]
        records = [output for output in record.get("outputs", []) if output["output_type"] == "display_data"]
        for output, wanted in zip(shown, records, strict=True):
            texts = {mime: nb.resolve(text) for mime, text in output.data.items()}
            for mime, text in texts.items():
                assert (json.loads(text) if mime.endswith("json") else text) == wanted["data"][mime]
            assert texts.keys() == wanted["data"].keys()


@given(document=documents)
def test_positions_count_every_cell(document: dict[str, Any]) -> None:
    """Noise counts too: positions are what a person sees in the file."""
    cells = read(raw(document)).cells
    assert [cell.position for cell in cells] == list(range(1, len(document["cells"]) + 1))


@given(content=st.one_of(damaged(), st.binary(), json_values.map(raw)))
@settings(max_examples=200)
def test_anything_else_is_refused_in_one_way(content: bytes) -> None:
    """Whatever the bytes: a notebook or one sentence, and the same one whether cut or not."""
    found = answer(content, read)
    assert found == answer(content, read_fully)
    assert isinstance(found, Notebook) or (found and "\n" not in found and not found.endswith("."))


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(part, (*path, name))
    return found


@given(document=documents, wrong=json_values, data=st.data(), upgraded=st.booleans())
@settings(max_examples=200)
def test_wrong_types_in_any_field(document: dict[str, Any], wrong: object, data: st.DataObject, upgraded: bool) -> None:
    """A field of any type, or none at all, never breaks the reader."""
    if not upgraded:
        document = {**document, "nbformat": 3, "worksheets": [{"cells": document.pop("cells")}]}
    broken = copy.deepcopy(document)
    path = data.draw(st.sampled_from(places(document)))
    whole: Any = broken
    for step in path[:-1]:
        whole = whole[step]
    if data.draw(st.booleans()):
        whole[path[-1]] = wrong
    else:
        del whole[path[-1]]
    content = raw(broken)
    assert answer(content, read) == answer(content, read_fully)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\x00" * 100, "the file is not JSON"),
        (b"\xff", "the file is not text in UTF-8"),
        (b"[" * 100_000, "the file nests too deeply"),
        (b'{"nbformat": 4, "cells": [], "metadata": ' + b"9" * 5000 + b"}", "the file is not JSON"),
        (b"[]", "the file is JSON, but not a notebook of nbformat 3 or 4"),
        (b'{"nbformat": 5, "cells": []}', "the file is JSON, but not a notebook of nbformat 3 or 4"),
        (b'{"nbformat": true, "cells": []}', "the file is JSON, but not a notebook of nbformat 3 or 4"),
        (b'{"nbformat": 4}', "the notebook has no list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "cell 1 is not an object"),
        (raw(notebook([code_cell("x"), {"cell_type": 3}])), "cell 2 has no type"),
        (
            raw(notebook([code_cell("x"), {"cell_type": "raw", "source": [1]}])),
            "the source of cell 2 is not text",
        ),
    ],
    ids=str,
)
def test_the_reason_is_named(content: bytes, why: str) -> None:
    """One sentence says what is wrong, and where."""
    assert answer(content, read) == why


def test_one_changed_byte_of_an_image_is_noticed() -> None:
    """Equal payloads are equal without being looked at; others are not."""
    one, same = (read(raw(notebook([code_cell("x = 1", image(LONG))]))) for _ in range(2))
    other = read(raw(notebook([code_cell("x = 1", image(LONG[:-1] + "S"))])))
    assert one == same
    assert one.cells[0].key != other.cells[0].key


@pytest.mark.parametrize("odd", ODD)
def test_a_text_beside_an_image_does_not_change_the_image(odd: str) -> None:
    """The placeholder of a text has nothing to do with its neighbours, even when they force a full parse."""
    plain = read(raw(notebook([code_cell("x = 1", image(LONG))])))
    beside = read(raw(notebook([code_cell(odd + "x", image(LONG))])))
    assert plain.cells[0].outputs == beside.cells[0].outputs


def test_a_forged_placeholder_is_text() -> None:
    """A notebook that spells out a placeholder does not get what it stands for."""
    name = read(raw(notebook([code_cell("x", image(LONG))]))).cells[0].outputs[0].data["image/png"]
    nb = read(raw(notebook([code_cell("x", image(LONG), image(name))])))
    assert [nb.resolve(output.data["image/png"]) for output in nb.cells[0].outputs] == [LONG, name]
    assert nb.cells[0].outputs[0] != nb.cells[0].outputs[1]


def test_nothing_is_dropped() -> None:
    """Fields that no notebook should have are content all the same."""
    document = notebook([code_cell("x", image(LONG), extra=1)], {"authors": []})
    document["more"] = 1
    document["cells"][0]["outputs"][0] |= {"metadata": {"image/png": {"width": 9}}, "odd": 2}
    nb = read(raw(document))
    assert nb.metadata == '{"authors":[]}'
    assert nb.rest == '{"more":1}'
    assert nb.cells[0].rest == '{"extra":1}'
    assert nb.cells[0].outputs[0].rest == '{"metadata":{"image/png":{"width":9}},"odd":2}'


def test_outputs_of_every_kind() -> None:
    """The table that displays and comparisons read."""
    shown = [
        stream("a\n"),
        stream("b\n"),
        stream("c", "stderr"),
        {"output_type": "error", "ename": "KeyError", "evalue": "'k'", "traceback": ["one", "two"]},
        {
            "output_type": "execute_result",
            "execution_count": 7,
            "metadata": {},
            "data": {"application/json": {"b": [1.0, None], "a": "é"}, "text/plain": ["<", ">"]},
        },
        {"output_type": "update", "data": {}},
    ]
    nb = read(raw(notebook([code_cell("x", *shown)])))
    assert nb.cells[0].outputs == (
        Output("stream", "stdout", {"text/plain": "a\nb\n"}),
        Output("stream", "stderr", {"text/plain": "c"}),
        Output("error", "KeyError", {"text/plain": "KeyError: 'k'", TRACEBACK: "one\ntwo"}),
        Output("execute_result", "", {"application/json": '{"a":"é","b":[1.0,null]}', "text/plain": "<>"}),
        Output("update", "", {}),
    )


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, ""),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": {"name": "ir"}}, ""),
        ({"kernelspec": {"name": "ir", "language": "R"}}, "r"),
        ({"kernelspec": {"language": "R"}, "language_info": {"name": "julia"}}, "julia"),
        ({"language_info": {"name": 3}, "kernelspec": []}, ""),
    ],
    ids=str,
)
def test_the_language(metadata: dict[str, Any], language: str) -> None:
    """For highlighting: what the kernel said, else what its name says."""
    assert read(raw(notebook([], metadata))).language == language


def test_an_escaped_surrogate_is_kept() -> None:
    """Half of a surrogate pair is a character that JSON can hold and UTF-8 cannot."""
    nb = read(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\\ud83d"}]}')
    assert nb.cells[0].source == "\ud83d"


def test_notebooks_of_the_project() -> None:
    """What Jupyter itself saved is read the same, cut or not."""
    shipped = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert shipped
    for path in shipped:
        content = path.read_bytes()
        assert answer(content, read) == answer(content, read_fully), path
