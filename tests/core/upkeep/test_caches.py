"""`upkeep.caches`: a cache as muse writes it is whole; anything else is not."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.commits import dag, graph
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.upkeep import caches
from tests.bad_input.scenes import DAMAGE
from tests.commands import ok
from tests.core.strange import NOT_OURS

NAMES = ["config", "graph", "stat", "sweep"]


@pytest.fixture
def repo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with every cache there is."""
    monkeypatch.setattr(graph, "_FEW", 1)
    ok("init")
    repo = Repo(str(folder))
    for number in range(600):  # so many that the sweep remembers them
        Path(repo.layout.journal, f"{number}.journal").write_bytes(b"")
    past = time.time() - 100
    for path in (*Path(repo.layout.muse).iterdir(), folder):
        os.utime(path, (past, past))
    Path("a.txt").write_text("a\n")
    ok("commit", "-m", "one")
    newest = ops.newest(repo.layout)
    assert newest is not None and newest.view.commit is not None
    store = ops.open_store(repo.layout, newest)
    dag.merge_bases(store, newest.view.commit, newest.view.commit, repo.layout.graph_cache)
    store.close()
    return repo


def test_what_muse_writes_is_whole(repo: Repo) -> None:
    there = sorted(os.listdir(repo.layout.cache))
    assert {"graph", "stat", "sweep"} <= {*there} <= {*NAMES}
    assert caches.damaged(repo.layout) == []


@pytest.mark.parametrize("name", ["graph", "stat", "sweep"])
@pytest.mark.parametrize("damage", [*DAMAGE, *NOT_OURS])
def test_anything_else_is_not(repo: Repo, name: str, damage: Callable[[Path], None]) -> None:
    path = Path(repo.layout.cache, name)
    if damage in NOT_OURS:
        path.unlink()
    damage(path)
    assert caches.damaged(repo.layout) == [name]
    if not path.is_dir():
        caches.throw_away(repo.layout, name)
        assert caches.damaged(repo.layout) == []


@pytest.mark.parametrize("damage", NOT_OURS)
def test_something_else_in_place_of_the_folder(repo: Repo, damage: Callable[[Path], None]) -> None:
    """It is told once, and thrown away."""
    cache = Path(repo.layout.cache)
    shutil.rmtree(cache)
    damage(cache)
    found = [] if cache.is_dir() else ["folder"]
    assert caches.damaged(repo.layout) == found
    assert all(caches.throw_away(repo.layout, name) for name in found)
    assert caches.damaged(repo.layout) == []
    Path("a.txt").write_text("b\n")
    ok("commit", "-m", "two")
    assert cache.is_dir()


def test_a_file_in_place_of_the_folder(repo: Repo) -> None:
    shutil.rmtree(repo.layout.cache)
    Path(repo.layout.cache).write_text("a file")
    assert caches.damaged(repo.layout) == ["folder"]
    assert caches.throw_away(repo.layout, "folder")
    assert not os.path.lexists(repo.layout.cache)


def test_no_cache_is_damaged_where_there_is_none(tmp_path: Path) -> None:
    assert caches.damaged(Repo(str(tmp_path)).layout) == []
