"""Making `.muse/`."""

from __future__ import annotations

import os

from muse.core import io, locks, publish
from muse.core.errors import SystemTrouble, from_os_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.paths import Layout


def create(layout: Layout) -> None:
    """Make the folders and settings of a new repository. A crash in between leaves one without history.

    Raises:
        SystemTrouble: The system refused, or it offers no way to create a file only if it is absent.
    """
    try:
        ensure_folders(layout)
        if not os.path.lexists(layout.gitignore):
            io.write_atomic(layout.gitignore, b"*\n")
        if not os.path.lexists(layout.config):
            way = publish.find_way(layout.muse)
            io.write_atomic(layout.config, f'[store]\npublish = "{way}"\n'.encode())
        if not os.path.lexists(layout.applied):
            io.write_atomic(layout.applied, b"0\n")
        io.sync_folder(layout.muse)
    except OSError as error:
        raise from_os_error(error, "cannot make", layout.muse) from error


def ensure_folders(layout: Layout) -> None:
    """Make the folders that writing needs, where they are missing.

    Raises:
        SystemTrouble: The system refused, or it has no locks at all, so that writing would not be safe.
    """
    if not locks.AVAILABLE:
        raise SystemTrouble(
            "this system has no file locks, so muse cannot write here safely",
            "Use Linux or macOS for commands that change anything; the others work.",
            kind="no-locks",
        )
    try:
        for folder in (layout.packs, layout.ops, layout.cache, layout.restore, layout.journal):
            io.make_folder(folder)
    except OSError as error:
        raise from_os_error(error, "cannot make", layout.muse) from error
