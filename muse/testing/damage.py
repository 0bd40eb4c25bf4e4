"""Damage to try a file with: what a disk, a copy that was cut off, or a wrong hand may leave in its place.

Each damage is a value. It says what is done in words, and can be done again to a fresh copy of the same file. What a
program does with the damaged file is for the test to say.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from typing import NamedTuple

#: Bytes from one cut to the next, and from one flipped bit to the next.
CUTS, FLIPS = 16, 64
#: The sizes of files that are nothing but a hole: above what a reader of 32 bits can tell, and just below.
HUGE, LARGE = 6 << 30, 1900 << 20

_SEED = 7
_GARBAGE = 100


class Damage(NamedTuple):
    """One way to damage a file.

    Attributes:
        kind: Which way, as in `KINDS`.
        at: For "cut" the bytes that stay, for "flipped" the byte.
        bit: For "flipped" the bit, from 0.
        source: For "another file" and "link to a file" the path of that file.
    """

    kind: str
    at: int = 0
    bit: int = 0
    source: str = ""

    def __str__(self) -> str:
        if self.kind == "flipped":
            return f"bit {self.bit} of byte {self.at} flipped"
        return f"cut at byte {self.at}" if self.kind == "cut" else self.kind

    def do(self, path: str) -> None:
        """Damage the file at that path. Whatever stands there is replaced, and nothing is followed."""
        _WAYS[self.kind](path, self)


def cuts(size: int, step: int = CUTS) -> list[Damage]:
    """A file of that size cut short at 0 and at every so many bytes."""
    return [Damage("cut", at) for at in range(0, size, step)]


def flips(size: int, step: int = FLIPS, seed: int = _SEED) -> list[Damage]:
    """One bit flipped in every so many bytes: at a place that the seed chooses, each bit in turn."""
    choose = random.Random(f"{seed} {size}")
    first = choose.randrange(8)
    return [
        Damage("flipped", choose.randrange(start, min(start + step, size)), (first + number) % 8)
        for number, start in enumerate(range(0, size, step))
    ]


def replaced(source: str = "") -> list[Damage]:
    """Something else in its place; with the path of a file also that file, and a link to it."""
    others = ("another file", "link to a file") if source else ()
    return [Damage(kind, source=source) for kind in (*_REPLACED, *others)]


def _cut(path: str, damage: Damage) -> None:
    os.truncate(path, damage.at)


def _flip(path: str, damage: Damage) -> None:
    with open(path, "r+b") as file:
        file.seek(damage.at)
        byte = file.read(1)[0] ^ 1 << damage.bit
        file.seek(damage.at)
        file.write(bytes([byte]))


def _zeros(path: str, damage: Damage) -> None:
    size = os.path.getsize(path)
    os.truncate(path, 0)
    os.truncate(path, size)


def _grown(path: str, damage: Damage) -> None:
    with open(path, "ab") as file:
        file.write(random.Random(_SEED).randbytes(_GARBAGE))


def _unreadable(path: str, damage: Damage) -> None:
    os.chmod(path, 0)


def _another(path: str, damage: Damage) -> None:
    os.unlink(path)
    shutil.copyfile(damage.source, path)


def _sparse(size: int) -> Callable[[str, Damage], None]:
    def hole(path: str, damage: Damage) -> None:
        os.unlink(path)
        with open(path, "wb"):
            os.truncate(path, size)

    return hole


def _socket(path: str, damage: Damage) -> None:
    short = os.path.join(os.path.dirname(path), ".s")  # a socket is made where the path is short, and moves
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(short)
    os.rename(short, path)


def _linked(target: str) -> Callable[[str, Damage], None]:
    def link(path: str, damage: Damage) -> None:
        os.unlink(path)
        os.symlink(target or damage.source, path)

    return link


def _made(make: Callable[[str], object]) -> Callable[[str, Damage], None]:
    def instead(path: str, damage: Damage) -> None:
        os.unlink(path)
        make(path)

    return instead


def _link_to_itself(path: str, damage: Damage) -> None:
    os.unlink(path)
    os.symlink(os.path.basename(path), path)


_REPLACED: dict[str, Callable[[str, Damage], None]] = {
    "deleted": lambda path, damage: os.unlink(path),
    "zeros": _zeros,
    "grown": _grown,
    "folder": _made(os.mkdir),
    "FIFO": _made(os.mkfifo),
    "socket": _socket,
    "link to itself": _link_to_itself,
    "link to /dev/zero": _linked("/dev/zero"),
    "6 GB of nothing": _sparse(HUGE),
    "1.9 GB of nothing": _sparse(LARGE),
}
_WAYS = {
    "cut": _cut,
    "flipped": _flip,
    **_REPLACED,
    "another file": _another,
    "link to a file": _linked(""),
    "unreadable": _unreadable,
}
#: Every kind of damage. To be unreadable hinders nobody who may read everything: try that as another user.
KINDS = tuple(_WAYS)
