"""Notebooks for laws: valid ones, the same written differently, the same run again, and broken bytes."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from muse.notebook.light import LIMIT, MARK

Document = dict[str, Any]

#: Characters that are special to JSON, to UTF-8, to the cutter or to line splitting.
ODD = [*'"\\/\n\r\t\x00\x7fé漢😀\ud83d:,{] ', MARK]
EDGES = ["", *ODD, '\\"', "\\\\", "\\n", '":', "ud83d", "\\u0041"]

short_texts = st.text(st.sampled_from([*ODD, "a", "b", "n", "u"]), max_size=6)
#: Around the limit on both sides, plain or odd at the edges and in the middle.
long_texts = st.builds(
    lambda start, middle, end, length: start + "A" * length + middle + "B" * length + end,
    st.sampled_from(EDGES),
    st.sampled_from(EDGES),
    st.sampled_from(EDGES),
    st.sampled_from([LIMIT // 2 - 1, LIMIT // 2, LIMIT // 2 + 1, LIMIT, 3 * LIMIT]),
)
texts = st.one_of(short_texts, long_texts)
code = st.sampled_from(
    [
        "x = 1",
        "x = 2",
        "plt.show()",
        "import numpy as np\n",
        "def f(a):\n    return a\n",
        "print(f(x), end='')",
    ]
)
sources = st.one_of(code, code, texts.filter(lambda text: text.strip() != ""))

numbers = st.one_of(st.integers(-5, 10**20), st.floats(allow_nan=False, allow_infinity=False))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(short_texts, inner, max_size=3)),
    max_leaves=5,
)
metadata = st.dictionaries(st.sampled_from(["tags", "author", "slide"]), json_values, max_size=2).map(
    lambda value: {**value, "tags": ["a"]} if "tags" in value else value
)

bundles = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml"]), texts, max_size=2
).flatmap(
    lambda bundle: st.one_of(
        st.just(bundle), json_values.map(lambda value: {**bundle, "application/vnd.x.v1+json": value})
    )
)
streams = st.builds(
    lambda name, text: {"output_type": "stream", "name": name, "text": text},
    st.sampled_from(["stdout", "stderr"]),
    texts,
)
displays = st.builds(
    lambda data, extra: {"output_type": "display_data", "data": data, "metadata": extra}, bundles, metadata
)
results = st.builds(
    lambda data, count: {
        "output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count
    },
    bundles,
    st.one_of(st.none(), st.integers(1, 99)),
)  # fmt: skip
errors = st.builds(
    lambda name, value, frames: {"output_type": "error", "ename": name, "evalue": value, "traceback": frames},
    st.sampled_from(["ValueError", "KeyError"]),
    short_texts,
    st.lists(texts, max_size=3),
)
outputs = st.one_of(streams, displays, results, errors)


def _code_cell(source: str, shown: list[Document], extra: Document, count: int | None) -> Document:
    return {
        "cell_type": "code", "source": source, "outputs": shown, "metadata": extra, "execution_count": count
    }  # fmt: skip


def _prose_cell(kind: str, source: str, extra: Document) -> Document:
    return {"cell_type": kind, "source": source, "metadata": extra}


counts = st.one_of(st.none(), st.integers(1, 99))
code_cells = st.builds(_code_cell, sources, st.lists(outputs, max_size=3), metadata, counts)
prose_cells = st.builds(_prose_cell, st.sampled_from(["markdown", "raw"]), sources, metadata)
cells = st.one_of(code_cells, code_cells, prose_cells)
#: Cells that are noise, whatever they show.
noise_cells = st.builds(
    _code_cell,
    st.sampled_from(["", " \n", "%muse log", "%load_ext muse\n\n# go\nx = %muse status", "%%muse commit\nfirst"]),
    st.lists(outputs, max_size=1),
    metadata,
    counts,
)


def notebook(cells: list[Document], extra: Document | None = None, ids: bool = True) -> Document:
    """A notebook of format 4 around cells; with ids ("c1", "c2", … where there are none yet) or without."""
    numbered = [
        {"id": f"c{number}", **cell} if ids else {name: cell[name] for name in cell if name != "id"}
        for number, cell in enumerate(cells, 1)
    ]
    return {"cells": numbered, "metadata": extra or {}, "nbformat": 4, "nbformat_minor": 5 if ids else 4}


kernels = st.sampled_from([{}, {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}])
documents: st.SearchStrategy[Document] = st.builds(
    lambda body, extra, kernel, ids: notebook(body, {**extra, **kernel}, ids),
    st.lists(st.one_of(cells, cells, cells, noise_cells), max_size=5),
    metadata,
    kernels,
    st.booleans(),
)


def code_cell(source: str, *shown: Document, **fields: Any) -> Document:
    """A code cell, for cases."""
    return {**_code_cell(source, list(shown), {}, None), **fields}


def stream(text: str, name: str = "stdout") -> Document:
    """A stream output, for cases."""
    return {"output_type": "stream", "name": name, "text": text}


def image(data: str) -> Document:
    """An image output, for cases."""
    return {"output_type": "display_data", "data": {"image/png": data}, "metadata": {}}


def raw(document: object) -> bytes:
    """A file as Jupyter writes it."""
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode("utf-8", "backslashreplace")


@st.composite
def writings(draw: st.DrawFn, document: Document) -> bytes:
    """Any file with this content: spacing, escapes, order of keys, and texts as lists of pieces."""
    written = _split(draw, copy.deepcopy(document))
    text = json.dumps(
        written,
        indent=draw(st.sampled_from([None, 0, 1, 4])),
        ensure_ascii=draw(st.booleans()),
        sort_keys=draw(st.booleans()),
    )
    if draw(st.booleans()):
        text = text.replace("/", "\\/")
    if draw(st.booleans()):
        text = text.replace("A", "\\u0041", draw(st.integers(1, 3)))
    return text.encode("utf-8", "backslashreplace")


def _split(draw: st.DrawFn, document: Document) -> Document:
    """Cut sources and text outputs in lists of pieces, and streams in chunks."""

    def pieces(text: str) -> str | list[str]:
        at = draw(st.one_of(st.none(), st.integers(0, len(text))))
        return text if at is None else [text[:at], text[at:]]

    for cell in document["cells"]:
        cell["source"] = pieces(cell["source"])
        chunks = []
        for output in cell.get("outputs", []):
            if output["output_type"] == "stream":
                parts = pieces(output["text"])
                chunks += [{**output, "text": part} for part in ([parts] if isinstance(parts, str) else parts)]
            else:
                data = output.get("data", {})
                for mime in data.keys() - {"application/vnd.x.v1+json"}:
                    data[mime] = pieces(data[mime])
                chunks.append(output)
        if "outputs" in cell:
            cell["outputs"] = chunks
    return document


@st.composite
def rerun(draw: st.DrawFn, document: Document) -> Document:
    """The notebook after it ran again with the same results: only noise differs."""
    again = copy.deepcopy(document)
    fresh = draw(st.booleans())
    for number, cell in enumerate(again["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = draw(counts)
            cell["metadata"]["execution"] = {"iopub.status.busy": draw(st.sampled_from(["10:00", "11:00"]))}
            cell["metadata"]["papermill"] = {"duration": draw(st.floats(0, 9)), "start_time": "now"}
        for output in cell.get("outputs", []):
            if output["output_type"] == "execute_result":
                output["execution_count"] = cell["execution_count"]
        if fresh and "id" in cell:
            cell["id"] = f"new{number}"
    place = draw(st.integers(0, len(again["cells"])))
    added = draw(st.lists(noise_cells, max_size=2))
    ids = again["nbformat_minor"] >= 5
    again["cells"][place:place] = [
        {**copy.deepcopy(cell), **({"id": f"noise{number}"} if ids else {})} for number, cell in enumerate(added)
    ]
    again["metadata"]["language_info"] = {
        "name": "python",
        "version": draw(st.sampled_from(["3.11", "3.12"])),
    }
    if "kernelspec" in again["metadata"]:
        again["metadata"]["kernelspec"]["display_name"] = draw(st.sampled_from(["Python 3", "conda"]))
    return again


@st.composite
def edited(draw: st.DrawFn, document: Document) -> Document:
    """The notebook after some work: cells edited, run, added, deleted, moved."""
    after = copy.deepcopy(document)
    body = after["cells"]
    for number in range(draw(st.integers(0, 4))):
        what = draw(st.sampled_from(["add", "drop", "edit", "run", "move", "noise"]))
        place = draw(st.integers(0, max(0, len(body) - 1)))
        if what in ("add", "noise"):
            cell = draw(cells if what == "add" else noise_cells)
            if after["nbformat_minor"] >= 5:
                cell = {**cell, "id": f"added{number}"}
            body.insert(draw(st.integers(0, len(body))), copy.deepcopy(cell))
        elif not body:
            continue
        elif what == "drop":
            del body[place]
        elif what == "edit":
            body[place]["source"] += draw(st.sampled_from(["\ny = 3", "!", "\n\n# more"]))
        elif what == "run" and "outputs" in body[place]:
            body[place]["outputs"] = draw(st.lists(outputs, max_size=2))
        else:
            body.insert(draw(st.integers(0, len(body) - 1)), body.pop(place))
    return after


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Bytes that were a notebook: cut, overwritten or stuffed somewhere."""
    content = bytearray(draw(documents.flatmap(writings)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        stop = draw(st.integers(start, min(len(content), start + draw(st.sampled_from([0, 1, 5, 2000])))))
        content[start:stop] = draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b'"', b"\\", b'\\"', b"\n", MARK.encode(), b"\\uE5C7", b"\xed\xa0\x80"]),
                st.sampled_from([b'"' + b"x" * 1100 + b'"', b'":' + b" " * 1100, b"9" * 5000, b"[" * 3000]),
            )
        )
    return bytes(content)
