"""What a folder takes, counted in two ways: the bytes of its files, and the blocks that they occupy on the disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

_BLOCK = 512


def contents(folder: str, without: Collection[str] = ()) -> int:
    """Bytes of all files below a folder, as `ls` tells them.

    Args:
        folder: Where to count.
        without: Names of sub-folders, right below, that are not counted.
    """
    return sum(os.lstat(path).st_size for path in _files(folder, without))


def blocks(folder: str) -> int:
    """Bytes of disk that a folder takes, folders included."""
    paths = (folder for folder, _, _ in os.walk(folder))
    return sum(os.lstat(path).st_blocks for path in (*paths, *_files(folder))) * _BLOCK


def _files(folder: str, without: Collection[str] = ()) -> Iterator[str]:
    for above, folders, files in os.walk(folder):
        if above == folder:
            folders[:] = [name for name in folders if name not in without]
        yield from (os.path.join(above, name) for name in files)
