"""Taking abilities of the system away, and failing at the n-th call: for tests of what is left then."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from muse.core import io, publish

#: What the core does to a disk, by the names it calls.
CALLS = ("open", "write", "fsync", "link", "rename", "unlink", "mkdir", "rmdir", "symlink", "close")


class Stop(BaseException):
    """Stands for whatever ends a command at once, as KeyboardInterrupt does."""


def failing(code: int) -> Callable[..., None]:
    """A function that fails as a system call does."""

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def without_nameless_files(patch: pytest.MonkeyPatch) -> None:
    """As on a file system that has no `O_TMPFILE`."""
    patch.setattr(io, "_NAMELESS", 0)


def without_links(patch: pytest.MonkeyPatch) -> None:
    """As on a file system that has no hard links."""
    patch.setattr(os, "link", failing(errno.EPERM))


class Tripwire:
    """Counts calls, and raises at one of them, before or after it is carried out.

    Attributes:
        calls: The names of the calls so far.
    """

    def __init__(self, at: int, error: BaseException, *, after: bool) -> None:
        self._at, self._error, self._after = at, error, after
        self.calls: list[str] = []

    def guard(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, which is counted."""

        def counted(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            trips = len(self.calls) - 1 == self._at
            if trips and not self._after:
                raise self._error
            answer = call(*arguments, **options)
            if trips:
                if name == "open":
                    os.close(answer)
                raise self._error
            return answer

        return counted


@contextmanager
def tripping(at: int, error: BaseException, *, after: bool = False) -> Iterator[Tripwire]:
    """Raise `error` at call number `at`, counted from 0, of those in `CALLS` and of naming a nameless file."""
    wire = Tripwire(at, error, after=after)
    with pytest.MonkeyPatch.context() as patch:
        close = os.close
        for name in CALLS:
            patch.setattr(os, name, wire.guard(name, getattr(os, name)))
        patch.setattr(publish, "link_nameless", wire.guard("link", publish.link_nameless))
        patch.setattr(wire, "guard", lambda name, call: call)
        del close
        yield wire
