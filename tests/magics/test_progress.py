"""How far long work is, as a line of the cell that comes late, changes, and goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from muse.core.base import progress
from muse.magics.progress import watched


@pytest.fixture
def shown(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the shell would send to the front end."""
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(shell, "display_pub", publisher)
    outputs: list[dict[str, Any]] = publisher.outputs
    return outputs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A clock that stands still; its one entry is the time."""
    now = [0.0]
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now[0])
        yield now


def test_short_work_says_nothing(shown: list[dict[str, Any]], clock: list[float]) -> None:
    """A second is nothing to talk about."""
    with watched():
        clock[0] = 0.9
        progress.report("reading files", 10, 20)
    assert shown == []
    assert progress.monitor is None


def test_long_work_has_one_line(shown: list[dict[str, Any]], clock: list[float]) -> None:
    """The same line changes, and is empty in the end, also when the work fails."""
    with pytest.raises(KeyboardInterrupt), watched():
        for second in (1.5, 1.6, 2.5):
            clock[0] = second
            progress.report("reading files", int(second * 1000), 2500)
        raise KeyboardInterrupt
    texts = [one["data"]["text/plain"] for one in shown]
    assert texts == ["reading files: 1,500 of 2,500", "reading files: 2,500 of 2,500", ""]
    assert [one["update"] for one in shown] == [False, True, True]
    assert len({one["transient"]["display_id"] for one in shown}) == 1
    assert progress.monitor is None
