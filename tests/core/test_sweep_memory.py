"""What the sweep remembers: enough to cost nothing, and never so much that a dead file stays."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core import locks, sweep, temps
from muse.core.codec import pack, unpack
from muse.core.paths import Layout
from tests.core.stores import new_repo
from tests.core.strange import NOT_OURS

SHARDS = tuple(f"{number:02x}" for number in range(0, 256, 5))
MANY = sweep.MANY_NAMES + 1
TICK = 4_000_000
SECOND = 1_000_000_000
HOUR = 3600


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    """What the sweep remembers is not remembered from test to test."""
    sweep._memories.clear()
    yield
    sweep._memories.clear()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository with more shards than are listed gladly, all of them from long ago."""
    found = new_repo(tmp_path).layout
    for shard in SHARDS:
        os.makedirs(os.path.join(found.shards, shard))
    settle(found)
    return found


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


def another_process() -> None:
    """From here on nothing is known but what is on the disk."""
    sweep._memories.clear()


def kept(layout: Layout) -> str:
    """The file that holds what is remembered."""
    return os.path.join(layout.cache, "sweep")


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


def test_another_process_lists_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep.sweep(layout)
    settle(layout)
    another_process()
    with counting(monkeypatch, "listdir") as listed, counting(monkeypatch, "open") as opened:
        sweep.sweep(layout)
    assert listed == []
    assert sorted(opened) == sorted([layout.muse, layout.muse, layout.shards, kept(layout)])
    with counting(monkeypatch, "listdir") as listed, counting(monkeypatch, "open") as opened:
        sweep.sweep(layout)
    assert listed == []
    assert kept(layout) not in opened


def test_another_process_finds_what_came_later(layout: Layout) -> None:
    sweep.sweep(layout)
    for folder, prefix in ((layout.ops, temps.MUSE_TEMP), (os.path.join(layout.shards, SHARDS[3]), temps.OBJECT_TEMP)):
        another_process()
        planted = plant(folder, prefix)
        assert sweep.sweep(layout) == 1
        assert not os.path.exists(planted)


def test_it_is_kept_where_many_names_were_listed(layout: Layout) -> None:
    another = Layout(os.path.join(layout.root, "small"))
    os.makedirs(another.ops)
    settle(another)
    sweep.sweep(another)
    assert not os.path.exists(another.cache)
    for number in range(MANY):
        Path(another.operation(number)).write_bytes(b"")
    sweep.sweep(another)
    assert not os.path.exists(another.cache), "it may change again without showing it"
    settle(another)
    sweep.sweep(another)
    assert os.listdir(another.cache) == ["sweep"]


def test_two_processes_learn_from_each_other(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(layout)
    sweep.sweep(layout)
    first = dict(sweep._memories)
    another_process()
    sweep.sweep(layout)
    entry(layout, 0)
    sweep._memories.update(first)
    with counting(monkeypatch, "listdir") as listed:
        sweep.sweep(layout)
    assert layout.ops not in listed


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:-9] + b"somewhere",
        lambda data: pack(7),
        lambda data: pack({**unpack(data, ""), "version": 2}),
    ],
)
def test_an_odd_file_is_thrown_away(layout: Layout, damage: Callable[[bytes], bytes]) -> None:
    sweep.sweep(layout)
    path = Path(kept(layout))
    good = unpack(path.read_bytes(), "")
    path.write_bytes(damage(path.read_bytes()))
    another_process()
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)
    assert unpack(path.read_bytes(), "")["version"] == good["version"]


@pytest.mark.parametrize(
    "body",
    [
        *(7, [], {}, {"clean": {}, "large": {}}, {"clean": 7, "large": {}, "shards": []}),
        *({"clean": {}, "large": {"ops": 7}, "shards": []}, {"clean": {}, "large": {"ops": ["a", 1, 1]}, "shards": []}),
        *({"clean": {}, "large": {}, "shards": [7]}, {"clean": {}, "large": [], "shards": []}),
    ],
)
def test_an_odd_body_is_thrown_away(layout: Layout, body: object) -> None:
    packed = pack(body)
    Path(kept(layout)).write_bytes(pack({"version": 1, "check": crc32(packed), "body": packed}))
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)


@pytest.mark.parametrize("name", ["..", "/", "../../..", "./../.."])
def test_names_that_lead_elsewhere_are_not_followed(layout: Layout, name: str) -> None:
    seen = sweep.signature(layout.shards)
    body = pack({"clean": {"objects/sha256": seen}, "large": {}, "shards": [name]})
    Path(kept(layout)).write_bytes(pack({"version": 1, "check": crc32(body), "body": body}))
    planted = [plant(folder, temps.OBJECT_TEMP) for folder in (layout.objects, layout.root)]
    assert sweep.sweep(layout) == 0
    assert all(map(os.path.exists, planted))


@pytest.mark.parametrize("make", NOT_OURS)
def test_what_is_no_file_is_thrown_away(
    layout: Layout, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(layout.cache)
    make(Path("sweep"))
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)


def test_where_nothing_can_be_written_nothing_fails(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    os.rmdir(layout.cache)
    settle(layout)
    for call in ("mkdir", "rename"):
        another_process()
        with monkeypatch.context() as patch, counting(monkeypatch, "listdir") as listed:
            patch.setattr(os, call, refuse)
            sweep.sweep(layout)
            assert len(listed) > len(SHARDS)
            listed.clear()
            sweep.sweep(layout)
        assert set(listed) <= {layout.muse, layout.cache}, "this process remembers all the same"
    assert not os.path.exists(kept(layout))


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


class Log:
    """A log under a clock of its own, whose ticks are as coarse as those of a file system."""

    def __init__(self, root: Path) -> None:
        self.layout = new_repo(root).layout
        self.now = time.time_ns()
        self.dead: dict[str, int] = {}
        self.entries = 0
        self.live: list[tuple[str, int]] = []
        for number in range(3):
            Path(self.layout.operation(number)).write_bytes(b"")
        self.changed()

    def time_ns(self) -> int:
        """The clock of the sweep."""
        return self.now

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
    | st.sampled_from([1000, TICK, SECOND, 2 * SECOND, 3 * SECOND, -5 * SECOND]),
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
