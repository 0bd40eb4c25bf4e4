"""A folder to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.folders import ONE_OF_EACH, put_all


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one of everything, beside one with a file that is nobody's business."""
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "root" / ".muse").mkdir(parents=True)
    put_all(tmp_path / "root", ONE_OF_EACH)
    return tmp_path / "root"
