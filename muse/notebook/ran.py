"""Which cells ran but are not in the file: what a commit of the notebook as saved would miss.

A commit takes the file as saved, so it must never look as if it took more. A kernel knows what it ran; here
that is held against the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from muse.core.base.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.notebook.model import Notebook


class Run(NamedTuple):
    """One execution in this kernel.

    Attributes:
        key: Id of the cell, as the front end sends it; empty when it sends none.
        source: What was run, as typed.
        time_ns: When, in nanoseconds since 1970.
        count: Its execution count.
    """

    key: str
    source: str
    time_ns: int
    count: int  # type: ignore[assignment]  # the name hides a method of tuple that nobody misses


def unsaved(nb: Notebook, runs: Iterable[Run], saved_ns: int) -> tuple[Run, ...]:
    """The runs whose source is not in the file, in the order they ran.

    Only the last run of each cell counts (without a key: of each source), when it ran after the file was
    saved, and is not muse's own. A key that names a code cell of the file is held against that cell, any
    other run against all. So a program that runs exactly what is on disk gets none.

    Args:
        nb: The notebook as on disk.
        runs: What this kernel ran, in any order.
        saved_ns: When the file was last written, in nanoseconds since 1970.
    """
    from muse.notebook.noise import is_muse_only  # not before it is needed: every kernel imports this module

    last: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=_moment):
        last[run.key, "" if run.key else _trimmed(run.source)] = run
    by_id: dict[str | None, set[str]] = {}
    for cell in nb.cells:
        if cell.kind == "code":
            by_id.setdefault(cell.id, set()).add(_trimmed(cell.source))
    saved = set().union(*by_id.values())

    def is_missed(run: Run) -> bool:
        source = _trimmed(run.source)
        if run.time_ns <= saved_ns or not source or is_muse_only(source):
            return False
        return source not in (by_id.get(run.key, saved) if run.key else saved)

    return tuple(sorted(filter(is_missed, last.values()), key=_moment))


def _moment(run: Run) -> tuple[int, int]:
    return run.time_ns, run.count


def _trimmed(source: str) -> str:
    """A source without blank lines around it; the indentation of its first line stays."""
    lines = source.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)
