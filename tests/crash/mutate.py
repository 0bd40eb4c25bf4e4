"""Take every place out in turn, and see that its test turns red: `make mutants`.

Everything happens in copies of the project below a temporary folder; each run makes sure that it imports its copy.
Two work at a time. A test that does not end counts as red: it ends without the mutant.
"""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from typing import NamedTuple

import pytest

from tests.crash.mutants import Mutant, read
from tests.environment import ROOT

CAUGHT, ALIVE, BROKEN = "caught", "ALIVE", "BROKEN"
_PARTS = ("muse", "tests", "pyproject.toml")
_PATIENCE, _MORE_PATIENCE = 60, 900
_AT_ONCE = 2
_NOT_THE_COPY = 99
#: Hypothesis need not look for the smallest example: that takes longer than to find one.
_RUN = f"""
import sys
import hypothesis, muse, pytest
from hypothesis import Phase, settings
settings.register_profile("quick", database=None, phases=[Phase.explicit, Phase.generate])
settings.load_profile("quick")
root, *words = sys.argv[1:]
sys.exit(pytest.main(words) if muse.__file__.startswith(root + "/") else {_NOT_THE_COPY})
"""
_OPTIONS = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-m", "")
#: The same examples each time; no plugins that no test of the core needs: they take longer to load than the tests do.
_ENVIRONMENT = {"CI": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
#: A mutant that fails in one of these ways does not take a place out: it makes the code wrong.
_NONSENSE = ("NameError", "UnboundLocalError", "SyntaxError", "ImportError")


class Outcome(NamedTuple):
    """What became of a mutant: `CAUGHT`, `ALIVE` or `BROKEN`; after how many seconds; what its test printed."""

    mutant: Mutant
    verdict: str
    seconds: float
    out: str


class Copy:
    """A copy of the project, one mutant at a time in it.

    Args:
        root: The folder that holds it.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        for name in _PARTS:
            source, target = ROOT / name, Path(self.root, name)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        # By their contents, not by their times: a mutant may be as long as what it replaces, and as old.
        muse = os.path.join(self.root, "muse")
        compileall.compile_dir(muse, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)

    def test(self, ids: Iterable[str], patience: float) -> tuple[int, str]:
        """Run tests in the copy: pytest's status, and what it printed. A run that takes longer is killed: status -9."""
        command = [sys.executable, "-c", _RUN, self.root, *_OPTIONS, *ids]
        env = {**os.environ, "PYTHONPATH": self.root, **_ENVIRONMENT}
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(
                command, cwd=self.root, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=0
            )
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                status = -signal.SIGKILL
            finally:
                _kill_all(process)
            out.seek(0)
            return status, out.read()

    def outcome(self, mutant: Mutant) -> Outcome:
        """Try a mutant."""
        path, began = Path(self.root, mutant.file), time.monotonic()
        source = path.read_text("utf-8")
        path.write_text(mutant.in_place(source), "utf-8")
        try:
            status, out = self.test([mutant.test], _PATIENCE)
        finally:
            path.write_text(source, "utf-8")
        return Outcome(mutant, _verdict(status, out), time.monotonic() - began, out)


def _verdict(status: int, out: str) -> str:
    if status == 0:
        return ALIVE
    interrupted = status == pytest.ExitCode.INTERRUPTED and "! KeyboardInterrupt" in out
    nonsense = any(f"E   {name}" in out for name in _NONSENSE)
    red = status in (pytest.ExitCode.TESTS_FAILED, -signal.SIGKILL) or interrupted
    return CAUGHT if red and not nonsense else BROKEN


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """End a test and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of the project, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="muse-mutants-") as folder:
        yield Copy(folder)


def outcomes(mutants: Sequence[Mutant]) -> Iterator[Outcome]:
    """Try mutants, as many at once as there are copies; in their order."""
    with ExitStack() as stack, ThreadPoolExecutor(_AT_ONCE) as pool:
        free: SimpleQueue[Copy] = SimpleQueue()
        for _ in range(_AT_ONCE):
            free.put(stack.enter_context(copied()))

        def attempt(mutant: Mutant) -> Outcome:
            copy = free.get()
            try:
                return copy.outcome(mutant)
            finally:
                free.put(copy)

        yield from pool.map(attempt, mutants)


def line(outcome: Outcome) -> str:
    """A row of the table."""
    mutant = outcome.mutant
    return f"{mutant.name:72}  {outcome.verdict:6}  {outcome.seconds:5.1f}  {mutant.test}"


def main(words: Sequence[str]) -> int:
    """Try all mutants, or those whose name or file holds one of the words; 1 when one is not caught."""
    mutants = [one for one in read() if not words or any(word in f"{one.file} {one.name}" for word in words)]
    began = time.monotonic()
    with copied() as copy:
        status, out = copy.test(dict.fromkeys(mutant.test for mutant in mutants), _MORE_PATIENCE)
    if status != 0:
        print(out, f"without any mutant the tests end with status {status}", sep="\n")
        return 1
    bad = []
    for outcome in outcomes(mutants):
        print(line(outcome), flush=True)
        if outcome.verdict != CAUGHT:
            bad.append(outcome)
    print(f"{len(mutants)} mutants, {len(mutants) - len(bad)} caught, in {time.monotonic() - began:.0f} s")
    for outcome in bad:
        print(line(outcome))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
