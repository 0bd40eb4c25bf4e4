"""Staging single cells gives whole notebooks that differ from the base in these cells alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from muse.core.base.errors import UsageProblem
from muse.notebook.diff import diff
from muse.notebook.model import NotANotebook, read
from muse.notebook.noise import content_cells, essence
from muse.notebook.pick import Selector, parse_selector, pick
from tests.notebook.strategies import code_cell, documents, edited, noise_cells, notebook, raw


def everything(document: dict[str, Any]) -> Selector:
    """All cells of a file."""
    count = len(document["cells"])
    return Selector(((1, count),) if count else ())


def sources(content: bytes) -> list[str]:
    """The sources in order."""
    return [cell.source for cell in read(content).cells]


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("3", Selector(((3, 3),))),
        ("3,5-7", Selector(((3, 3), (5, 7)))),
        (" 3 , 5 - 7 ", Selector(((3, 3), (5, 7)))),
        ("id:abc", Selector((), ("abc",))),
        ("id:a-1,2,id:b", Selector(((2, 2),), ("a-1", "b"))),
    ],
)
def test_selectors(text: str, selector: Selector) -> None:
    """Positions, ranges and ids, in any mixture."""
    assert parse_selector(text) == selector


@pytest.mark.parametrize(
    "text",
    ["", ",", "3,", "0", "0-2", "7-5", "-3", "3-", "x", "id:", "1.5", "²", "٣", "+1", "1_0", "9" * 5000],
)
def test_selectors_that_name_no_cells(text: str) -> None:
    """The error says which part it is, and how to name cells."""
    with pytest.raises(UsageProblem, match="names no cell") as caught:
        parse_selector(text)
    assert "#3,5-7" in caught.value.hint


def valid(content: bytes) -> None:
    """Check with the format's own schema that Jupyter opens it without complaint."""
    import nbformat

    nbformat.validate(json.loads(content))


@given(document=documents, data=st.data())
def test_everything_that_was_added_or_changed(document: dict[str, Any], data: st.DataObject) -> None:
    """Picking all cells leaves no difference, where none was removed or moved and the metadata stayed."""
    after = data.draw(edited(document))
    base, disk = raw(document), raw(after)
    changes = diff(read(base), read(disk)).changes
    assume(all(change.status != "removed" and not change.moved for change in changes))
    picked = pick(base, disk, everything(after))
    assert diff(read(picked), read(disk)).empty
    valid(picked)


@given(document=documents, data=st.data())
def test_nothing_else_changes(document: dict[str, Any], data: st.DataObject) -> None:
    """Whatever is picked: chosen cells are as on disk, the others as in the base, field by field."""
    after = data.draw(edited(document))
    count = len(after["cells"])
    chosen = data.draw(st.sets(st.integers(1, count), max_size=2)) if count else set()
    picked = json.loads(pick(raw(document), raw(after), Selector(tuple((place, place) for place in chosen))))
    valid(raw(picked))
    rest = [_bare(cell) for cell in picked["cells"]]
    for place in chosen:
        cell = after["cells"][place - 1]
        assert cell in picked["cells"]
        rest.remove(_bare(cell))
    old = [_bare(cell) for cell in document["cells"]]
    for cell in rest:
        old.remove(cell)
    assert len(old) <= len(chosen)
    assert picked["metadata"] == document["metadata"]


def _bare(cell: dict[str, Any]) -> str:
    """A cell without its id, as text, so that 1 and True differ."""
    return json.dumps({name: value for name, value in cell.items() if name != "id"}, sort_keys=True)


