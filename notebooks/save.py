"""Run every tutorial from top to bottom and keep its outputs, as people see them before they run anything.

What differs from one run to the next is replaced first, as `sanitize.cfg` says: a temporary folder, say. Looks stay.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
LOOKS = ("style sheet", "colours")


def main() -> None:
    """Run and save each of them."""
    # What they call `!muse` is the muse of this Python.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    rules = configparser.RawConfigParser()
    rules.read(HERE / "sanitize.cfg", encoding="utf-8")
    patterns = [(rule["regex"], rule["replace"]) for name, rule in rules.items() if rule and name not in LOOKS]
    for path in sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(HERE)}},
            extra_arguments=["--log-level=ERROR"],
        )
        client.execute()
        notebook.metadata.language_info = {"name": "python"}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = replaced(cell.outputs, patterns)
        nbformat.write(notebook, path)
        print(f"{path.name}: saved")


def replaced(value: Any, patterns: list[tuple[str, str]]) -> Any:
    """The same value with every pattern replaced in all its texts."""
    if isinstance(value, dict):
        return nbformat.from_dict({key: replaced(inner, patterns) for key, inner in value.items()})
    if isinstance(value, list):
        return [replaced(inner, patterns) for inner in value]
    if isinstance(value, str):
        for pattern, replacement in patterns:
            value = re.sub(pattern, replacement, value)
    return value


if __name__ == "__main__":
    main()
