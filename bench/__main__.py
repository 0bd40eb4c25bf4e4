"""`python -m bench [NAME…] [--rounds N] [--quick] [--markdown]`: run the workloads and print the table."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module

from bench import place, report
from bench.measure import Outcome, Workload, run
from bench.workloads import NAMES

_QUICK_ROUNDS = 3


def main() -> None:
    """Run what was asked for, all of it unless named."""
    asked = _asked()
    place.byte_compile()
    with place.place() as folder:
        machine, before = place.machine(folder), place.load()
        outcomes = [_measure(name, folder, asked) for name in asked.names or NAMES]
    told = f"{machine}; load {before} before, {place.load()} after; muse byte-compiled."
    table = report.markdown(outcomes) if asked.markdown else report.plain(outcomes)
    print(f"{told}\n\n{table}")


def _measure(name: str, folder: str, asked: Namespace) -> Outcome:
    workload: Workload = import_module(f"bench.workloads.{name}").workload(asked.quick)
    rounds = asked.rounds or (min(_QUICK_ROUNDS, workload.rounds) if asked.quick else workload.rounds)
    if workload.rounds == 1:
        rounds = 1  # what is counted is the same each time, and its second turn would not begin where the first did
    print(f"{name}: {workload.title}, {rounds} rounds", file=sys.stderr)
    work = os.path.join(folder, name)
    os.mkdir(work)
    return run(workload, work, rounds)


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m bench", description="Time muse and git side by side.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which rows (all): {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns for each (every row has a number of its own)")
    parser.add_argument("--quick", action="store_true", help="few turns and a tenth of the files: does it work at all?")
    parser.add_argument("--markdown", action="store_true", help="print what docs/performance.md holds")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}")
    if asked.rounds is not None and asked.rounds < 1:
        parser.error("one turn is the least")
    return asked


main()
