"""A repository with one notebook, as kernels work in it, and what a commit holds of that."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.operations import ops
from muse.core.paths import Layout
from tests.commands import commit_id, ok
from tests.crash.kernels.saving import save
from tests.magics.kernels import Answer, Kernel

NOTEBOOK = "analysis.ipynb"


@contextmanager
def a_project(place: str) -> Iterator[Path]:
    """A repository with a committed notebook, which is the current folder."""
    folder = tempfile.mkdtemp(dir=place)
    with chdir(folder):
        Path(NOTEBOOK).write_bytes(save(0))
        ok("init")
        ok("commit", "-m", "first")
        yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


def move_in(kernel: Kernel, project: Path) -> None:
    """Have a kernel work in a folder, with muse loaded anew and no variables."""
    kernel.arrange(f"import os; os.chdir({str(project)!r}); get_ipython().reset()")
    kernel.arrange("get_ipython().run_line_magic('reload_ext', 'muse')")


def open_notebook(kernel: Kernel, path: Path) -> None:
    """Have the kernel run that notebook, with a cell that is not saved; no front end is there to save it."""
    kernel.arrange(f"import os; os.environ['JPY_SESSION_NAME'] = {str(path)!r}")
    kernel.arrange("import muse.magics.kernel; muse.magics.kernel._SAVE_SECONDS = 0.1")
    kernel.run("y = 1", cell="cell-0")


def held(rev: str = "HEAD", path: str = NOTEBOOK) -> bytes:
    """The bytes that a commit holds of a file; none where it has no such file."""
    digest = bytes.fromhex(commit_id(rev).removeprefix("sha256:"))
    layout = Layout(".")
    store = ops.open_store(layout, ops.newest(layout))
    try:
        entry = trees.file_at(store, tree_of(store, digest), path)
        return store.read(entry.digest) if entry is not None else b""
    finally:
        store.close()


def check_error(answer: Answer) -> str:
    """A cell that failed says why in two lines."""
    assert (answer.status, answer.error[0]) == ("error", "UsageError"), answer
    assert len(answer.error[1].splitlines()) == 2 and "Traceback" not in answer.trace, answer
    assert "mistake" not in answer.error[1], answer
    assert not answer.shown
    return answer.error[1]
