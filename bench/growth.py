"""How cost grows with files and with commits: `python -m bench.growth [--quick] [--plot PATH] [--markdown]`.

The same few commands, muse in process and git as processes, in ever larger folders with a short history and in one
small folder with an ever longer one. What should not grow must not.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import partial
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench import history, place, plot, report
from bench.measure import Contenders, Outcome, Sample, Workload, middle, ready, run
from bench.repositories import MAIN, Repository, two

_FILES, _COMMITS = 100, 12
_ROUNDS, _QUICK_ROUNDS = 9, 3  # with the first turn, which is not counted, an even number: so checkout ends on main
_OTHER = "other"
_LEFT = {"work", "who"}


class Size(NamedTuple):
    """How much a repository holds."""

    files: int
    commits: int


class Axis(NamedTuple):
    """What grows, and the repositories in which it does."""

    name: str
    sizes: tuple[Size, ...]

    def count(self, size: Size) -> int:
        """How much there is of what grows."""
        return size.files if self.name == "files" else size.commits


#: What is measured in one repository: its name, and what a round does, given size and number.
Work = tuple[str, Callable[[Repository, Size, int], Sample]]
#: A table and a plot hold one outcome for each work and size.
Outcomes = dict[tuple[str, Size], Outcome]


def _status(repository: Repository, size: Size, number: int) -> Sample:
    return repository.status()


def _log(repository: Repository, size: Size, number: int) -> Sample:
    return repository.log("-n", "10")


def _checkout(repository: Repository, size: Size, number: int) -> Sample:
    return repository.checkout((_OTHER, MAIN)[number % 2])


def _commit(repository: Repository, size: Size, number: int) -> Sample:
    history.change(repository, size.files, size.commits + number)
    return repository.commit()


#: The commit comes last: it moves the branch away from the other one.
WORKS: tuple[Work, ...] = (
    ("status", _status),
    ("log -n 10", _log),
    ("checkout of 1 file", _checkout),
    ("commit of 1 file", _commit),
)


def axes(quick: bool) -> tuple[Axis, Axis]:
    """What grows, and how far."""
    files = (100, 1_000) if quick else (1_000, 10_000, 100_000)
    commits = (20, 200) if quick else (100, 1_000, 10_000)
    return (
        Axis("files", tuple(Size(count, _COMMITS) for count in files)),
        Axis("commits", tuple(Size(_FILES, count) for count in commits)),
    )


def measure(size: Size, folder: str, rounds: int) -> Outcomes:
    """Build the two repositories, and let them take turns at each work."""
    print(f"{size.files:,} files, {size.commits:,} commits", file=sys.stderr)
    pair = two(folder)
    for repository in pair:
        history.build(repository, size.files, size.commits)
        repository.branch(_OTHER, "HEAD~1")
    found: Outcomes = {}
    for title, work in WORKS:
        contenders = Contenders(*(partial(work, repository, size) for repository in pair))
        workload = Workload(title, "git", ready(contenders), rounds)
        found[title, size] = run(workload, folder, rounds)
    return found


def rows(grown: Sequence[Axis], outcomes: Outcomes) -> list[list[str]]:
    """The table: the head, and two lines for each work."""
    head = ["work", "who"]
    head += [f"{axis.count(size):,} {axis.name}" for axis in grown for size in axis.sizes]
    table = [head]
    for title, _ in WORKS:
        row = [outcomes[title, size] for axis in grown for size in axis.sizes]
        table.append([title, "muse", *(report.amount(middle(outcome.muse), "s") for outcome in row)])
        table.append(["", "git", *(report.amount(middle(outcome.other), "s") for outcome in row)])
    return table


def panels(grown: Sequence[Axis], outcomes: Outcomes) -> list[plot.Panel]:
    """The plot: a row for each axis, a panel for each work."""
    found = []
    for axis in grown:
        for title, _ in WORKS:
            measured = [(axis.count(size), outcomes[title, size]) for size in axis.sizes]
            muse = plot.Line("muse", [(count, middle(outcome.muse)) for count, outcome in measured])
            git = plot.Line("git", [(count, middle(outcome.other)) for count, outcome in measured])
            found.append(plot.Panel(title, axis.name, (muse, git)))
    return found


def main() -> None:
    """Measure, print the table, write the plot if one was asked for."""
    parser = ArgumentParser(prog="python -m bench.growth", description="How cost grows with files and commits.")
    parser.add_argument("--quick", action="store_true", help="small repositories, few turns: does it work at all?")
    parser.add_argument("--plot", metavar="PATH", help="write a plot as SVG, too")
    parser.add_argument("--markdown", action="store_true", help="print what docs/performance.md holds")
    asked = parser.parse_args()
    grown, outcomes = axes(asked.quick), Outcomes()
    place.byte_compile()
    with place.place() as folder:
        told = f"{place.machine(folder)}; load {place.load()} before"
        for size in (size for axis in grown for size in axis.sizes):
            with TemporaryDirectory(dir=folder) as work:
                outcomes |= measure(size, work, _QUICK_ROUNDS if asked.quick else _ROUNDS)
    table = report.markdown_table if asked.markdown else report.plain_table
    print(f"{told}, {place.load()} after; muse byte-compiled.\n\n{table(rows(grown, outcomes), _LEFT)}")
    if asked.plot:
        title = "Time against files and commits, muse and git"
        with open(os.path.expanduser(asked.plot), "w", encoding="utf-8") as file:
            file.write(plot.svg(title, panels(grown, outcomes), len(WORKS)))


if __name__ == "__main__":
    main()
