"""SIGKILL at every call of a command; again in the command that finishes; with an edit between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

import pytest

from muse.testing import faults
from muse.testing.faults import Fault
from tests.crash import points
from tests.crash.campaign import Campaign
from tests.crash.checks import check_edited, check_next_command
from tests.crash.harness import Prepared, Struck, process, scratch, strike
from tests.crash.points import Sampling
from tests.crash.scenarios import KILLED, SCENARIOS

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_KILL = "signal=SIGKILL"


@pytest.mark.parametrize("prepared", [*SCENARIOS, *KILLED], indirect=True)
def test_killed(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Before or after; the next command works; nothing acknowledged is lost and nothing lies about."""
    calls = [*sampling.before(prepared.calls), *sampling.since(prepared.calls)]
    campaign.run(
        "killed",
        [Fault(call, _KILL) for call in calls],
        lambda fault: strike(prepared, fault),
        lambda fault, struck: check_next_command(prepared, struck),
    )


def test_killed_again_in_the_command_that_finishes(
    prepared: Prepared, campaign: Campaign, sampling: Sampling
) -> None:
    """The command after the first kill is killed too, and the one after that finishes."""
    campaign.run(
        "killed twice",
        _second_kills(prepared, sampling),
        lambda point: strike(prepared, point[2], root=point[0].root, words=point[1]),
        lambda point, struck: check_next_command(prepared, struck),
    )


def _second_kills(prepared: Prepared, sampling: Sampling) -> Iterator[tuple[Struck, tuple[str, ...], Fault]]:
    """After some kills from the entry on: the calls of the next command, `status` or the same once more."""
    calls = [call for call in prepared.calls[points.entry(prepared.calls) + 1 :] if call.changes]
    nexts = cycle([("status",), prepared.scenario.then.words] if prepared.name == "checkout" else [("status",)])
    for call, words in zip(sampling.some(5, calls), nexts, strict=False):
        first = strike(prepared, Fault(call, _KILL))
        for _ in range(2):  # the first run leaves compiled modules behind, and would be traced writing them
            with scratch(prepared, first.root) as root:
                seen = faults.trace(process(words), cwd=root, env=prepared.env)
        for second in sampling.some(8, [call for call in seen if call.changes]):
            yield first, words, Fault(second, _KILL)


def test_a_person_edits_after_the_kill(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """The edit survives byte for byte, is named when it is in the way, and everything else is finished around it."""
    edits = prepared.scenario.edits
    calls = sampling.some(6 * len(edits), sampling.since(prepared.calls))
    campaign.run(
        "killed, then edited",
        [(Fault(call, _KILL), edit) for call, edit in zip(calls, cycle(edits), strict=False)],
        lambda point: strike(prepared, point[0]),
        lambda point, struck: check_edited(prepared, struck, point[1]),
    )
