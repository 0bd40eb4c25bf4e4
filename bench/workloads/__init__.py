"""One file for each row of the table: a function `workload(quick)` that describes it."""

#: In the order of the table: first the rows that have a goal.
NAMES = (
    "kernel_status",
    "load_ext",
    "notebook_commit",
    "first_commit",
    "tree_status",
    "tree_commit",
    "process_status",
    "version",
    "notebook_bytes",
)
