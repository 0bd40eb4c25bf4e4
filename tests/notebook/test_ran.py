"""What ran but is not in the file."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muse.notebook.model import read
from muse.notebook.ran import Run, unsaved
from tests.notebook.strategies import code_cell, documents, notebook, raw

DISK = read(
    raw(
        notebook(
            [
                code_cell("x = 1", id="a"),
                code_cell("y = 2", id="b"),
                {"cell_type": "raw", "source": "z", "id": "c"},
            ]
        )
    )
)
SAVED = 100


def missed(*runs: Run) -> list[str]:
    """The sources of what is not in the file."""
    return [run.source for run in unsaved(DISK, runs, SAVED)]


@given(document=documents, keyed=st.booleans(), data=st.data())
def test_running_what_is_on_disk_misses_nothing(document: dict[str, Any], keyed: bool, data: st.DataObject) -> None:
    """Programs that run a notebook read it first; in any order, with ids or without."""
    nb = read(raw(document))
    code = data.draw(st.permutations([cell for cell in nb.cells if cell.kind == "code"]))
    ran = [Run(cell.id or "" if keyed else "", cell.source, 200 + n, n) for n, cell in enumerate(code)]
    assert unsaved(nb, ran, SAVED) == ()


def test_a_cell_that_was_edited() -> None:
    """Its last run counts, when it came after the file was saved."""
    assert missed(Run("a", "x = 3", 101, 1)) == ["x = 3"]
    assert missed(Run("a", "x = 3", 100, 1)) == []
    assert missed(Run("a", "x = 3", 101, 1), Run("a", "x = 1", 102, 2)) == []
    assert missed(Run("a", "x = 1", 102, 2), Run("a", "x = 3", 101, 1)) == []
    assert missed(Run("a", "x = 3", 101, 1), Run("a", "x = 4", 101, 2)) == ["x = 4"]


def test_a_cell_is_held_against_itself() -> None:
    """That another cell says the same does not save this one."""
    assert missed(Run("a", "y = 2", 101, 1)) == ["y = 2"]


def test_a_key_that_the_file_does_not_know() -> None:
    """Front ends with keys of their own, files without ids, a new cell: any code cell will do."""
    assert missed(Run("new", "y = 2", 101, 1), Run("other", "w = 4", 102, 2)) == ["w = 4"]
    assert missed(Run("new", "z", 101, 1), Run("c", "z", 102, 2)) == ["z", "z"]


def test_without_keys_every_source_counts() -> None:
    """The order is that of the runs; the last of equal ones stays."""
    runs = [Run("", "b", 103, 3), Run("", "a", 102, 2), Run("", "x = 1", 104, 4), Run("", "a", 105, 5)]
    assert unsaved(DISK, runs, SAVED) == (runs[0], runs[3])


def test_blank_lines_around_a_source() -> None:
    """Front ends and files differ in them; indentation they do not touch."""
    assert missed(Run("a", "\n \nx = 1\n\n", 101, 1), Run("", "y = 2\n", 101, 1)) == []
    assert missed(Run("a", "  x = 1", 101, 1)) == ["  x = 1"]


def test_muse_is_not_missed() -> None:
    """Its own commands, and cells that say nothing."""
    sources = ["%muse commit", "%load_ext muse", " \n", "%%muse commit\nfirst"]
    assert missed(*(Run(key, source, 101, 1) for source in sources for key in ("", "a", "new"))) == []
