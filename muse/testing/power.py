"""Power loss: every state in which a cut may leave the disk while a recorded process runs.

After each system call of the process everything that is not durable yet may be there or not, each file and each
folder by itself: see `muse.testing.disk` for what a disk may do. States that look alike are one.

    recording = record(["python", "-m", "program"], cwd=folder, env=os.environ)
    for loss in losses(recording, most=100, seed=1):
        materialise(loss, another_folder)  # and look whether the program copes with it
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from itertools import islice, product
from random import Random
from typing import NamedTuple

from muse.testing.disk import Disk, contents
from muse.testing.nodes import EVERY, File, Folder, Names
from muse.testing.recording import Recording, Step
from muse.testing.repositories import Contents, write_contents

_START = Step("nothing", (), ())
_LEAST = 5


class Loss(NamedTuple):
    """What a power cut leaves.

    Attributes:
        point: After how many steps of the recording it came; of several that could leave this, the last.
        ended: Whether the process had come to its end: what it promised must hold.
        after: The step before it, for people.
        contents: All that is left.
    """

    point: int
    ended: bool
    after: str
    contents: Contents

    def __str__(self) -> str:
        return f"power cut after step {self.point}, {self.after}"


def losses(recording: Recording, *, most: int, seed: int) -> list[Loss]:
    """What may be left of a run when the power goes, at every point of it; no two the same, the latest first.

    The first of each point are the extremes: all is kept; all names without the bytes; all bytes without the names;
    all is lost. What may be left at a later point, too, is listed there.

    Args:
        recording: The run.
        most: About how many to give at most. Each point has the same share of them, but five at least; where more may
            be left, they are the extremes and some by chance.
        seed: Of that chance.
    """
    disk, steps = copy.deepcopy(recording.before), (_START, *recording.steps)
    found: dict[int, Loss] = {}
    for point, step in enumerate(steps):
        for effect in step.effects:
            disk.apply(effect)
        ended, after = point == len(recording.steps), " ".join((step.call, *step.about))
        for left in (*_extremes(disk), *remains(disk, max(_LEAST, most // len(steps)), Random(seed + point))):
            key = hash(frozenset(left.items()))
            if key not in found or found[key].point < point:
                found.pop(key, None)
                found[key] = Loss(point, ended, after, left)
    return sorted(found.values(), key=lambda loss: -loss.point)


def remains(disk: Disk, most: int, chance: Random) -> list[Contents]:
    """What a power cut may leave of a disk as it is now: everything, or `most` of it, see `losses`."""
    if all(len(folder.changes) <= EVERY for folder in disk.unsynced().values()):
        every = list(islice(_every(disk), most + 1))
        if len(every) <= most:
            return every
    return [*_extremes(disk), *(_by_chance(disk, chance) for _ in range(most - 4))]


def _extremes(disk: Disk) -> list[Contents]:
    """All is kept; all names without the bytes; all bytes without the names; all is lost."""
    lost = {number: folder.kept([]) for number, folder in disk.unsynced().items()}
    durable = {node: node.synced for node in disk.nodes if isinstance(node, File)}
    return [contents(disk.paths(names), held) for names in ({}, lost) for held in ({}, durable)]


def _every(disk: Disk) -> Iterator[Contents]:
    folders = disk.unsynced()
    for choice in product(*(folder.remains() for folder in folders.values())):
        paths = list(disk.paths(dict(zip(folders, choice, strict=True))))
        files = dict.fromkeys(node for _, node in paths if isinstance(node, File) and node.is_dirty)
        for held in product(*(file.remains() for file in files)):
            yield contents(paths, dict(zip(files, held, strict=True)))


def _by_chance(disk: Disk, chance: Random) -> Contents:
    lost = {number: _some(folder, chance) for number, folder in disk.unsynced().items()}
    paths = list(disk.paths(lost))
    return contents(paths, {node: chance.choice(node.remains()) for _, node in paths if isinstance(node, File)})


def _some(folder: Folder, chance: Random) -> Names:
    """Each change has survived with the same chance, or all up to one of them."""
    changes = folder.changes
    if chance.random() < 0.3:
        return folder.kept(changes[: chance.randint(0, len(changes))])
    likely = chance.random()
    return folder.kept(change for change in changes if chance.random() < likely)


def materialise(loss: Loss, folder: str) -> str:
    """Write what is left to a folder, which is made. Returns it."""
    os.mkdir(folder)
    write_contents(folder, loss.contents)
    return folder
