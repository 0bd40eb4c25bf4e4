"""What operations reach: every object that must be kept for their views and their lists of files.

gc keeps what is reached, fsck checks it, doctor looks for it. The walk reads commits and trees, each once, and no
blob. It knows every part of the view; one that it does not know ends it, for what that names must not be lost.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged, MuseError
from muse.core.base.named import NamedTuple
from muse.core.commits import trees
from muse.core.commits.records import read_commit
from muse.core.operations.shelf import shelved
from muse.core.operations.view import EMPTY, decode_entry
from muse.core.types import DIGEST_SIZE, FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from muse.core.operations.ops import Operation
    from muse.core.operations.shelf import Shelved
    from muse.core.operations.view import Section, View
    from muse.core.packs.store import ObjectStore
    from muse.core.types import Entry

COMMIT, TREE, BLOB, SECTION = "commit", "tree", "blob", "section"


class Root(NamedTuple):
    """An object that an operation names: what it is, and its digest."""

    kind: str
    digest: bytes


def roots(
    operation: Operation,
    store: ObjectStore,
    known: set[Section] | None = None,
    trouble: Callable[[MuseError], None] | None = None,
) -> Iterator[Root]:
    """Every object that an operation names itself.

    Args:
        operation: The operation.
        store: Where its sections are.
        known: Sections that other operations had too: they are not read again. This one's are added.
        trouble: Told of each part that cannot be read; without it, that is raised.

    Raises:
        Missing, Damaged: A section of its view, or its list of files, cannot be read; or a newer muse wrote it.
    """
    known = set() if known is None else known
    sections = [(name, section) for name, section in operation.view.sections.items() if section not in known]
    known.update([section for _, section in sections])
    parts = [_commits(operation.view), *(_section(operation.view, store, *one) for one in sections)]
    for part in (*parts, _changes(operation, store)):
        try:
            yield from part
        except MuseError as error:
            if trouble is None:
                raise
            trouble(error)


def _commits(view: View) -> Iterator[Root]:
    for commit in (view.commit, *view.branches.values()):
        if commit is not None:
            yield Root(COMMIT, commit)
    if view.merge is not None:
        raise _too_new("the view has a merge in progress, which this muse does not know")


def _changes(operation: Operation, store: ObjectStore) -> Iterator[Root]:
    if operation.worktree.digest is not None:
        yield Root(SECTION, operation.worktree.digest)
    for _, before, after in operation.changes(store):
        yield from (*_entry(before), *_entry(after))


def _section(view: View, store: ObjectStore, name: str, section: Section) -> Iterator[Root]:
    if section.digest is not None:
        yield Root(SECTION, section.digest)
    if name == "shelf":
        for one in shelved(view, store):
            yield from _shelved(one)
    elif name in ("tags", "releases"):
        for commit in _values(name, view.section(store, name)):
            if type(commit) is not bytes or len(commit) != DIGEST_SIZE:
                raise _no_section(name)
            yield Root(COMMIT, commit)
    elif name == "stage":
        for entry in _values(name, view.section(store, name)):
            yield from _entry(decode_entry(entry))
    elif section != EMPTY:
        raise _too_new(f"the view has a section {name} that this muse does not know")


def _values(name: str, section: Any) -> Iterable[Any]:
    if not isinstance(section, dict):
        raise _no_section(name)
    return section.values()


def _no_section(name: str) -> Damaged:
    return Damaged(f"the section {name} of the view is not one")


def _too_new(message: str) -> Damaged:
    return Damaged(message, "Update muse.", kind="too-new")


def _shelved(one: Shelved) -> Iterator[Root]:
    if one.commit is not None:
        yield Root(COMMIT, one.commit)
    for _, before, after in one.files:
        yield from (*_entry(before), *_entry(after))
    for entry in one.stage.values():
        yield from _entry(entry)


def _entry(entry: Entry | None) -> Iterator[Root]:
    if entry is not None:
        yield Root(BLOB, entry.digest)


class Reach:
    """The objects that have been reached so far, by kind.

    Args:
        store: Where they are.
        trouble: Told of each commit and tree that cannot be read; without it, that is raised.
    """

    def __init__(self, store: ObjectStore, trouble: Callable[[Root, MuseError], None] | None = None) -> None:
        self._store, self._trouble = store, trouble
        self.commits: set[bytes] = set()
        self.trees: set[bytes] = set()
        self.blobs: set[bytes] = set()
        self.sections: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return any(digest in found for found in (self.blobs, self.trees, self.commits, self.sections))

    def __len__(self) -> int:
        return len(self.blobs) + len(self.trees) + len(self.commits) + len(self.sections)

    def add(self, root: Root) -> None:
        """Reach an object, and all that it needs.

        Raises:
            Missing, Damaged: A commit or a tree cannot be read, and nobody is told of it.
        """
        if root.kind == COMMIT:
            self._add_commit(root.digest)
        else:
            (self.blobs if root.kind == BLOB else self.sections).add(root.digest)

    def _add_commit(self, digest: bytes) -> None:
        pending = [digest]
        while pending:
            digest = pending.pop()
            if digest in self.commits:
                continue
            self.commits.add(digest)
            try:
                commit = read_commit(self._store, digest)
            except MuseError as error:
                self._tell(Root(COMMIT, digest), error)
                continue
            self._add_tree(commit.tree)
            pending.extend(commit.parents)

    def _add_tree(self, digest: bytes) -> None:
        pending = [digest]
        while pending:
            digest = pending.pop()
            if digest in self.trees:
                continue
            self.trees.add(digest)
            try:
                entries = trees.read_tree(self._store, digest).values()
            except MuseError as error:
                self._tell(Root(TREE, digest), error)
                continue
            self.blobs.update([entry.digest for entry in entries if entry.mode != FOLDER])
            pending.extend([entry.digest for entry in entries if entry.mode == FOLDER])

    def _tell(self, root: Root, error: MuseError) -> None:
        if self._trouble is None:
            raise error
        self._trouble(root, error)
