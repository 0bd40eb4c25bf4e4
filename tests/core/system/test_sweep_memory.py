"""What the sweep remembers across processes: enough to cost nothing, and nothing that is odd."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muse.core.base.codec import pack, unpack
from muse.core.paths import Layout
from muse.core.system import sweep, temps
from tests.core.stores import new_repo
from tests.core.strange import NOT_OURS
from tests.core.sweeping import MANY, another_process, counting, entry, grow, plant, settle

SHARDS = tuple(f"{number:02x}" for number in range(0, 256, 5))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository with more shards than are listed gladly, all of them from long ago."""
    found = new_repo(tmp_path).layout
    for shard in SHARDS:
        os.makedirs(os.path.join(found.shards, shard))
    settle(found)
    return found


def kept(layout: Layout) -> str:
    """The file that holds what is remembered."""
    return os.path.join(layout.cache, "sweep")


def test_another_process_lists_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep.sweep(layout)
    settle(layout)
    another_process()
    with counting(monkeypatch, "listdir") as listed, counting(monkeypatch, "open") as opened:
        sweep.sweep(layout)
    assert listed == []
    assert sorted(opened) == sorted([layout.muse, layout.muse, layout.shards, kept(layout)])
    os.utime(layout.ops, (1, 1))
    with counting(monkeypatch, "listdir") as listed, counting(monkeypatch, "open") as opened:
        sweep.sweep(layout)
    assert listed == [layout.ops]
    assert kept(layout) not in opened, "it has not changed since"


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
        lambda data: pack({**unpack(data, ""), "check": 7}),
    ],
)
def test_an_odd_file_is_thrown_away(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    sweep.sweep(layout)
    path = Path(kept(layout))
    good = unpack(path.read_bytes(), "")
    path.write_bytes(damage(path.read_bytes()))
    another_process()
    with counting(monkeypatch, "listdir") as listed:
        sweep.sweep(layout)
    assert len(listed) > len(SHARDS)
    now = unpack(path.read_bytes(), "")
    assert (now["version"], now["check"]) == (good["version"], crc32(now["body"]))


@pytest.mark.parametrize(
    "body",
    [
        *(7, [], {}, {"clean": {}, "large": {}}, {"clean": 7, "large": {}, "shards": []}),
        *({"clean": {}, "large": {"ops": 7}, "shards": []}, {"clean": {}, "large": {"ops": ["a", 1, 1]}, "shards": []}),
        *({"clean": {}, "large": {}, "shards": [7]}, {"clean": {}, "large": [], "shards": []}),
        {"clean": {}, "large": {"ops": [float("inf"), 0, 0]}, "shards": []},
        {"clean": [], "large": {}, "shards": []},
    ],
)
def test_an_odd_body_is_thrown_away(layout: Layout, body: object) -> None:
    packed = pack(body)
    Path(kept(layout)).write_bytes(pack({"version": 1, "check": crc32(packed), "body": packed}))
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=2) | st.binary(max_size=2),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=2), values, max_size=3),
    max_leaves=8,
)
ODD = st.sampled_from([float("inf"), float("nan"), True, "1"])
NUMBERS = st.lists(st.integers(-3, 9) | ODD, min_size=2, max_size=3)
FOLDERS = st.dictionaries(st.sampled_from(["ops", "cache", "objects/sha256"]), NUMBERS, max_size=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clean=FOLDERS | ANY, large=FOLDERS | ANY, shards=st.just([]) | st.lists(ANY, max_size=2))
def test_whatever_the_file_says_the_sweep_goes_on(layout: Layout, clean: object, large: object, shards: object) -> None:
    body = pack({"clean": clean, "large": large, "shards": shards})
    Path(kept(layout)).write_bytes(pack({"version": 1, "check": crc32(body), "body": body}))
    another_process()
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)
    sweep.carry(layout.ops, sweep.signature(layout.ops), sweep.signature(layout.ops))
    sweep._memories[layout.muse].save()


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


def test_a_time_that_cannot_be_kept_fails_nothing(layout: Layout) -> None:
    """1601, where some systems begin to count, is before what 64 bits hold."""
    memory = sweep.Memory(layout.muse)
    memory.clean = {"ops": (-(2**63) - 1, 1)}
    memory.save()
    assert not os.path.exists(kept(layout))
