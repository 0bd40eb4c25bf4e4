"""What a commit of one changed file adds besides that file, where all 10,000 lie in a single folder."""

from __future__ import annotations

from bench.measure import Workload
from bench.workloads.one_file_bytes import spread


def workload(quick: bool) -> Workload:
    """The row."""
    return spread(quick, folders=1, goal=4_000)
