"""A long notebook as people write them: twenty cells that each draw a plot of their own."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PLOTS = 20


def write(path: Path, *, before: list[str], after: list[str]) -> None:
    """Write the notebook, not run yet, with more cells before and after the plots."""
    cells = [new_markdown_cell("# Twenty waves"), *map(new_code_cell, before), new_code_cell(_SET_UP)]
    for number in range(PLOTS):
        cells.append(new_code_cell(plot(number)))
    cells += map(new_code_cell, after)
    for position, cell in enumerate(cells):
        cell.id = f"cell-{position:02d}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def plot(number: int, colour: str = "tab:blue") -> str:
    """The source of one cell."""
    return (
        f"fig, ax = plt.subplots(figsize=(6, 3))\n"
        f"ax.plot(x, np.sin({number + 1} * x) + noise, color={colour!r})\n"
        f"ax.set_title('wave {number + 1}')\n"
        "plt.show()"
    )


def run(path: Path, *, allow_errors: bool = False) -> NotebookNode:
    """Run All, as a scheduler does: the outputs are in the answer, and not in the file."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=120, resources=resources, allow_errors=allow_errors)
    ran: NotebookNode = client.execute()
    return ran


def save(notebook: NotebookNode, path: Path) -> None:
    """Save what was run, as a front end does."""
    nbformat.write(notebook, path)


def shown(notebook: NotebookNode, source: str) -> str:
    """What the cell with that source displayed, as plain text."""
    cell = next(cell for cell in notebook.cells if cell.source == source)
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join(texts)


_SET_UP = """\
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
x = np.linspace(0, 6, 400)
noise = np.random.default_rng(1).normal(0, 0.1, x.size)"""
