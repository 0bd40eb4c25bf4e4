"""The ways in which Jupyter servers and editors save a notebook, a step at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import islice

from tests.samples import code, notebook, printed

#: A way of saving: the path, what is to stand there; it has taken one step whenever it yields.
Way = Callable[[str, bytes], Iterator[None]]

_PIECES = 5


def save(number: int) -> bytes:
    """What the notebook holds when it is saved for the n-th time. Each is longer than the one before."""
    cells = [code(f"x = {one}", printed(f"{one}\n" * 40), count=one, id=f"cell-{one}") for one in range(1, number + 2)]
    return notebook(*cells)


def in_place(path: str, whole: bytes) -> Iterator[None]:
    """Cut the file to nothing, and let it grow again: `use_atomic_writing = False`."""
    with open(path, "wb", buffering=0) as file:
        yield
        step = -(-len(whole) // _PIECES)
        for at in range(0, len(whole), step):
            file.write(whole[at : at + step])
            yield


def beside_a_copy(path: str, whole: bytes) -> Iterator[None]:
    """The same, with the old copy beside it meanwhile: what a server does that was not told otherwise."""
    folder, name = os.path.split(path)
    copy = os.path.join(folder, f".~{name}")
    shutil.copy2(path, copy)
    yield
    yield from in_place(path, whole)
    os.unlink(copy)
    yield


def renamed_over(path: str, whole: bytes) -> Iterator[None]:
    """Write another file, and rename it over the first, as editors do."""
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".~{name}.new")
    yield from in_place(new, whole)
    os.rename(new, path)
    yield


WAYS: dict[str, Way] = {
    "in place": in_place,
    "in place, with a copy": beside_a_copy,
    "renamed over": renamed_over,
}


class Saver:
    """Saves a notebook, as many steps at a time as it is told to.

    Args:
        way: How.
        path: The notebook.
        whole: What is saved.
    """

    def __init__(self, way: Way, path: str, whole: bytes) -> None:
        self._steps = way(path, whole)
        self._busy = False

    def go(self, steps: int | None = None) -> int:
        """Take so many steps, or all that are left; how many were taken.

        It may be called by what a step calls, and does nothing then.
        """
        if self._busy:
            return 0
        self._busy = True
        taken = sum(1 for _ in islice(self._steps, steps))
        self._busy = False
        return taken
