"""The session that muse is made for, as a person has it: in JupyterLab and Notebook, with unsaved edits."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.harness import Jupyter, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLOTS = 20
ANALYSIS = ["import matplotlib.pyplot as plt\nx = 2"]
ANALYSIS += [f"plt.plot([0, x, {number} * x]);" for number in range(PLOTS)]
SESSION = [
    "%load_ext muse",
    "%muse init",
    '%muse commit -m "first look"',
    "%muse status",
    "%muse diff",
    '%muse commit -m "second look"',
    "%muse log",
    "%muse checkout HEAD~1",
    "%muse undo",
]
CELLS = [*ANALYSIS, *SESSION]
LOAD, INIT, FIRST, STATUS, DIFF, SECOND, LOG, BACK, UNDO = range(len(ANALYSIS) + 1, len(CELLS) + 1)
EDITED = "import matplotlib.pyplot as plt\nx = 3"


def on_disk(notebook: Notebook) -> str:
    """The source of the first cell as the file has it."""
    source = json.loads(notebook.path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return source if isinstance(source, str) else "".join(source)


@pytest.mark.parametrize("jupyter", ["ipylab"], indirect=True)
def test_with_ipylab_a_commit_saves_first(open_notebook: Callable[[str, list[str]], Notebook]) -> None:
    """Where muse can ask JupyterLab to save, an edit that was run is in the commit without Ctrl+S."""
    notebook = open_notebook("saved/analysis.ipynb", ["x = 2", *SESSION])
    load, init, first, _, _, second, *_ = range(2, len(SESSION) + 2)
    for number in (1, load, init, first):
        notebook.run_cell(number)
    notebook.edit_cell(1, "x = 3")
    for number in (1, second):
        notebook.run_cell(number)
    expect(notebook.outputs(second)).to_contain_text("1 changed")
    expect(notebook.outputs(second)).not_to_contain_text("saved before")
    assert on_disk(notebook) == "x = 3"
    notebook.screenshot("ipylab")


def test_ten_lines(jupyter: Jupyter, open_notebook: Callable[[str, list[str]], Notebook]) -> None:
    """From an empty folder to a second commit, back, and back again, on the notebook that runs it."""
    notebook = open_notebook("look/analysis.ipynb", CELLS)
    for number in range(1, INIT + 1):
        notebook.run_cell(number)
    expect(notebook.page.locator(".jp-Cell-outputArea img")).to_have_count(PLOTS)
    expect(notebook.outputs(LOAD)).to_contain_text("%muse init")
    assert (notebook.path.parent / ".muse").is_dir()
    notebook.save()
    notebook.run_cell(FIRST)
    expect(notebook.outputs(FIRST)).to_contain_text("first look")

    # Edited and run, not saved: muse must not look as if it had taken what it cannot see.
    notebook.edit_cell(1, EDITED)
    notebook.run_cell(1)
    notebook.run_cell(SECOND)
    answer = notebook.outputs(SECOND).locator(".jp-OutputArea-output").first
    expect(answer).to_contain_text("analysis.ipynb was saved before 1 of its cells ran: save (Ctrl+S)")
    assert "was saved before" in answer.inner_text().strip().splitlines()[0]
    notebook.screenshot(f"unsaved-{jupyter.kind}")

    notebook.save()
    for number in (STATUS, DIFF, SECOND, LOG):
        notebook.run_cell(number)
    expect(notebook.outputs(STATUS)).to_contain_text("analysis.ipynb")
    expect(notebook.outputs(DIFF)).to_contain_text("x = 2")
    expect(notebook.outputs(DIFF)).to_contain_text("x = 3")
    expect(notebook.outputs(SECOND)).to_contain_text("second look")
    expect(notebook.outputs(LOG)).to_contain_text("second look")
    expect(notebook.outputs(LOG)).to_contain_text("first look")
    notebook.screenshot(f"committed-{jupyter.kind}")

    notebook.run_cell(BACK)
    expect(notebook.outputs(BACK)).to_contain_text("File > Reload Notebook from Disk")
    assert on_disk(notebook) == ANALYSIS[0]
    notebook.run_cell(UNDO)
    expect(notebook.outputs(UNDO)).to_contain_text("checkout")
    assert on_disk(notebook) == EDITED
    notebook.screenshot(f"undone-{jupyter.kind}")
    notebook.reload()
    expect(notebook.cell(1).locator(".cm-content")).to_contain_text("x = 3")