@given(document=documents, other=documents)
def test_nothing_picked_is_the_base(document: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever is on disk."""
    assert json.loads(pick(raw(document), raw(other), Selector())) == document


def test_a_base_without_its_ids_is_left_alone() -> None:
    """Mending a file that nobody touched is not for us."""
    base = raw({**notebook([A, B], ids=False), "nbformat_minor": 5})
    assert pick(base, raw(notebook([A, B])), Selector()) == base


@given(document=documents)
def test_without_a_base(document: dict[str, Any]) -> None:
    """A new notebook has the metadata of the file, and only the chosen cells."""
    none = pick(None, raw(document), Selector())
    assert json.loads(none) == {**document, "cells": []}
    assert pick(None, raw(document), everything(document)) == raw(document)


@given(document=documents, noise=st.lists(noise_cells, max_size=3))
def test_picking_noise_changes_nothing(document: dict[str, Any], noise: list[dict[str, Any]]) -> None:
    """As content goes."""
    added = [{**cell, "id": f"n{number}"} for number, cell in enumerate(noise)]
    after = {**document, "cells": [*added, *document["cells"]]}
    assume(document["nbformat_minor"] >= 5)
    picked = pick(raw(document), raw(after), Selector(((1, len(noise)),) if noise else ()))
    assert essence(read(picked)) == essence(read(raw(document)))


A, B, C, D = (code_cell(f"{name} = {name.upper()}()", id=name) for name in "abcd")


def test_a_cell_takes_its_place() -> None:
    """Changed cells replace, added cells come in behind the cell they follow."""
    base = raw(notebook([A, B, C]))
    disk = raw(notebook([A | {"source": "a = A(1)"}, D, B | {"source": "b = B(2)"}, C]))
    assert sources(pick(base, disk, parse_selector("1"))) == ["a = A(1)", "b = B()", "c = C()"]
    assert sources(pick(base, disk, parse_selector("id:d"))) == ["a = A()", "d = D()", "b = B()", "c = C()"]
    assert sources(pick(base, disk, parse_selector("2-3"))) == ["a = A()", "d = D()", "b = B(2)", "c = C()"]


def test_a_removed_cell_stays_until_the_file_is_staged() -> None:
    """Only chosen cells count."""
    picked = pick(raw(notebook([A, B, C])), raw(notebook([A, D, C])), parse_selector("2"))
    assert sources(picked) == ["a = A()", "d = D()", "b = B()", "c = C()"]


def test_a_moved_cell_is_no_landmark() -> None:
    """An added cell follows what stayed in order."""
    base, disk = raw(notebook([A, B, C])), raw(notebook([B, C, A, D]))
    assert sources(pick(base, disk, parse_selector("4"))) == ["a = A()", "b = B()", "c = C()", "d = D()"]


def test_a_cell_that_was_emptied() -> None:
    """It is the same cell, and takes its place."""
    picked = pick(raw(notebook([A, B])), raw(notebook([A, B | {"source": ""}])), parse_selector("2"))
    assert sources(picked) == ["a = A()", ""]


def test_a_cell_that_was_empty_comes_in_where_it_is() -> None:
    """Empty cells have no place in a diff, so the order is that of the file."""
    base = raw(notebook([A, code_cell("", id="b"), C]))
    disk = raw(notebook([A, B, D, C]))
    assert sources(pick(base, disk, parse_selector("2-3"))) == ["a = A()", "b = B()", "d = D()", "c = C()"]
    assert sources(pick(base, disk, parse_selector("3"))) == ["a = A()", "d = D()", "", "c = C()"]


def test_ids_come_with_the_cells_that_have_them() -> None:
    """A base from before there were ids becomes valid, with the ids of the file where it has them."""
    base = raw(notebook([A, B, C, code_cell("z")], ids=False))
    disk = raw(notebook([A, B | {"source": "b = B(2)"}, C]))
    picked = json.loads(pick(base, disk, parse_selector("2")))
    assert picked["nbformat_minor"] == 5
    assert [cell["id"] for cell in picked["cells"]][:3] == ["a", "b", "c"]
    assert len({cell["id"] for cell in picked["cells"]}) == 4
    valid(raw(picked))


def test_ids_stay_when_a_tool_drops_them() -> None:
    """The base's id is given back to the cell, and an added one gets its own."""
    base, disk = raw(notebook([A, B])), raw(notebook([A, B | {"source": "b = B(2)"}, D], ids=False))
    picked = json.loads(pick(base, disk, parse_selector("2,3")))
    assert [cell["id"] for cell in picked["cells"]][:2] == ["a", "b"]
    valid(raw(picked))


def test_ids_that_collide() -> None:
    """Two cells changed places, ids aside: the chosen one keeps its id, the other gets a new one."""
    base = raw(notebook([A, B]))
    disk = raw(notebook([A | {"id": "b"}, B | {"id": "a"}]))
    for place in (0, 1):
        picked = json.loads(pick(base, disk, Selector(((place + 1, place + 1),))))
        assert [cell["source"] for cell in picked["cells"]] == ["a = A()", "b = B()"]
        assert picked["cells"][place]["id"] == "ba"[place]
        valid(raw(picked))


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("3", "there is no cell 3: the file on disk has 2 cells"),
        ("1-999999999", "there is no cell 999999999: the file on disk has 2 cells"),
        ("id:x", "no cell of the 2 cells on disk has the id 'x'"),
    ],
)
def test_cells_that_are_not_there(selector: str, message: str) -> None:
    """The error names how many there are."""
    with pytest.raises(UsageProblem) as caught:
        pick(None, raw(notebook([A, B])), parse_selector(selector))
    assert caught.value.message == message


def test_files_that_cannot_be_taken_apart() -> None:
    """No notebook, or one of format 3."""
    old = raw({"nbformat": 3, "worksheets": [], "metadata": {}})
    good = raw(notebook([A]))
    for base, disk in ((None, b"{"), (b"{", good)):
        with pytest.raises(NotANotebook):
            pick(base, disk, Selector())
    for base, disk in ((None, old), (old, good)):
        with pytest.raises(UsageProblem, match="format 3"):
            pick(base, disk, Selector())


def test_the_text_is_as_jupyter_writes_it() -> None:
    """One space, sorted keys, real characters, a line feed at the end; lone surrogates as escapes."""
    content = pick(None, raw(notebook([code_cell("é \ud83d")], ids=False)), Selector(((1, 1),)))
    assert content.startswith(b'{\n "cells": [\n  {\n   "cell_type": "code",\n   "execution_count": null,\n')
    assert '"source": "é \\ud83d"\n'.encode() in content
    assert content.endswith(b'"nbformat_minor": 4\n}\n')


def test_picked_cells_are_cells() -> None:
    """The order of a file with noise between its cells is kept."""
    disk = notebook([A, code_cell("%muse log", id="m"), D, B])
    picked = pick(raw(notebook([A, B])), raw(disk), parse_selector("2-3"))
    assert sources(picked) == ["a = A()", "%muse log", "d = D()", "b = B()"]
    assert len(content_cells(read(picked).cells)) == 3
