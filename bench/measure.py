"""Measuring two things so that they can be compared: in turns, in one run, on one clock.

No machine is quiet, and an hour later it is another machine. So the contenders take turns, A B A B, and what counts
is the ratio of their medians. Before each turn the disk is brought to rest, or one would pay for what the other left
unwritten. A few rows have no rival: muse alone, held against a figure.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from statistics import median
from tempfile import TemporaryFile
from typing import Literal, NamedTuple

#: What the system counts the peak of a process in, and how many of these are a MiB.
_PEAKS_IN_MIB = 1 << 20 if sys.platform == "darwin" else 1 << 10
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


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
    """Who takes turns: muse, what it is held against if anything, and that once more at its most durable."""

    muse: Contender
    other: Contender | None = None
    durable: Contender | None = None


class Workload(NamedTuple):
    """One row of the table.

    Attributes:
        title: What is done.
        against: What muse is held against, as a person types it; empty where it is measured alone.
        contenders: Makes what is needed in an empty folder, and takes it down.
        rounds: Turns for each contender.
        goal: What is not to be exceeded: by the ratio, or by muse's own figure where it is measured alone.
        unit: What a sample counts: "s", "B", or anything else that can be counted, "MiB" or "packs".
        judged: Which ratio the goal is about: that of the values ("value") or of the CPU seconds ("cpu").
        warm_ups: Turns before the first that counts.
    """

    title: str
    against: str
    contenders: Callable[[str], AbstractContextManager[Contenders]]
    rounds: int
    goal: float | None = None
    unit: str = "s"
    judged: Literal["value", "cpu"] = "value"
    warm_ups: int = 1


class Outcome(NamedTuple):
    """What was measured of a workload; the samples of a contender that is not there are empty."""

    workload: Workload
    muse: Sequence[Sample]
    other: Sequence[Sample] = ()
    durable: Sequence[Sample] = ()

    @property
    def ratio(self) -> float | None:
        """muse ÷ the other."""
        return middle(self.muse) / middle(self.other) if self.other else None

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
    def judged(self) -> float:
        """The figure that the goal is about."""
        ratio = self.cpu_ratio if self.workload.judged == "cpu" else self.ratio
        return middle(self.muse) if ratio is None else ratio

    @property
    def missed(self) -> bool:
        """True when there is a goal and muse is above it."""
        return self.workload.goal is not None and self.judged > self.workload.goal


def ready(contenders: Contenders) -> Callable[[str], AbstractContextManager[Contenders]]:
    """For a workload whose contenders have been made already."""
    return lambda folder: nullcontext(contenders)


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
    next contender. It is not counted. What they complain of is shown only when one of them fails.
    """
    background, held = os.pipe()
    with TemporaryFile() as said:

        def work() -> None:
            for command in commands:
                subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=said, pass_fds=[held], check=True)

        try:
            return timed(work, resource.RUSAGE_CHILDREN)
        except subprocess.CalledProcessError:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        finally:
            os.close(held)
            os.read(background, 1)  # returns when the last process that inherited the other end has gone
            os.close(background)


def peak(folder: str, *commands: Sequence[str]) -> Sample:
    """The most memory, in MiB, that any of these commands held, one process after the other.

    A process starts with the peak of the one that started it, so a small one of its own stands in between.
    """
    peaks = [
        subprocess.run([sys.executable, "-c", _PEAK, *command], cwd=folder, check=True, capture_output=True).stdout
        for command in commands
    ]
    return Sample(max(map(int, peaks)) / _PEAKS_IN_MIB)


def _cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
