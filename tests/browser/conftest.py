"""JupyterLab and Notebook in Chromium: one server of each kind for all tests, one page for each notebook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.harness import Jupyter, Notebook, serve, write_notebook
from tests.environment import absent

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
NO_BROWSER = "no Chromium: `apt install chromium`, or `.venv/bin/playwright install --with-deps chromium`"
# Notebook 7 throws this one by itself while it starts.
THEIR_OWN_ERROR = "reading 'schema'"

@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser: the one that Playwright fetched, else the system's."""
    with sync_playwright() as playwright:
        fetched = playwright.chromium.executable_path
    if os.path.exists(fetched):
        return fetched
    return shutil.which("chromium") or shutil.which("google-chrome") or absent(NO_BROWSER)


@pytest.fixture(scope="session", params=["lab", "notebook"])
def jupyter(
    chromium: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jupyter]:
    """A server of each kind: a test that asks for it runs once in each."""
    with serve(request.param, tmp_path_factory.mktemp("jupyter")) as server:
        yield server


# Per module: as long as Playwright runs, its event loop is this thread's, and no other test may run its own.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_notebook(jupyter: Jupyter, browser: Browser) -> Iterator[Callable[[str, list[str]], Notebook]]:
    """Make a notebook of code cells at a path below the server's root, and open it.

    Afterwards no page may show a dialog, have thrown an error or have asked anything of the world outside.
    """
    pages: list[Notebook] = []

    def make(name: str, sources: list[str]) -> Notebook:
        write_notebook(jupyter.root / name, sources)
        pages.append(Notebook(browser, jupyter, name))
        return pages[-1]

    yield make
    for notebook in pages:
        dialogs = notebook.page.locator(".jp-Dialog").count()
        errors = [error for error in notebook.errors if THEIR_OWN_ERROR not in error]
        notebook.page.close()
        assert (dialogs, errors, notebook.outside) == (0, [], [])
