"""Show a commit: who, when, why, and what it changed; or a file as it was."""

from __future__ import annotations

from muse.core.base.errors import Damaged, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.commands.command import State, reading
from muse.core.commands.revs import resolve
from muse.core.commits import trees
from muse.core.commits.records import read_commit, tree_of
from muse.core.repo import Repo
from muse.display.document import Block, Hint, Notice, heading, line
from muse.display.result import Result
from muse.display.words import short_id, when
from muse.verbs import _files, _lookup, _sections, _stat
from muse.verbs._files import FileDiff
from muse.verbs._refs import tags_of
from muse.verbs._sides import Stored
from muse.verbs.log import LogEntry, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

    from muse.verbs._content import FileResult, FolderResult

EXAMPLE = "muse show HEAD~1"


class _Fields(NamedTuple):
    entry: LogEntry
    files: tuple[FileDiff, ...]
    notes: tuple[str, ...]
    stat: bool


class ShowResult(Result, _Fields):
    """A commit, and what it changed against its first parent.

    Attributes:
        entry: The commit.
        files: The files that differ.
        notes: Warnings.
        stat: Whether it shows how much changed instead of what; `files[0].stat` has it in any case.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """3 when a version of a file is lost."""
        return 3 if _files.any_lost(self.files) else 0

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        commit = self.entry.commit
        yield heading((short_id(self.entry.id), "id"), f"  {commit.subject}")
        yield line((f"{commit.author.name} <{commit.author.email}>, {when(commit.time)}", "dim"))
        body = commit.message.strip().partition("\n")[2].strip("\n")
        for text in ("", *body.split("\n")) if body else ():
            yield line(text, indent=1 if text else 0)
        yield from (_stat if self.stat else _sections).document(self.files)
        if _files.any_lost(self.files):
            yield Hint("`muse doctor` repairs what can be repaired")

    def json(self) -> object:
        """The answer for programs."""
        files = [(_stat if self.stat else _files).json(file) for file in self.files]
        return {**self.entry.json(), "files": files, "notes": list(self.notes)}


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("rev", nargs="?", default="HEAD", help="the commit (what is checked out), or a file: REV:PATH")
    parser.add_argument("--stat", action="store_true", help="how much changed in each file, in a line")


def show(
    rev: str = "HEAD", *, stat: bool = False, repo: Repo | None = None
) -> ShowResult | FileResult | FolderResult:
    """Show a commit and what it changed against its first parent; or what stands at a path in it.

    Args:
        rev: Anything that names a commit; or that, a colon, and a path: `HEAD~1:data/x.csv`.
        stat: Show how much the commit changed in each file, in a line.

    Raises:
        UsageProblem: There is no such commit or path.
    """
    repo = repo or Repo.open()
    place = _lookup.split(rev)
    if place is None:
        return reading(repo, lambda state: _show(state, rev)._replace(stat=stat))
    if stat:
        raise UsageProblem("--stat is for commits, not for a file", "`muse show --stat REV` is all it takes.")
    return reading(repo, lambda state: _lookup.look_up(state, *place))


def _show(state: State, rev: str) -> ShowResult:
    store, stored = state.store, Stored(state.store)
    digest = _commit(state, rev)
    commit = read_commit(store, digest)
    try:
        before = tree_of(store, commit.parents[0]) if commit.parents else None
    except Damaged as error:
        state.notes.append(f"{error.message}: what was changed since that commit cannot be shown")
        before = commit.tree
    changes = trees.compare(store, before, commit.tree)
    files = tuple(_files.file_diffs(changes, stored, stored))
    names = names_of(state, tags_of(state)).get(digest, ())
    return ShowResult(LogEntry(digest, commit, names), files, tuple(state.notes), stat=False)


def _commit(state: State, rev: str) -> bytes:
    try:
        return resolve(state, rev)
    except UsageProblem as error:
        if error.kind == "unknown-revision":
            error.hint = _lookup.as_file(state, rev) or error.hint
        raise
