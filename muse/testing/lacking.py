"""Abilities to take away from a program: it runs as on a file system without them.

The kernel itself refuses, at every call, by a seccomp filter: nothing in the program knows of it, it costs no time,
needs no rights, and may be combined with the faults of `muse.testing.faults`. What a filter has taken away does not
come back: not for the process, and not for those that it starts.

    python -m muse.testing.lacking O_TMPFILE,link COMMAND ...
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple


class _Rule(NamedTuple):
    """A call that is refused; with `flags`, only where its argument number `argument` holds one of them."""

    call: str
    code: int
    argument: int = 0
    flags: int = 0


_NOREPLACE, _EXCHANGE = 1, 2
# Without the bits of `O_DIRECTORY`, which it includes.
_TMPFILE = getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY

_RULES = {
    "O_TMPFILE": (
        _Rule("open", errno.EOPNOTSUPP, 1, _TMPFILE),
        _Rule("openat", errno.EOPNOTSUPP, 2, _TMPFILE),
    ),
    "link": (_Rule("link", errno.EPERM), _Rule("linkat", errno.EPERM)),
    "symlink": (_Rule("symlink", errno.EPERM), _Rule("symlinkat", errno.EPERM)),
    "RENAME_NOREPLACE": (_Rule("renameat2", errno.EINVAL, 4, _NOREPLACE),),
    "RENAME_EXCHANGE": (_Rule("renameat2", errno.EINVAL, 4, _EXCHANGE),),
    "flock": (_Rule("flock", errno.ENOLCK),),
    "syncfs": (_Rule("syncfs", errno.ENOSYS),),
}
#: What can be taken away.
ABILITIES = tuple(_RULES)

_NUMBERS = {
    "x86_64": {
        **{"open": 2, "flock": 73, "link": 86, "symlink": 88, "openat": 257},
        **{"linkat": 265, "symlinkat": 266, "syncfs": 306, "renameat2": 316},
    },
    "aarch64": {"flock": 32, "symlinkat": 36, "linkat": 37, "openat": 56, "syncfs": 267, "renameat2": 276},
}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2
_LOAD, _IF_EQUAL, _IF_ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS, _ARGUMENT_SIZE = 0, 4, 16, 8


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def missing() -> str | None:
    """Why nothing can be taken away here, in one line; None when it can."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _NUMBERS:
        return f"no seccomp filter of ours for {sys.platform} on {machine}"
    return None


def without(command: Sequence[str], abilities: Collection[str]) -> list[str]:
    """The command to run instead of `command`, to run it without these abilities."""
    return [sys.executable, "-m", "muse.testing.lacking", ",".join(abilities), *command] if abilities else [*command]


def drop(abilities: Collection[str]) -> None:
    """Take abilities away from this thread, and from all processes that it starts, for good.

    Raises:
        OSError: The system does not take filters.
        KeyError: There is no such ability, or no filter for this machine.
    """
    steps = list(_filter(abilities, os.uname().machine))
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for words in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)):
        if prctl(*words) != 0:
            raise OSError(ctypes.get_errno(), "this system takes no seccomp filter")


def _filter(abilities: Collection[str], machine: str) -> Iterator[_Step]:
    yield _Step(_LOAD, 0, 0, _AT_ARCHITECTURE)
    yield _Step(_IF_EQUAL, 1, 0, _AUDIT[machine])
    yield _Step(_RETURN, 0, 0, _ALLOW)
    for ability in abilities:
        for rule in _RULES[ability]:
            number = _NUMBERS[machine].get(rule.call)
            if number is not None:
                yield from _steps(rule, number)
    yield _Step(_RETURN, 0, 0, _ALLOW)


def _steps(rule: _Rule, number: int) -> Iterator[_Step]:
    at = _AT_ARGUMENTS + _ARGUMENT_SIZE * rule.argument
    yield _Step(_LOAD, 0, 0, _AT_NUMBER)
    yield _Step(_IF_EQUAL, 0, 3 if rule.flags else 1, number)
    if rule.flags:
        yield _Step(_LOAD, 0, 0, at)
        yield _Step(_IF_ANY, 0, 1, rule.flags)
    yield _Step(_RETURN, 0, 0, _REFUSE | rule.code)


if __name__ == "__main__":
    drop(sys.argv[1].split(","))
    os.execvp(sys.argv[2], sys.argv[2:])
