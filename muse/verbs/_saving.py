"""Waiting for a notebook that its server is saving: it writes in place."""

from __future__ import annotations

import os
import time

from muse.core.base.names import show
from muse.core.types import LINK, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

#: Seconds for which a notebook that its server is writing is waited for.
_SAVING_SECONDS = 1.0
#: What is older than this was left by a server that died.
_SAVE_AT_MOST_NS = 60_000_000_000


class Patience:
    """How long a command waits for notebooks that are being saved, all in all.

    Attributes:
        left: Seconds.
    """

    def __init__(self) -> None:
        self.left = _SAVING_SECONDS


def once_saved(look: Callable[[], T], saving: Callable[[T], list[str]], patience: Patience) -> tuple[T, list[str]]:
    """Look until no notebook is being saved: its server writes in place.

    Args:
        look: Finds something in the folder. It is called again while there is patience.
        saving: The notebooks in that which are being saved.
        patience: What is left of it; it becomes less.

    Returns:
        What was found last, and a warning for each notebook that was being saved all the while.
    """
    found = look()
    began = time.monotonic()
    while paths := saving(found):
        if time.monotonic() - began > patience.left:
            patience.left = 0.0
            return found, [f"{show(path)} is being saved, and was taken as it stood" for path in paths]
        time.sleep(0.02)
        found = look()
    patience.left = max(0.0, patience.left - (time.monotonic() - began))
    return found, []


def is_being_saved(root: str, path: str, found: Entry, is_cut: Callable[[], bool]) -> bool:
    """Whether a notebook is being written by its server.

    The server keeps the old copy beside the notebook, as `.~NAME`, while it writes. It copies its mtime too. That
    copy may be gone by now, and not every server makes one: what was read must be whole in itself.

    Args:
        root: The folder of the repository.
        path: The notebook.
        found: What was read there.
        is_cut: Whether that is the beginning of a notebook alone, see `is_beginning`.
    """
    folder, name = os.path.split(os.path.join(root, path))
    if _is_recent(os.path.join(folder, f".~{name}"), times=("st_ctime_ns",)):
        return True
    return found.mode != LINK and is_new(root, path) and is_cut()


def is_beginning(raw: bytes, before: Entry | None) -> bool:
    """Whether this is what is on the disk of a notebook that is being written; `before` is its last version."""
    from muse.notebook.saving import is_cut

    return is_cut(raw) or (raw == b"" and before is not None)


def is_new(root: str, path: str) -> bool:
    """Whether what stands there is younger than any save takes."""
    return _is_recent(os.path.join(root, path), times=("st_mtime_ns", "st_ctime_ns"))


def _is_recent(path: str, *, times: tuple[str, ...]) -> bool:
    """Whether something stands there, and all of its times are younger than any save takes."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    earliest = min([int(getattr(found, name)) for name in times])
    return earliest > time.time_ns() - _SAVE_AT_MOST_NS
