"""The caches below `.muse/cache/`: which of them are damaged. Whoever reads a damaged one makes it anew."""

from __future__ import annotations

import os
from zlib import crc32

from muse.core import hints, io
from muse.core.codec import unpack
from muse.core.errors import MuseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.paths import Layout

_NAMES = ("config", "graph", "stat", "sweep")


def damaged(layout: Layout) -> list[str]:
    """The names of the caches that are not what was written."""
    return [name for name in _NAMES if not _is_whole(os.path.join(layout.cache, name))]


def throw_away(layout: Layout, name: str) -> bool:
    """Remove a cache; it is made anew. False when it cannot be removed."""
    path = os.path.join(layout.cache, name)
    if not hints.remove_strange(path):
        io.remove_quietly(path)
    return not os.path.lexists(path)


def _is_whole(path: str) -> bool:
    try:
        value = unpack(io.read_file(path), path)
        body = value["body"] if "body" in value else value["values"]
        return bool(value["check"] == crc32(body))
    except FileNotFoundError:
        return True
    except (MuseError, TypeError, KeyError):
        return False
