"""The system refuses a call: two clear lines, and nothing is lost."""

from __future__ import annotations

import pytest

from muse.testing.faults import Fault
from tests.crash.campaign import Campaign
from tests.crash.checks import check_next_command, check_refused
from tests.crash.harness import Prepared, Struck, strike
from tests.crash.points import Sampling

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_ERRORS = ("ENOSPC", "EIO", "EACCES")


def test_refused(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Exit status not 0, or 0 when only something derived was refused; before or after; the next command works."""

    def check(fault: Fault, struck: Struck) -> None:
        check_refused(prepared, struck)
        # A folder that cannot be removed may stay when it is empty: it is no content, and nobody's work.
        check_next_command(prepared, struck, empty_folders=fault.call.name in ("rmdir", "unlinkat"))

    pairs = [Fault(call, f"error={error}") for call in sampling.since(prepared.calls) for error in _ERRORS]
    campaign.run("refused", sampling.every(7, pairs), lambda fault: strike(prepared, fault), check)
