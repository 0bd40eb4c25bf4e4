"""Ctrl+C at any moment: the command is not done, or done and answered."""

from __future__ import annotations

import pytest

from muse.testing.faults import Fault
from tests.crash.campaign import Campaign
from tests.crash.checks import check_next_command
from tests.crash.harness import Prepared, Struck, strike
from tests.crash.killed.answers import check_interrupted
from tests.crash.points import Sampling
from tests.crash.scenarios import ALL

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_interrupted(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Exit status 130 or 0, no stack trace, before or after."""

    def check(fault: Fault, struck: Struck) -> None:
        check_interrupted(prepared, struck)
        check_next_command(prepared, struck)

    calls = sampling.some(25, sampling.inside(prepared.calls))
    points = [Fault(call, "signal=SIGINT") for call in calls]
    campaign.run("interrupted", points, lambda fault: strike(prepared, fault), check)
