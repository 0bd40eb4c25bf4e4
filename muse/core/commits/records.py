"""Trees and commits: the records whose digests are history. Their bytes are fixed by `docs/format.md`.

Every record that is read is checked: a tree from elsewhere must not be able to name a file outside the folder.
"""

from __future__ import annotations

from muse.core.base import names
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged, Refused, TooNew
from muse.core.base.named import NamedTuple
from muse.core.types import DIGEST_SIZE, Entry, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from muse.core.packs.store import ObjectStore

#: No tree and no commit has more bytes than this: they are read as a whole, and decoded they take far more.
MAX_RECORD = 256 << 20

_MODES = frozenset("fxld")
_VERSION = 1

Tree = dict[str, Entry]


class Author(NamedTuple):
    """Who made a commit."""

    name: str
    email: str


class Commit(NamedTuple):
    """One state of the folder, and how it came about.

    Attributes:
        tree: Digest of the tree of the root folder.
        parents: Digests of the commits before it; none for a first commit.
        author: Who made it.
        time: RFC 3339 with offset.
        message: As it was given.
    """

    tree: bytes
    parents: tuple[bytes, ...]
    author: Author
    time: str
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].rstrip()


def readable(data: bytes) -> bytes:
    """The same bytes, if they can be read again.

    Raises:
        Refused: No record may be as large.
    """
    if len(data) > MAX_RECORD:
        raise Refused(
            f"a folder, a message or a list takes {len(data):,} bytes; muse keeps at most {MAX_RECORD:,} in one piece",
            "Nothing was changed; spread the files over more folders, or ignore some.",
            kind="too-large",
        )
    return data


def encode_tree(entries: Mapping[str, Entry]) -> bytes:
    """The bytes of a tree. Entries are held in columns, sorted by the bytes of their names."""
    order = sorted(entries, key=names.sort_key)
    modes = "".join([entries[name].mode for name in order])
    digests = b"".join([entries[name].digest for name in order])
    return readable(pack(["tree", _VERSION, order, modes, digests]))


class Columns(NamedTuple):
    """A tree as it is written: names in order, a letter for each mode, digests one after the other."""

    names: tuple[str, ...]
    modes: str
    digests: bytes

    def entry(self, place: int) -> Entry:
        """The entry at a place, counted from 0."""
        at = place * DIGEST_SIZE
        return Entry(self.modes[place], self.digests[at : at + DIGEST_SIZE])

    def entries(self) -> Tree:
        """The entries by name."""
        digests, step = self.digests, DIGEST_SIZE
        places = range(0, len(digests), step)
        return {
            name: Entry(mode, digests[at : at + step])
            for name, mode, at in zip(self.names, self.modes, places, strict=True)
        }


_good: tuple[str, ...] = ()


def decode_columns(data: bytes, what: str) -> Columns:
    """The tree that these bytes are.

    Raises:
        Damaged: They are none, or a name in it could leave the folder.
    """
    global _good
    try:
        order, modes, digests = _fields(data, "tree", what)
        if type(order) is not tuple or type(modes) is not str or type(digests) is not bytes:
            raise ValueError
        if len(modes) != len(order) or len(digests) != DIGEST_SIZE * len(order) or set(modes) - _MODES:
            raise ValueError
        if order != _good:  # two versions of a folder mostly have the same names
            bad = names.first_bad(order)
            if bad is not None:
                raise Damaged(f"{what} holds the name {names.show(bad)}, which could write outside the folder")
            if len(set(order)) != len(order):
                raise ValueError
            _good = order
    except (ValueError, TypeError):
        raise Damaged(f"{what} is not a tree") from None
    return Columns(order, modes, digests)


def differences(old: Columns, new: Columns) -> Iterator[tuple[str, Entry | None, Entry | None]]:
    """Name, entry before and entry after of all that differs, in order of names."""
    if old.names == new.names:
        for place in _unlike(old, new):
            yield old.names[place], old.entry(place), new.entry(place)
        return
    before, after = old.entries(), new.entries()
    for name in sorted(before.keys() | after.keys(), key=names.sort_key):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _unlike(old: Columns, new: Columns) -> Iterator[int]:
    """Where two trees with the same names differ, in order; halves that are alike are looked at once, as a whole."""
    pending = [(0, len(old.names))]
    while pending:
        first, last = pending.pop()
        digests = slice(first * DIGEST_SIZE, last * DIGEST_SIZE)
        if old.digests[digests] == new.digests[digests] and old.modes[first:last] == new.modes[first:last]:
            continue
        if last - first == 1:
            yield first
            continue
        middle = (first + last) // 2
        pending += (middle, last), (first, middle)


def encode_commit(commit: Commit) -> bytes:
    """The bytes of a commit."""
    fields = ["commit", _VERSION, commit.tree, commit.parents, list(commit.author), commit.time, commit.message]
    return readable(pack(fields))


def decode_commit(data: bytes, what: str) -> Commit:
    """The commit that these bytes are.

    Raises:
        Damaged: They are none.
    """
    try:
        tree, parents, author, time, message = _fields(data, "commit", what)
        name, email = author
        if type(parents) is not tuple or type(author) is not tuple:
            raise ValueError
        if not all(isinstance(text, str) for text in (name, email, time, message)):
            raise ValueError
        for digest in (tree, *parents):
            _check_digest(digest)
    except (ValueError, TypeError):
        raise Damaged(f"{what} is not a commit") from None
    return Commit(tree, parents, Author(name, email), time, message)


def read_commit(store: ObjectStore, digest: bytes) -> Commit:
    """The commit of that digest.

    Raises:
        Missing, Damaged: It is not there, or is no commit.
    """
    return decode_commit(store.read(digest, MAX_RECORD), f"commit {id_of(digest)}")


def tree_of(store: ObjectStore, commit: bytes | None) -> bytes | None:
    """The tree of a commit; None for no commit."""
    return read_commit(store, commit).tree if commit is not None else None


def _fields(data: bytes, kind: str, what: str) -> list[Any]:
    """What follows kind and version in a record."""
    fields: list[Any]
    found, version, *fields = unpack(data, what)
    if found != kind:
        raise ValueError
    if isinstance(version, int) and version > _VERSION:
        raise TooNew(what, version)
    if version != _VERSION:
        raise ValueError
    return fields


def _check_digest(digest: Any) -> None:
    if type(digest) is not bytes or len(digest) != DIGEST_SIZE:
        raise ValueError
