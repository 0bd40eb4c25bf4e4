"""The repositories of most rows: muse in this process or as one, git as people run it, git with `core.fsync=all`.

git is measured as it is met: processes that a shell starts, its settings untouched but for the user's name. muse is
measured where it lives, in a process that is running already; the rows about processes say so.
"""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence

from bench.measure import Sample, timed, timed_commands

#: The branch that a new repository is on.
MAIN = "main"


class Repository(ABC):
    """A repository in a folder of its own, and how long its commands take.

    Args:
        folder: Made if it is not there.
    """

    #: The name of the folder of the store.
    store_name: str

    def __init__(self, folder: str) -> None:
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.init()

    @property
    def store(self) -> str:
        """The folder of the store."""
        return os.path.join(self.folder, self.store_name)

    @abstractmethod
    def init(self) -> None:
        """Start a repository; not measured."""

    @abstractmethod
    def run(self, *commands: Sequence[str]) -> Sample:
        """Run commands one after the other, each given as its words without the program's name."""

    def commit(self) -> Sample:
        """Record all that has changed."""
        return self.run(["commit", "-m", "a round"])

    def commit_file(self, name: str) -> Sample:
        """Add a file and commit it."""
        return self.run(["add", name], ["commit", "-m", "a file"])

    def status(self) -> Sample:
        """Look for changes."""
        return self.run(["status"])

    def log(self, *options: str) -> Sample:
        """List commits."""
        return self.run(["log", *options])

    def branch(self, name: str, start: str = "HEAD") -> Sample:
        """Make a branch, and stay on the one that is checked out."""
        return self.run(["branch", name, start])

    def checkout(self, branch: str) -> Sample:
        """Bring the folder to another branch."""
        return self.run(["checkout", branch])

    def start_over(self) -> None:
        """Throw the history away and leave the files; not measured."""
        shutil.rmtree(self.store)
        self.init()


class Muse(Repository):
    """muse, called in this process: the whole command, finding the repository, the sweep and the locks included."""

    store_name = ".muse"

    def init(self) -> None:
        """`muse.init`."""
        import muse

        muse.init(self.folder)

    def run(self, *commands: Sequence[str]) -> Sample:
        """Call the verbs. What was typed is taken apart before the clock starts."""
        from muse.cli.parser import parse
        from muse.core.repo import Repo

        calls = [parse(words) for words in commands]

        def work() -> None:
            for call in calls:
                result = call.function(*call.positional, **call.keywords, repo=Repo.open(self.folder))
                assert result.exit_status == 0, result

        return timed(work)


class MuseProcess(Muse):
    """muse, as a person types it."""

    def run(self, *commands: Sequence[str]) -> Sample:
        """Start a process for each."""
        return timed_commands(self.folder, *(["muse", *words] for words in commands))


class Git(Repository):
    """git, as a person types it."""

    store_name = ".git"

    def init(self) -> None:
        """`git init`."""
        self.run(["init", "--quiet", f"--initial-branch={MAIN}"])

    def run(self, *commands: Sequence[str]) -> Sample:
        """Start a process for each."""
        return timed_commands(self.folder, *(["git", *words] for words in commands))

    def commit(self) -> Sample:
        """`git add .` and `git commit -m "…"`."""
        return self.run(["add", "."], ["commit", "-m", "a round"])


class DurableGit(Git):
    """git that, as muse does, answers only when its work would survive a power cut."""

    def init(self) -> None:
        """`git init`, and the setting."""
        super().init()
        self.run(["config", "core.fsync", "all"])




def two(folder: str) -> tuple[Muse, Git]:
    """muse and git, in folders beside each other."""
    return Muse(os.path.join(folder, "muse")), Git(os.path.join(folder, "git"))


def three(folder: str, kind: type[Muse] = Muse) -> tuple[Muse, Git, DurableGit]:
    """muse of one kind, git, and git that waits for the disk."""
    muse, git, durable = (os.path.join(folder, name) for name in ("muse", "git", "durable"))
    return kind(muse), Git(git), DurableGit(durable)
