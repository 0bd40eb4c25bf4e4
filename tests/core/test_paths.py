"""`muse.core.paths`: one place for every name below `.muse/`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import paths
from muse.core.paths import Layout


def test_everything_lies_below_muse() -> None:
    layout = Layout("/home/ada/work")
    named = {name: value for name, value in vars(layout).items() if name not in ("root", "muse")}
    named |= {"pack": layout.pack("ab"), "operation": layout.operation(1), "shard": layout.shard_file(bytes(32))}
    for name, path in named.items():
        assert path.startswith("/home/ada/work/.muse/"), name
    assert len(set(named.values())) == len(named)


@given(digest=st.binary(min_size=32, max_size=32), number=st.integers(1, 10**12 - 1))
def test_names_of_objects_and_operations(digest: bytes, number: int) -> None:
    layout = Layout("r")
    folder, name = os.path.split(layout.shard_file(digest))
    assert os.path.basename(folder) + name == digest.hex()
    assert len(os.path.basename(folder)) == 2
    operation = os.path.basename(layout.operation(number))
    assert len(operation) == 12
    assert int(operation) == number


@pytest.mark.parametrize(
    ("function", "tail"),
    [
        (paths.muse_dir, ".muse"),
        (paths.objects_dir, ".muse/objects"),
        (paths.commits_dir, ".muse/commits"),
        (paths.tags_dir, ".muse/tags"),
        (paths.releases_dir, ".muse/releases"),
        (paths.stat_cache_path, ".muse/cache/stat"),
    ],
)
def test_paths_for_other_programs(function: Callable[..., Path], tail: str) -> None:
    assert function("work") == Path("work", tail) == function(Path("work"))


def test_both_spellings_are_the_same_places() -> None:
    layout = Layout("work")
    assert os.fspath(paths.objects_dir("work")) == layout.objects
    assert os.fspath(paths.stat_cache_path("work")) == layout.stat_cache
