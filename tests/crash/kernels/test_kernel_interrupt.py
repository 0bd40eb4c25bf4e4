"""Ctrl+C at every file call of every magic that writes, in a kernel with other threads at work."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.campaign import Campaign, Row
from tests.crash.harness import ahead
from tests.crash.kernels import in_kernel
from tests.crash.kernels.in_kernel import Cell, Press
from tests.crash.points import Sampling
from tests.environment import scrubbed
from tests.magics.kernels import Kernel

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

#: Scenarios: about how many calls are tried by default, and how the command is typed, where it is not one line.
MAGICS = {
    "commit of 1 file": (24, ""),
    "commit of 200 files": (6, ""),
    "commit of a large file": (3, ""),
    "commit --amend": (8, ""),
    "checkout": (12, ""),
    "checkout -b": (6, ""),
    "restore": (8, ""),
    "undo of a checkout": (4, ""),
    "undo of a commit": (6, ""),
    "redo of a reset": (6, ""),
    "op restore": (6, ""),
    "add": (8, ""),
    "branch": (6, ""),
    "branch -d": (6, ""),
    "tag": (6, ""),
    "reset": (6, ""),
    "reset --hard": (6, ""),
    "shelf push": (8, ""),
    "shelf pop": (8, ""),
    "shelf drop": (6, ""),
    "gc": (16, ""),
    "gc --forget --yes": (8, ""),
    "config": (8, ""),
    "config --unset": (6, ""),
    "init": (12, ""),
}
TWICE = {"commit of 1 file": 12, "checkout": 4, "gc": 6, "restore": 6}


@pytest.fixture(scope="module")
def kernel(homes: Path, place: str) -> Iterator[Kernel]:
    """One kernel for all points."""
    with in_kernel.working_kernel(place, scrubbed(Path(tempfile.mkdtemp(dir=homes)))) as kernel:
        yield kernel


class Try(tuple[Press, str]):
    """A press, and the copy of the repository in which it happens."""

    def __str__(self) -> str:
        return str(self[0])


def try_all(kernel: Kernel, cell: Cell, presses: list[Press], campaign: Campaign, what: str) -> None:
    """Press at each, on a fresh copy, with the one kernel."""

    def check(one: Try) -> None:
        press, root = one
        root, seen = in_kernel.press(kernel, cell, press, root)
        try:
            in_kernel.check_press(cell, press, root, seen)
        finally:
            in_kernel.forget(root)

    campaign.run_each(what, ahead(lambda press: Try((press, in_kernel.fresh_copy(cell))), presses), check)


@pytest.mark.parametrize("name", MAGICS)
def test_pressed(
    name: str, kernel: Kernel, place: str, environment: dict[str, str], usual: Sampling, rows: list[Row]
) -> None:
    """Before, or after and answered; the kernel goes on as if nothing had been."""
    number, source = MAGICS[name]
    cell = in_kernel.prepare_cell(name, source, kernel, place, environment)
    campaign = Campaign(f"%muse {name}", rows)
    try_all(kernel, cell, in_kernel.presses(cell, usual, number), campaign, "interrupted in a kernel")


@pytest.mark.parametrize("source", ["%%muse commit\nsecond", "%%muse\nstatus\ncommit -m second\n"])
def test_pressed_in_a_cell(
    source: str, kernel: Kernel, place: str, environment: dict[str, str], usual: Sampling, rows: list[Row]
) -> None:
    """What `%%muse` has answered by then stays."""
    cell = in_kernel.prepare_cell("commit of 1 file", source, kernel, place, environment)
    campaign = Campaign(source.replace("\n", " / ").strip(" /"), rows)
    try_all(kernel, cell, in_kernel.presses(cell, usual, 8), campaign, "interrupted in a kernel")


@pytest.mark.parametrize("name", TWICE)
def test_pressed_twice(
    name: str, kernel: Kernel, place: str, environment: dict[str, str], usual: Sampling, rows: list[Row]
) -> None:
    """The second does not disturb a command that cleans up after the first, or answers."""
    cell = in_kernel.prepare_cell(name, "", kernel, place, environment)
    presses = in_kernel.presses_twice(cell, usual, TWICE[name])
    try_all(kernel, cell, presses, Campaign(f"%muse {name}", rows), "interrupted twice in a kernel")


@pytest.mark.parametrize("name", ["commit of 1 file", "checkout"])
def test_pressed_while_it_waits_for_the_lock(
    name: str, kernel: Kernel, place: str, environment: dict[str, str], rows: list[Row]
) -> None:
    """It waits no longer, and holds nothing."""
    cell = in_kernel.prepare_cell(name, "", kernel, place, environment)
    first = next(number for number, call in enumerate(cell.calls) if call.startswith("flock"))
    calls = (*cell.calls[:first], *["flock"] * 5)

    def check(press: Press) -> None:
        root = in_kernel.fresh_copy(cell)
        with open(os.path.join(root, ".muse", "worktree.lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            root, seen = in_kernel.press(kernel, cell, press, root)
        with open(os.path.join(root, ".muse", "worktree.lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        in_kernel.check_press(cell, press, root, seen)

    presses = [Press(((first + by, when),), calls) for by in (1, 3) for when in ("before", "after")]
    Campaign(f"%muse {name}", rows).run_each("interrupted while it waits", presses, check)
