"""What is noise, and that noise alone is the same as an empty diff."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.notebook.diff import diff
from muse.notebook.model import read
from muse.notebook.noise import content_cells, essence, is_muse_only, is_noise, same_but_noise
from tests.notebook.strategies import (
    code_cell,
    documents,
    edited,
    image,
    noise_cells,
    notebook,
    raw,
    rerun,
    stream,
    writings,
)

MUSE = [
    "%muse",
    "%muse log",
    "%muse log -n 3;",
    "%muse?",
    "  %muse status  ",
    '%muse commit -m "first"',
    "%load_ext muse",
    "%reload_ext muse",
    "%unload_ext  muse",
    "!muse status",
    "!muse",
    "changes = %muse diff",
    "x=%muse log",
    "import muse",
    "import muse  # version control",
    "# look\n%load_ext muse\n\n%muse log\n",
    "%%muse commit\nA long\nmessage",
    "\n%%muse",
]
NOT_MUSE = [
    "",
    " \n",
    "# a note about muse",
    "%musette",
    "%muse_log",
    "%muse-log",
    "%%musette\nx",
    "%%time\n%muse log",
    "!muse-ignore-me",
    "!muse_x",
    "!museum",
    "%load_ext muse_widgets",
    "%load_ext autoreload # muse",
    "import muse.core",
    "import muse as m",
    "import museum",
    "muse",
    "%muse log\nx = 1",
    "x = 1 # %muse",
    "x = 1; y = %muse log",
    "a.b = %muse log",
    "print('%muse')",
    "%muse log\nimport numpy",
]


@pytest.mark.parametrize("source", MUSE)
def test_muse_commands(source: str) -> None:
    """Cells with nothing but commands and comments."""
    assert is_muse_only(source)


@pytest.mark.parametrize("source", NOT_MUSE)
def test_no_muse_commands(source: str) -> None:
    """Everything else, however much it looks like them."""
    assert not is_muse_only(source)


def test_prose_about_muse_is_content() -> None:
    """Only code runs; but an empty cell is noise whatever its kind."""
    kinds = ["markdown", "raw", "code"]
    about = read(raw(notebook([code_cell("%muse log", cell_type=kind) for kind in kinds]))).cells
    empty = read(raw(notebook([code_cell(" \n", cell_type=kind) for kind in kinds]))).cells
    assert [is_noise(cell) for cell in (*about, *empty)] == [False, False, True, True, True, True]


@given(document=documents, data=st.data())
def test_running_again_is_noise(document: dict[str, Any], data: st.DataObject) -> None:
    """Counts, clocks, versions, ids, chunks and muse's own cells change nothing."""
    again = data.draw(rerun(document).flatmap(writings))
    before = raw(document)
    assert same_but_noise(before, again)
    assert diff(read(before), read(again)).empty


@given(document=documents, data=st.data())
@settings(max_examples=200)
def test_noise_alone_is_an_empty_diff(document: dict[str, Any], data: st.DataObject) -> None:
    """The principle, for notebooks that are related in any way."""
    other = data.draw(edited(document).flatmap(rerun))
    if data.draw(st.booleans()):
        other["metadata"]["name"] = data.draw(st.sampled_from(["a", "b"]))
    one, two = read(raw(document)), read(raw(other))
    assert (essence(one) == essence(two)) == diff(one, two).empty == same_but_noise(raw(document), raw(other))
    same_cells = [cell.key for cell in content_cells(one.cells)] == [cell.key for cell in content_cells(two.cells)]
    assert (essence(one) == essence(two)) == (same_cells and one.metadata == two.metadata)


CONTENT: dict[str, Any] = notebook(
    [
        code_cell("x = 1", stream("a"), image("iVBOR" * 1000), metadata={"tags": ["t"]}),
        {
            "cell_type": "markdown",
            "source": "![a](attachment:a.png)",
            "metadata": {},
            "attachments": {"a.png": {"image/png": "x"}},
        },
    ],
    {"kernelspec": {"name": "python3", "language": "python"}, "papermill": {"parameters": {"a": 1}}},
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["metadata", "kernelspec", "name"], "ir"),
        (["metadata", "papermill", "parameters", "a"], 2),
        (["metadata", "authors"], ["a"]),
        (["cells", 0, "source"], "x = 2"),
        (["cells", 0, "source"], "x = 1\n"),
        (["cells", 0, "cell_type"], "raw"),
        (["cells", 0, "metadata", "tags"], []),
        (["cells", 0, "outputs", 0, "text"], "b"),
        (["cells", 0, "outputs", 0, "name"], "stderr"),
        (["cells", 0, "outputs", 1, "data", "image/png"], "iVBOR" * 999),
        (["cells", 0, "outputs", 1, "data", "text/plain"], ""),
        (["cells", 0, "outputs", 1, "metadata", "width"], 1),
        (["cells", 0, "outputs", 1, "output_type"], "execute_result"),
        (["cells", 0, "outputs"], []),
        (["cells", 1, "attachments", "a.png", "image/png"], "y"),
        (["cells"], []),
    ],
    ids=str,
)
def test_content_is_not_noise(path: list[Any], value: object) -> None:
    """Each of these is work that someone did or a result that came out."""
    other = copy.deepcopy(CONTENT)
    part: Any = other
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not same_but_noise(raw(CONTENT), raw(other))


@given(document=documents, added=noise_cells)
def test_the_order_of_cells_is_content(document: dict[str, Any], added: dict[str, Any]) -> None:
    """Reversed, a notebook is another one, unless it reads the same both ways."""
    other = {**document, "cells": [*document["cells"][::-1], {**added, "id": "n"}]}
    keys = [cell.key for cell in content_cells(read(raw(document)).cells)]
    assert same_but_noise(raw(document), raw(other)) == (keys == keys[::-1])


def test_files_that_are_no_notebooks() -> None:
    """They are the same when their bytes are."""
    assert same_but_noise(b"{", b"{")
    assert not same_but_noise(b"{", b"{ ")
    assert not same_but_noise(raw(CONTENT), b"{")


def test_the_essence_has_32_bytes() -> None:
    """It is a SHA-256."""
    assert len(essence(read(raw(CONTENT)))) == 32


def test_texts_do_not_run_together() -> None:
    """Where one ends and the next begins is part of the essence."""
    one, other = ({**image(""), "data": data} for data in ({"text/a": "bc"}, {"text/ab": "c"}))
    assert not same_but_noise(raw(notebook([code_cell("x", one)])), raw(notebook([code_cell("x", other)])))
