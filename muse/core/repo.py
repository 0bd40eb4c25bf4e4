"""Finding a repository, and the handle that commands hold on it.

Whoever opens a repository sweeps it first: that is how the next cell cleans up after a kernel that died.
"""

from __future__ import annotations

import os
import stat

from muse.core.base import log
from muse.core.base.errors import NotARepository
from muse.core.paths import MUSE, Layout
from muse.core.system import sweep, temps

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pathlib

    from muse.core.settings.config import Settings

ROOT_VARIABLE = "MUSE_REPO_ROOT"

_MUSE_TEMP_PREFIXES = (temps.MUSE_TEMP, temps.STAT_CACHE_TEMP)
_MUSE_SWEEP_DIRS = sweep.MUSE_FOLDERS


class Repo:
    """One repository: where it is and how it is set. All work is done by functions that take it.

    Args:
        root: The folder that holds `.muse`.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.layout = Layout(root)
        self._settings: Settings | None = None

    @classmethod
    def open(cls, start: str | os.PathLike[str] | None = None) -> Repo:
        """Find the repository, sweep it, and give a handle on it. Searches as `require_repo` does.

        Raises:
            NotARepository: There is none.
        """
        root = find_root(start)
        log.debug("the repository in %s", root)
        _startup_gc(root)
        return cls(root)

    @property
    def settings(self) -> Settings:
        """The settings in force, read when first asked for."""
        if self._settings is None:
            from muse.core.settings.config import Settings

            self._settings = Settings.load(self.layout.muse)
        return self._settings

    @property
    def durable(self) -> bool:
        """Whether a command that has answered must survive a power cut."""
        return self.settings.text("durability") != "off"

    @property
    def way(self) -> str:
        """How this file system creates a name only if it is absent."""
        return self.settings.text("store.publish")


def find_root(start: str | os.PathLike[str] | None = None) -> str:
    """The folder that holds `.muse`: in `start` or above it; else `$MUSE_REPO_ROOT`; else the current folder.

    A `~` at the beginning is the home of the user, as nobody expands it in a variable.

    Raises:
        NotARepository: There is none, or the current folder was removed.
    """
    wanted = os.fspath(start) if start is not None else os.environ.get(ROOT_VARIABLE) or os.curdir
    wanted = os.path.expanduser(wanted)
    first = folder = os.path.abspath(wanted if os.path.isabs(wanted) else os.path.join(current_folder(), wanted))
    while True:
        muse = os.path.join(folder, MUSE)
        try:
            if stat.S_ISDIR(os.lstat(muse).st_mode):
                return folder
            if os.path.isdir(Layout(folder).ops):
                raise misplaced(muse)  # a link to a repository: whoever is here means that, and none above
        except OSError:
            pass  # not here; an unreadable folder holds none that could be used
        above = os.path.dirname(folder)
        if above == folder:
            odd = os.path.join(first, MUSE)
            raise misplaced(odd) if os.path.lexists(odd) else NotARepository(first)
        folder = above


def current_folder() -> str:
    """The current folder.

    Raises:
        NotARepository: It was removed.
    """
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise NotARepository(os.curdir, "the current folder was removed", "Go to another one.") from None


def misplaced(muse: str) -> NotARepository:
    """What to say where something stands in the place of `.muse` that cannot be one."""
    if os.path.islink(muse):
        hint = "Remove the link, or put the folder that it leads to in its place; a mount will do, too."
        return NotARepository(muse, f"{muse} is a link, and muse follows none there", hint)
    return NotARepository(muse, f"{muse} is not a folder", "Move it away; then `muse init` starts a repository.")


def require_repo(start: str | os.PathLike[str] | None = None) -> pathlib.Path:
    """Find the repository and sweep it, as every command does first.

    Args:
        start: Where to look, and above; beats `$MUSE_REPO_ROOT`, which beats the current folder.

    Returns:
        The folder that holds `.muse`.

    Raises:
        NotARepository: There is none. It is also a `SystemExit` with code 2.
    """
    from pathlib import Path

    return Path(Repo.open(start).root)


def _startup_gc(root: str | os.PathLike[str]) -> None:
    """Remove every temporary file that a dead process left below `.muse/`."""
    sweep.sweep(Layout(os.fspath(root)))


def _cleanup_muse_dir_temps(muse_dir: str | os.PathLike[str]) -> int:
    """Sweep the folders of records and caches below `.muse/`. Returns how many files went."""
    return sweep.sweep_muse(os.fspath(muse_dir))
