"""What holds for every test of the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muse.core.system import sweep


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    """What the sweep remembers is not remembered from test to test."""
    sweep._memories.clear()
    yield
    sweep._memories.clear()
