"""A log that grows is seldom listed, and nothing dead stays in it for long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.operations.entry import append
from muse.core.paths import Layout
from muse.core.system import locks, sweep, temps
from tests.core.stores import an_operation, new_repo
from tests.core.sweeping import MANY, Clock, another_process, counting, entry, grow, plant, settle

TICK = 4_000_000
SECOND = 1_000_000_000
#: A clock is set back, and not to a tick that was: a folder with the same time twice tells nothing.
BACK = -5 * SECOND - 101 * TICK


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository from long ago."""
    found = new_repo(tmp_path).layout
    settle(found)
    return found


@pytest.mark.parametrize("between", [another_process, lambda: None])
def test_a_long_log_is_seldom_listed(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, between: Callable[[], None]
) -> None:
    grow(layout)
    with counting(monkeypatch, "listdir") as listed:
        for number in range(3 * sweep.MOST_CARRIED):
            between()
            sweep.sweep(layout)
            entry(layout, number)
    assert 3 <= listed.count(layout.ops) <= 4


@pytest.mark.parametrize("passed", [2 * SECOND, -5 * SECOND])
def test_what_was_carried_is_listed_when_time_has_passed_or_the_clock_went_back(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, passed: int
) -> None:
    grow(layout)
    sweep.sweep(layout)
    entry(layout, 0)
    monkeypatch.setattr(sweep, "time", Clock(time.time_ns() + passed))
    with counting(monkeypatch, "listdir") as listed:
        sweep.sweep(layout)
    assert layout.ops in listed


@pytest.mark.parametrize("between", [another_process, lambda: None])
def test_a_long_log_that_changed_just_now_is_listed_once_now_and_once_when_it_has_settled(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, between: Callable[[], None]
) -> None:
    grow(layout)
    with counting(monkeypatch, "listdir") as listed:
        for passed in (0, 0, 2 * SECOND, 2 * SECOND):
            monkeypatch.setattr(sweep, "time", Clock(time.time_ns() + passed))
            sweep.sweep(layout)
            between()
    assert listed.count(layout.ops) == 2


def test_a_short_log_is_listed_after_each_entry(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    with counting(monkeypatch, "listdir") as listed:
        for number in range(9):
            sweep.sweep(layout)
            entry(layout, number)
    assert listed.count(layout.ops) == 9


def test_what_came_before_the_entry_is_not_carried_over(layout: Layout) -> None:
    grow(layout)
    settle(layout)
    sweep.sweep(layout)
    planted = plant(layout.ops, temps.MUSE_TEMP)
    entry(layout, 0)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)


def test_carrying_never_fails(layout: Layout, tmp_path: Path) -> None:
    seen = sweep.signature(layout.ops)
    sweep.carry(layout.ops, seen, seen)
    sweep.sweep(layout)
    sweep.carry(layout.ops, None, seen)
    sweep.carry(layout.ops, seen, None)
    assert sweep.signature(str(tmp_path / "nowhere")) is None
    assert not os.path.exists(os.path.join(layout.cache, "other"))


class Log(Clock):
    """A log under a clock of its own, whose ticks are as coarse as those of a file system."""

    def __init__(self, root: Path) -> None:
        super().__init__(time.time_ns())
        self.layout = new_repo(root).layout
        self.dead: dict[str, int] = {}
        self.entries = 0
        self.live: list[tuple[str, int]] = []
        for number in range(3):
            Path(self.layout.operation(number)).write_bytes(b"")
        self.changed()

    def changed(self) -> None:
        """The folder has the time of the last tick."""
        tick = self.now - self.now % TICK
        os.utime(self.layout.ops, ns=(tick, tick))
        self.touched = tick

    def plant(self) -> None:
        """Another process dies."""
        self.dead[plant(self.layout.ops, temps.MUSE_TEMP)] = self.entries
        self.changed()

    def begin(self) -> None:
        """Another process is at work, and stays so."""
        path = plant(self.layout.ops, temps.MUSE_TEMP)
        fd = os.open(path, os.O_RDWR)
        assert locks.try_lock(fd)
        self.live.append((path, fd))
        self.changed()

    def entry(self, meanwhile: Callable[[], None] | None = None) -> None:
        """A command makes an entry, while something else happens."""
        before = sweep.signature(self.layout.ops)
        if meanwhile is not None:
            meanwhile()
        self.entries += 1
        Path(self.layout.operation(10 + self.entries)).write_bytes(b"")
        self.changed()
        sweep.carry(self.layout.ops, before, sweep.signature(self.layout.ops))

    def sweep(self) -> None:
        """A command begins: what must be gone is gone, and no live file is."""
        if sweep.sweep(self.layout):
            self.changed()
        waited = self.now - self.touched >= sweep.SETTLED_NS
        for path, entries in list(self.dead.items()):
            if not os.path.exists(path):
                del self.dead[path]
            else:
                assert not waited
                assert self.entries - entries < sweep.MOST_CARRIED
        assert all(os.path.exists(path) for path, _ in self.live)

    def close(self) -> None:
        """All die."""
        for _, fd in self.live:
            os.close(fd)


WHAT_HAPPENS = st.lists(
    st.sampled_from(["sweep", "sweep", "entry", "entry", "plant", "plant within", "begin", "begin within", "process"])
    | st.sampled_from([1000, TICK, SECOND, 2 * SECOND, 3 * SECOND, BACK]),
    max_size=40,
)


@settings(max_examples=300)
@given(steps=WHAT_HAPPENS)
def test_nothing_dead_stays_whatever_happens(tmp_path_factory: pytest.TempPathFactory, steps: list[str | int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        log = Log(tmp_path_factory.mktemp("log", numbered=True))
        patch.setattr(sweep, "time", log)
        patch.setattr(sweep, "MANY_NAMES", 2)
        patch.setattr(sweep, "MOST_CARRIED", 4)
        another_process()
        happen: dict[str, Callable[[], None]] = {
            "sweep": log.sweep,
            "entry": log.entry,
            "plant": log.plant,
            "plant within": lambda: log.entry(log.plant),
            "begin": log.begin,
            "begin within": lambda: log.entry(log.begin),
            "process": another_process,
        }
        for step in steps:
            if isinstance(step, int):
                log.now += step
            else:
                happen[step]()
        log.now = max(log.now, log.touched) + 2 * SECOND
        log.sweep()
        assert log.dead == {}
        log.close()


@settings(max_examples=100)
@given(steps=WHAT_HAPPENS)
def test_in_a_tick_of_its_own_it_is_found_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | int]
) -> None:
    """Whatever happened before: what changes the time of the folder is seen."""
    with pytest.MonkeyPatch.context() as patch:
        log = Log(tmp_path_factory.mktemp("log", numbered=True))
        patch.setattr(sweep, "time", log)
        patch.setattr(sweep, "MANY_NAMES", 2)
        for step in steps:
            if isinstance(step, int):
                log.now += abs(step)
            elif step == "entry":
                log.entry()
            elif step == "sweep":
                log.sweep()
        log.now += TICK
        log.plant()
        log.sweep()
        assert log.dead == {}


def test_an_entry_of_ours_is_carried(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(layout)
    sweep.sweep(layout)
    append(layout, an_operation(MANY), lambda: None, durable=False, way="link")
    another_process()
    with counting(monkeypatch, "listdir") as listed:
        sweep.sweep(layout)
    assert layout.ops not in listed
