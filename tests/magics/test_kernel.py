"""What a kernel notes of the cells it runs, what that costs, and how it has the notebook saved."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

from muse.magics import kernel
from muse.magics.kernel import Kernel
from muse.notebook import session


@pytest.fixture
def current(shell: InteractiveShell) -> session.Session:
    """What the verbs ask of the shell."""
    assert session.current is not None
    return session.current


def runs(current: session.Session) -> list[tuple[str, str]]:
    """Key and source of every run that was noted."""
    return [(run.key, run.source) for run in current.runs()]


def test_the_last_run_of_a_cell_counts(shell: InteractiveShell, current: session.Session) -> None:
    """A cell is known by its id; without one, by its source. What runs behind the person's back is no cell."""
    for source, id in (("x = 1", "a"), ("x = 2", "a"), ("x = 1", "b"), ("x = 3", None), ("x = 3", None)):
        shell.run_cell(source, store_history=True, cell_id=id)
    shell.run_cell("x = 4", store_history=False)
    shell.run_cell("x = 5", silent=True)
    assert runs(current) == [("a", "x = 2"), ("b", "x = 1"), ("", "x = 3")]
    assert current.runs() == tuple(sorted(current.runs(), key=lambda run: (run.time_ns, run.count)))


def hook(shell: InteractiveShell) -> Any:
    """The one thing that muse does before every cell."""
    [found] = [one for one in shell.events.callbacks["pre_run_cell"] if "muse" in one.__module__]
    return found


def calls(function: Any, argument: object) -> list[Any]:
    """Everything that a call calls: what is built in as it is, what is written in Python as its code."""
    found: list[Any] = []
    gc.disable()  # what it calls back is not ours
    sys.setprofile(lambda frame, event, what: found.append(what if event == "c_call" else frame.f_code))
    function(argument)
    sys.setprofile(None)
    gc.enable()
    return [one for one in found if one is not sys.setprofile]


def test_a_cell_waits_for_no_disk(shell: InteractiveShell, current: session.Session) -> None:
    """Of the system it wants the clock alone, and in the thousandth cell it does no more than in the first."""
    infos = [ExecutionInfo(f"x = {n}\n" * 100, True, False, True, f"cell-{n}") for n in range(1000)]
    made = [calls(hook(shell), info) for info in infos]
    assert len(current.runs()) == 1000
    # Methods of built-in types have no module; what opens, reads or waits does.
    assert {one.__module__ for one in made[0] if not hasattr(one, "co_code")} <= {"builtins", "time", None}
    assert all(len(one) <= len(made[0]) for one in made)
    assert len(made[0]) < 50


@pytest.mark.parametrize("info", [None, object(), ExecutionInfo(None, True, False, True, None)])
def test_a_hook_never_raises(info: object, shell: InteractiveShell, current: session.Session) -> None:
    """Whatever a front end sends, it is the user's cell that runs."""
    hook(shell)(info)
    assert current.runs() == ()


def test_a_terminal_has_no_notebook(shell: InteractiveShell, current: session.Session, folder: Path) -> None:
    """Even when one lies in the folder."""
    (folder / "a.ipynb").write_text("{}")
    shell.run_cell("x = 1", store_history=True)
    assert current.notebook() is None


class FrontEnd:
    """What `ipylab` offers: a way to run JupyterLab's commands.

    Args:
        act: What the front end does with a command, in a thread of its own.
    """

    def __init__(self, act: Any) -> None:
        self.asked: list[str] = []
        self._act = act

    def execute(self, command: str) -> None:
        """Send a command, and wait for nothing."""
        self.asked.append(command)
        threading.Thread(target=self._act).start()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the place of `ipylab`."""
        module = ModuleType("ipylab")
        module.JupyterFrontEnd = lambda: SimpleNamespace(commands=self)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ipylab", module)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


@pytest.fixture
def notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that JupyterLab has open."""
    path = folder / "a.ipynb"
    path.write_text("{}")
    os.utime(path, (1, 1))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


def test_saving(shell: InteractiveShell, notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where JupyterLab listens, it saves, and the verb waits for the file."""
    lab = FrontEnd(lambda: notebook.write_text('{"saved": 1}'))
    lab.install(monkeypatch)
    here = Kernel(shell)
    assert here.save(str(notebook))
    assert notebook.read_text() == '{"saved": 1}'
    os.utime(notebook, (1, 1))
    assert here.save(str(notebook))
    assert lab.asked == ["docmanager:save"] * 2


@pytest.mark.parametrize("copy", [False, True])
def test_half_a_notebook_is_not_saved(
    copy: bool, shell: InteractiveShell, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server writes in place, with the old copy beside the file; the verb waits until that is done."""
    looked = threading.Event()
    beside = notebook.with_name(f".~{notebook.name}")

    def save() -> None:
        if copy:
            notebook.rename(beside)
        notebook.write_text("{}" if copy else "{")
        looked.clear()
        looked.wait()
        notebook.write_text('{"saved": 1}')
        beside.unlink(missing_ok=True)

    FrontEnd(save).install(monkeypatch)
    clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda seconds: looked.set())
    monkeypatch.setattr(kernel, "time", clock)
    assert Kernel(shell).save(str(notebook))
    assert notebook.read_text() == '{"saved": 1}'
    assert not beside.exists()


def test_a_deaf_front_end_is_asked_once(
    shell: InteractiveShell, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds are lost on it in the life of a kernel, and no more."""
    lab = FrontEnd(lambda: None)
    lab.install(monkeypatch)
    clock = Clock()
    monkeypatch.setattr(kernel, "time", clock)
    here = Kernel(shell)
    assert not here.save(str(notebook))
    assert clock.now == pytest.approx(1002, abs=0.1)
    lost = clock.now
    assert not here.save(str(notebook))
    assert (clock.now, lab.asked) == (lost, ["docmanager:save"])


def test_without_ipylab_nobody_is_asked(
    shell: InteractiveShell, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import is tried once; nothing waits."""
    monkeypatch.setitem(sys.modules, "ipylab", None)
    clock = Clock()
    monkeypatch.setattr(kernel, "time", clock)
    here = Kernel(shell)
    assert not here.save(str(notebook))
    lab = FrontEnd(lambda: None)
    lab.install(monkeypatch)
    assert not here.save(str(notebook))
    assert (clock.now, lab.asked) == (1000, [])


def test_outside_jupyter_nobody_is_asked(
    shell: InteractiveShell, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no server started the kernel there is no JupyterLab either."""
    monkeypatch.delenv("JPY_SESSION_NAME")
    lab = FrontEnd(lambda: None)
    lab.install(monkeypatch)
    assert not Kernel(shell).save(str(notebook))
    assert lab.asked == []
