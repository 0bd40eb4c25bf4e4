"""Folders as the sweep meets them, for its tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muse.core.paths import Layout
from muse.core.system import sweep, temps

#: Names enough for a folder to be worth remembering.
MANY = sweep.MANY_NAMES + 1


class Clock:
    """What the sweep takes for the time, in nanoseconds."""

    def __init__(self, now: int) -> None:
        self.now = now

    def time_ns(self) -> int:
        """The time."""
        return self.now


def another_process() -> None:
    """From here on nothing is known but what is on the disk."""
    sweep._memories.clear()


def settle(layout: Layout) -> None:
    """Every folder changed long ago, at the same moment."""
    for folder, _, _ in os.walk(layout.muse):
        os.utime(folder, (0, 0))


def grow(layout: Layout) -> None:
    """A log with many entries."""
    for number in range(MANY):
        Path(layout.operation(number)).write_bytes(b"")


def plant(folder: str, prefix: str) -> str:
    """An old temporary file that nobody holds."""
    path = os.path.join(folder, temps.new_name(prefix))
    Path(path).write_bytes(b"half")
    os.utime(path, (0, 0))
    return path


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch, call: str) -> Iterator[list[str]]:
    """The paths with which a function of `os` is called."""
    paths: list[str] = []
    real: Callable[..., object] = getattr(os, call)

    def counted(path: str, *arguments: object, **options: object) -> object:
        paths.append(path)
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, counted)
        yield paths


def entry(layout: Layout, number: int) -> None:
    """What a writing command does to the log, and tells the sweep."""
    before = sweep.signature(layout.ops)
    Path(layout.operation(MANY + number)).write_bytes(b"")
    sweep.carry(layout.ops, before, sweep.signature(layout.ops))
