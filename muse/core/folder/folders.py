"""The folders of the user, opened one by one without following links; and what stands at a path in them."""

from __future__ import annotations

import errno
import os
import stat

from muse.core.base.errors import MuseError, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.folder import files
from muse.core.folder.files import UNKNOWN, NotAFile, differ_in_names_alone, signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from muse.core.folder.files import Content, Signature
    from muse.core.packs.pack_writer import Incoming
    from muse.core.types import Entry

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Blocked(Exception):
    """The way to a path leads through something that is not a folder."""


class Found(NamedTuple):
    """What stands at a path.

    Attributes:
        entry: The file, or None when there is none.
        seen: Its signature at that moment; None when nothing is there.
        racy: The signature proves nothing: compare the content to know whether it is still the same.
        folder: A folder stands there.
    """

    entry: Entry | None
    seen: Signature | None = None
    racy: bool = False
    folder: bool = False


class Folders:
    """Opens folders below a root one by one, never through a link; the last one is kept open.

    Args:
        root: The folder to stay in.
    """

    def __init__(self, root: str) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._last: tuple[str, int] | None = None
        #: Folders in which a name was made or removed through `open(create=True)`.
        self.made_in: set[str] = set()

    def open(self, folder: str, *, create: bool = False) -> int:
        """The descriptor of a folder; it stays ours.

        Raises:
            FileNotFoundError: There is no such folder.
            Blocked: A link or a file stands in the way.
            SystemTrouble: The system refused.
        """
        if not folder:
            return self._root
        if self._last is not None:
            if self._last[0] == folder:
                return self._last[1]
            self._close_last()
        fd = os.dup(self._root)
        done: list[str] = []
        try:
            for part in folder.split("/"):
                below = self._step(fd, part, "/".join(done), create=create)
                above, fd = fd, below
                os.close(above)
                done.append(part)
        except BaseException as error:
            os.close(fd)
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                raise from_os_error(error, "cannot open the folder", show(folder)) from error
            raise
        self._last = (folder, fd)
        return fd

    def _step(self, fd: int, part: str, above: str, *, create: bool) -> int:
        try:
            return os.open(part, _FOLDER_FLAGS, dir_fd=fd)
        except FileNotFoundError:
            if not create:
                raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise Blocked from None
            raise
        _make(part, fd)
        self.made_in.add(above)
        return self._step(fd, part, above, create=False)

    def find(self, path: str) -> Found:
        """What stands at `path`, with its content hashed. A blocked or missing way means: nothing."""
        folder, _, name = path.rpartition("/")
        try:
            fd = self.open(folder)
            content = files.read_entry(fd, name, path, keep=False)
        except (FileNotFoundError, Blocked):
            return Found(None)
        except NotAFile:
            return Found(None, UNKNOWN, folder=self.is_folder(path))
        return Found(content.entry, content.seen, content.racy)

    def still(self, path: str, found: Found) -> bool:
        """True when what stands at `path` is what `find` found there.

        Where the times prove nothing, the contents do.
        """
        seen = self.seen(path)
        if seen is None or found.seen is None or (seen == found.seen and not found.racy):
            return seen == found.seen
        if found.racy or differ_in_names_alone(seen, found.seen):
            return self.find(path).entry == found.entry
        return False

    def is_folder(self, path: str) -> bool:
        """True when a folder (not a link to one) stands at `path`."""
        folder, _, name = path.rpartition("/")
        try:
            return stat.S_ISDIR(os.stat(name, dir_fd=self.open(folder), follow_symlinks=False).st_mode)
        except (OSError, MuseError, Blocked):
            return False

    def read(self, path: str) -> bytes:
        """The bytes of a file, or the target of a link.

        Raises:
            FileNotFoundError, NotAFile, Blocked, SystemTrouble: They cannot be had.
        """
        data = self.content(path).data
        assert data is not None
        return data

    def content(self, path: str, large: Callable[[], Incoming] | None = None) -> Content:
        """A file or link as it is now. Arguments and errors are those of `read_entry` and `read`."""
        folder, _, name = path.rpartition("/")
        return files.read_entry(self.open(folder), name, path, keep=True, large=large)

    def seen(self, path: str) -> Signature | None:
        """The signature of what stands at `path` now; None when nothing does."""
        folder, _, name = path.rpartition("/")
        try:
            found: Signature = signature(os.stat(name, dir_fd=self.open(folder), follow_symlinks=False))
        except (FileNotFoundError, Blocked):
            return None
        except OSError as error:
            raise from_os_error(error, "cannot look at", show(path)) from error
        return found

    def forget(self) -> None:
        """Let go of the folder that was opened last: it may have been removed."""
        self._close_last()

    def _close_last(self) -> None:
        if self._last is not None:
            fd, self._last = self._last[1], None
            os.close(fd)

    def close(self) -> None:
        """Give the descriptors back."""
        try:
            self._close_last()
        finally:
            os.close(self._root)

    def __enter__(self) -> Folders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _make(name: str, dir_fd: int) -> None:
    try:
        os.mkdir(name, dir_fd=dir_fd)
    except FileExistsError:
        return  # somebody else was faster
