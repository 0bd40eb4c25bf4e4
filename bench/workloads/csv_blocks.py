"""The same 100 commits of a CSV, counted in the blocks that they take on the disk."""

from __future__ import annotations

from bench import sizes
from bench.measure import Workload
from bench.workloads.csv_bytes import counted


def workload(quick: bool) -> Workload:
    """The row."""
    return counted(quick, "bytes on disk", sizes.blocks)
