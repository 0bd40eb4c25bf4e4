"""List commits, newest first."""

from __future__ import annotations

import os
from itertools import islice

from muse.core.base.errors import Damaged, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State, reading
from muse.core.commands.revs import resolve
from muse.core.commits.dag import history, readable, walk
from muse.core.commits.records import Commit
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, Span, Table, line
from muse.display.result import Result
from muse.display.words import plural, short_id, when
from muse.verbs._paths import to_repository
from muse.verbs._refs import tags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Iterator

    from muse.core.commits.graph import Graph
    from muse.core.packs.store import ObjectStore

EXAMPLE = "muse log analysis.ipynb"

#: So many names of a commit are shown; `--json` has all.
_SHOWN = 20


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
    """Commits, children before parents. A tuple: `log[0].commit.message`.

    Attributes:
        lost: Digests of commits that cannot be had; what only they lead to is not listed.
        tagged: False when the tags cannot be read.
        notes: Warnings.
    """

    lost: tuple[bytes, ...] = ()
    tagged: bool = True
    notes: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """3 when some commits, or the tags, cannot be had."""
        return 3 if self.lost or not self.tagged else 0

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        if self:
            yield Table(tuple(self._row(entry) for entry in self))
        elif not self.lost:
            yield line("No commit yet.")
        if self.lost:
            shown = ", ".join([short_id(id_of(digest)) for digest in self.lost[:_SHOWN]])
            yield line((f"{plural(len(self.lost), 'commit')} cannot be had", "error"), f": {shown}")
            yield Hint("what only they lead to is not listed; `muse doctor` repairs what can be repaired")

    def _row(self, entry: LogEntry) -> tuple[Span, ...]:
        more = [f"and {len(entry.names) - _SHOWN:,} more"] if len(entry.names) > _SHOWN else []
        names = f"({', '.join([*entry.names[:_SHOWN], *more])})" if entry.names else ""
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
    help = "a commit, branch or tag to start at, then files or folders: only what changed them"
    parser.add_argument("names", nargs="*", metavar="REV|PATH", help=help)
    parser.add_argument("-n", "--number", type=int, metavar="N", help="at most this many")
    parser.add_argument("--all", action="store_true", help="everything that any branch or tag reaches")


def log(
    *names: str | os.PathLike[str], number: int | None = None, all: bool = False, repo: Repo | None = None
) -> LogResult:
    """List the commits that can be reached, children before parents whatever the clocks say.

    Args:
        names: Where to start, if not at what is checked out; then files and folders: only the commits in which one
            of them differs from all parents are listed. They need not be there any more.
        number: At most this many.
        all: Start at every branch and tag.

    Raises:
        UsageProblem: A name is neither a commit nor a path that a commit had, or `number` is not positive.
    """
    repo = repo or Repo.open()
    if number is not None and number < 1:
        raise UsageProblem(f"{number} is no number of commits to list", "Give -n a number from 1 up.")
    typed = [os.fspath(name) for name in names]
    return reading(repo, lambda state: _log(state, typed, number, all))


def _log(state: State, typed: list[str], number: int | None, everything: bool) -> LogResult:
    view, cache = state.view, state.repo.layout.graph_cache
    rev, paths = _sort(state, typed)
    tips = [rev] if rev is not None else [view.commit] if view.commit is not None else []
    tags = tags_of(state)
    if everything:
        tips += [*view.branches.values(), *(tags or {}).values()]
    names = names_of(state, tags)
    lost: set[bytes] = set()
    found: Iterable[tuple[bytes, Commit]]
    if paths:
        found = _touching(state, tips, paths, number, lost)
    else:
        try:
            found = list(history(state.store, tips, cache, number=number))
        except Damaged:
            found = list(islice(readable(state.store, tips, lost), number))
            if not found:
                raise
    result = LogResult(LogEntry(digest, commit, names.get(digest, ())) for digest, commit in found)
    result.lost, result.tagged, result.notes = tuple(sorted(lost)), tags is not None, tuple(state.notes)
    return result


def _sort(state: State, typed: list[str]) -> tuple[bytes | None, dict[str, str]]:
    """The commit to start at, if one was typed, and the paths, each with how it was typed.

    A commit comes first; what is no commit, is the name of a file, or comes after one is a path.
    """
    rev: bytes | None = None
    paths: dict[str, str] = {}
    for name in typed:
        if rev is None and not paths and not (os.path.lexists(name) and "~" not in name):
            try:
                rev = resolve(state, name)
                continue
            except UsageProblem as error:
                if error.kind != "unknown-revision":
                    raise
        paths[to_repository(state.repo.root, name)] = name
    return rev, paths


def _touching(
    state: State, tips: list[bytes], paths: dict[str, str], number: int | None, lost: set[bytes]
) -> list[tuple[bytes, Commit]]:
    """The commits that changed one of the paths, each of which some commit must have had."""
    from muse.core.commits.graph import Graph, open_graph

    try:
        with open_graph(state.repo.layout.graph_cache) as graph:
            return _touching_in(graph, graph.reach(state.store, tips), state.store, paths, number)
    except Damaged:
        graph = Graph()  # one that lacks commits is no use to others
        return _touching_in(graph, graph.reach(state.store, tips, lost), state.store, paths, number)


def _touching_in(
    graph: Graph, places: list[int], store: ObjectStore, paths: dict[str, str], number: int | None
) -> list[tuple[bytes, Commit]]:
    from muse.core.commits.path_filter import touching

    for path, name in paths.items():
        if next(touching(store, graph, walk(graph, places), [path]), None) is None:
            raise UsageProblem(
                f"{show(name)} is neither a commit nor a path that a commit had",
                "`muse log` lists commits. Paths count from the folder you are in.",
            )
    found = islice(touching(store, graph, walk(graph, places), paths), number)
    return [(graph.digests[place], graph.commits[place]) for place in found]


def names_of(state: State, tags: dict[str, bytes] | None) -> dict[bytes, tuple[str, ...]]:
    """The branches and tags at each commit; "HEAD" comes first where it is checked out.

    A tag whose name means a branch is "tag NAME".
    """
    view = state.view
    names: dict[bytes, list[str]] = {}
    if view.commit is not None:
        names[view.commit] = [f"HEAD → {view.branch}" if view.branch is not None else "HEAD"]
    for name, commit in view.branches.items():
        if name != view.branch:
            names.setdefault(commit, []).append(name)
    for name, commit in (tags or {}).items():
        taken = name in view.branches or name == view.branch
        names.setdefault(commit, []).append(f"tag {name}" if taken else name)
    return {commit: tuple(found) for commit, found in names.items()}
