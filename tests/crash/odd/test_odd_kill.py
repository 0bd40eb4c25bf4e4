"""Killed where file systems lack something: files need a name from the start, and the next command sweeps them."""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest

from muse.core.paths import Layout
from muse.core.system import publish, temps
from muse.testing import faults, lacking
from muse.testing.faults import Fault
from muse.testing.repositories import litter
from tests.commands import Answer, process
from tests.crash import harness
from tests.crash.campaign import Campaign, Row
from tests.crash.checks import check_next_command, is_behind
from tests.crash.harness import Prepared, Struck, copy, prepare, strike
from tests.crash.points import Sampling, first_write
from tests.crash.scenarios import ALL
from tests.environment import ROOT, absent

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

Lacks = tuple[str, ...]

_NO_LINKS = ("link", "RENAME_NOREPLACE")
_KILLED: dict[str, tuple[Lacks, ...]] = {
    "commit of 1 file": (("O_TMPFILE",), ("link",), _NO_LINKS, ("O_TMPFILE", "flock"), ("flock",)),
    "checkout": (("O_TMPFILE", "syncfs"), (*_NO_LINKS, "RENAME_EXCHANGE"), ("O_TMPFILE", "flock")),
}
_POINTS = 5

@pytest.mark.parametrize("name", _KILLED)
def test_killed(
    name: str, strace: None, rows: list[Row], usual: Sampling, place: str, environment: dict[str, str]
) -> None:
    """As everywhere: before or after, and nothing that was acknowledged is lost."""
    if reason := lacking.missing():
        absent(reason)
    for lacks in _KILLED[name]:
        prepared = lame(name, lacks, place, environment)
        calls = usual.some(_POINTS, [call for call in prepared.calls[first_write(prepared.calls) :] if call.changes])
        Campaign("odd file system", rows).run(
            f"{name} killed without {' '.join(lacks)}",
            [Fault(call, "signal=SIGKILL") for call in calls],
            partial(strike, prepared),
            partial(check_killed, prepared, lacks),
        )


def lame(name: str, lacks: Lacks, place: str, environment: dict[str, str]) -> Prepared:
    """A scenario whose processes lack something from their first moment on; names are created as is possible there."""
    way = publish.LINK if "link" not in lacks else publish.LOCK if "RENAME_NOREPLACE" in lacks else publish.RENAME
    scenario = ALL[name]._replace(steps=((None, ("config", "store.publish", way)), *ALL[name].steps))
    prepared = prepare(name, place, environment, scenario)
    shim = tempfile.mkdtemp(dir=place)
    Path(shim, "sitecustomize.py").write_text(f"from muse.testing import lacking\nlacking.drop({lacks!r})\n")
    env = prepared.env | {"PYTHONPATH": f"{shim}:{ROOT}"}
    root = copy(prepared.root, os.path.join(os.path.dirname(prepared.root), "lame"))
    calls = faults.trace(harness.process(scenario.command), cwd=root, env=env, filtered=True).main
    return prepared._replace(env=env, calls=calls)


def check_killed(prepared: Prepared, lacks: Lacks, fault: Fault, struck: Struck) -> None:
    """As everywhere; what needed a name from the start may have been left, and is swept by the next command.

    The families whose writers may take no lock wait until they are old; without locks they all do.
    """
    behind = is_behind(struck.root)
    answer = next_command(prepared, struck.root)
    assert ("finished: " in answer.out) == behind, answer
    left = litter(struck.root)
    young = [path for path in left if "flock" in lacks or temps.is_object_temp(os.path.basename(path))]
    wrong = [path for path in left if path not in young or path.startswith("restore/")]
    assert not wrong, f"not swept: {wrong}"
    assert not left or "O_TMPFILE" in lacks or "link" in lacks or "flock" in lacks, f"needed no name: {left}"
    for path in left:
        long_ago = time.time() - 61
        os.utime(os.path.join(Layout(struck.root).muse, path), (long_ago, long_ago))
    if left:
        next_command(prepared, struck.root)
        assert not litter(struck.root), f"old, and not swept: {litter(struck.root)}"
    check_next_command(prepared, struck)


def next_command(prepared: Prepared, root: str) -> Answer:
    """`muse status` in a process that lacks the same."""
    answer = process("status", cwd=Path(root), env=prepared.env)
    assert (answer.status, answer.err) == (0, ""), answer
    return answer
