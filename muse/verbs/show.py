"""Show a commit: who, when, why, and what it changed."""

from __future__ import annotations

from typing import NamedTuple

from muse.core import trees
from muse.core.command import State, reading
from muse.core.dag import read_commit, tree_of
from muse.core.repo import Repo
from muse.core.revs import resolve
from muse.core.types import Entry
from muse.display.document import Block, Document, Notice, heading, line
from muse.display.result import Result
from muse.display.words import short_id, when
from muse.verbs import _files
from muse.verbs._files import FileDiff
from muse.verbs.log import LogEntry, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse show HEAD~1"


class _Fields(NamedTuple):
    entry: LogEntry
    files: tuple[FileDiff, ...]
    notes: tuple[str, ...]


class ShowResult(Result, _Fields):
    """A commit, and what it changed against its first parent.

    Attributes:
        entry: The commit.
        files: The files that differ.
        notes: Warnings.
    """

    __slots__ = ()

    def document(self) -> Document:
        """The answer for people."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        for note in self.notes:
            yield Notice(note)
        commit = self.entry.commit
        yield heading((short_id(self.entry.id), "id"), f"  {commit.subject}")
        yield line((f"{commit.author.name} <{commit.author.email}>, {when(commit.time)}", "dim"))
        body = commit.message.strip().partition("\n")[2].strip("\n")
        for text in ("", *body.split("\n")) if body else ():
            yield line(text, indent=1 if text else 0)
        yield from _files.document(self.files)

    def json(self) -> object:
        """The answer for programs."""
        return {**self.entry.json(), "files": [_files.json(file) for file in self.files], "notes": list(self.notes)}


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("rev", nargs="?", default="HEAD", help="the commit (what is checked out)")


def show(rev: str = "HEAD", *, repo: Repo | None = None) -> ShowResult:
    """Show a commit and what it changed against its first parent.

    Args:
        rev: Anything that names a commit.

    Raises:
        UsageProblem: It names none.
    """
    repo = repo or Repo.open()
    return reading(repo, lambda state: _show(state, rev))


def _show(state: State, rev: str) -> ShowResult:
    store = state.store

    def stored(path: str, entry: Entry) -> bytes:
        return store.read(entry.digest)

    digest = resolve(state, rev)
    commit = read_commit(store, digest)
    before = tree_of(store, commit.parents[0]) if commit.parents else None
    changes = trees.compare(store, before, commit.tree)
    files = tuple(_files.file_diffs(changes, stored, stored))
    return ShowResult(LogEntry(digest, commit, names_of(state).get(digest, ())), files, tuple(state.notes))
