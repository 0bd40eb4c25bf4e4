"""The surroundings of a test: the project, a new user's environment, programs that may not be there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[1]

LEAKS = (
    *("MUSE_", "GIT_", "XDG_", "JUPYTER", "JPY_", "IPYTHON", "PYTHON", "PYTEST_", "VIRTUAL_ENV"),
    *("LC_", "LANG", "PAGER", "LESS", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR"),
)


def scrubbed(home: Path) -> dict[str, str]:
    """The environment of a new user who lives in `home`, at noon on 14 March 2026.

    Nothing of the person or the machine that runs the tests leaks in: no settings of muse, git, IPython or
    Jupyter, no language, no clock. `muse` is the one that belongs to the Python that runs.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEAKS)}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "IPYTHONDIR": str(home / ".ipython"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
        "MUSE_AUTHOR_NAME": "Ada Example",
        "MUSE_AUTHOR_EMAIL": "ada@example.org",
        "MUSE_NOW": "2026-03-14T12:00:00+00:00",
    }


def program(name: str) -> str:
    """The path of a program of the system; without it the test is skipped, or fails in CI."""
    return shutil.which(name) or absent(f"no {name}: apt install {name}")


def absent(reason: str) -> NoReturn:
    """Skip the test; where `CI` is set nothing may be skipped in silence, so there it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def project_files() -> list[str]:
    """The files of the project, relative to `ROOT`: what git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return sorted(name for name in os.fsdecode(listed.stdout).split("\0") if (ROOT / name).is_file())
