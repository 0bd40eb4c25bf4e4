"""List commits, newest first."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from muse.core.command import State, reading
from muse.core.dag import history
from muse.core.errors import UsageProblem
from muse.core.records import Commit
from muse.core.repo import Repo
from muse.core.revs import resolve
from muse.core.types import id_of
from muse.display.document import Document, Span, Table, line
from muse.display.result import Result
from muse.display.words import short_id, when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

EXAMPLE = "muse log -n 10"


class LogEntry(NamedTuple):
    """A commit in the log.

    Attributes:
        digest: Its digest.
        commit: The commit.
        names: Branches and tags that point at it; "HEAD" first where it is checked out.
    """

    digest: bytes
    commit: Commit
    names: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of the commit."""
        return id_of(self.digest)

    def json(self) -> dict[str, object]:
        """The commit for programs."""
        commit = self.commit
        return {
            "commit_id": self.id,
            "parents": [id_of(parent) for parent in commit.parents],
            "author": {"name": commit.author.name, "email": commit.author.email},
            "time": commit.time,
            "message": commit.message,
            "names": list(self.names),
        }


class LogResult(Result, tuple[LogEntry, ...]):
    """Commits, children before parents. A tuple: `log[0].commit.message`."""

    __slots__ = ()

    def document(self) -> Document:
        """The answer for people."""
        if not self:
            return (line("No commit yet."),)
        return (Table(tuple(self._row(entry) for entry in self)),)

    def _row(self, entry: LogEntry) -> tuple[Span, ...]:
        names = f"({', '.join(entry.names)})" if entry.names else ""
        return (
            Span(short_id(entry.id), "id"),
            Span(when(entry.commit.time), "dim"),
            Span(entry.commit.author.name),
            Span(entry.commit.subject, "strong"),
            Span(names, "branch"),
        )

    def json(self) -> object:
        """The answer for programs: a list."""
        return [entry.json() for entry in self]


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("rev", nargs="?", help="start at this commit, branch or tag (what is checked out)")
    parser.add_argument("-n", "--number", type=int, metavar="N", help="at most this many")
    parser.add_argument("--all", action="store_true", help="everything that any branch or tag reaches")


def log(
    rev: str | None = None, *, number: int | None = None, all: bool = False, repo: Repo | None = None
) -> LogResult:
    """List the commits that can be reached, children before parents whatever the clocks say.

    Args:
        rev: Where to start; what is checked out when not given.
        number: At most this many.
        all: Start at every branch and tag.

    Raises:
        UsageProblem: `rev` names no commit, or `number` is not positive.
    """
    repo = repo or Repo.open()
    if number is not None and number < 1:
        raise UsageProblem(f"{number} is no number of commits to list", "Give -n a number from 1 up.")
    return reading(repo, lambda state: _log(state, rev, number, all))


def _log(state: State, rev: str | None, number: int | None, everything: bool) -> LogResult:
    view = state.view
    tags = view.tags(state.store)
    tips = [resolve(state, rev)] if rev is not None else [view.commit] if view.commit is not None else []
    if everything:
        tips += [*view.branches.values(), *tags.values()]
    names = names_of(state)
    found = islice(history(state.store, tips), number) if tips else ()
    return LogResult(LogEntry(digest, commit, names.get(digest, ())) for digest, commit in found)


def names_of(state: State) -> dict[bytes, tuple[str, ...]]:
    """The branches and tags at each commit; "HEAD" comes first where it is checked out."""
    view = state.view
    names: dict[bytes, tuple[str, ...]] = {}
    if view.commit is not None:
        names[view.commit] = (f"HEAD → {view.branch}" if view.branch is not None else "HEAD",)
    for name, commit in (*view.branches.items(), *view.tags(state.store).items()):
        if name != view.branch:
            names[commit] = (*names.get(commit, ()), name)
    return names
