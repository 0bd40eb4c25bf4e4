"""The words that every other module speaks in: digests, ids, entries, references.

Inside, an object is named by its 32-byte SHA-256 *digest*. At the edges (command line, JSON, the low-level API)
the same name is written as an *id*, `sha256:<64 hex>`.
"""

from __future__ import annotations

from muse.core.base.hashing import sha256
from muse.core.base.named import NamedTuple

ID_PREFIX = "sha256:"
DIGEST_SIZE = 32

#: What an entry of a tree is: a file, an executable file, a symbolic link, or a folder (a tree of its own).
FILE, EXECUTABLE, LINK, FOLDER = "f", "x", "l", "d"


class Entry(NamedTuple):
    """One file as a commit knows it: its mode and the digest of its bytes (for a link: of its target)."""

    mode: str
    digest: bytes


class Change(NamedTuple):
    """What a command does to one path of the folder. `None` stands for "not there"."""

    path: str
    before: Entry | None
    after: Entry | None


class PackRef(NamedTuple):
    """A pack as an operation names it: its random id and its size in bytes."""

    name: str
    size: int


def digest_of(data: bytes) -> bytes:
    """The 32-byte digest that names `data`."""
    return sha256(data).digest()


def blob_id(data: bytes) -> str:
    """The id of `data`: `sha256:` and 64 hexadecimal digits."""
    return ID_PREFIX + sha256(data).hexdigest()


def id_of(digest: bytes) -> str:
    """A digest as it is written for people and programs."""
    return ID_PREFIX + digest.hex()


def parse_id(text: str) -> bytes:
    """The digest that a whole id names.

    Raises:
        ValueError: `text` is not `sha256:` and exactly 64 lower-case hexadecimal digits.
    """
    digits = text.removeprefix(ID_PREFIX)
    if len(digits) != 2 * DIGEST_SIZE or len(text) == len(digits) or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"not an object id: {text!r}")
    return bytes.fromhex(digits)
