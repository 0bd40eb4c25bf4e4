"""Fields and words that running alone changes."""

from __future__ import annotations

import pytest

from muse.notebook.model import TRACEBACK, read
from muse.notebook.volatile import of_cell_metadata, of_notebook_metadata, settled
from tests.notebook.strategies import code_cell, notebook, raw, stream


def test_clocks_of_a_cell() -> None:
    """Every tool has its own; what else the tool says stays."""
    metadata = {
        "ExecuteTime": {"start_time": "2020-01-01"},
        "execution": {"iopub.status.busy": "2020-01-01"},
        "executionInfo": {"elapsed": 1},
        "execution_millis": 1,
        "execution_start": 2,
        "gather": {"logged": 1},
        "papermill": {"duration": 1, "end_time": 2, "start_time": 3, "status": "failed"},
        "tags": ["parameters"],
    }
    assert of_cell_metadata(metadata) == {"papermill": {"status": "failed"}, "tags": ["parameters"]}
    assert len(metadata) == 8


def test_versions_of_a_kernel() -> None:
    """The kernel is content, what it calls itself today is not."""
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.2"},
        "papermill": {"duration": 1},
        "signature": "sha256:12",
        "title": "roc",
    }
    assert of_notebook_metadata(metadata) == {
        "kernelspec": {"name": "python3", "language": "python"},
        "title": "roc",
    }


@pytest.mark.parametrize("value", [None, 3, [], "x"])
def test_odd_values_are_kept(value: object) -> None:
    """What is not the tool's own table is not for us to take apart."""
    assert of_cell_metadata({"papermill": value}) == {"papermill": value}


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("\x1b[32mIn[5]\x1b[39m\x1b[32m, line 3", "\x1b[32mIn[ ]\x1b[39m\x1b[32m, line 3"),
        ("Input In [12], in <cell line: 1>()", "Input In[ ], in <cell line: 1>()"),
        ("<ipython-input-3-f0ac> in f(x)", "<ipython-input-f0ac> in f(x)"),
        ("/x/ipykernel_9505/3283438359.py:2: UserWarning", "/x/ipykernel/3283438359.py:2: UserWarning"),
        ("bin[3] my_ipykernel_launcher", "bin[3] my_ipykernel_launcher"),
    ],
)
def test_counts_in_tracebacks(text: str, without: str) -> None:
    """IPython writes the count of the cell, or the number of its process, into tracebacks and warnings."""
    assert settled(text) == without


def test_where_counts_are_taken_out() -> None:
    """Of errors and standard error; what a program prints is its own."""
    error = {
        "output_type": "error",
        "ename": "E",
        "evalue": "<ipython-input-3-f>",
        "traceback": ["Cell In[3]"],
    }
    text = "In[3]"
    cells = read(raw(notebook([code_cell("x", stream(text), stream(text, "stderr"), error)]))).cells
    out, err, raised = cells[0].outputs
    assert out.data == {"text/plain": "In[3]"}
    assert err.data == {"text/plain": "In[ ]"}
    assert raised.data == {"text/plain": "E: <ipython-input-f>", TRACEBACK: "Cell In[ ]"}
