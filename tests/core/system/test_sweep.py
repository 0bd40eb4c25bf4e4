"""`system.sweep`: what a dead writer left is gone, what a live one holds is not touched, and it costs nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.paths import Layout
from muse.core.system import sweep, temps
from tests.core import processes
from tests.core.names_to_try import NAMES
from tests.core.stores import new_repo

LOCKED = (temps.MUSE_TEMP, temps.STAT_CACHE_TEMP)
SPARED = (temps.OBJECT_TEMP, temps.RESTORE_TEMP)
HOUR = 3600


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository with every folder that is swept."""
    found = new_repo(tmp_path).layout
    for name in sweep.MUSE_FOLDERS:
        os.makedirs(os.path.join(found.muse, name), exist_ok=True)
    for shard in ("00", "ab", "ff"):
        os.makedirs(os.path.join(found.shards, shard))
    return found


def muse_folders(layout: Layout) -> list[str]:
    return [os.path.join(layout.muse, name) if name else layout.muse for name in sweep.MUSE_FOLDERS]


def object_folders(layout: Layout) -> list[str]:
    return [layout.packs, *(os.path.join(layout.shards, shard) for shard in ("00", "ab", "ff"))]


def plant(folder: str, prefix: str, age: float = 0) -> str:
    """A temporary file that nobody holds."""
    path = os.path.join(folder, temps.new_name(prefix))
    Path(path).write_bytes(b"half")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_what_dead_writers_left_is_gone(layout: Layout) -> None:
    planted = [plant(folder, prefix) for folder in muse_folders(layout) for prefix in LOCKED]
    planted += [plant(folder, prefix, 61) for folder in object_folders(layout) for prefix in SPARED]
    assert sweep.sweep(layout) == len(planted)
    assert [path for path in planted if os.path.exists(path)] == []


@pytest.mark.parametrize(
    ("age", "gone"), [(0, False), (50, False), (70, True), (HOUR, True), (-60, True), (-HOUR, True)]
)
def test_object_temporaries_are_spared_while_they_are_young(layout: Layout, age: float, gone: bool) -> None:
    planted = [plant(folder, prefix, age) for folder in object_folders(layout) for prefix in SPARED]
    assert sweep.sweep(layout) == (len(planted) if gone else 0)
    assert sweep.sweep_objects(layout) == 0
    assert all(os.path.exists(path) != gone for path in planted)


@pytest.mark.parametrize("age", [0, HOUR, -HOUR])
def test_no_clock_decides_about_the_others(layout: Layout, age: float) -> None:
    planted = [plant(folder, prefix, age) for folder in muse_folders(layout) for prefix in LOCKED]
    assert sweep.sweep_muse(layout.muse) == len(planted)


def test_what_a_live_process_writes_is_not_touched(layout: Layout) -> None:
    with (
        processes.elsewhere(processes.begin_files, layout.ops, LOCKED) as writer,
        processes.elsewhere(processes.begin_files, layout.packs, SPARED) as other,
    ):
        held = [os.path.join(folder, name) for folder in (layout.ops, layout.packs) for name in os.listdir(folder)]
        assert len(held) == 4
        for path in held:
            os.utime(path, (0, 0))
        for _ in range(3):
            assert sweep.sweep(layout) == 0
        for process in (writer, other):
            process.kill()
            process.join()
        assert sweep.sweep(layout) == 4
        assert not any(map(os.path.exists, held))


def test_writing_and_sweeping_at_once_loses_nothing(layout: Layout) -> None:
    answers = processes.race(processes.write_or_sweep, layout.root, 150, processes=3)
    assert answers[0] == answers[1] == 150
    assert len(os.listdir(layout.journal)) == 300


