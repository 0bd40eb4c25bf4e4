"""Crash tests: what they need, how many points they try, and the table at the end.

`MUSE_CRASH=all` tries every point from the first write on, and far more of the others, on the disk: that takes an
hour. `MUSE_CRASH=5` tries every fifth of the usual ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

from muse.testing import faults
from tests.crash.campaign import Campaign, Row, table
from tests.crash.harness import Prepared, prepare
from tests.crash.points import Sampling
from tests.crash.scenarios import SCENARIOS
from tests.environment import absent

_MEMORY = "/dev/shm"
_ROWS: list[Row] = []
_PREPARED: dict[str, Prepared] = {}
# Read at once: the environment of a test is scrubbed, and this wish with it.
_SAMPLING = Sampling(os.environ.get("MUSE_CRASH", ""))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many points were tried."""
    if _ROWS:
        terminalreporter.section("crash tests")
        for line in table(_ROWS):
            terminalreporter.line(line)


@pytest.fixture
def sampling(prepared: Prepared) -> Sampling:
    """How many points of the scenario are tried."""
    return _SAMPLING.thinner(prepared.scenario.one_in)


@pytest.fixture(scope="session")
def strace() -> None:
    """Faults need `strace`."""
    if reason := faults.missing():
        absent(reason)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where everything happens: in memory, as a killed process leaves the same there; every point also on the disk."""
    if _SAMPLING.all or not os.access(_MEMORY, os.W_OK):
        yield str(tmp_path_factory.mktemp("crash"))
    else:
        with tempfile.TemporaryDirectory(prefix="muse-crash-", dir=_MEMORY) as folder:
            yield folder


@pytest.fixture(params=SCENARIOS)
def prepared(
    strace: None,
    request: pytest.FixtureRequest,
    environment: dict[str, str],
    place: str,
) -> Prepared:
    """Each scenario, built when the first test asks for it."""
    name = request.param
    if name not in _PREPARED:
        _PREPARED[name] = prepare(name, place, environment)
    return _PREPARED[name]


@pytest.fixture
def campaign(prepared: Prepared) -> Campaign:
    """What tries the points of the scenario."""
    return Campaign(prepared.name, _ROWS)
