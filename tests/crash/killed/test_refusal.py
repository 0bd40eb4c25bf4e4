"""The system refuses a call: two clear lines, and nothing is lost."""

from __future__ import annotations

import pytest

from muse.testing import faults
from muse.testing.faults import Call, Fault
from tests.crash.campaign import Campaign
from tests.crash.checks import check_next_command
from tests.crash.harness import Prepared, Struck, process, scratch, strike
from tests.crash.killed.answers import check_refused
from tests.crash.points import Sampling
from tests.crash.scenarios import ALL

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_ERRORS = [f"error={name}" for name in ("ENOSPC", "EIO", "EACCES", "EMFILE", "EROFS", "EDQUOT")]
_UNREADABLE = ["error=EIO", "error=EMFILE"]


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_refused(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Exit status not 0, or 0 when only something derived was refused; before or after; the next command works."""
    faults_to_try = sampling.with_each(sampling.since(prepared.calls), _ERRORS)
    _refuse("refused", faults_to_try, prepared, campaign)


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_refused_to_read(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """The same where a file or a folder below `.muse/` cannot be opened or read."""
    with scratch(prepared, prepared.root) as root:
        words, status = process(prepared.scenario.command), prepared.scenario.status
        seen = faults.trace(words, cwd=root, env=prepared.env, names=faults.READS, status=status).main
    reading = [call for call in seen if not call.changes and any(_is_ours(path) for path in call.paths)]
    _refuse("cannot read", sampling.with_each(sampling.some(6, reading, 5), _UNREADABLE), prepared, campaign)


def _is_ours(path: str) -> bool:
    return path.startswith(".muse/")


def _refuse(what: str, points: list[Fault], prepared: Prepared, campaign: Campaign) -> None:
    def check(fault: Fault, struck: Struck) -> None:
        check_refused(prepared, struck)
        # A folder that cannot be removed may stay when it is empty: it is no content, and nobody's work.
        check_next_command(prepared, struck, empty_folders=_removes_folders(fault.call))

    campaign.run(what, points, lambda fault: strike(prepared, fault), check)


def _removes_folders(call: Call) -> bool:
    return call.name in ("rmdir", "unlinkat")
