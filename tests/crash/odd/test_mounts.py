"""Several disks below one folder: a rename does not lead from one to another."""

from __future__ import annotations

import pytest

from muse.core.types import FILE
from muse.testing import faults
from muse.testing.faults import Fault
from muse.testing.repositories import damage, litter
from tests.commands import ok
from tests.crash import harness
from tests.crash.campaign import Campaign, Row
from tests.crash.contents import SMALL, SMALL_EDITED
from tests.crash.odd.odd import a_day, alone, files, fill
from tests.crash.points import Sampling, first_write

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_MOUNTS = {
    ".muse on another disk": (".muse",),
    "a folder on another disk": ("data",),
    "several": (".muse", "data", "nb"),
}


def test_mounts(rows: list[Row], place: str) -> None:
    Campaign("odd file system", rows).run_each(
        "several mounts", _MOUNTS, lambda name: alone(a_day, place, _MOUNTS[name])
    )


def test_killed_on_several_mounts(
    strace: None, rows: list[Row], usual: Sampling, place: str, environment: dict[str, str]
) -> None:
    """A checkout that copies from one disk to another: each file is old or new, and the next command finishes."""
    new = SMALL_EDITED | {"data/new": (FILE, b"new")}
    env = environment | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    command = harness.process(["checkout", "main"])

    def prepare() -> None:
        ok("init")
        fill(SMALL)
        ok("commit", "-m", "old")
        ok("checkout", "-b", "work")
        fill(new)
        ok("commit", "-m", "new")

    def points() -> list[Fault]:
        prepare()
        for step in ("main", "work", "main"):
            calls = faults.trace(harness.process(["checkout", step]), cwd=".", env=env).main
        changing = [call for call in calls[first_write(calls) :] if call.changes]
        return [Fault(call, "signal=SIGKILL") for call in usual.some(12, changing)]

    def check(fault: Fault) -> None:
        prepare()
        outcome = faults.run(command, fault, cwd=".", env=env)
        assert outcome.status < 0 or outcome.hit is None, outcome
        for path, what in files().items():
            assert what in (SMALL.get(path), new.get(path)) or ".restore-tmp-" in path, path
        ok("status")
        ok("checkout", "main")
        assert files() == SMALL, "not finished, or something was left"
        assert not litter(".") and not damage(".")

    Campaign("odd file system", rows).run_each(
        "several mounts: checkout killed",
        alone(points, place, ("data",)),
        lambda fault: alone(lambda: check(fault), place, ("data",)),
    )
