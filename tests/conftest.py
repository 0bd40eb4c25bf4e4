"""What every test stands on: an environment of its own, so that whole outputs can be asserted."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

import hypothesis
import pytest

from tests.environment import scrubbed

# A busy machine is no failure. CI tries the same examples every time; elsewhere each run looks for new ones.
hypothesis.settings.register_profile("muse", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("muse")


# A shell that starts the tests in the background has them ignore Ctrl+C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the home of every test: not in `tmp_path`, which tests take for a repository."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def environment(homes: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Put every test into a scrubbed environment; the value is what a process that it starts should get."""
    clean = scrubbed(Path(tempfile.mkdtemp(dir=homes)))
    for name in os.environ.keys() - clean.keys() - {"PYTEST_CURRENT_TEST"}:
        monkeypatch.delenv(name)
    for name, value in clean.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    return clean


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
