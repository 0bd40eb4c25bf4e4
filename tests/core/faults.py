"""Taking abilities of the system away, and failing at its n-th call: for tests of what is left then."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from muse.core import io
from muse.core.system import publish, syscalls

#: What makes this process see another kind of file system.
Surroundings = Callable[[pytest.MonkeyPatch], None]

#: What the core does to a disk, by the names of the functions in `os` (or in `syscalls`) that it calls.
CALLS = (
    *("open", "write", "fsync", "link", "unlink", "mkdir", "rmdir", "symlink"),
    *("rename", "rename_noreplace", "exchange"),
)


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


def without_ways(patch: pytest.MonkeyPatch, missing: int) -> None:
    """As on a file system that lacks the first few of the ways to create a file only if it is absent."""
    create = publish.create

    def some(temp: str, path: str, way: str) -> None:
        if way in publish.WAYS[:missing]:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        create(temp, path, way)

    patch.setattr(publish, "create", some)


def press() -> None:
    """Press Ctrl+C, and let Python notice."""
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(100):
        pass


def without_waiting(patch: pytest.MonkeyPatch) -> None:
    """The disk confirms at once: for tests that try every call, and count or break the waiting itself."""
    patch.setattr(os, "fsync", lambda fd: None)


def as_usual(patch: pytest.MonkeyPatch) -> None:
    """As on a local disk."""


@contextmanager
def tripping(
    at: int, error: BaseException | Callable[[], None], *, after: bool = False, names: Sequence[str] = CALLS
) -> Iterator[list[str]]:
    """Raise `error` (or call it) at call number `at` of those names, from 0, before or after it is carried out.

    Yields:
        The names of the calls so far: fewer than `at` at the end when nothing was raised.
    """
    calls: list[str] = []

    def strike() -> None:
        if isinstance(error, BaseException):
            raise error
        error()

    def guard(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            trips = len(calls) - 1 == at
            if trips and not after:
                strike()
            answer = call(*arguments, **options)
            if trips and after:
                try:
                    strike()
                except BaseException:
                    if name == "open":
                        os.close(answer)
                    raise
            return answer

        return counted

    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            owner = os if hasattr(os, name) else syscalls
            patch.setattr(owner, name, guard(name, getattr(owner, name)))
        yield calls
