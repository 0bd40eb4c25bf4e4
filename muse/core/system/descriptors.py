"""Open files are few: a process may have 256 on some systems, and one large file is one pack.

When many are held, the limit is raised as far as the system lets a process do that itself. Where that does not help,
packs that are read are closed and opened again, see `muse.core.packs.pack`. A file that is being written has no name
yet, so it stays open: too many large ones at once are an error then.
"""

from __future__ import annotations

import os

#: One holder takes no more than this part of what the process may have.
_PART = 3


def make_room(held: int) -> bool:
    """Raise the limit where `held` files are a large part of it; False when that is not possible."""
    return not 0 <= os.sysconf("SC_OPEN_MAX") < held * _PART or _raise_limit(held * _PART * 2)


def _raise_limit(wanted: int) -> bool:
    """Raise the limit towards `wanted`; True when that was possible."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    new = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (new, hard))
    except (OSError, ValueError):
        return False
    return new > soft
