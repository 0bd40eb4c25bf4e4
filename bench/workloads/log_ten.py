"""The last 10 of 2,000 commits."""

from __future__ import annotations

from bench.measure import Workload
from bench.workloads.log_all import listing


def workload(quick: bool) -> Workload:
    """The row."""
    return listing(quick, "`log -n 10` of {:,} commits, in process", "`git log -n 10`", ("-n", "10"), goal=0.4)
