"""Where everything lies below `.muse/`. No other module spells these names.

Code inside uses `Layout`, whose attributes are plain strings; the functions give the same places as
`pathlib.Path` for the low-level API.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib

MUSE = ".muse"

#: Folders that older layouts used. muse sweeps them and leaves what lies in them alone.
FOREIGN_FOLDERS = ("branches", "commits", "snapshots", "tags", "releases", "refs", "refs/heads")


class Layout:
    """The files and folders of one repository, as strings.

    Args:
        root: The folder that holds `.muse`.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.muse = muse = os.path.join(root, MUSE)
        self.objects = os.path.join(muse, "objects")
        self.packs = os.path.join(muse, "objects", "pack")
        self.shards = os.path.join(muse, "objects", "sha256")
        self.ops = os.path.join(muse, "ops")
        self.journal = os.path.join(muse, "journal")
        self.restore = os.path.join(muse, "restore")
        self.cache = os.path.join(muse, "cache")
        self.stat_cache = os.path.join(muse, "cache", "stat")
        self.graph_cache = os.path.join(muse, "cache", "graph")
        self.head = os.path.join(muse, "HEAD")
        self.applied = os.path.join(muse, "applied")
        self.lock = os.path.join(muse, "worktree.lock")
        self.config = os.path.join(muse, "config.toml")
        self.gitignore = os.path.join(muse, ".gitignore")

    def pack(self, name: str) -> str:
        """The file of the pack with this id."""
        return os.path.join(self.packs, f"{name}.pack")

    def pack_aside(self, name: str) -> str:
        """Where `doctor` sets aside the file of a damaged pack."""
        return os.path.join(self.packs, f"{name}.damaged")

    def operation(self, number: int) -> str:
        """The file of operation `number`."""
        return os.path.join(self.ops, f"{number:012d}")

    def shard_file(self, digest: bytes) -> str:
        """The file of a single object: a folder for the first byte, a name for the rest."""
        digits = digest.hex()
        return os.path.join(self.shards, digits[:2], digits[2:])


def _path(root: str | os.PathLike[str], *parts: str) -> pathlib.Path:
    from pathlib import Path

    return Path(root, MUSE, *parts)


def muse_dir(root: str | os.PathLike[str]) -> pathlib.Path:
    """`.muse` in the folder `root`."""
    return _path(root)


def objects_dir(root: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of packs and single objects."""
    return _path(root, "objects")


def commits_dir(root: str | os.PathLike[str]) -> pathlib.Path:
    """`.muse/commits`: swept, otherwise not used."""
    return _path(root, "commits")


def tags_dir(root: str | os.PathLike[str]) -> pathlib.Path:
    """`.muse/tags`: swept, otherwise not used."""
    return _path(root, "tags")


def releases_dir(root: str | os.PathLike[str]) -> pathlib.Path:
    """`.muse/releases`: swept, otherwise not used."""
    return _path(root, "releases")


def stat_cache_path(root: str | os.PathLike[str]) -> pathlib.Path:
    """The file of the stat cache."""
    return _path(root, "cache", "stat")
