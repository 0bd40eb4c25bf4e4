"""One file of the user's folder, read as a consistent whole.

A FIFO is not waited for, and what changes while it is read is read again. Signatures tell whether a file may have
changed since it was last looked at.
"""

from __future__ import annotations

import os
import stat
import time
from operator import attrgetter

from muse.core.base import hashing, progress
from muse.core.base.errors import Changing, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.packs.pack import LARGE
from muse.core.types import EXECUTABLE, FILE, LINK, Entry, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from muse.core.packs.pack_writer import Incoming
    from muse.core.packs.store import ObjectStore

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
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(Exception):
    """A FIFO, a socket, a device: nothing that can be kept."""


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

    def put_into(self, store: ObjectStore, like: bytes | None = None) -> bytes:
        """Make sure that it is in the store, preferably as what differs from `like`; its digest."""
        digest = self.entry.digest
        if self.incoming is not None:
            store.adopt(self.incoming, digest)
        else:
            assert self.data is not None
            store.add(self.data, digest, like)
        return digest


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
