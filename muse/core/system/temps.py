"""The names of temporary files: four families, and which of them may be swept on sight.

Writers, the sweep and listings all use these names. A writer of ours holds an `flock` on its temporary file for as
long as the file has that name, so a free lock means that the writer is dead. Two families may also come from
writers that take no lock: those are left alone until they are old.
"""

from __future__ import annotations

import os

MUSE_TEMP = ".muse-tmp-"
OBJECT_TEMP = ".obj-tmp-"
RESTORE_TEMP = ".restore-tmp-"
STAT_CACHE_TEMP = ".stat_cache_"
STAT_CACHE_SUFFIX = ".tmp"

#: Seconds for which a file of the object families is spared, because its writer may take no lock.
GRACE_SECONDS = 60

_OBJECT_FAMILIES = (OBJECT_TEMP, RESTORE_TEMP)


def new_name(prefix: str) -> str:
    """A fresh temporary name of the family `prefix`."""
    suffix = STAT_CACHE_SUFFIX if prefix == STAT_CACHE_TEMP else ""
    return f"{prefix}{os.urandom(8).hex()}{suffix}"


def is_muse_temp(name: str) -> bool:
    """True for the families that only writers with a lock make."""
    return name.startswith(MUSE_TEMP) or (
        name.startswith(STAT_CACHE_TEMP) and name.endswith(STAT_CACHE_SUFFIX)
    )


def is_object_temp(name: str) -> bool:
    """True for the families that are spared while they are young."""
    return name.startswith(_OBJECT_FAMILIES)
