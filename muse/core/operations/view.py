"""The view: everything that may change, at one moment.

Small things stand in the operation itself. The sections (stage, tags, remote refs, shelf, runs, releases) do too
while they are short; a long one is an object of its own, so that an operation that does not touch it costs nothing.
"""

from __future__ import annotations

from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged
from muse.core.base.named import NamedTuple
from muse.core.commits.records import MAX_RECORD, readable
from muse.core.types import DIGEST_SIZE, Change, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from muse.core.packs.store import ObjectStore

#: A section longer than this many bytes becomes an object.
SPILL = 4096

#: What is staged: the entry to commit at a path, or None for "remove it".
Stage = dict[str, Entry | None]


class Section(NamedTuple):
    """One part of the view, encoded: its bytes, or the digest of the object that holds them."""

    inline: bytes | None
    digest: bytes | None = None


EMPTY = Section(pack({}))


class View(NamedTuple):
    """Branches, stage, and what is checked out.

    Attributes:
        branch: The branch that is checked out; None when a commit is.
        commit: The commit that is checked out; None before the first.
        branches: Name to commit. A branch without a commit yet is not listed.
        merge: The merge in progress, as data.
        sections: The other parts, by name.
    """

    branch: str | None = "main"
    commit: bytes | None = None
    branches: dict[str, bytes] = {}  # noqa: RUF012 - never changed, always replaced
    merge: Any = None
    sections: dict[str, Section] = {}  # noqa: RUF012 - never changed, always replaced

    def section(self, store: ObjectStore, name: str) -> Any:
        """The value of a section; an empty mapping when nothing was ever put there."""
        section = self.sections.get(name, EMPTY)
        data = store.read(section.digest, MAX_RECORD) if section.digest is not None else section.inline
        return unpack(data or EMPTY.inline or b"", f"the section {name} of the view")

    def with_section(self, store: ObjectStore, name: str, value: Any) -> View:
        """The same view with another value for a section, which goes into the store when it is long."""
        section = spill(store, pack(value), self.sections.get(name, EMPTY))
        return self._replace(sections={**self.sections, name: section})

    def stage(self, store: ObjectStore) -> Stage:
        """What is staged.

        Raises:
            Damaged: It is not what was written.
        """
        found = self.section(store, "stage")
        if type(found) is not dict or set(map(type, found)) - {str}:
            raise Damaged("the stage in the view is not one")
        return {path: decode_entry(entry) for path, entry in found.items()}

    def with_stage(self, store: ObjectStore, stage: Stage) -> View:
        """The same view with another stage."""
        ordered = {path: encode_entry(stage[path]) for path in sorted(stage)}
        return self.with_section(store, "stage", ordered)

    def tags(self, store: ObjectStore) -> dict[str, bytes]:
        """Tag name to commit.

        Raises:
            Damaged: They are not what was written.
        """
        found = self.section(store, "tags")
        if type(found) is not dict or set(map(type, found)) - {str} or set(map(type, found.values())) - {bytes}:
            raise Damaged("the tags in the view are none")
        if set(map(len, found.values())) - {DIGEST_SIZE}:
            raise Damaged("a tag in the view names no commit")
        return found

    def moved_to(self, commit: bytes) -> View:
        """The view after `commit` was made on what is checked out."""
        branches = {**self.branches, self.branch: commit} if self.branch is not None else self.branches
        return self._replace(commit=commit, branches=branches)


def spill(store: ObjectStore, data: bytes, before: Section = EMPTY) -> Section:
    """Keep short bytes inline; put long ones into the store, held against what stood there before."""
    return Section(data) if len(data) <= SPILL else Section(None, store.add(readable(data), like=before.digest))


def encode_view(view: View) -> dict[str, Any]:
    """The view as plain values."""
    sections = {name: list(view.sections[name]) for name in sorted(view.sections) if view.sections[name] != EMPTY}
    return {
        "branch": view.branch,
        "commit": view.commit,
        "branches": {name: view.branches[name] for name in sorted(view.branches)},
        "merge": view.merge,
        "sections": sections,
    }


def decode_section(value: Any) -> Section:
    """The section that these values are.

    Raises:
        ValueError, TypeError: They are none.
    """
    section = Section(*value)
    if [type(part) for part in section if part is not None] != [bytes]:
        raise ValueError("section")
    return section


def decode_view(value: Any) -> View:
    """The view that these values are.

    Raises:
        ValueError, TypeError, KeyError: They are none.
    """
    if not isinstance(value["branch"], str | None) or set(map(type, value["branches"])) - {str}:
        raise ValueError("branch")
    sections = {name: decode_section(section) for name, section in value["sections"].items()}
    commits = [value["commit"], *value["branches"].values()]
    if any(commit is not None and (type(commit) is not bytes or len(commit) != DIGEST_SIZE) for commit in commits):
        raise ValueError("commit")
    return View(value["branch"], value["commit"], dict(value["branches"]), value["merge"], sections)


def encode_entry(entry: Entry | None) -> list[Any] | None:
    """An entry as plain values."""
    return None if entry is None else [entry.mode, entry.digest]


def decode_entry(value: Any) -> Entry | None:
    """The entry that these values are.

    Raises:
        Damaged: They are none.
    """
    if value is None:
        return None
    try:
        mode, digest = value
        if mode not in ("f", "x", "l") or type(digest) is not bytes or len(digest) != DIGEST_SIZE:
            raise ValueError
    except (ValueError, TypeError):
        raise Damaged("an entry in an operation is not one") from None
    return Entry(mode, digest)


def encode_changes(changes: Iterable[Change]) -> bytes:
    """A `worktree` list as bytes."""
    return pack([[path, encode_entry(before), encode_entry(after)] for path, before, after in changes])


def decode_changes(data: bytes) -> tuple[Change, ...]:
    """The `worktree` list that these bytes are.

    Raises:
        Damaged: They are none.
    """
    value = unpack(data, "the list of changed files of an operation")
    try:
        return tuple([decode_change(*one) for one in value])
    except (ValueError, TypeError):
        raise Damaged("the list of changed files of an operation is not one") from None


def decode_change(path: Any, before: Any, after: Any) -> Change:
    """The change of a file that these values are.

    Raises:
        TypeError, Damaged: They are none.
    """
    if type(path) is not str:
        raise TypeError("path")
    return Change(path, decode_entry(before), decode_entry(after))
