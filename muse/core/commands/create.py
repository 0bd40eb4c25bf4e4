"""Making `.muse/`."""

from __future__ import annotations

import errno
import os

from muse.core import io
from muse.core.base.errors import NotARepository, SystemTrouble, from_os_error
from muse.core.system import locks, publish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.paths import Layout


def create(layout: Layout) -> None:
    """Make the folders and settings of a new repository. A crash in between leaves one without history.

    Raises:
        SystemTrouble: The system refused, or it offers no way to create a file only if it is absent.
    """
    _need_locks()
    try:
        make_folder(layout.muse)
        _make_folders(layout)
        if not all(map(os.path.lexists, (layout.gitignore, layout.config, layout.applied))):
            way = publish.find_way(layout.muse)
            _create(layout.gitignore, b"*\n", way)
            _create(layout.config, f'[store]\npublish = "{way}"\n'.encode(), way)
            _create(layout.applied, b"0\n", way)
        io.sync_folder(layout.muse)
    except OSError as error:
        raise from_os_error(error, "cannot make", layout.muse) from error


def make_folder(path: str, below: str | None = None) -> None:
    """Make a folder, and those above it, so that their names survive a power cut.

    Args:
        path: The folder.
        below: One above it that is not made, if it is given.

    Raises:
        FileNotFoundError: That one is missing.
        NotADirectoryError: Something else stands in its place.
    """
    if os.path.isdir(path or "."):
        return
    if path == below:
        code = errno.ENOTDIR if os.path.lexists(path) else errno.ENOENT
        raise OSError(code, os.strerror(code), path)
    above = os.path.dirname(path)
    make_folder(above, below)
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    io.sync_folder(above or ".")


def _create(path: str, data: bytes, way: str) -> None:
    """Make a file, unless there is one: another `init` may be done, and commands have changed it since."""
    try:
        with io.NewFile(os.path.dirname(path), way=way) as new:
            new.write(data)
            new.create(path)
    except FileExistsError:
        return
    except OSError as error:
        raise from_os_error(error, "cannot write", path) from error


def ensure_folders(layout: Layout) -> None:
    """Make the folders that writing needs, where they are missing below `.muse`.

    Raises:
        NotARepository: There is no `.muse` any more: a new one would hide that all is gone.
        SystemTrouble: The system refused, or it has no locks at all, so that writing would not be safe.
    """
    _need_locks()
    _make_folders(layout)


def _make_folders(layout: Layout) -> None:
    try:
        for folder in (layout.packs, layout.ops, layout.cache, layout.restore, layout.journal):
            make_folder(folder, below=layout.muse)
    except FileNotFoundError:
        raise NotARepository(layout.root) from None
    except OSError as error:
        raise from_os_error(error, "cannot make", error.filename or layout.muse) from error


def _need_locks() -> None:
    if not locks.AVAILABLE:
        raise SystemTrouble(
            "this system has no file locks, so muse cannot write here safely",
            "Use Linux or macOS for commands that change anything; the others work.",
            kind="no-locks",
        )
