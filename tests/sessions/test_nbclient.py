"""The first session on a long notebook with twenty plots, run from start to end without a front end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import muse
from muse.verbs._content import FileResult
from tests.sessions import long_notebook
from tests.sessions.long_notebook import PLOTS, plot, run, save, shown

pytestmark = pytest.mark.slow

FIRST = ['%muse commit -m "first look"', "%muse status", "%muse diff", "%muse commit", "%muse log"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The notebook after a run that was saved: a quarter of a megabyte of pictures."""
    path = tmp_path_factory.mktemp("drawn") / "waves.ipynb"
    long_notebook.write(path, before=["%load_ext muse", "%muse init"], after=FIRST)
    save(run(path), path)
    return path.read_bytes()


def test_the_notebook_that_runs_it_is_committed_in_a_new_repository(drawn: bytes, folder: Path) -> None:
    (folder / "waves.ipynb").write_bytes(drawn)
    ran = run(folder / "waves.ipynb")
    assert "1 file: 1 added" in shown(ran, FIRST[0])
    assert shown(ran, FIRST[1]).endswith("Nothing to commit, the folder is clean.")
    assert shown(ran, FIRST[2]) == "No changes."
    assert shown(ran, FIRST[3]).startswith("Nothing to commit"), "a no is a result, and Run All goes on"
    assert "first look  (HEAD → main)" in shown(ran, FIRST[4])
    committed = muse.show("HEAD:waves.ipynb")
    assert isinstance(committed, FileResult) and committed.data == drawn, "byte for byte"


def test_a_second_run_with_the_same_results_is_no_change(drawn: bytes, folder: Path) -> None:
    path = folder / "waves.ipynb"
    path.write_bytes(drawn)
    save(run(path), path)
    assert path.read_bytes() != drawn, "other counts, and what the muse cells displayed"
    status = muse.status()
    assert status.clean
    assert [change.path for change in status.noise] == ["waves.ipynb"]


def test_one_plot_changed_and_brought_back_in_a_repository_with_history(drawn: bytes, folder: Path) -> None:
    path = folder / "waves.ipynb"
    path.write_bytes(drawn)
    muse.init()
    muse.commit("first look")
    notebook = json.loads(drawn)
    cell = next(cell for cell in notebook["cells"] if "wave 7" in "".join(cell["source"]))
    cell["source"] = plot(6, "tab:red")
    notebook["cells"] = [cell for cell in notebook["cells"] if "".join(cell["source"]) not in FIRST]
    path.write_text(json.dumps(notebook))
    save(run(path), path)
    (change,) = [file for file in muse.diff().files if file.notebook]
    assert change.notebook is not None
    counts = change.notebook.counts
    assert (counts.source, counts.outputs, counts.added, counts.removed) == (1, 1, 0, 0)
    assert change.notebook.old is not None and len(change.notebook.old.cells) > PLOTS
    changed = path.read_bytes()
    muse.commit("second look")
    muse.checkout("HEAD~1")
    assert path.read_bytes() == drawn
    muse.undo()
    assert path.read_bytes() == changed
