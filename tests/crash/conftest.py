"""Crash tests: what they need, how many points they try, and the table at the end.

`MUSE_CRASH=all` tries every point from the first write on, and far more of the others, on the disk: that takes an
hour. `MUSE_CRASH=5` tries every fifth of the usual ones.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from muse.testing import faults
from tests.crash.campaign import Campaign, Row, table
from tests.crash.harness import Prepared, prepare
from tests.crash.kernels import projects
from tests.crash.points import Sampling
from tests.crash.scenarios import SCENARIOS
from tests.environment import absent, scrubbed
from tests.magics import kernels
from tests.magics.kernels import Kernel

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
def usual() -> Sampling:
    """How many points are tried of what is no scenario of the long ones."""
    return _SAMPLING


@pytest.fixture
def rows() -> list[Row]:
    """The table."""
    return _ROWS


@pytest.fixture
def campaign(prepared: Prepared) -> Campaign:
    """What tries the points of the scenario."""
    return Campaign(prepared.name, _ROWS)


@pytest.fixture
def project(place: str) -> Iterator[Path]:
    """A repository with a committed notebook, which is the current folder."""
    with projects.a_project(place) as folder:
        yield folder


@pytest.fixture(scope="session")
def live(homes: Path) -> Iterator[list[Kernel]]:
    """Two kernels for all tests that do not end them."""
    home = Path(tempfile.mkdtemp(dir=homes))
    with kernels.start(home, scrubbed(home), home) as one, kernels.start(home, scrubbed(home), home) as other:
        yield [one, other]


@pytest.fixture
def pair(live: list[Kernel], project: Path) -> list[Kernel]:
    """Both of them, in the folder of the project."""
    for kernel in live:
        projects.move_in(kernel, project)
    return live
