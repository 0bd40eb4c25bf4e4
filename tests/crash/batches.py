"""Many small trials in forked processes with little memory: one that dies or hangs is an answer, and the rest go on.

Forking keeps everything imported, so a trial takes milliseconds; the parent stays as it was, whatever a trial does.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

P = TypeVar("P")

#: Bytes that a process may take beyond what it has when it starts.
MEMORY = 1 << 30
#: Seconds after which a command counts as hung, however busy the machine is, and a trial of many commands.
SECONDS, PATIENCE = 60.0, 480.0

_WORKERS = 2
_LENGTH = 1500


class Hung(BaseException):
    """A command took too long."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise `Hung` where the block takes longer than that, even when it waits for the system."""

    def stop(number: int, frame: object) -> NoReturn:
        raise Hung

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def tried(points: Sequence[P], start: Callable[[], Callable[[P], str]]) -> list[str]:
    """What each trial says of its point; empty where all is well.

    Args:
        points: What to try.
        start: Called in each process; gives what tries a point.
    """
    said: dict[int, str] = {}
    with selectors.DefaultSelector() as watch:

        def begin(numbers: Sequence[int]) -> None:
            if numbers:
                worker = _Worker(points, numbers, start)
                watch.register(worker.reading, selectors.EVENT_READ, worker)

        for first in range(_WORKERS):
            begin(range(first, len(points), _WORKERS))
        while watch.get_map():
            ready = [key.data for key, _ in watch.select(PATIENCE)]
            for worker in ready or [key.data for key in watch.get_map().values()]:
                worker.hear(said, dead=not ready)
                if worker.over:
                    watch.unregister(worker.reading)
                    begin(worker.end(said))
    return [said[number] for number in range(len(points))]


class _Worker:
    """A process that tries some points, one after the other, and tells of each in a line."""

    def __init__(self, points: Sequence[P], numbers: Sequence[int], start: Callable[[], Callable[[P], str]]) -> None:
        self._numbers, self._told, self._rest = numbers, 0, b""
        self.over = False
        self.reading, writing = os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(self.reading)
            _work(points, numbers, start, writing)
        os.close(writing)

    def hear(self, said: dict[int, str], *, dead: bool) -> None:
        """Take what it tells; one that says nothing for long is killed."""
        if dead:
            os.kill(self._process, signal.SIGKILL)
        data = os.read(self.reading, 1 << 16)
        self.over = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            number, words = json.loads(line)
            said[number] = words
            self._told += 1

    def end(self, said: dict[int, str]) -> Sequence[int]:
        """Bury it; gives the numbers that it did not come to after the one that it died of."""
        os.close(self.reading)
        status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        left = self._numbers[self._told :]
        if left:
            said[left[0]] = f"the process died of it, with status {status}"
        return left[1:]


def _work(
    points: Sequence[P], numbers: Sequence[int], start: Callable[[], Callable[[P], str]], writing: int
) -> NoReturn:
    try:
        limit_memory(MEMORY)
        work = start()
        for number in numbers:
            try:
                words = work(points[number])
            except BaseException:
                words = traceback.format_exc()[-_LENGTH:]
            os.write(writing, json.dumps([number, words]).encode() + b"\n")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def limit_memory(more: int) -> None:
    """Let this process take only so many bytes more than it has."""
    with open("/proc/self/statm", encoding="ascii") as sizes:
        now = int(sizes.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more, resource.getrlimit(resource.RLIMIT_AS)[1]))
