"""The one module through which muse touches a disk: one reader, one writer.

Reading: every file of ours is opened without following a link and without waiting for a FIFO, must be a regular
file, and must be below a size limit.

Writing: a new file has no name until it is whole and on the disk (`O_TMPFILE`, then a link), so a process that dies
leaves nothing behind. Where the system cannot do that, the file has a temporary name that the sweep knows, and an
`flock` for as long as it has that name. Nothing is ever written in place.
"""

from __future__ import annotations

import errno
import os
import stat

from muse.core.base.errors import Damaged, from_os_error
from muse.core.system import locks, publish, temps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

#: No single read of ours may claim more than this many bytes.
MAX_READ = 2 << 30
#: A cache above this size is neither read nor written: to read it takes several times as much memory.
CACHE_LIMIT = 256 << 20

_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_NAMELESS = getattr(os, "O_TMPFILE", 0) if os.path.isdir("/proc/self/fd") else 0
_NO_NAMELESS = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS}
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOENT, errno.EINVAL, errno.EMLINK}
_BUFFER = 1 << 20
#: A sweep may take a new temporary file before it is locked; nobody is so unlucky so often.
_TRIES = 100


def open_regular(path: str, limit: int = MAX_READ) -> tuple[int, os.stat_result]:
    """Open a file of ours for reading.

    Returns:
        The descriptor, which the caller closes, and what `fstat` says of it.

    Raises:
        FileNotFoundError: There is no such file, or it went while it was opened, as over a network it may.
        Damaged: Something else stands there: a link, a folder, a FIFO, a device, a file above `limit` bytes.
        SystemTrouble: The system refused.
    """
    try:
        fd = os.open(path, _READ_FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ESTALE:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise Damaged(f"{path} is not a regular file") from None
        raise from_os_error(error, "cannot open", path) from error
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise Damaged(f"{path} is not a regular file")
        if found.st_size > limit:
            raise Damaged(
                f"{path} has {found.st_size:,} bytes, more than such a file can have",
                "It is not what muse wrote: restore it from a copy, or move it away.",
            )
    except BaseException:
        os.close(fd)
        raise
    return fd, found


def read_exactly(fd: int, offset: int, size: int) -> bytes:
    """Read up to `size` bytes at `offset`; fewer only at the end of the file."""
    parts = []
    while size > 0:
        part = os.pread(fd, min(size, 1 << 30), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_file(path: str, limit: int = MAX_READ) -> bytes:
    """Read a whole file of ours. Raises as `open_regular` does."""
    fd, found = open_regular(path, limit)
    try:
        return read_exactly(fd, 0, found.st_size)
    except OSError as error:
        raise from_os_error(error, "cannot read", path) from error
    finally:
        os.close(fd)


def pieces(path: str, limit: int = MAX_READ) -> Iterator[bytes]:
    """The bytes of a file in pieces of at most 1 MiB. Raises as `open_regular` does."""
    fd, _ = open_regular(path, limit)
    try:
        while piece := os.read(fd, _BUFFER):
            yield piece
    except OSError as error:
        raise from_os_error(error, "cannot read", path) from error
    finally:
        os.close(fd)


def sync(fd: int) -> None:
    """Make what was written to `fd` survive a power cut."""
    import fcntl

    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        fcntl.fcntl(fd, full)
    else:
        os.fsync(fd)


def sync_names(fd: int) -> None:
    """Make the names in an open folder survive a power cut; some shared folders have no such call for folders."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def sync_folder(path: str) -> None:
    """The same for a folder that is not open."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_names(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | bytearray) -> None:
    """Write every byte, however often the system stops half-way."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    finally:
        view.release()  # an error that is kept for later would keep the buffer from growing, or going


class NewFile:
    """A file that is being written and has no name yet.

    Used as a context manager: what was not given a name by `create` or `replace` is gone when the block ends,
    however it ends.

    Args:
        folder: Where the file will be.
        prefix: The temporary family to use where a file needs a name from the start.
        durable: Whether `sync` reaches the disk; False keeps the order of steps and drops the waiting.
        way: How a name is created only if it is absent, see `muse.core.system.publish`.
        mode: Permission bits before the umask.
    """

    def __init__(
        self,
        folder: str,
        prefix: str = temps.MUSE_TEMP,
        *,
        durable: bool = True,
        way: str = publish.LINK,
        mode: int = 0o666,
    ) -> None:
        self.folder, self.prefix, self.durable, self.way, self.mode = folder, prefix, durable, way, mode
        self.temp: str | None = None
        self.size = 0
        self._buffer = bytearray()
        self._failed: OSError | None = None
        self.fd = self._open()

    def _open(self) -> int:
        if _NAMELESS and self.way == publish.LINK:
            try:
                return os.open(self.folder, os.O_RDWR | _NAMELESS | os.O_CLOEXEC, self.mode)
            except OSError as error:
                if error.errno not in _NO_NAMELESS or not os.path.isdir(self.folder):
                    raise
        return self._open_named()

    def _open_named(self) -> int:
        for _ in range(_TRIES):
            name = os.path.join(self.folder, temps.new_name(self.prefix))
            fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, self.mode)
            self.temp = name
            try:
                if _is_ours(fd):
                    return fd
            except BaseException:
                os.close(fd)
                remove_quietly(name)
                raise
            os.close(fd)
            remove_quietly(name)
        raise OSError(errno.EAGAIN, "files cannot be locked", self.folder)

    def write(self, data: bytes) -> None:
        """Append bytes. Once that has failed it fails for good: nobody knows how many are written."""
        self._buffer += data
        self.size += len(data)
        if len(self._buffer) >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        if self._failed is not None:
            raise self._failed
        if self._buffer:
            try:
                write_all(self.fd, self._buffer)
            except OSError as error:
                self._failed = error
                raise
            self._buffer = bytearray()

    def sync(self) -> None:
        """Make the bytes durable. An error here is final: the system may have dropped the pages."""
        self.flush()
        if self.durable:
            sync(self.fd)

    def link(self, path: str) -> None:
        """Give the file its name, if no file has it.

        Raises:
            FileExistsError: The name is taken (over a network it may have been taken by this very call).
        """
        if self.temp is None:
            try:
                publish.link_nameless(self.fd, path)
                return
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
            self._copy_to_named()
        assert self.temp is not None
        publish.create(self.temp, path, self.way)
        self._forget_temp()

    def create(self, path: str) -> None:
        """Sync, link and make the name durable: after this the file is there for good.

        Raises:
            FileExistsError: The name is taken.
        """
        self.sync()
        self.link(path)
        self.sync_folder()

    def replace(self, path: str) -> None:
        """Sync, then take the place of the file at `path` in one step, and make that durable."""
        self.sync()
        if self.temp is None:
            _is_ours(self.fd)
            self.temp = os.path.join(self.folder, temps.new_name(self.prefix))
            try:
                publish.link_nameless(self.fd, self.temp)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                self._copy_to_named()
        assert self.temp is not None
        os.rename(self.temp, path)
        self.temp = None
        try:
            self.sync_folder()
        except OSError as error:
            raise from_os_error(error, "the disk did not confirm", path) from error

    def sync_folder(self) -> None:
        """Make the name durable."""
        if self.durable:
            sync_folder(self.folder)

    def close(self) -> None:
        """Close; a file without its final name is gone."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            self._forget_temp()
            os.close(fd)

    def _copy_to_named(self) -> None:
        nameless, self.fd = self.fd, -1
        try:
            self.fd = self._open_named()
            offset = 0
            while chunk := os.pread(nameless, _BUFFER, offset):
                write_all(self.fd, chunk)
                offset += len(chunk)
            self.sync()
        finally:
            os.close(nameless)

    def _forget_temp(self) -> None:
        if self.temp is not None:
            remove_quietly(self.temp)
            self.temp = None

    def __enter__(self) -> NewFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_ours(fd: int) -> bool:
    """Lock a temporary file; False when a sweep took it, or is about to, between its creation and the lock."""
    try:
        return locks.try_lock(fd) and os.fstat(fd).st_nlink != 0
    except locks.LocksUnsupported:
        return True


def remove_quietly(path: str) -> None:
    """Remove a file of ours that nobody needs; if that fails, nobody needs to know."""
    try:
        os.unlink(path)
    except OSError:
        return  # the sweep of the next command takes it


def write_atomic(path: str, data: bytes, *, durable: bool = True, prefix: str = temps.MUSE_TEMP) -> None:
    """Replace the file at `path` by `data`: a reader sees the old bytes or the new ones.

    Raises:
        SystemTrouble: The system refused; the old file stands, or the new one, which may not survive a power cut.
    """
    try:
        with NewFile(os.path.dirname(path) or ".", prefix, durable=durable) as new:
            new.write(data)
            new.replace(path)
    except OSError as error:
        raise from_os_error(error, "cannot write", path) from error


def write_text_atomic(path: str | os.PathLike[str], text: str, encoding: str = "utf-8") -> None:
    """Replace the file at `path` by `text`, durably: a crash leaves the old file or the new one."""
    write_atomic(os.fspath(path), text.encode(encoding))
