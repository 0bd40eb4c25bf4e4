"""A diff names what changed, all of it and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.notebook.diff import CellCounts, NotebookDiff, diff, pair_outputs
from muse.notebook.model import Cell, Output, read
from muse.notebook.noise import content_cells, is_noise
from tests.notebook.strategies import code_cell, documents, edited, image, notebook, outputs, raw, stream


def changed(old: dict[str, Any] | None, new: dict[str, Any] | None) -> NotebookDiff:
    """The diff of two documents."""
    return diff(read(raw(old)) if old else None, read(raw(new)) if new else None)


@given(document=documents, data=st.data())
def test_a_diff_is_complete(document: dict[str, Any], data: st.DataObject) -> None:
    """The old cells, less the old side of the changes, with the new side, are the new cells."""
    delta = changed(document, data.draw(edited(document)))
    assert delta.old and delta.new
    kept = Counter(cell.key for cell in content_cells(delta.old.cells))
    kept.subtract(change.old.key for change in delta.changes if change.old)
    assert min(kept.values(), default=0) >= 0
    kept.update(change.new.key for change in delta.changes if change.new)
    assert +kept == Counter(cell.key for cell in content_cells(delta.new.cells))


@given(document=documents, data=st.data())
def test_a_change_says_what_it_is(document: dict[str, Any], data: st.DataObject) -> None:
    """Every flag is true exactly when it holds; noise never appears; new cells come in their order."""
    delta = changed(document, data.draw(edited(document)))
    for status, old, new, source, shown, rest, moved in delta.changes:
        assert not (old and is_noise(old)) and not (new and is_noise(new))
        if old and new:
            assert source == ((old.kind, old.source) != (new.kind, new.source))
            assert (shown, rest) == (old.outputs != new.outputs, old.rest != new.rest)
            assert status == ("changed" if source or shown or rest else "moved")
            assert status == "changed" or moved
        else:
            assert status == ("added" if new else "removed")
            assert not (source or shown or rest or moved)
    positions = [change.new.position for change in delta.changes if change.new]
    assert positions == sorted(positions)
    counts = delta.counts
    assert bool(counts.summary()) == any(counts) == (not delta.empty)


@given(document=documents)
def test_a_notebook_that_is_new_or_gone(document: dict[str, Any]) -> None:
    """All of its content was added, or removed."""
    count = len(content_cells(read(raw(document)).cells))
    assert changed(None, document).counts == CellCounts(count, 0, 0, 0, 0, 0)
    assert changed(document, None).counts == CellCounts(0, count, 0, 0, 0, 0)
    assert changed(None, None).empty


A, B, C = code_cell("a = load()", id="a"), code_cell("b = fit(a)", id="b"), code_cell("plot(b)", id="c")


def test_reading_order() -> None:
    """A removed cell stands where it was, an added one where it is."""
    new = code_cell("d = 4", id="d")
    delta = changed(notebook([A, B, C]), notebook([A, new, C | {"source": "plot(b, 2)"}]))
    assert [change.status for change in delta.changes] == ["removed", "added", "changed"]
    assert delta.counts.summary() == "1 cell changed, 1 added, 1 removed"


def test_moved_and_changed_at_once() -> None:
    """It is one cell, changed, elsewhere."""
    delta = changed(notebook([A, B, C]), notebook([C | {"source": "plot(b, 2)"}, A, B]))
    [change] = delta.changes
    assert (change.status, change.source_changed, change.moved) == ("changed", True, True)


def test_ids_may_change_places() -> None:
    """Identity is no content: the same cells in the same order are no change."""
    one, two = code_cell("x = 1"), code_cell("x = 2")
    assert changed(notebook([one, two]), notebook([one | {"id": "c2"}, two | {"id": "c1"}])).empty


def test_metadata_of_cell_and_notebook() -> None:
    """Both count, and the summary says so."""
    delta = changed(notebook([A, B]), notebook([A | {"metadata": {"tags": ["x"]}}, B], {"title": "t"}))
    assert delta.metadata_changed
    assert [change.rest_changed for change in delta.changes] == [True]
    assert delta.counts.metadata == 2
    assert delta.counts.summary() == "metadata changed"
    assert not changed(notebook([]), notebook([], {"title": "t"})).empty


@pytest.mark.parametrize(
    ("counts", "summary"),
    [
        (CellCounts(0, 0, 0, 0, 0, 0), ""),
        (CellCounts(1, 0, 2, 3, 0, 0), "2 cells changed, 1 added, outputs of 3 changed"),
        (CellCounts(1, 1, 0, 0, 1, 0), "1 cell added, 1 removed, 1 moved"),
        (CellCounts(0, 0, 0, 1, 0, 2), "outputs of 1 cell changed, metadata changed"),
        (CellCounts(0, 2, 0, 2, 0, 0), "2 cells removed, outputs of 2 changed"),
    ],
)
def test_summaries(counts: CellCounts, summary: str) -> None:
    """The noun stands once, in front."""
    assert counts.summary() == summary


def cell(*shown: dict[str, Any]) -> Cell:
    """A cell that shows these."""
    return read(raw(notebook([code_cell("x", *shown)]))).cells[0]


@given(before=st.lists(outputs, max_size=4), after=st.lists(outputs, max_size=4), shuffled=st.booleans())
def test_outputs_that_differ(before: list[Any], after: list[Any], shuffled: bool) -> None:
    """Nothing is lost and nothing invented; equal cells have no pairs, others have some."""
    old, new = cell(*before), cell(*(before[::-1] if shuffled else after))
    pairs = pair_outputs(old, new)
    assert bool(pairs) == (old.outputs != new.outputs)
    assert all(one != other for one, other in pairs)
    common = Counter(output.key for output in old.outputs)
    common.subtract(one.key for one, _ in pairs if one)
    assert min(common.values(), default=0) >= 0
    common.update(other.key for _, other in pairs if other)
    assert +common == Counter(output.key for output in new.outputs)


def test_outputs_are_paired_by_kind() -> None:
    """An image with an image, a text with a text; the rest stands alone, in order."""
    old = cell(stream("a"), image("one"), stream("same"), image("two"))
    new = cell(image("ONE"), stream("same"), stream("new", "stderr"), image("TWO"))
    a, one, _, two = old.outputs
    other_one, _, err, other_two = new.outputs
    expected: list[tuple[Output | None, Output | None]] = [
        (a, None),
        (one, other_one),
        (None, err),
        (two, other_two),
    ]
    assert list(pair_outputs(old, new)) == expected
    assert pair_outputs(None, old) == tuple((None, output) for output in old.outputs)
    assert pair_outputs(old, None) == tuple((output, None) for output in old.outputs)
    assert pair_outputs(None, None) == ()
