"""Preparing a scenario, striking its command at one system call, and looking at what is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import chdir, contextmanager
from typing import Any, NamedTuple, TypeVar

from muse.core.base.errors import MuseError
from muse.core.paths import MUSE
from muse.testing import faults, repositories
from muse.testing.faults import Call, Fault, Outcome
from muse.testing.repositories import State, state_of
from tests import commands
from tests.crash.scenarios import ALL, Scenario
from tests.environment import ROOT

T = TypeVar("T")
R = TypeVar("R")

#: Tries before a call counts as out of reach, as the clock decides whether a file is read once more.
TRIES = 4

#: Seconds after which a changed file can be told by its times, and a little more.
_SETTLED = 0.06
#: Seconds after which nobody takes a notebook for one that is being saved, nor a folder for one that may change unseen.
_LONG_AGO = 600


def copy(root: str, target: str) -> str:
    """A copy in which nothing has just changed: what is read once more must not depend on who is faster."""
    repositories.copy(root, target)
    long_ago = time.time() - _LONG_AGO
    for folder, _, files in os.walk(target):
        ours = MUSE in os.path.relpath(folder, target).split(os.sep)
        for path in [folder, *(os.path.join(folder, name) for name in files if not ours)]:
            os.utime(path, (long_ago, long_ago), follow_symlinks=False)
    time.sleep(_SETTLED)
    return target


class Side(NamedTuple):
    """The repository before or after the command: all of it, and what `status` says; None where it has no answer."""

    state: State
    status: dict[str, Any] | None


class Prepared(NamedTuple):
    """A scenario, ready to be struck.

    Attributes:
        name: The name of the scenario.
        scenario: What is tried.
        root: The repository; every run gets a copy.
        before, after: What an undisturbed command makes of what.
        calls: The system calls that it makes.
        others: Those of its other threads, each counted in its own.
        env: The environment of its process.
    """

    name: str
    scenario: Scenario
    root: str
    before: Side
    after: Side
    calls: list[Call]
    others: list[Call]
    env: dict[str, str]


class Struck(NamedTuple):
    """A repository that is left by a command that was struck."""

    root: str
    words: tuple[str, ...]
    fault: Fault
    outcome: Outcome


def type_in(root: str, *words: str) -> commands.Answer:
    """Run a command in this process, as if typed in that folder."""
    with chdir(root):
        return commands.muse(*words)


def status_in(root: str) -> tuple[dict[str, Any], list[str]]:
    """What `muse status` says, and the notes that it begins with. It must work without a word of error."""
    answer = type_in(root, "status", "--json")
    assert answer.status == 0 and not answer.err, f"status fails: {answer}"
    value: dict[str, Any] = json.loads(answer.out)
    return value, value.pop("notes")


def prepare(name: str, folder: str, env: dict[str, str], scenario: Scenario | None = None) -> Prepared:
    """Build the repository of a scenario, which may be one of no name, and run its command once undisturbed."""
    scenario, folder = scenario or ALL[name], tempfile.mkdtemp(dir=folder)
    root = os.path.join(folder, "prepared")
    os.mkdir(root)
    build(scenario, root)
    # The process must run the muse that is tested here, and open the same files in the same order every time: that
    # needs one run before, which leaves compiled modules behind. Those that are struck leave none: it would be calls.
    env = env | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    before, first, done = (copy(root, os.path.join(folder, name)) for name in ("before", "first", "done"))
    subprocess.run(process(scenario.command), cwd=first, env=env, capture_output=True, check=False)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    calls, others = faults.trace(process(scenario.command), cwd=done, env=env, status=scenario.status)
    sides = side_at(scenario, before, works=not (scenario.fresh or scenario.damage)), side_at(scenario, done)
    return Prepared(name, scenario, root, *sides, calls, others, env)


def build(scenario: Scenario, root: str) -> None:
    """Bring a new folder to where the command is struck."""
    first, last = ((), ()) if scenario.fresh else (("init",), ("status",))
    for contents, words in ((None, first), *scenario.steps, (scenario.work, last)):
        if contents is not None:
            repositories.write_contents(root, contents)
        answer = type_in(root, *words) if words else None
        assert answer is None or answer.status == 0, answer
    if scenario.damage is not None:
        scenario.damage(root)


def side_at(scenario: Scenario, root: str, *, works: bool = True) -> Side:
    """What is in a repository now."""
    return Side(state_in(scenario, root), status_in(root)[0] if works else None)


def state_in(scenario: Scenario, root: str) -> State:
    """The state of a repository; of one that was damaged on purpose only what can be had."""
    try:
        return state_of(root)
    except MuseError:
        if scenario.damage is None:
            raise
        return State(None, frozenset(), repositories.read_contents(root))


def process(words: Sequence[str]) -> list[str]:
    """The real command line."""
    return [sys.executable, "-m", "muse", *words]


def strike(prepared: Prepared, fault: Fault, *, root: str = "", words: tuple[str, ...] = ()) -> Struck:
    """Run the command with a fault, on a fresh copy of the prepared repository or of `root`.

    Raises:
        AssertionError: The process never came to that call.
    """
    folder = tempfile.mkdtemp(dir=os.path.dirname(prepared.root))
    words = words or prepared.scenario.command
    for attempt in range(TRIES):
        struck = copy(root or prepared.root, os.path.join(folder, str(attempt)))
        outcome = faults.run(process(words), fault, cwd=struck, env=prepared.env)
        if outcome.hit == fault.call or (fault.anywhere and outcome.hit is not None):
            return Struck(struck, words, fault, outcome)
    raise AssertionError(f"the process came to {outcome.hit} instead of {fault.call}: {outcome}")


@contextmanager
def scratch(prepared: Prepared, root: str) -> Iterator[str]:
    """A copy of a repository for a moment."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(prepared.root)) as folder:
        yield copy(root, os.path.join(folder, "copy"))


def forget(struck: Struck) -> None:
    """Remove the copy."""
    shutil.rmtree(os.path.dirname(struck.root))


def ahead(work: Callable[[T], R], items: Iterable[T], *, threads: int = 2) -> Iterator[R]:
    """The results of `work`, in order, computed a few ahead by some threads (the processes do the work)."""
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[R]] = deque()
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > 2 * threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
