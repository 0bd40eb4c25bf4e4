"""Parts of the view, and lists of files, that are objects of their own, and are lost."""

from __future__ import annotations

from pathlib import Path

from muse.core.operations.view import Section
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from tests.commands import ok
from tests.core import damaged


def stage(repo: Repo) -> None:
    """The stage is lost, on which are a hundred new files."""
    many(100)
    ok("add", "many")
    lose(repo, damaged.newest(repo).view.sections["stage"])


def tags(repo: Repo) -> None:
    """The tags are lost; the newest commit was made after them."""
    for number in range(25):
        ok("tag", f"{number}-{'x' * 180}")
    later()
    lose(repo, damaged.newest(repo).view.sections["tags"])


def shelf(repo: Repo) -> None:
    """The shelf is lost, with a hundred files on it; the newest commit was made after it."""
    many(100)
    ok("shelf", "push")
    later()
    lose(repo, damaged.newest(repo).view.sections["shelf"])


def files(repo: Repo) -> None:
    """Which hundred files the newest command, a checkout, took away is lost."""
    many(100)
    ok("commit", "-m", "many")
    ok("checkout", "HEAD~1")
    lose(repo, damaged.newest(repo).worktree)


def many(count: int) -> None:
    """New files."""
    Path("many").mkdir()
    for number in range(count):
        Path(f"many/{number}.txt").write_text(f"{number}\n")


def later() -> None:
    """One more commit."""
    Path("a.txt").write_text("later\n")
    ok("commit", "-m", "later")


def lose(repo: Repo, section: Section) -> None:
    """Damage the only copy of the object that holds this."""
    assert section.digest is not None, "it is short, and stands in the entry itself"
    store = ObjectStore(repo.layout, damaged.newest(repo).packs)
    data = store.read(section.digest)
    store.close()
    damaged.spoil(repo, data)
