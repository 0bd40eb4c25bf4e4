"""The first commit of 10,000 files of 2 KB, typed in a shell. Making the empty repository is not in the figure."""

from __future__ import annotations

from bench.measure import Workload
from bench.repositories import MuseProcess
from bench.workloads.first_commit import first


def workload(quick: bool) -> Workload:
    """The row."""
    return first(quick, "as a process", MuseProcess, goal=0.5)
