"""Run the first tutorial from start to end without a browser, and print the log that it made.

The tutorial makes a repository of its own. All that it writes is below a temporary folder, which is removed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

TUTORIAL = Path(__file__).with_name("01-first-commit.ipynb")


def main() -> None:
    """Run every cell, then `%muse log` once more, in the same kernel."""
    notebook = nbformat.read(TUTORIAL, as_version=4)
    log = nbformat.v4.new_code_cell("%muse log")
    notebook.cells.append(log)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute()
        except CellExecutionError as error:
            sys.exit(f"{TUTORIAL.name} stopped:\n{error}")
    print(f"{TUTORIAL.name} ran from start to end in {time.monotonic() - start:.1f} s. Its log:\n")
    for output in log.outputs:
        print(output["data"]["text/plain"] if "data" in output else output["text"])


if __name__ == "__main__":
    main()
