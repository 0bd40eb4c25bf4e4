"""List, make and delete tags: names that stay with a commit."""

from __future__ import annotations

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State, reading
from muse.core.commands.revs import check_name, resolve
from muse.core.commands.writing import Draft, writing
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.display.document import Block, Hint, Notice, Prose, Span, Table, line
from muse.display.result import Result
from muse.display.words import short_id
from muse.verbs._refs import note_branch, subject_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

EXAMPLE = "muse tag submitted"


class Tag(NamedTuple):
    """A tag: its name, the digest of its commit, and, where tags are listed, the subject of that commit."""

    name: str
    commit: bytes
    subject: str = ""


class _Fields(NamedTuple):
    did: str
    tags: tuple[Tag, ...]
    notes: tuple[str, ...] = ()


class TagResult(Result, _Fields):
    """The tags after the command.

    Attributes:
        did: What was done, in a sentence; empty when they were only listed.
        tags: Every tag, by name.
        notes: Warnings.
    """

    __slots__ = ()

    def blocks(self) -> Iterable[Block]:
        """The answer for people."""
        notes = tuple(map(Notice, self.notes))
        if self.did:
            return (*notes, Prose(self.did))
        if not self.tags:
            return (*notes, line("No tag yet."), Hint("`muse tag NAME` gives what is checked out a name that stays"))
        return (*notes, Table(tuple(self._row(tag) for tag in self.tags)))

    def _row(self, tag: Tag) -> tuple[Span, ...]:
        return (Span(show(tag.name), "branch"), Span(short_id(id_of(tag.commit)), "id"), Span(tag.subject))

    def json(self) -> object:
        """The answer for programs."""
        return {
            "tags": [{"name": tag.name, "commit_id": id_of(tag.commit)} for tag in self.tags],
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("name", nargs="?", help="the tag to make or delete")
    parser.add_argument("rev", nargs="?", help="the commit that it names (what is checked out)")
    parser.add_argument("-d", "--delete", action="store_true", help="delete the tag; `muse undo` brings it back")


def tag(
    name: str | None = None, rev: str | None = None, *, delete: bool = False, repo: Repo | None = None
) -> TagResult:
    """List tags; with a name, make or delete one.

    Args:
        name: The tag.
        rev: The commit that a new one names, what is checked out when not given.
        delete: Delete it.

    Raises:
        UsageProblem: There is, or there is no, tag of that name.
        Refused: Somebody changed the repository while a tag was deleted.
    """
    repo = repo or Repo.open()
    if name is None:
        if delete:
            raise UsageProblem("no tag was named", "`muse tag` lists them.")
        return reading(repo, _list)
    args = (*(("-d",) if delete else ()), name, *((rev,) if rev is not None else ()))
    work = _delete if delete else _make
    return writing(repo, "tag", args, lambda state: work(state, name, rev), again=not delete)


def _list(state: State) -> TagResult:
    tags = sorted(state.view.tags(state.store).items())
    subjects = {commit: subject_of(state, commit) for commit in {commit for _, commit in tags}}
    return TagResult("", tuple(Tag(name, commit, subjects[commit]) for name, commit in tags), tuple(state.notes))


def _make(state: State, name: str, rev: str | None) -> Draft[TagResult]:
    tags = state.view.tags(state.store)
    if name in tags:
        raise UsageProblem(
            f"there is a tag {show(name)} already", f"`muse tag -d {show(name)}` deletes it; or choose another name."
        )
    commit = resolve(state, rev or "HEAD")
    tags[check_name(name, "tag")] = commit
    note_branch(state, name)
    return _draft(state, f"Made tag {show(name)} at {short_id(id_of(commit))}.", tags)


def _delete(state: State, name: str, rev: str | None) -> Draft[TagResult]:
    tags = state.view.tags(state.store)
    if rev is not None:
        raise UsageProblem("one tag at a time can be deleted", f"`muse tag -d {show(name)}`")
    if name not in tags:
        raise UsageProblem(f"there is no tag {show(name)}", "`muse tag` lists them.")
    del tags[name]
    return _draft(state, f"Deleted tag {show(name)}. `muse undo` brings it back.", tags)


def _draft(state: State, did: str, tags: dict[str, bytes]) -> Draft[TagResult]:
    """The commits are not read here: a tag more must not cost more where there are many."""
    ordered = dict(sorted(tags.items()))
    listed = tuple(Tag(name, commit) for name, commit in ordered.items())
    view = state.view.with_section(state.store, "tags", ordered)
    return Draft(lambda left: TagResult(did, listed, tuple(state.notes)), view)
