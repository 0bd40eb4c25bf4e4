"""The tutorials as files: stored as they were run, from top to bottom, and readable before anything runs.

That running them gives the stored outputs again is what nbval says, in the same run of pytest (see the Makefile).
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from notebooks.save import LOOKS
from tests.environment import ROOT

TUTORIALS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BEHIND_THE_BACK = re.compile(r"os\.system|subprocess|%%(?:bash|sh|script)|%sx|!!")
READABLE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
#: These print nothing when all is well.
SILENT = re.compile(r"\w+ = %muse|.*;\s*$", re.DOTALL)

pytestmark = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)


def read(path: Path) -> Any:
    """The notebook as plain data, with texts joined."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def code(path: Path) -> list[Any]:
    """Its code cells."""
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def texts(value: Any) -> Iterator[str]:
    """Every text in an output."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def test_it_opens_anywhere(path: Path) -> None:
    """A valid notebook for the kernel that everybody has, and nothing of the machine that ran it."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert [cell.id for cell in notebook.cells if cell.metadata] == []


def test_cells_have_names(path: Path) -> None:
    """Ids that say what a cell is for: they are what muse shows of a cell in a diff."""
    ids = [cell.id for cell in read(path).cells]
    assert [id for id in ids if not READABLE.fullmatch(id)] == []
    assert len(set(ids)) == len(ids)


def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    """Once, without an error, and with everything that it showed."""
    cells = code(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    asked = [cell for cell in cells if re.search(r"^[%!]muse|= %muse", cell.source)]
    assert len(asked) > 5
    assert [cell.id for cell in asked if not cell.outputs and not SILENT.match(cell.source)] == []


def test_nothing_runs_behind_the_readers_back(path: Path) -> None:
    """Commands are typed as `%muse`, or as `!muse` where the shell is shown."""
    found = {cell.id: BEHIND_THE_BACK.search(cell.source) for cell in code(path)}
    assert {id: match[0] for id, match in found.items() if match} == {}


def test_clock_and_author_are_fixed(path: Path) -> None:
    """So that ids are the same everywhere, and outputs can be compared."""
    before, _, _ = "\n".join(cell.source for cell in code(path)).partition("%load_ext muse")
    assert {"MUSE_NOW", "MUSE_AUTHOR_NAME", "MUSE_AUTHOR_EMAIL"} <= set(re.findall(r"MUSE_\w+", before))


def test_what_differs_between_runs_was_replaced(path: Path) -> None:
    """`notebooks/save.py` does it; a stored path of somebody's machine helps nobody."""
    rules = configparser.RawConfigParser()
    rules.read(ROOT / "notebooks" / "sanitize.cfg", encoding="utf-8")
    for name in set(rules.sections()) - set(LOOKS):
        for text in texts(json.loads(json.dumps([cell.outputs for cell in code(path)]))):
            assert re.sub(rules[name]["regex"], rules[name]["replace"], text) == text
