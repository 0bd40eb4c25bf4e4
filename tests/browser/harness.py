"""A real Jupyter in a real browser, handled as a person handles it.

JupyterLab and Notebook run with `--expose-app-in-browser`: their own commands do the work of menus, and they
answer when the work is done. So nothing here guesses at a menu, and nothing sleeps.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from tests.environment import scrubbed

TIMEOUT = 60_000  # milliseconds; a busy machine takes ten times as long as an idle one
expect.set_options(timeout=TIMEOUT)
SCREENSHOTS = os.environ.get("MUSE_SCREENSHOTS")

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # All cells in the page, also those out of sight; and no dialog that asks for a kernel.
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    # A file changes when the test saves it, never because time went by.
    "docmanager-extension/plugin": {"autosave": False},
}
# ipylab lets muse save the notebook before a commit; most people do not have it.
WITHOUT_IPYLAB = {"disabledExtensions": {"ipylab": True}}

READY = """name => {
    const shown = window.jupyterapp?.shell?.currentWidget;
    return shown?.context?.isReady && shown.context.path === name
        && shown.sessionContext?.session?.kernel?.status === 'idle';
}"""
RUN = """async index => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.deselectAll();
    notebook.activeCellIndex = index;
    await window.jupyterapp.commands.execute('notebook:run-cell');
}"""
HAS_SOURCE = """([index, source]) =>
    window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.getSource() === source"""
COMMAND = "command => window.jupyterapp.commands.execute(command)"


class Jupyter(NamedTuple):
    """A running server: JupyterLab (`kind` "lab"), the same with ipylab ("ipylab"), or Notebook ("notebook")."""

    kind: str
    url: str
    token: str
    root: Path

    def address(self, name: str) -> str:
        """Where a browser finds the notebook `name`, a path below `root`, and no other beside it."""
        view = "notebooks" if self.kind == "notebook" else f"lab/workspaces/{secrets.token_hex(4)}/tree"
        return f"{self.url}/{view}/{name}?token={self.token}"


@contextmanager
def serve(kind: str, top: Path) -> Iterator[Jupyter]:
    """Run a server that knows nothing of the person's own Jupyter, with its files below `top`."""
    root = top / "root"
    root.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    jupyter = Jupyter(kind, f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    module = "notebook" if kind == "notebook" else "jupyterlab"
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    options += ["--ServerApp.ip=127.0.0.1", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    with subprocess.Popen(
        [sys.executable, "-m", module, *options],
        env=configured(kind, top) | {"JUPYTER_TOKEN": jupyter.token},
        cwd=root,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        log = b""
        while b"is running at" not in log:
            line = process.stderr.readline()
            assert line, f"{module} did not start:\n{os.fsdecode(log)}"
            log += line
        with open(top / "log", "wb") as rest:
            reader = threading.Thread(target=shutil.copyfileobj, args=(process.stderr, rest))
            reader.start()
            try:
                yield jupyter
            finally:
                process.terminate()
                reader.join()


def configured(kind: str, top: Path) -> dict[str, str]:
    """An environment with `SETTINGS` in its own configuration folders."""
    for name, value in SETTINGS.items():
        write_json(top / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings", value)
    if kind != "ipylab":
        write_json(top / "config" / "labconfig" / "page_config.json", WITHOUT_IPYLAB)
    return scrubbed(top / "home") | {
        "JUPYTER_CONFIG_DIR": str(top / "config"),
        "JUPYTER_DATA_DIR": str(top / "data"),
        "JUPYTER_RUNTIME_DIR": str(top / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(top / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(top / "workspaces"),
    }


def write_json(path: Path, value: object) -> None:
    """Write a JSON file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_notebook(path: Path, sources: list[str]) -> None:
    """Write a notebook of code cells that never ran."""
    new: dict[str, object] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [new | {"id": f"cell-{number}", "source": source} for number, source in enumerate(sources, 1)]
    write_json(path, {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Notebook:
    """A notebook that is open in a browser. Cells are counted from 1, as muse counts them.

    Attributes:
        path: The file on the disk.
        outside: Addresses off this machine that the page asked for; none was answered.
        errors: What the page's own code threw.
    """

    def __init__(self, browser: Browser, jupyter: Jupyter, name: str) -> None:
        self.path = jupyter.root / name
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": 1200, "height": 1400})
        self.page.set_default_timeout(TIMEOUT)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route(lambda url: not url.startswith((jupyter.url, "data:", "blob:")), self._refuse)
        self.page.goto(jupyter.address(name))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(READY, arg=name)

    def _refuse(self, route: Route, request: Request) -> None:
        self.outside.append(request.url)
        route.abort()

    def cell(self, number: int) -> Locator:
        """One cell as it stands in the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number - 1)

    def run_cell(self, number: int) -> None:
        """Run one cell and wait until the kernel has answered, with an error or without."""
        self.page.evaluate(RUN, number - 1)

    def edit_cell(self, number: int, source: str) -> None:
        """Replace the source of a cell, in its editor, without running it."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.page.wait_for_function(HAS_SOURCE, arg=[number - 1, source])

    def save(self) -> None:
        """Save the notebook, and wait until the file is written."""
        self.page.evaluate(COMMAND, "docmanager:save")

    def reload(self) -> None:
        """Take the file as it stands on the disk, as `File > Reload Notebook from Disk` does.

        The menu asks first when there are unsaved changes; here the answer is yes.
        """
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.revert()")

    def outputs(self, number: int) -> Locator:
        """What a person sees below a cell; `expect(…).to_contain_text(…)` waits for it to be drawn."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def screenshot(self, name: str, part: Locator | None = None) -> None:
        """Keep a picture of the page, or a part of it, in the folder that `MUSE_SCREENSHOTS` names, if it names one."""
        if SCREENSHOTS:
            (part or self.page).screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
