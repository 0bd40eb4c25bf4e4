"""`system.stale`: a temporary file goes when nobody holds it, and only if it is one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.system import locks, stale, temps
from tests.core.strange import NOT_OURS

FAMILIES = (temps.MUSE_TEMP, temps.STAT_CACHE_TEMP, temps.OBJECT_TEMP, temps.RESTORE_TEMP)
MINUTE = 60


def plant(folder: Path, prefix: str, age: float = 0) -> Path:
    """A temporary file that nobody holds."""
    path = folder / temps.new_name(prefix)
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


@pytest.mark.parametrize("prefix", FAMILIES)
def test_what_somebody_holds_stays_and_then_goes(tmp_path: Path, prefix: str) -> None:
    path = plant(tmp_path, prefix, 2 * MINUTE)
    fd = os.open(path, os.O_RDWR)
    assert locks.try_lock(fd)
    assert stale.remove_dead([str(path)]) == 0
    os.close(fd)
    assert stale.remove_dead([str(path)]) == 1
    assert not path.exists()
    assert stale.remove_dead([str(path)]) == 0


@pytest.mark.parametrize("prefix", FAMILIES)
def test_only_the_object_families_are_spared_while_young(tmp_path: Path, prefix: str) -> None:
    assert stale.remove_dead([str(plant(tmp_path, prefix))]) == (0 if temps.is_object_temp(prefix) else 1)


@pytest.mark.parametrize("prefix", FAMILIES)
@pytest.mark.parametrize("age", [2 * MINUTE, -MINUTE])
def test_a_file_from_long_ago_or_from_the_future_goes(tmp_path: Path, prefix: str, age: float) -> None:
    assert stale.remove_dead([str(plant(tmp_path, prefix, age))]) == 1


@pytest.mark.parametrize("make", NOT_OURS)
def test_what_only_has_the_name_is_left_alone(
    tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for prefix in FAMILIES:
        path = tmp_path / temps.new_name(prefix)
        make(path)
        os.utime(path, (0, 0), follow_symlinks=False)
        went = stale.remove_dead([str(path)])
        assert (went, os.path.lexists(path)) == ((1, False) if make.__name__ == "sparse" else (0, True))


def test_without_locks_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(fd: int) -> bool:
        raise locks.LocksUnsupported

    monkeypatch.setattr(locks, "try_lock", unsupported)
    young, old = plant(tmp_path, temps.MUSE_TEMP), plant(tmp_path, temps.MUSE_TEMP, 2 * MINUTE)
    assert stale.remove_dead([str(young)]) == 0
    assert stale.remove_dead([str(old)]) == 1
    assert young.exists()


@pytest.mark.parametrize("count", [50, 51, 400])
def test_many_go_as_few_do(tmp_path: Path, count: int) -> None:
    planted = [plant(tmp_path, temps.MUSE_TEMP) for _ in range(count)]
    fd = os.open(planted[7], os.O_RDWR)
    assert locks.try_lock(fd)
    assert stale.remove_dead([str(path) for path in planted]) == count - 1
    os.close(fd)
    assert os.listdir(tmp_path) == [planted[7].name]
