"""A commit takes the notebook as saved, and says so when that is not what the person sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.magics.kernels import Kernel
from tests.magics.test_location import running, server
from tests.samples import code, notebook

pytestmark = pytest.mark.slow

NOTICE = "! analysis.ipynb was saved before {} ran: save (Ctrl+S) and {} again"


class Open:
    """A notebook that is open in a front end: cells are edited, run and saved.

    Args:
        kernel: Its kernel.
        path: Its file.
    """

    def __init__(self, kernel: Kernel, path: Path) -> None:
        self.kernel, self.path = kernel, path
        self.cells = {"load": "x = 1", "plot": "y = 1", "muse": "%muse status"}

    def run(self, cell: str, source: str | None = None) -> None:
        """Run a cell, perhaps after an edit."""
        self.cells[cell] = source if source is not None else self.cells[cell]
        assert self.kernel.run(self.cells[cell], cell=cell).status == "ok"

    def save(self) -> None:
        """Save."""
        self.path.write_bytes(notebook(*(code(source, id=cell) for cell, source in self.cells.items())))


@pytest.fixture(params=["MUSE_NOTEBOOK", "JPY_SESSION_NAME"])
def opened(kernel: Kernel, folder: Path, request: pytest.FixtureRequest) -> Open:
    """A notebook with one commit, whose kernel was told its path by the person or by the server."""
    made = Open(kernel, folder / "analysis.ipynb")
    made.save()
    kernel.arrange(
        "import os, sys\n"
        "sys.modules['ipylab'] = None\n"
        "for name in ('MUSE_NOTEBOOK', 'JPY_SESSION_NAME'): os.environ.pop(name, None)\n"
        f"os.environ[{request.param!r}] = {str(made.path)!r}"
    )
    for source in ("%muse init", "%muse commit -m first"):
        kernel.run(source, cell="muse")
    return made


def test_saved_and_run(opened: Open) -> None:
    """What ran is what is on the disk: there is nothing to say."""
    opened.run("load")
    opened.run("plot")
    assert opened.kernel.run("%muse status").lines == [
        opened.kernel.run("%muse status").lines[0],
        "Nothing to commit, the folder is clean.",
    ]


def test_edited_and_run(opened: Open, folder: Path) -> None:
    """The commit is made, and its first line says what it did not take."""
    opened.run("load", "x = 2")
    (folder / "data.csv").write_text("1\n")
    answer = opened.kernel.run("%muse commit -m second", cell="muse")
    assert answer.status == "ok"
    assert answer.lines[0] == NOTICE.format("1 of its cells", "commit")
    assert NOTICE[2:].format("1 of its cells", "commit") in answer.shown[0]["text/html"]
    facts = "(_.exit_status, [run.source for run in _.unsaved.runs], _.json()['unsaved'])"
    assert opened.kernel.run(facts, cell="other").text == "(0, ['x = 2'], ['x = 2'])"


def test_saving_answers_the_notice(opened: Open) -> None:
    """The next commit takes it, and says nothing."""
    opened.run("load", "x = 2")
    opened.run("plot", "y = 2")
    assert opened.kernel.run("%muse status").lines[0] == NOTICE.format("2 of its cells", "look")
    assert opened.kernel.run("%muse diff").lines[0] == NOTICE.format("2 of its cells", "look")
    no = opened.kernel.run("%muse commit -m second").lines
    assert (no[0], no[1][:17]) == (NOTICE.format("2 of its cells", "commit"), "Nothing to commit")
    opened.save()
    assert opened.kernel.run("%muse status").lines[0].startswith("On branch main")
    assert opened.kernel.run("%muse commit -m second").lines[1:] == ["1 file: 1 changed"]
    assert opened.kernel.run("%muse commit -m third --json").shown[0]["text/plain"].count("'unsaved': []") == 1


def test_edited_and_not_run(opened: Open) -> None:
    """The kernel cannot know it, and a cell that is run as saved is no news."""
    opened.run("plot")
    opened.cells["load"] = "x = 2"
    assert "was saved before" not in opened.kernel.run("%muse status").text


def test_muse_itself_is_not_work(opened: Open) -> None:
    """Its own cells may change as they like."""
    opened.run("muse", "%muse log")
    opened.run("muse", "%%muse\nstatus")
    assert "was saved before" not in opened.kernel.run("%muse status", cell="muse").text


def test_another_folder_is_no_business_of_this_notebook(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A commit of a repository that the notebook is not in misses nothing of it."""
    opened.run("load", "x = 2")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    opened.kernel.run(f"%cd -q {elsewhere}")
    assert "was saved before" not in opened.kernel.run("%%muse\ninit\nstatus").text
    opened.kernel.run(f"%cd -q {opened.path.parent}")
    assert "was saved before" in opened.kernel.run("%muse status").text


def test_renamed(opened: Open, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The kernel was told the old name; the server knows the new one."""
    opened.run("load", "x = 2")
    assert opened.kernel.run("%muse status").lines[0] == NOTICE.format("1 of its cells", "look")
    opened.path = opened.path.rename(folder / "final.ipynb")
    runtime = tmp_path_factory.mktemp("runtime")
    opened.kernel.arrange(
        "os.environ['JPY_SESSION_NAME'] = os.environ.pop('MUSE_NOTEBOOK', None) or os.environ['JPY_SESSION_NAME']\n"
        f"os.environ['JUPYTER_RUNTIME_DIR'] = {str(runtime)!r}"
    )
    with server(runtime, folder, running("final.ipynb", opened.kernel.id)) as tokens:
        said = opened.kernel.run("%muse status").lines[0]
    assert said == NOTICE.replace("analysis", "final").format("1 of its cells", "look")
    assert len(tokens) >= 1
    assert opened.kernel.run("%muse status").lines[0] == said


LAB = """
import sys, threading, types
class JupyterFrontEnd:
    asked = []
    commands = property(lambda self: self)
    def execute(self, command):
        self.asked.append(command)
        threading.Thread(target=self.save).start()
    def save(self):
        with open({path!r}, "wb") as file:
            file.write({saved!r})
sys.modules["ipylab"] = types.SimpleNamespace(JupyterFrontEnd=JupyterFrontEnd)
os.environ["JPY_SESSION_NAME"] = {path!r}
"""


def test_jupyterlab_saves_first(opened: Open) -> None:
    """Where it listens, the commit takes what the person sees, and there is nothing to say."""
    opened.kernel.arrange("get_ipython().run_line_magic('reload_ext', 'muse')")
    opened.run("load", "x = 2")
    saved = notebook(*(code(source, id=cell) for cell, source in opened.cells.items()))
    opened.kernel.arrange(LAB.format(path=str(opened.path), saved=saved))
    assert opened.kernel.run("%muse commit -m second").lines[1:] == ["1 file: 1 changed"]
    assert opened.kernel.run("JupyterFrontEnd.asked").text == "['docmanager:save']"