@settings(max_examples=30)
@given(names=st.sets(NAMES | st.sampled_from(["000000000001", "HEAD", "stat", "x.pack", "a.tmp", ".stat_cache_1"])))
def test_other_names_are_left_alone(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    layout = Layout(str(tmp_path_factory.mktemp("swept", numbered=True)))
    for folder in (layout.muse, layout.packs, layout.ops):
        os.makedirs(folder)
        for name in names:
            if not (temps.is_muse_temp(name) or temps.is_object_temp(name)):
                Path(folder, name).write_bytes(b"kept")
                os.utime(os.path.join(folder, name), (0, 0))
    assert sweep.sweep(layout) == 0


def test_each_family_is_swept_in_its_own_folders_only(layout: Layout) -> None:
    kept = [plant(folder, prefix, HOUR) for folder in muse_folders(layout) for prefix in SPARED]
    kept += [plant(folder, prefix, HOUR) for folder in object_folders(layout) for prefix in LOCKED]
    kept += [plant(folder, prefix, HOUR) for folder in (layout.root,) for prefix in LOCKED + SPARED]
    assert sweep.sweep(layout) == 0
    assert all(map(os.path.exists, kept))


def test_folders_elsewhere_are_not_swept_through_links(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    planted = plant(str(tmp_path / "elsewhere"), temps.MUSE_TEMP)
    os.rmdir(os.path.join(layout.muse, "tags"))
    os.symlink(tmp_path / "elsewhere", os.path.join(layout.muse, "tags"))
    assert sweep.sweep(layout) == 0
    assert os.path.exists(planted)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("name", ["objects", "objects/pack", "objects/sha256", "objects/sha256/ab", "refs"])
def test_what_was_moved_elsewhere_is_not_swept(layout: Layout, tmp_path: Path, name: str, known: bool) -> None:
    place, elsewhere = os.path.join(layout.muse, name), str(tmp_path / "elsewhere")
    if known:
        os.utime(layout.shards, (0, 0))
        sweep.sweep(layout)
        assert "objects/sha256" in sweep._memories[layout.muse].clean
    planted = [plant(folder, SPARED[0], HOUR) for folder in object_folders(layout)]
    planted += [plant(os.path.join(layout.muse, "refs/heads"), LOCKED[0], HOUR)]
    os.rename(place, elsewhere)
    os.symlink(elsewhere, place)
    sweep.sweep(layout)
    moved = [path.replace(place, elsewhere) for path in planted if path.startswith(place + "/")]
    assert moved
    assert all(map(os.path.exists, moved))


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were listed."""
    found: list[str] = []
    listdir = os.listdir

    def counted(path: str) -> list[str]:
        found.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)
    return found


def settle(layout: Layout) -> None:
    """Every folder changed long ago, at the same moment."""
    for folder in [*muse_folders(layout), *object_folders(layout), layout.shards]:
        os.utime(folder, (0, 0))


def test_settled_folders_are_not_listed_again(layout: Layout, listed: list[str]) -> None:
    settle(layout)
    sweep.sweep(layout)
    assert sorted(listed) == sorted([*muse_folders(layout), *object_folders(layout), layout.shards])
    listed.clear()
    for _ in range(3):
        sweep.sweep(layout)
    assert listed == []
    planted = plant(layout.ops, temps.MUSE_TEMP)
    assert sweep.sweep(layout) == 1
    assert listed == [layout.ops]
    assert not os.path.exists(planted)


def test_a_folder_that_changed_just_now_is_listed_again(layout: Layout, listed: list[str]) -> None:
    settle(layout)
    os.utime(layout.ops)
    os.utime(layout.packs, (time.time() + HOUR, time.time() + HOUR))
    sweep.sweep(layout)
    listed.clear()
    sweep.sweep(layout)
    assert sorted(listed) == sorted([layout.ops, layout.packs])


def test_a_folder_in_which_something_was_spared_is_listed_again(layout: Layout, listed: list[str]) -> None:
    planted = plant(layout.packs, temps.OBJECT_TEMP)
    settle(layout)
    assert sweep.sweep(layout) == 0
    listed.clear()
    os.utime(planted, (0, 0))
    settle(layout)
    assert sweep.sweep(layout) == 1
    assert listed == [layout.packs]


def test_a_folder_that_was_made_anew_is_listed_again(layout: Layout, listed: list[str]) -> None:
    settle(layout)
    sweep.sweep(layout)
    os.rename(layout.ops, layout.ops + "-old")
    os.mkdir(layout.ops)
    planted = plant(layout.ops, temps.MUSE_TEMP)
    settle(layout)
    assert sweep.sweep(layout) >= 1
    assert not os.path.exists(planted)


def test_many_go_at_once(layout: Layout) -> None:
    planted = [plant(layout.ops, temps.MUSE_TEMP) for _ in range(1000)]
    assert sweep.sweep(layout) == 1000
    assert not any(map(os.path.exists, planted))


def test_a_new_shard_is_swept_though_the_shards_are_known(layout: Layout) -> None:
    settle(layout)
    sweep.sweep(layout)
    os.mkdir(os.path.join(layout.shards, "cd"))
    planted = plant(os.path.join(layout.shards, "cd"), temps.OBJECT_TEMP, HOUR)
    assert sweep.sweep(layout) == 1
    assert not os.path.exists(planted)


def test_what_is_no_shard_is_not_swept(layout: Layout) -> None:
    for name in ("xy", "abc", "A0"):
        os.mkdir(os.path.join(layout.shards, name))
    planted = [plant(os.path.join(layout.shards, name), temps.OBJECT_TEMP, HOUR) for name in ("xy", "abc", "A0")]
    assert sweep.sweep(layout) == 0
    assert all(map(os.path.exists, planted))


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert sweep.sweep(Layout(str(tmp_path))) == 0
    (tmp_path / ".muse").write_bytes(b"a file")
    assert sweep.sweep(Layout(str(tmp_path))) == 0
    assert (tmp_path / ".muse").read_bytes() == b"a file"


@pytest.mark.parametrize("call", ["open", "unlink", "listdir", "stat", "fstat"])
def test_it_never_raises(layout: Layout, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    plant(layout.ops, temps.MUSE_TEMP)
    plant(os.path.join(layout.shards, "ab"), temps.OBJECT_TEMP, HOUR)

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        assert sweep.sweep(layout) == 0
    assert sweep.sweep(layout) == 2


def test_a_repository_that_is_a_link_is_not_swept(layout: Layout, tmp_path: Path) -> None:
    planted = plant(layout.muse, temps.MUSE_TEMP)
    os.symlink(layout.muse, tmp_path / "link")
    assert sweep.sweep_muse(str(tmp_path / "link")) == 0
    assert os.path.exists(planted)
    assert sweep.sweep_muse(layout.muse) == 1
