"""The caches below `.muse/cache/`: which of them are damaged. Whoever reads a damaged one makes it anew.

Where the folder itself is something else, that is what is damaged: its name here is `folder`.
"""

from __future__ import annotations

import os
from zlib import crc32

from muse.core import io
from muse.core.base.codec import unpack
from muse.core.base.errors import MuseError
from muse.core.commands import hints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.paths import Layout

_NAMES = ("config", "graph", "stat", "sweep")
_FOLDER = "folder"


def damaged(layout: Layout) -> list[str]:
    """The names of the caches that are not what was written."""
    if os.path.lexists(layout.cache) and not os.path.isdir(layout.cache):
        return [_FOLDER]
    return [name for name in _NAMES if not _is_whole(os.path.join(layout.cache, name))]


def throw_away(layout: Layout, name: str) -> bool:
    """Remove a cache; it is made anew. False when it cannot be removed."""
    path = layout.cache if name == _FOLDER else os.path.join(layout.cache, name)
    if not hints.remove_strange(path):
        io.remove_quietly(path)
    return not os.path.lexists(path)


def _is_whole(path: str) -> bool:
    try:
        value = unpack(io.read_file(path, io.CACHE_LIMIT), path)
        body = value["body"] if "body" in value else value["values"]
        return bool(value["check"] == crc32(body))
    except FileNotFoundError:
        return True
    except (MuseError, TypeError, KeyError):
        return False
