"""A repository to record in."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.core.stores import new_repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository without history, which does not wait for the disk."""
    return new_repo(tmp_path / "root")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losers do not wait before they try again."""
    monkeypatch.setattr("muse.core.commands.writing._pause", lambda attempt: None)
