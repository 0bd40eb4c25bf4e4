"""What the kernel knows of itself: what it ran, which notebook it runs, and how to have that saved."""

from __future__ import annotations

import os
import time
from typing import Any

from muse.notebook import session
from muse.notebook.ran import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

_SAVE_SECONDS = 2.0


class Kernel:
    """The hooks on one shell.

    Args:
        shell: The shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._runs: dict[tuple[str, str], Run] = {}
        self._found: str | None = None
        self._front_end: Any = None
        self._deaf = False

    def before_cell(self, info: ExecutionInfo) -> None:
        """Note what is about to run. Never raises: it runs in the user's cell."""
        try:
            if info.store_history and info.raw_cell:
                key = str(getattr(info, "cell_id", None) or "")
                count = self.shell.execution_count
                source = str(info.raw_cell)
                self._runs[key, "" if key else source] = Run(key, source, time.time_ns(), count)
        except Exception:
            return

    def runs(self) -> tuple[Run, ...]:
        """What ran: for each cell the last time."""
        return tuple(self._runs.values())

    def notebook(self) -> str | None:
        """The path of the notebook, or None when nobody knows."""
        from muse.magics import location

        if not hasattr(self.shell, "kernel"):
            return None  # a terminal has none
        if self._found is None or not os.path.isfile(self._found):
            self._found = location.find(self.shell.user_ns, [run.source for run in self.runs()])
        return self._found

    def save(self, path: str) -> bool:
        """Have JupyterLab save the notebook, and wait until the file has changed and is whole.

        Returns:
            False when there is no way to ask (`ipylab` is not installed, this is no JupyterLab) or no answer.
        """
        before, deadline = _signature(path), time.monotonic() + _SAVE_SECONDS
        if self._deaf or "JPY_SESSION_NAME" not in os.environ or not self._ask_to_save():
            return False
        seen = before
        while seen == before or _is_being_written(path) or _signature(path) != seen:
            if time.monotonic() > deadline:
                self._deaf = seen == before  # nobody listens: ask no more in this kernel
                return not self._deaf
            seen = _signature(path)
            time.sleep(0.01)
        return True

    def _ask_to_save(self) -> bool:
        try:
            if self._front_end is None:
                from ipylab import JupyterFrontEnd

                self._front_end = JupyterFrontEnd()
            self._front_end.commands.execute("docmanager:save")
        except Exception:
            self._deaf = True
            return False
        return True


def watch(shell: InteractiveShell) -> None:
    """Start to note what the kernel runs."""
    kernel = Kernel(shell)
    shell.events.register("pre_run_cell", kernel.before_cell)
    session.current = session.Session(kernel.notebook, kernel.runs, kernel.save)


def unwatch(shell: InteractiveShell) -> None:
    """Stop, and forget."""
    for callback in list(shell.events.callbacks.get("pre_run_cell", ())):
        if isinstance(getattr(callback, "__self__", None), Kernel):
            shell.events.unregister("pre_run_cell", callback)
    session.current = None


def _signature(path: str) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _is_being_written(path: str) -> bool:
    """The server writes in place: the file is cut short at first, with the old copy beside it."""
    folder, name = os.path.split(path)
    if os.path.lexists(os.path.join(folder, f".~{name}")):
        return True
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 8))
            return not file.read().rstrip().endswith(b"}")
    except OSError:
        return False
