"""What a dead process left behind is gone after the next `%muse` cell; what a live one holds is not."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from muse.core.system import temps
from tests.commands import ok
from tests.magics.kernels import Kernel

pytestmark = pytest.mark.slow

FAMILIES = (temps.MUSE_TEMP, temps.STAT_CACHE_TEMP, temps.OBJECT_TEMP, temps.RESTORE_TEMP)
FOLDERS = ("", "cache", "ops", "journal", "restore")
OLDER_FOLDERS = ("branches", "commits", "snapshots", "tags", "releases", "refs", "refs/heads")
OBJECT_FOLDERS = ("objects/pack", "objects/sha256/00", "objects/sha256/ab", "objects/sha256/ff")


def plant(folder: Path, family: str, age: float) -> Path:
    """A temporary file of a family, as many seconds old."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / temps.new_name(family)
    path.write_bytes(b"half of it")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def plant_everywhere(muse: Path, age: float = 3600) -> list[Path]:
    """A temporary file of every family in every folder where it may be."""
    small = [muse / folder for folder in FOLDERS + OLDER_FOLDERS]
    objects = [muse / folder for folder in OBJECT_FOLDERS]
    planted = [plant(folder, family, age) for folder in small for family in FAMILIES[:2]]
    return planted + [plant(folder, family, age) for folder in objects for family in FAMILIES[2:]]


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Be the live process that writes a file."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def muse(folder: Path) -> Path:
    """The `.muse` of a repository with a commit."""
    (folder / "a.txt").write_text("one\n")
    ok("init")
    ok("commit", "-m", "first look")
    return folder / ".muse"


def test_one_cell_sweeps_all(kernel: Kernel, muse: Path) -> None:
    """Every family, in every folder; and the cell answers as if nothing had been there."""
    planted = plant_everywhere(muse)
    kept = [muse / "cache" / "keep", muse / "objects" / "pack" / "obj-tmp-keep", muse / "ops" / "000000000001"]
    for path in kept[:2]:
        path.write_bytes(b"not ours to remove")
    answer = kernel.run("%muse status")
    assert (answer.status, answer.lines[1:]) == ("ok", ["Nothing to commit, the folder is clean."])
    assert [path for path in planted if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []


def test_a_second_cell_sweeps_what_came_later(kernel: Kernel, muse: Path) -> None:
    """That a folder was clean once does not mean that it is."""
    for _ in range(2):
        kernel.run("%muse status")
        planted = plant_everywhere(muse)
        kernel.run("%muse status")
        assert [path for path in planted if path.exists()] == []


def test_live_files_stay(kernel: Kernel, muse: Path) -> None:
    """Another process holds them, however old they look; when it is gone, so are they."""
    planted = [path for path in plant_everywhere(muse) if path.parent != muse / "restore"]
    with ExitStack() as stack:
        for path in planted:
            stack.enter_context(held(path))
        assert kernel.run("%muse status").status == "ok"
        assert [path for path in planted if not path.exists()] == []
    assert kernel.run("%muse status").status == "ok"
    assert [path for path in planted if path.exists()] == []


def test_young_objects_stay(kernel: Kernel, muse: Path) -> None:
    """Their writer may be one that takes no lock; a clock that ran ahead does not protect them."""
    young = [plant(muse / folder, family, 0) for folder in OBJECT_FOLDERS for family in FAMILIES[2:]]
    ahead = plant(muse / "objects/pack", temps.OBJECT_TEMP, -3600)
    kernel.run("%muse status")
    assert [path for path in young if not path.exists()] == []
    assert not ahead.exists()


def test_nothing_beside_the_users_files_is_swept(kernel: Kernel, muse: Path) -> None:
    """There a name like that is no concern of anybody: it is not removed, and it is no change."""
    strays = [plant(muse.parent, family, 3600) for family in FAMILIES]
    answer = kernel.run("%muse status")
    assert [path for path in strays if not path.exists()] == []
    assert temps.RESTORE_TEMP not in answer.text
