"""Real commands in processes of their own that stand still at a named point until they are told to go on.

Nothing waits for a clock: the process stops itself (SIGSTOP) when it comes to the point, and the system tells.
A point is "MODULE:FUNCTION:WHEN:NTH", as in "muse.core.operations.entry:_link:before:1".
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from operator import attrgetter
from typing import Any

from tests.commands import Answer
from tests.environment import ROOT

_PATIENCE = 60


class Suspended:
    """A command that stands still.

    Args:
        process: Its process.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def stands_still(self) -> bool:
        """Wait until it does; False when it ended instead."""
        found = os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return found is not None and found.si_code == os.CLD_STOPPED

    def go_on(self) -> None:
        """Let it go on to the next point."""
        self._process.send_signal(signal.SIGCONT)
        assert self.stands_still(), self._process.communicate()

    def end(self) -> Answer:
        """Let it go on to its end."""
        self._process.send_signal(signal.SIGCONT)
        out, err = self._process.communicate(timeout=_PATIENCE)
        return Answer(self._process.returncode, out, err)

    def kill(self) -> None:
        """Kill it where it stands."""
        self._process.kill()
        self._process.communicate(timeout=_PATIENCE)


@contextmanager
def suspended(*words: str, at: str | list[str], cwd: str | os.PathLike[str] = ".") -> Iterator[Suspended]:
    """A command that stands still at a point, or at several one after the other."""
    points = [at] if isinstance(at, str) else at
    command = [sys.executable, "-m", "tests.suspending", ",".join(points), *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        one = Suspended(process)
        assert one.stands_still(), process.communicate()
        yield one
    finally:
        if process.poll() is None:
            one.kill()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _arm(point: str) -> None:
    module, function, when, nth = point.split(":")
    owner, _, name = function.rpartition(".")
    holder = import_module(module)
    holder = attrgetter(owner)(holder) if owner else holder
    setattr(holder, name, _stopping(getattr(holder, name), when, int(nth)))


def _stopping(call: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    calls = itertools.count(1)

    def stopping(*arguments: Any, **options: Any) -> Any:
        here = next(calls) == nth  # threads may call, too
        if here and when == "before":
            _stop()
        answer = call(*arguments, **options)
        if here and when == "after":
            _stop()
        return answer

    return stopping


if __name__ == "__main__":
    from muse.cli.main import main

    for one_point in sys.argv[1].split(","):
        _arm(one_point)
    sys.exit(main(sys.argv[2:]))
