"""`folder.twins`: names that a file system takes for one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.folder import twins
from tests.core.folders import file, put


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A folder with a repository, on a file system that tells names apart."""
    (tmp_path / ".muse").mkdir()
    return str(tmp_path)


def fold(root: str) -> None:
    """As if names that differ by case were one there."""
    os.symlink(".muse", os.path.join(root, ".MUSE"))


def test_whether_names_are_folded(root: str) -> None:
    assert not twins.folds_names(root)
    fold(root)
    assert twins.folds_names(root)


LETTERS = st.characters(min_codepoint=0x30, max_codepoint=0x24F)


@given(st.text(LETTERS, min_size=1), st.sampled_from([str.upper, str.lower, str.title]))
def test_what_differs_by_case_has_one_key(name: str, change: Callable[[str], str]) -> None:
    if change(name).casefold() == name.casefold():
        assert twins.key(f"a/{name}") == twins.key(f"A/{change(name)}")
    assert twins.key(f"{name}/x") != twins.key(f"{name}/y")


def test_how_a_name_is_written_on_the_disk(root: str) -> None:
    for path in ("A.txt", "in/Data/b", "alone"):
        put(root, path, file(b""))
    paths = ["a.txt", "A.txt", "In/Data/b", "in/data/b", "in/Data/b", "ALONE", "gone", "GONE"]
    assert twins.misspelt(root, paths) == set()
    fold(root)
    assert twins.misspelt(root, paths) == {"a.txt", "In/Data/b", "in/data/b", "gone", "GONE"}
    assert twins.misspelt(root, []) == set()
