"""Cells are paired by identity, content and place, each once, the same way every time."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.notebook import align as module
from muse.notebook.align import align
from muse.notebook.model import Cell, read
from tests.notebook.strategies import code_cell, documents, edited, notebook, raw, stream


def cells_of(document: dict[str, Any]) -> tuple[Cell, ...]:
    """The cells as read."""
    return read(raw(document)).cells


def cells(*sources: str, ids: str = "") -> tuple[Cell, ...]:
    """Code cells, with one letter of `ids` each."""
    return tuple(
        Cell(ids[place] if ids else None, "code", source, (), "{}", place + 1) for place, source in enumerate(sources)
    )


@given(document=documents, data=st.data())
def test_every_cell_is_named_once(document: dict[str, Any], data: st.DataObject) -> None:
    """New cells in their order; and what stayed in order stays in order."""
    old, new = cells_of(document), cells_of(data.draw(edited(document)))
    pairs = align(old, new)
    assert sorted(pair.old for pair in pairs if pair.old is not None) == list(range(len(old)))
    assert [pair.new for pair in pairs if pair.new is not None] == list(range(len(new)))
    still = [pair.old for pair in pairs if pair.old is not None and not pair.moved]
    assert still == sorted(still)
    assert align(old, new) == pairs


@given(document=documents, data=st.data())
def test_what_is_the_same_is_found(document: dict[str, Any], data: st.DataObject) -> None:
    """In either direction no source, and no id, is left over on both sides."""
    one, other = cells_of(document), cells_of(data.draw(edited(document)))
    for old, new in ((one, other), (other, one)):
        pairs = align(old, new)
        lost = [old[pair.old] for pair in pairs if pair.old is not None and pair.new is None]
        found = [new[pair.new] for pair in pairs if pair.new is not None and pair.old is None]
        assert not {(cell.kind, cell.source) for cell in lost} & {(cell.kind, cell.source) for cell in found}
        assert not {cell.id for cell in lost} & {cell.id for cell in found} - {None}


@given(document=documents)
def test_a_notebook_is_itself(document: dict[str, Any]) -> None:
    """Nothing moved, nothing missing."""
    same = cells_of(document)
    assert [(pair.old, pair.new, pair.moved) for pair in align(same, same)] == [
        (place, place, False) for place in range(len(same))
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            cells("x = 1", "y = 2", ids="ab"),
            cells("y = 3", "x = 9", ids="ba"),
            [(1, 0, False), (0, 1, True)],
            id="ids, edited and moved",
        ),
        pytest.param(
            cells("import numpy", ids="a"),
            cells("print(f(1, 2))", ids="a"),
            [(0, 0, False)],
            id="id, all rewritten",
        ),
        pytest.param(
            cells("alpha(1)", "beta[2]", ids="ab"),
            cells("%time new", "alpha(1)", "beta[2]", ids="abc"),
            [(None, 0, False), (0, 1, False), (1, 2, False)],
            id="ids that only count",
        ),
        pytest.param(
            cells("a(1)", "a(1)", "b[2]", ids="xxy"),
            cells("b[2]", "c{3}", ids="xx"),
            [(0, None, False), (1, None, False), (2, 0, False), (None, 1, False)],
            id="ids that are not unique",
        ),
        pytest.param(
            cells("a = f(1)", "b = g(2)", "c = h(3)"),
            cells("a = f(1)", "b = g(2, 5)", "c = h(3)"),
            [(0, 0, False), (1, 1, False), (2, 2, False)],
            id="edited without id",
        ),
        pytest.param(
            cells("a = f(1)", "import os", "c = h(3)"),
            cells("a = f(1)", "plot[x]", "c = h(3)"),
            [(0, 0, False), (1, None, False), (None, 1, False), (2, 2, False)],
            id="replaced without id",
        ),
        pytest.param(
            cells("x = f(1)", ids="a"),
            cells("x = f(1)", "x = f(1, 2)", ids="ba"),
            [(None, 0, False), (0, 1, False)],
            id="edited beside a copy of what it was",
        ),
        pytest.param(
            cells("x = f(1, y)"),
            cells("x = f(1)", "x = f(1, y, 2)"),
            [(None, 0, False), (0, 1, False)],
            id="the most alike",
        ),
        pytest.param(
            cells("a = f(1)", "b = g(2)"),
            cells("a = f(1, 1)", "new[x]", "b = g(2, 2)"),
            [(0, 0, False), (None, 1, False), (1, 2, False)],
            id="edited around a new one",
        ),
        pytest.param(
            cells("one", "two", "three", "four"),
            cells("four", "one", "two", "three"),
            [(3, 0, True), (0, 1, False), (1, 2, False), (2, 3, False)],
            id="one moved, three stayed",
        ),
        pytest.param(
            cells("one", "two", "three", "four"),
            cells("three", "four", "one"),
            [(1, None, False), (2, 0, False), (3, 1, False), (0, 2, True)],
            id="gone behind one that moved",
        ),
        pytest.param(
            cells("one", "two", "three"),
            cells("three"),
            [(0, None, False), (1, None, False), (2, 0, False)],
            id="gone",
        ),
    ],
)
def test_cases(
    old: tuple[Cell, ...], new: tuple[Cell, ...], expected: list[tuple[int | None, int | None, bool]]
) -> None:
    """What a person would say."""
    assert [tuple(pair) for pair in align(old, new)] == expected


def test_cells_that_ran_again_are_the_same() -> None:
    """Without ids, with other outputs, beside a new cell that looks alike."""
    shows = ["plt.plot(a)", "plt.show()", "plt.plot(b)", "plt.show()"]
    old = cells_of(notebook([code_cell(source, stream("1")) for source in shows], ids=False))
    new = cells_of(notebook([code_cell(source, stream("2")) for source in ["plt.show()", *shows]], ids=False))
    assert [pair.old for pair in align(old, new)] == [None, 0, 1, 2, 3]


def test_a_cell_that_moved_and_ran() -> None:
    """Without ids its source is what it is known by."""
    first, *others = [code_cell(source) for source in ("import os", "a = f(1)", "b = g(2)")]
    old = cells_of(notebook([first, *others], ids=False))
    new = cells_of(notebook([*others, {**first, "outputs": [stream("1")]}], ids=False))
    assert [tuple(pair) for pair in align(old, new)] == [(1, 0, False), (2, 1, False), (0, 2, True)]


def test_other_kinds_are_other_cells() -> None:
    """Without an id, prose is not taken for edited code."""
    old, new = cells("a b c d"), (cells("a b c d e")[0]._replace(kind="markdown"),)
    assert [tuple(pair) for pair in align(old, new)] == [(0, None, False), (None, 0, False)]
    assert [pair.moved for pair in align(cells("a", ids="x"), (cells("b", ids="x")[0]._replace(kind="raw"),))] == [
        False
    ]


def test_long_notebooks_are_compared_within_bounds() -> None:
    """2,000 edited cells without ids are told apart by their place, with few comparisons."""
    old = cells(*(f"x{number} = f({number})" for number in range(2000)))
    new = cells(*(f"x{number} = f({number}, 0)" for number in range(2000)))
    with mock.patch.object(module, "_likeness", wraps=module._likeness) as compared:
        pairs = align(old, new)
    assert [(pair.old, pair.new) for pair in pairs] == [(place, place) for place in range(2000)]
    assert compared.call_count < 20_000
