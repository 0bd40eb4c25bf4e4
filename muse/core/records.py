"""Trees and commits: the records whose digests are history. Their bytes are fixed by `docs/format.md`.

Every record that is read is checked: a tree from elsewhere must not be able to name a file outside the folder.
"""

from __future__ import annotations

from muse.core import names
from muse.core.codec import pack, unpack
from muse.core.errors import Damaged, TooNew
from muse.core.named import NamedTuple
from muse.core.types import DIGEST_SIZE, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

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


def encode_tree(entries: Mapping[str, Entry]) -> bytes:
    """The bytes of a tree. Entries are held in columns, sorted by the bytes of their names."""
    order = sorted(entries, key=names.sort_key)
    modes = "".join([entries[name].mode for name in order])
    digests = b"".join([entries[name].digest for name in order])
    return pack(["tree", _VERSION, order, modes, digests])


def decode_tree(data: bytes, what: str) -> Tree:
    """The entries of a tree, by name.

    Raises:
        Damaged: The bytes are no tree, or a name in it could leave the folder.
    """
    try:
        order, modes, digests = _fields(data, "tree", what)
        if type(order) is not tuple or type(modes) is not str or type(digests) is not bytes:
            raise ValueError
        if len(modes) != len(order) or len(digests) != DIGEST_SIZE * len(order):
            raise ValueError
        tree = {
            name: Entry(mode, digests[at : at + DIGEST_SIZE])
            for name, mode, at in zip(order, modes, range(0, len(digests), DIGEST_SIZE), strict=True)
        }
        if set(modes) - _MODES or len(tree) != len(order):
            raise ValueError
        bad = names.first_bad(order)
    except (ValueError, TypeError):
        raise Damaged(f"{what} is not a tree") from None
    if bad is not None:
        raise Damaged(f"{what} holds the name {names.show(bad)}, which could write outside the folder")
    return tree


def encode_commit(commit: Commit) -> bytes:
    """The bytes of a commit."""
    return pack(
        ["commit", _VERSION, commit.tree, commit.parents, list(commit.author), commit.time, commit.message]
    )


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
