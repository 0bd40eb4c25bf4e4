"""After 10,000 commits by script, is any verb slower than after 100? `python -m bench.many [--quick] [--markdown]`.

Two repositories of 100 files take turns, both muse in process. `log` without a limit, `gc` and `fsck` read all there
is and are left aside; `fsck`, at the end, must find nothing wrong.
"""

from __future__ import annotations

import os
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import NamedTuple

from bench import history, place, report
from bench.measure import Contenders, Outcome, Sample, Workload, middle, ready, run
from bench.repositories import MAIN, Muse

_FILES = 100
_GOAL = 1.25
_ROUNDS, _QUICK_ROUNDS = 21, 3
_OTHER = "other"
#: In the place of a command: save a file anew. FILE is its path.
_EDIT = "edit"
_CHANGE = (_EDIT, "commit -m change")
_LEFT = {"verb"}


class Step(NamedTuple):
    """A command, and what makes it possible: commands before it, and commands that clean up after it."""

    line: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


STEPS = (
    Step("status"),
    Step("add FILE", (_EDIT,), ("commit -m staged",)),
    Step("commit -m change", (_EDIT,)),
    Step("log -n 10"),
    Step("show"),
    Step("diff", (_EDIT,), ("restore FILE",)),
    Step("diff HEAD~1 HEAD"),
    Step(f"checkout {_OTHER}", (f"branch {_OTHER} HEAD~1",), (f"checkout {MAIN}", f"branch -d {_OTHER}")),
    Step("branch topic", (), ("branch -d topic",)),
    Step("tag first", (), ("tag -d first",)),
    Step("restore FILE", (_EDIT,)),
    Step("restore FILE --from HEAD~1", (_EDIT, "commit -m change"), ("restore FILE",)),
    Step("undo", _CHANGE, ("redo",)),
    Step("redo", (*_CHANGE, "undo")),
    Step("op log -n 10"),
    Step("config author.name Ada"),
    Step("reset HEAD~1", _CHANGE, ("commit -m change",)),
    Step("shelf push", (_EDIT,), ("shelf drop",)),
    Step("shelf pop", (_EDIT, "shelf push"), ("restore FILE",)),
)


class Script:
    """A repository that a script made, and the steps in it.

    Args:
        folder: Where to make it.
        commits: How many commits it gets first.
    """

    def __init__(self, folder: str, commits: int) -> None:
        self.muse = Muse(folder)
        self._changes = commits
        self._file = ""
        start = perf_counter()
        history.build(self.muse, _FILES, commits)
        print(f"{commits:,} commits in {report.amount(perf_counter() - start, 's')}", file=sys.stderr)

    def take(self, step: Step) -> Sample:
        """Take a step, and measure its command alone."""
        for line in step.before:
            self._do(line)
        sample = self._do(step.line)
        for line in step.after:
            self._do(line)
        return sample

    def _do(self, line: str) -> Sample:
        if line != _EDIT:
            return self.muse.run(shlex.split(line.replace("FILE", self._file)))
        self._file = history.change(self.muse, _FILES, self._changes)
        self._changes += 1
        return Sample(0)


def known(steps: Sequence[Step] = STEPS) -> Iterator[Step]:
    """The steps of which muse has every verb."""
    from muse import verbs

    names = {*verbs.names(), _EDIT}
    for step in steps:
        if {line.split()[0] for line in (*step.before, step.line, *step.after)} <= names:
            yield step


def measure(step: Step, few: Script, many: Script, rounds: int) -> Outcome:
    """Let the two repositories take turns at a step."""
    print(step.line, file=sys.stderr)
    pair = Contenders(lambda _: many.take(step), lambda _: few.take(step))
    title = f"`muse {step.line}`"
    workload = Workload(title, "few commits", ready(pair), rounds, goal=_GOAL, warm_ups=2)
    return run(workload, many.muse.folder, rounds)


def rows(outcomes: Sequence[Outcome], few: int, many: int) -> list[list[str]]:
    """The table: the head, and a line for each step."""
    table = [["verb", f"at {few:,} commits", f"at {many:,} commits", "ratio", "CPU", "goal"]]
    for outcome in outcomes:
        times = [report.amount(middle(samples), "s") for samples in (outcome.other, outcome.muse)]
        ratios = [report.ratio(outcome.ratio), report.ratio(outcome.cpu_ratio)]
        table.append([outcome.workload.title, *times, *ratios, report.goal(outcome)])
    return table


def main() -> None:
    """Measure, print the table, and what `fsck` says."""
    from muse import verbs

    parser = ArgumentParser(prog="python -m bench.many", description="Is muse slower after 10,000 commits?")
    parser.add_argument("--quick", action="store_true", help="200 commits, few turns: does it work at all?")
    parser.add_argument("--markdown", action="store_true", help="print what docs/performance.md holds")
    asked = parser.parse_args()
    few, many = (20, 200) if asked.quick else (100, 10_000)
    place.byte_compile()
    with place.place() as folder:
        told = f"{place.machine(folder)}; load {place.load()} before"
        small, large = (Script(os.path.join(folder, str(count)), count) for count in (few, many))
        outcomes = [measure(step, small, large, _QUICK_ROUNDS if asked.quick else _ROUNDS) for step in known()]
        if "fsck" in verbs.names():
            large.muse.run(["fsck"])
            print("fsck: clean", file=sys.stderr)
    table = report.markdown_table if asked.markdown else report.plain_table
    print(f"{told}, {place.load()} after; muse byte-compiled.\n\n{table(rows(outcomes, few, many), _LEFT)}")


if __name__ == "__main__":
    main()
