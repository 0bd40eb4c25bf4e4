"""System calls that Python has no name for."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_AT_FDCWD = -100
_NOREPLACE, _EXCHANGE = 1, 2
#: A kernel, or a file system, that does not have it; or a container whose rules do not know it.
_NO_SYNC = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}

_library: Any = None


def sync_file_system(path: str) -> bool:
    """Make everything on the file system of `path` durable; False where the system cannot: `sync` may not wait."""
    syncfs = _function("syncfs")
    if syncfs is None:
        return False
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(fd) != 0:
            error = _failure(path)
            if error.errno in _NO_SYNC:
                return False
            raise error
    finally:
        os.close(fd)
    return True


def rename_noreplace(source: str, target: str, dir_fd: int | None = None, *, src_dir_fd: int | None = None) -> None:
    """Rename a file, if its new name is free.

    Args:
        source, target: The old path and the new one.
        dir_fd: The open folder that the new one is relative to.
        src_dir_fd: The one that the old path is relative to.

    Raises:
        FileExistsError: It is not.
        OSError: With `ENOSYS` or `EINVAL` where this cannot be had.
    """
    _renameat2(source, src_dir_fd, target, dir_fd, _NOREPLACE)


def exchange(source: str, dir_fd: int, name: str, *, src_dir_fd: int | None = None) -> None:
    """Let two files change names, in one step.

    Args:
        source: The path of one.
        dir_fd, name: The open folder of the other, and its name there.
        src_dir_fd: The open folder that `source` is relative to.

    Raises:
        FileNotFoundError: One of them is not there.
        OSError: With `ENOSYS` or `EINVAL` where this cannot be had.
    """
    _renameat2(source, src_dir_fd, name, dir_fd, _EXCHANGE)


def _renameat2(source: str, src_dir_fd: int | None, target: str, dst_dir_fd: int | None, flags: int) -> None:
    call = _function("renameat2")
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), target)
    src, dst = (_AT_FDCWD if fd is None else fd for fd in (src_dir_fd, dst_dir_fd))
    if call(src, os.fsencode(source), dst, os.fsencode(target), flags) != 0:
        raise _failure(target)


def _function(name: str) -> Any:
    """A function of the C library, or None; the library is loaded when it is first needed, which takes 2 ms."""
    global _library
    if _library is None:
        try:
            import ctypes

            _library = ctypes.CDLL(None, use_errno=True)
        except (ImportError, OSError):
            return None  # a Python without that, or one that holds its C library in itself
    return getattr(_library, name, None)


def _failure(path: str) -> OSError:
    import ctypes

    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)
