"""What can be damaged, and how much of a repository may be lost by it."""

from __future__ import annotations

import os
from typing import NamedTuple

from muse.core.packs.pack import HEADER
from muse.core.paths import Layout
from muse.testing.damage import Damage, cuts, flips, replaced
from tests.crash.damaged.sample import Sample

_PACKS, _OPS, _CACHE = "objects/pack", "ops", "cache"


class Point(NamedTuple):
    """A file of a repository, and what is done to it.

    Attributes:
        sample: The repository.
        path: The file, from `.muse/`.
        damage: What is done to it.
    """

    sample: Sample
    path: str
    damage: Damage

    def __str__(self) -> str:
        return f"{self.sample.name}, {self.path}, {self.damage}"

    @property
    def folder(self) -> str:
        """The folder of the file, from `.muse/`."""
        return os.path.dirname(self.path)

    @property
    def name(self) -> str:
        """The name of the file."""
        return os.path.basename(self.path)

    @property
    def pack(self) -> str:
        """Of a pack its id; else empty."""
        return self.name.removesuffix(".pack") if self.folder == _PACKS else ""

    @property
    def number(self) -> int:
        """Of an operation its number; else 0."""
        return int(self.name) if self.folder == _OPS else 0

    @property
    def is_newest(self) -> bool:
        """Whether it is the newest operation."""
        return self.number == self.sample.newest

    @property
    def is_gone(self) -> bool:
        """Whether it is deleted."""
        return self.damage.kind == "deleted"

    @property
    def is_foreign(self) -> bool:
        """Whether another whole file, which says something else, stands in its place."""
        return self.damage.kind == "another file"

    @property
    def words(self) -> tuple[str, ...]:
        """How an answer may name it."""
        if self.number:
            near = (self.number, self.number + 1) if self.is_foreign else (self.number,)
            ways = (f"operation {number}{end}" for number in near for end in " ,:")
            listed = f"1 operation cannot be had: {self.number}\n"
            return (self.name, listed, *ways, *(f'"{number}"' for number in near))
        if self.folder.startswith("objects/sha256"):
            return (f"sha256:{os.path.basename(self.folder)}{self.name}", self.path)
        return (self.pack or self.name, *([f"cache {self.name}"] if self.folder == _CACHE else []))


def points(sample: Sample, other: Sample) -> list[Point]:
    """Everything that can be done to every file of a repository. Files of another take the place of its own."""
    return [Point(sample, path, damage) for path in files(sample) for damage in _damages(sample, other, path)]


def files(sample: Sample) -> list[str]:
    """Every file, from `.muse/`."""
    muse = Layout(sample.root).muse
    found = (os.path.join(folder, name) for folder, _, names in os.walk(muse) for name in names)
    return sorted(os.path.relpath(path, muse) for path in found)


def _damages(sample: Sample, other: Sample, path: str) -> list[Damage]:
    size = os.path.getsize(os.path.join(Layout(sample.root).muse, path))
    *many, source, link = replaced(_like(other, path) or __file__)
    ours = [source._replace(source=like)] if (like := _beside(sample, path)) else []
    return [*cuts(size), *flips(size), *many, source, link, *ours, Damage("unreadable")]


def _like(other: Sample, path: str) -> str:
    """The same file of another repository; where names are random, one of its kind."""
    same = os.path.join(Layout(other.root).muse, path)
    return same if os.path.exists(same) else _beside(other, path)


def _beside(sample: Sample, path: str) -> str:
    """Another file of the same folder."""
    folder, name = os.path.split(os.path.join(Layout(sample.root).muse, path))
    others = sorted(set(os.listdir(folder)) - {name}) if os.path.isdir(folder) else []
    found = [other for other in map(folder.__add__, (f"/{other}" for other in others)) if os.path.isfile(other)]
    return found[-1] if found else ""


def may_lose(point: Point) -> frozenset[bytes]:
    """The objects that need not be readable any more: those in the damaged bytes, and what rests on them alone."""
    if point.is_newest and (point.is_gone or point.is_foreign):
        return point.sample.later
    return _lost(point.sample, point.pack, _hit(point)) if point.pack else frozenset()


def _hit(point: Point) -> set[bytes]:
    """The objects whose copies in the damaged pack may be gone."""
    held = {
        digest: copy for digest, copies in point.sample.copies.items() for copy in copies if copy.pack == point.pack
    }
    at, end = point.damage.at, max((copy.end for copy in held.values()), default=0)
    if point.damage.kind == "flipped" and HEADER.size <= at < end:
        return {digest for digest, copy in held.items() if copy.start <= at < copy.end}
    return {*held}


def _lost(sample: Sample, pack: str, hit: set[bytes]) -> frozenset[bytes]:
    """What cannot be had without these copies."""
    lost: set[bytes] = set()
    more = True
    while more:
        more = False
        for digest in sample.copies.keys() - lost:
            copies = sample.copies[digest]
            if all((copy.pack == pack and digest in hit) or copy.base in lost for copy in copies):
                lost.add(digest)
                more = True
    return frozenset(lost)
