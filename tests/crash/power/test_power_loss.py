"""The power goes at any moment: whatever the disk may hold then is before or after the command, and never between.

What may be left is worked out from a recording of the real process, see `muse.testing.power`: nobody waits for a disk
to die. Each such state is written to a folder of its own, and must pass what is asked after a kill, and more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import cycle

import pytest

from muse.core.system import temps
from muse.core.system.crowd import MANY
from muse.core.types import FILE
from muse.testing import lacking
from tests.crash import checks
from tests.crash.campaign import Campaign, Row
from tests.crash.harness import Prepared, prepare, process
from tests.crash.points import Sampling
from tests.crash.power.cuts import (
    Cut,
    check_careless_cut,
    check_cut,
    losses_after,
    losses_of,
    recorded_in,
    some,
    try_cuts,
)
from tests.crash.scenarios import ALL, KILLED, SCENARIOS, Scenario, Then, Words
from tests.environment import absent

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_power_loss(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Before or after, and after for certain once the command has answered; nothing is lost; the next command works."""
    cuts = [Cut(loss, prepared.scenario.command) for loss in some(sampling, losses_of(prepared, sampling))]
    try_cuts(campaign, "power loss", cuts, lambda cut: check_cut(prepared, cut))


@pytest.mark.parametrize("prepared", [*SCENARIOS, *KILLED], indirect=True)
def test_power_loss_again(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """The power goes once more in the command after the first cut: what was there then is there still."""
    then = prepared.scenario.then
    nexts: cycle[Words] = cycle([("status",)] if then.status or then.back else [("status",), then.words])
    cuts: list[Cut] = []
    firsts = sampling.some(3, recorded_in(losses_of(prepared, sampling)))
    for first, words in zip(firsts, nexts, strict=False):
        again, side = losses_after(prepared, first, words)
        cuts += [Cut(loss, words, side if words == ("status",) else None) for loss in sampling.some(6, again)]
    try_cuts(campaign, "power loss twice", cuts, lambda cut: check_cut(prepared, cut))


@pytest.mark.parametrize("lacks", [("O_TMPFILE",), ("syncfs", "RENAME_EXCHANGE")], ids=" ".join)
@pytest.mark.parametrize("prepared", ["commit of 1 file", "checkout"], indirect=True)
def test_power_loss_on_a_lesser_file_system(
    prepared: Prepared, lacks: Sequence[str], campaign: Campaign, sampling: Sampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, where files need a name from the start, or each must be waited for."""
    if reason := lacking.missing():
        absent(reason)
    monkeypatch.setattr(checks, "_GRACE", temps.GRACE_SECONDS)  # those of writers without a lock stay so long
    command = prepared.scenario.command
    found = losses_of(prepared, sampling, lacking.without(process(command), lacks))
    cuts = [Cut(loss, command) for loss in sampling.some(24, found)]
    try_cuts(campaign, f"power loss, no {' '.join(lacks)}", cuts, lambda cut: check_cut(prepared, cut))


def test_power_loss_in_many_folders(
    strace: None, environment: dict[str, str], place: str, rows: list[Row], usual: Sampling
) -> None:
    """So many folders are not waited for one by one."""
    name = "checkout in many folders"
    old, new = ({f"{n}/file.txt": (FILE, f"{word} {n}".encode()) for n in range(MANY)} for word in ("old", "new"))
    steps = (old, ("commit", "-m", "old")), (None, ("checkout", "-b", "side")), (new, ("commit", "-m", "new"))
    there = Scenario(steps, None, ("checkout", "main"), Then(("checkout", "main"), 0, back=False))
    prepared = prepare(name, place, environment, there)
    cuts = [Cut(loss, there.command) for loss in some(usual, losses_of(prepared, usual))]
    try_cuts(Campaign(name, rows), "power loss", cuts, lambda cut: check_cut(prepared, cut))


@pytest.fixture(params=["commit of 1 file", "checkout", "commit that joins packs", "gc"])
def careless(strace: None, request: pytest.FixtureRequest, environment: dict[str, str], place: str) -> Prepared:
    """A scenario with `durability = "off"`."""
    scenario, off = ALL[request.param], (None, ("config", "durability", "off"))
    return prepare(request.param, place, environment, scenario._replace(steps=(*scenario.steps, off)))


def test_power_loss_when_nobody_waits_for_the_disk(careless: Prepared, rows: list[Row], usual: Sampling) -> None:
    """It works, or says that it is damaged and can be brought back; what was there before the command is there."""
    cuts = [Cut(loss, careless.scenario.command) for loss in usual.some(32, losses_of(careless, usual))]
    try_cuts(Campaign(careless.name, rows), "power loss, off", cuts, lambda cut: check_careless_cut(careless, cut))


@pytest.mark.parametrize("careless", ["commit of 1 file"], indirect=True)
def test_power_loss_after_commands_that_nobody_waited_for(careless: Prepared, rows: list[Row], usual: Sampling) -> None:
    """Several commands may be lost, in any part; what was there before the first of them is there."""
    words = [careless.scenario.command, ("undo",), ("commit", "-m", "third"), ("commit", "--amend", "-m", "better")]
    typed = "; ".join(f"main({list(line)})" for line in words)
    found = losses_of(careless, usual, [sys.executable, "-c", f"from muse.cli.main import main; {typed}"])
    cuts = [Cut(loss, words[-1]) for loss in usual.some(32, found)]
    try_cuts(Campaign("four commands", rows), "power loss, off", cuts, lambda cut: check_careless_cut(careless, cut))
