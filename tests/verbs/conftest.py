"""Where the verbs are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import ok


@pytest.fixture
def repository(folder: Path) -> Path:
    """A new repository, which is the current folder."""
    ok("init")
    return folder
