"""Names that the file system takes for one: `A.txt` and `a.txt`, or two ways of writing an accent.

Two such files cannot both stand in the folder. But one may take the place of the other: a commit that changes only
the case of a name removes one path and adds the other, and on the disk both are the same file.
"""

from __future__ import annotations

import os

from muse.core.base import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def folds_names(root: str) -> bool:
    """True when the file system takes `.MUSE` for `.muse`."""
    return os.path.lexists(os.path.join(root, ".MUSE")) and os.path.samefile(
        os.path.join(root, ".MUSE"), os.path.join(root, ".muse")
    )


def key(path: str) -> str:
    """What is the same for paths that may be one."""
    return "/".join(map(names.fold, path.split("/")))


def misspelt(root: str, paths: Iterable[str]) -> set[str]:
    """Of several paths that are one here: those that are not the way in which the name on the disk is written.

    None where the file system tells names apart.
    """
    if not folds_names(root):
        return set()
    alike: dict[str, list[str]] = {}
    for path in paths:
        alike.setdefault(key(path), []).append(path)
    return {path for twins in alike.values() if len(twins) > 1 for path in twins if not _is_spelt(root, path)}


def _is_spelt(root: str, path: str) -> bool:
    for name in path.split("/"):
        try:
            if name not in os.listdir(root):
                return False
        except OSError:
            return False
        root = os.path.join(root, name)
    return True
