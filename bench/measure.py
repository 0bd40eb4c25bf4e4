"""Measuring two things so that they can be compared: in turns, in one run, on one clock.

No machine is quiet, and an hour later it is another machine. So the contenders take turns, A B A B, and what counts
is the ratio of their medians. Before each turn the disk is brought to rest, or one would pay for what the other left
unwritten.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from statistics import median
from typing import NamedTuple


class Sample(NamedTuple):
    """One measurement.

    Attributes:
        value: Seconds, or what the workload counts in.
        cpu: CPU seconds that it took; None where time is not the matter.
    """

    value: float
    cpu: float | None = None


#: Prepares one round, given its number, and measures it.
Contender = Callable[[int], Sample]


class Contenders(NamedTuple):
    """Who takes turns: muse, what it is held against, and that once more at its most durable."""

    muse: Contender
    other: Contender
    durable: Contender | None = None


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
        title: What is done.
        against: What muse is held against, as a person types it.
        contenders: Makes what is needed in an empty folder, and takes it down.
        rounds: Turns for each contender.
        goal: The ratio that is not to be exceeded.
        unit: What a sample counts: "s" or "B".
        warm_ups: Turns before the first that counts.
    """

    title: str
    against: str
    contenders: Callable[[str], AbstractContextManager[Contenders]]
    rounds: int
    goal: float | None = None
    unit: str = "s"
    warm_ups: int = 1


class Outcome(NamedTuple):
    """What was measured of a workload; the samples of a contender that is not there are empty."""

    workload: Workload
    muse: Sequence[Sample]
    other: Sequence[Sample]
    durable: Sequence[Sample]

    @property
    def ratio(self) -> float:
        """muse ÷ the other."""
        return middle(self.muse) / middle(self.other)

    @property
    def durable_ratio(self) -> float | None:
        """muse ÷ the other at its most durable."""
        return middle(self.muse) / middle(self.durable) if self.durable else None

    @property
    def cpu_ratio(self) -> float | None:
        """muse ÷ the other in CPU seconds."""
        muse = [sample.cpu for sample in self.muse if sample.cpu is not None]
        other = [sample.cpu for sample in self.other if sample.cpu is not None]
        return median(muse) / median(other) if muse and other else None

    @property
    def missed(self) -> bool:
        """True when there is a goal and muse is above it."""
        return self.workload.goal is not None and self.ratio > self.workload.goal


def middle(samples: Sequence[Sample]) -> float:
    """The median."""
    return median(sample.value for sample in samples)


def run(workload: Workload, folder: str, rounds: int) -> Outcome:
    """Let the contenders of a workload take turns in `folder`."""
    taken: tuple[list[Sample], ...] = ([], [], [])
    with workload.contenders(folder) as contenders:
        for number in range(workload.warm_ups + rounds):
            for contender, samples in zip(contenders, taken, strict=True):
                if contender is None:
                    continue
                sample = contender(number)
                if number >= workload.warm_ups:
                    samples.append(sample)
    return Outcome(workload, *taken)


def settle() -> None:
    """Bring disk and memory to rest: nobody is to pay for what another left."""
    os.sync()
    gc.collect()


def timed(work: Callable[[], object], who: int = resource.RUSAGE_SELF) -> Sample:
    """Measure a call.

    Args:
        work: What to call.
        who: Whose CPU seconds count: those of this process, or of the processes that it waited for.
    """
    settle()
    cpu, start = _cpu_seconds(who), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return Sample(seconds, _cpu_seconds(who) - cpu)


def timed_commands(folder: str, *commands: Sequence[str]) -> Sample:
    """Measure commands that are run one after the other, from the start of the first to the end of the last.

    What they leave running (`git` does: `gc --auto`) is waited for afterwards, so that it takes nothing from the
    next contender. It is not counted.
    """
    background, held = os.pipe()

    def work() -> None:
        for command in commands:
            subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, pass_fds=[held], check=True)

    try:
        sample = timed(work, resource.RUSAGE_CHILDREN)
    finally:
        os.close(held)
        os.read(background, 1)  # returns when the last process that inherited the other end has gone
        os.close(background)
    return sample


def _cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
