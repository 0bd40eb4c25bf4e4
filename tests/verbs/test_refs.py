"""`muse.verbs._refs`: what branches and tags have in common. (The notes on names: test_tag.py and test_branch.py.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import muse, ok, short
from tests.core import damaged
from tests.verbs import losing


@pytest.fixture
def lost(folder: Path) -> str:
    """Three commits; the second, which a branch and a tag name, is lost for good. Gives its id."""
    repo: Repo = damaged.build(folder)
    second = short("HEAD~1")
    ok("tag", "v1", "HEAD~1")
    ok("branch", "idea", "HEAD~1")
    damaged.packs(repo)[1].unlink()
    muse("doctor")
    return second


def test_a_lost_commit_does_not_hide_the_others(lost: str) -> None:
    """Its name can be seen, and deleted."""
    third = short()
    assert ok("tag") == f"v1  {lost}  (damaged)\n"
    assert ok("branch") == f"   idea  {lost}  (damaged)\n*  main  {third}  commit 3\n"
    ok("branch", "-d", "idea")
    ok("tag", "-d", "v1")
    assert ok("branch") == f"*  main  {third}  commit 3\n"


def test_the_tags_are_lost(folder: Path) -> None:
    """That keeps nobody from making a branch: there is only no telling whether its name is a tag's."""
    losing.tags(damaged.build(folder))
    assert ok("branch", "next").startswith("! the tags cannot be read, and `muse doctor` says how to go on: sha256:")
