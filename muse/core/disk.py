"""Reading the user's folder without being fooled by it.

Folders are opened one by one without following links, files without waiting for a FIFO, and a file that changes
while it is read is read again. Signatures tell whether a file may have changed since it was last looked at.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from operator import attrgetter

from muse.core import hashing, progress
from muse.core.errors import Changing, MuseError, from_os_error
from muse.core.named import NamedTuple
from muse.core.names import show
from muse.core.pack import LARGE
from muse.core.types import EXECUTABLE, FILE, LINK, Entry, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from muse.core.pack_writer import Incoming

#: mtime, ctime, size, inode, mode: when all are the same and old enough, so are the bytes.
Signature = tuple[int, int, int, int, int]

signature = attrgetter("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino", "st_mode")


def differ_in_names_alone(one: Signature, other: Signature) -> bool:
    """Whether two signatures are the same but for the time of the inode, which tells of its names, too."""
    return one[:1] + one[2:] == other[:1] + other[2:]


#: A signature that no file has: "look again".
UNKNOWN: Signature = (0, 0, 0, 0, 0)

#: Two changes within one tick of the file system's clock may carry the same time. Clocks tick at 4 to 10 ms on
#: local disks; where times have no nanoseconds the tick may be two seconds.
_TICK_NS = 50_000_000
_COARSE_TICK_NS = 2_500_000_000
_READ_TRIES = 3
_CHUNK, _MB = 1 << 20, 10**6
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(Exception):
    """A FIFO, a socket, a device: nothing that can be kept."""


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


def is_racy(seen: Signature, now_ns: int) -> bool:
    """True when the file changed so recently that another change could hide behind the same times."""
    coarse = seen[0] % 1_000_000 == 0 and seen[1] % 1_000_000 == 0
    latest = max(seen[0], seen[1])
    return latest > now_ns - (_COARSE_TICK_NS if coarse else _TICK_NS)


def mode_of(state: os.stat_result | int) -> str:
    """The mode that a tree would hold.

    Raises:
        NotAFile: It is no file and no link.
    """
    bits = state if isinstance(state, int) else state.st_mode
    if stat.S_ISREG(bits):
        return EXECUTABLE if bits & stat.S_IXUSR else FILE
    if stat.S_ISLNK(bits):
        return LINK
    raise NotAFile


class Content(NamedTuple):
    """A file as it was read.

    Attributes:
        entry: Its mode and digest.
        seen: Its signature before and after.
        racy: It changed so recently that a signature proves nothing.
        data: Its bytes, when they were wanted.
        incoming: A large file instead: its bytes on their way into the store, to be kept or discarded.
    """

    entry: Entry
    seen: Signature
    racy: bool
    data: bytes | None
    incoming: Incoming | None = None


def read_entry(
    dir_fd: int, name: str, path: str, *, keep: bool, large: Callable[[], Incoming] | None = None
) -> Content:
    """Read a file or link of the folder as one consistent whole.

    Args:
        dir_fd, name: The open folder and the name in it.
        path: For messages.
        keep: Whether the bytes are wanted; otherwise they are only hashed, in bounded memory.
        large: Where the bytes of a large file go when they are wanted; into memory when not given.

    Raises:
        FileNotFoundError: It is gone.
        NotAFile: It is no file and no link.
        SystemTrouble: It cannot be read, or it keeps changing.
    """
    try:
        for _ in range(_READ_TRIES):
            state = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
            if mode_of(state) == LINK:
                target = os.fsencode(os.readlink(name, dir_fd=dir_fd))
                seen = signature(state)
                return Content(Entry(LINK, digest_of(target)), seen, is_racy(seen, time.time_ns()), target)
            content = _read_file(dir_fd, name, keep, large)
            if content is not None:
                return content
    except FileNotFoundError:
        raise
    except OSError as error:
        raise from_os_error(error, "cannot read", show(path)) from error
    raise Changing(
        f"{show(path)} keeps changing while it is read",
        "Wait until the program that writes it is done, and try again.",
    )


def _read_file(dir_fd: int, name: str, keep: bool, large: Callable[[], Incoming] | None) -> Content | None:
    fd = os.open(name, _FILE_FLAGS, dir_fd=dir_fd)
    try:
        state = os.fstat(fd)
        now = time.time_ns()
        seen = signature(state)
        incoming = large() if keep and large is not None and state.st_size > LARGE else None
        if incoming is not None:
            data, digest = None, _stream(fd, incoming, state.st_size)
        else:
            data, digest = _bytes_and_digest(fd, state.st_size, keep)
        if signature(os.fstat(fd)) != seen:
            if incoming is not None:
                incoming.discard()
            return None
    finally:
        os.close(fd)
    return Content(Entry(mode_of(state), digest), seen, is_racy(seen, now), data, incoming)


def _stream(fd: int, incoming: Incoming, size: int) -> bytes:
    done = 0
    try:
        for chunk in _chunks(fd):
            progress.report("reading a large file, MB", done // _MB, size // _MB)
            incoming.write(chunk)
            done += len(chunk)
        return incoming.finish()
    except BaseException:
        incoming.discard()
        raise


def _bytes_and_digest(fd: int, size: int, keep: bool) -> tuple[bytes | None, bytes]:
    if keep or size <= _CHUNK:
        data = os.read(fd, size + 1)  # one more than expected: a file that grew shows, and one read is enough
        if len(data) != size:
            data += b"".join(_chunks(fd))
        return data, digest_of(data)
    hasher = hashing.openssl()()
    for chunk in _chunks(fd):
        hasher.update(chunk)
    return None, hasher.digest()


def _chunks(fd: int) -> Iterator[bytes]:
    while chunk := os.read(fd, _CHUNK):
        yield chunk


def _make(name: str, dir_fd: int) -> None:
    try:
        os.mkdir(name, dir_fd=dir_fd)
    except FileExistsError:
        return  # somebody else was faster


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
            content = read_entry(fd, name, path, keep=False)
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
        return read_entry(self.open(folder), name, path, keep=True, large=large)

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
