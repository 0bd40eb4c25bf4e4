"""Repositories that something bad happens to."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import ok


@pytest.fixture
def repository(folder: Path) -> Repo:
    """A new repository, which is the current folder."""
    ok("init")
    return Repo(str(folder))


@pytest.fixture
def history(repository: Repo) -> Repo:
    """A repository with three commits: each changes `a.txt`, the first also holds `b.txt`."""
    Path("b.txt").write_text("b\n" * 100)
    for number in (1, 2, 3):
        Path("a.txt").write_text(f"version {number}\n" * 100)
        ok("commit", "-m", f"commit {number}")
    return repository
