"""Which names a tree may hold, and how names are ordered and shown.

A name comes from the file system as text that may hold lone surrogates (bytes that are no UTF-8); it keeps every
byte. A name is refused when it could reach outside the folder or into `.muse`, on any file system.
"""

from __future__ import annotations

from muse.core.paths import MUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RESERVED = frozenset(("", ".", "..", MUSE))
_MAX_BYTES = 255
#: Code points that some file systems drop from names.
_IGNORABLE = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)


def sort_key(name: str) -> bytes:
    """Names are ordered by their bytes, whatever the locale."""
    return name.encode("utf-8", "surrogateescape")


def folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, from the innermost out, the root left out."""
    while path := path.rpartition("/")[0]:
        yield path


def first_bad(names: Iterable[str]) -> str | None:
    """The first name that no tree may hold, or None."""
    names = tuple(names)
    joined = "\0".join(names)
    if not names or (
        "/" not in joined
        and joined.count("\0") == len(names) - 1
        and joined.isascii()
        and not (_RESERVED & {name.lower().rstrip(". ") for name in names})
        and max(map(len, names)) <= _MAX_BYTES
    ):
        return None
    return next((name for name in names if is_bad(name)), None)


def is_bad(name: str) -> bool:
    """True for a name that could leave the folder, reach into `.muse`, or stand nowhere."""
    if "/" in name or "\0" in name or len(sort_key(name)) > _MAX_BYTES or name in (".", "..", ""):
        return True
    return fold(name).rstrip(". ") in (MUSE, "") and fold(name) not in ("...", "")


def fold(name: str) -> str:
    """What a file system that tells few names apart may make of a name."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFKC", name.translate(_IGNORABLE)).casefold().translate(_IGNORABLE)


def show(path: str) -> str:
    """A path as text that can be printed anywhere: control characters and stray bytes are escaped."""
    if path.isprintable():
        return path
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in path)


def writable(text: str) -> str:
    """A text that a record can hold: bytes that are no UTF-8 stay, other halves of characters become "?"."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
