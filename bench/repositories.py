"""The three repositories of most rows: muse in this process, git as people run it, git with `core.fsync=all`.

git is measured as it is met: processes that a shell starts, its settings untouched but for the user's name. muse is
measured where it lives, in a process that is running already; the rows about processes say so.
"""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator

from bench.measure import Sample, timed, timed_commands

_BLOCK = 512


class Repository(ABC):
    """A repository in a folder of its own, and how long its commands take.

    Args:
        folder: Made if it is not there.
    """

    #: The folder of the store.
    store: str

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.init()

    @abstractmethod
    def init(self) -> None:
        """Start a repository; not measured."""

    @abstractmethod
    def commit(self) -> Sample:
        """Record all that has changed."""

    @abstractmethod
    def status(self) -> Sample:
        """Look for changes."""

    def start_over(self) -> None:
        """Throw the history away and leave the files; not measured."""
        shutil.rmtree(os.path.join(self.folder, self.store))
        self.init()

    def size(self) -> int:
        """Bytes of disk that the store takes."""
        paths = _walk(os.path.join(self.folder, self.store))
        return sum(os.lstat(path).st_blocks for path in paths) * _BLOCK


class Muse(Repository):
    """muse, called in this process."""

    store = ".muse"

    def init(self) -> None:
        """`muse.init`."""
        import muse

        muse.init(self.folder)

    def commit(self) -> Sample:
        """`muse.commit`, with all that the command does: finding the repository, the sweep, the locks."""
        import muse
        from muse.core.repo import Repo

        def work() -> None:
            done = muse.commit("a round", repo=Repo.open(self.folder))
            assert done.commit is not None, "there was nothing to commit"

        return timed(work)

    def status(self) -> Sample:
        """`muse.status`."""
        import muse
        from muse.core.repo import Repo

        return timed(lambda: muse.status(repo=Repo.open(self.folder)))


class Git(Repository):
    """git, as a person types it."""

    store = ".git"

    def init(self) -> None:
        """`git init`."""
        timed_commands(self.folder, ["git", "init", "--quiet"])

    def commit(self) -> Sample:
        """`git add .` and `git commit -m "…"`."""
        return timed_commands(self.folder, ["git", "add", "."], ["git", "commit", "-m", "a round"])

    def status(self) -> Sample:
        """`git status`."""
        return timed_commands(self.folder, ["git", "status"])


class DurableGit(Git):
    """git that, as muse does, answers only when its work would survive a power cut."""

    def init(self) -> None:
        """`git init`, and the setting."""
        super().init()
        timed_commands(self.folder, ["git", "config", "core.fsync", "all"])


def three(folder: str) -> tuple[Muse, Git, DurableGit]:
    """The three, in folders beside each other."""
    muse, git, durable = (os.path.join(folder, name) for name in ("muse", "git", "durable"))
    return Muse(muse), Git(git), DurableGit(durable)


def _walk(folder: str) -> Iterator[str]:
    for above, _, files in os.walk(folder):
        yield above
        yield from (os.path.join(above, name) for name in files)
