"""SHA-256, by whoever answers sooner.

OpenSSL hashes several times as fast, and takes 4 ms to load: more than a command that hashes three records needs for
all the rest. So the first bytes of a process go to Python's own implementation, and all that follows to OpenSSL.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash as Hash

    Maker = Callable[..., Hash]

#: A process that hashes more bytes than this loads OpenSSL. It has lost no more than 0.3 ms by then.
_FEW = 64 << 10


def openssl() -> Maker:
    """What makes hashers of large contents, which come in parts."""
    from hashlib import sha256

    return sha256


def _own() -> Maker:
    """Python's own implementation, if it was built with it."""
    try:
        module = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256")
    except ImportError:
        return openssl()
    maker: Maker = module.sha256
    return maker


#: Pieces that wait to be hashed beside other work, at most.
_AHEAD = 4

_maker = _own()
_left = _FEW


def sha256(data: bytes) -> Hash:
    """The hasher of a whole content; it has `digest` and `hexdigest`."""
    global _maker, _left
    if _left >= 0:
        _left -= len(data)
        if _left < 0:
            _maker = openssl()
    return _maker(data)


class Beside:
    """A hasher for a large content in pieces, in a thread of its own: what is done with a piece need not wait for it.

    Used as a context manager, or closed: then the thread has ended. An interrupt may come at any moment, so the two
    sides share nothing but queues that are written in C. Where no thread can be had, `update` hashes.
    """

    def __init__(self) -> None:
        from queue import SimpleQueue
        from threading import Thread

        self._hash = openssl()()
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_AHEAD):
            self._room.put(None)
        self._thread: Thread | None = Thread(target=self._run, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the system has no more of them
            self._thread = None

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._hash.update(piece)
            self._room.put(None)

    def update(self, piece: bytes) -> None:
        """Take the next piece; waits when the thread is far behind."""
        if self._thread is None:
            self._hash.update(piece)
            return
        self._pieces.put(piece)
        self._room.get()  # after it: an interrupt between the two leaves more room, never less

    def digest(self) -> bytes:
        """The digest of all pieces. No more can follow."""
        self.close()
        return self._hash.digest()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None and self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
