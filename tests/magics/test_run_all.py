"""A person's cells in a real kernel, one by one and as Run All: what stops it, and what does not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.commands import ok
from tests.magics.kernels import Kernel
from tests.samples import code, notebook

pytestmark = pytest.mark.slow

HINT = "muse: there is no repository here yet; `%muse init` starts one\n"


def test_loading(kernel: Kernel, folder: Path) -> None:
    """One line where there is no repository, none where there is one, and nothing on the disk."""
    kernel.run("%unload_ext muse")
    assert kernel.run("%load_ext muse")[:4] == ("ok", ("", ""), HINT, "")
    assert list(folder.iterdir()) == []
    kernel.run("%muse init\n%unload_ext muse")
    assert kernel.run("%load_ext muse") == ("ok", ("", ""), "", "", (), "")


def test_unloading(kernel: Kernel) -> None:
    """Both magics are gone, and the kernel goes on."""
    kernel.run("%unload_ext muse")
    for source in ("%muse status", "%%muse\nstatus"):
        assert "not found" in kernel.run(source).error[1]
    assert kernel.run("1 + 1").text == "2"


def test_results(kernel: Kernel, folder: Path) -> None:
    """They show themselves, as HTML and as text, and are values."""
    (folder / "a.txt").write_text("one\n")
    [shown] = kernel.run("%muse init").shown
    assert shown.keys() == {"text/plain", "text/html"}
    assert kernel.run('%muse commit -m "cost: {x} $HOME"').lines[0].endswith("] cost: {x} $HOME")
    assert kernel.run("x = %muse log").shown == ()
    assert kernel.run("[entry.commit.message for entry in x]").text == "['cost: {x} $HOME']"
    assert kernel.run("%muse log;").shown == ()
    assert kernel.run("type(_)").text == "list"
    assert "example: muse commit" in kernel.run("%muse commit -h").out


def test_a_no_is_an_answer(kernel: Kernel, folder: Path) -> None:
    """The kernel replies that all is well."""
    kernel.run("%muse init")
    answer = kernel.run("%muse commit -m x")
    assert (answer.status, answer.err) == ("ok", "")
    assert answer.text.startswith("Nothing to commit")
    assert kernel.run("_.exit_status").text == "1"


@pytest.mark.parametrize("source", ["%muse status", "x = %muse log", "%%muse\nnosuch", "%muse checkout --nosuch"])
def test_an_error_is_two_lines(source: str, kernel: Kernel) -> None:
    """The kernel replies with the error, shows no traceback, and lives on: no SystemExit gets out."""
    answer = kernel.run(source)
    name, text = answer.error
    assert (answer.status, name) == ("error", "UsageError")
    assert len(text.splitlines()) == 2
    assert (answer.out, answer.err, answer.shown) == ("", f"UsageError: {text}\n", ())
    assert kernel.run("1 + 1").text == "2"


def run_all(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom as nbclient does; gives it with its outputs."""
    document: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    NotebookClient(
        document,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    return document


def test_run_all_goes_on_after_a_no(folder: Path) -> None:
    """A notebook that was saved and is run from start to end: it is whole, so nothing is said about saving."""
    sources = ["%load_ext muse", "%muse init", "%muse commit -m one", "%muse commit -m two", "%muse status", "x = 1"]
    path = folder / "a.ipynb"
    path.write_bytes(notebook(*(code(source, id=f"cell-{number}") for number, source in enumerate(sources))))
    cells = run_all(path).cells
    shown = [cell.outputs[0].data["text/plain"] for cell in cells[1:5]]
    assert shown[1].splitlines()[1] == "1 file: 1 added"
    assert shown[2].startswith("Nothing to commit")
    assert shown[3].splitlines()[1] == "Nothing to commit, the folder is clean."
    assert cells[5].execution_count == 6


def test_run_all_stops_at_an_error(folder: Path) -> None:
    """The cells after it do not run on the wrong files."""
    for text in ("one", "two", "not committed"):
        (folder / "a.txt").write_text(text)
        if text != "not committed":
            ok("init")
            ok("commit", "-m", text)
    path = folder / "a.ipynb"
    path.write_bytes(notebook(*map(code, ["%load_ext muse", "%muse checkout HEAD~1", "open('ran', 'w').close()"])))
    with pytest.raises(CellExecutionError) as error:
        run_all(path)
    assert error.value.ename == "UsageError"
    assert len(error.value.evalue.splitlines()) == 2
    assert not (folder / "ran").exists()
