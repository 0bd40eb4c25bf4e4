"""How `fsck` and `doctor` tell what cannot be had: in lines for people, and for programs."""

from __future__ import annotations

from muse.core.base.names import show
from muse.core.types import id_of
from muse.display.document import Block, line
from muse.display.words import plural, short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from muse.core.damage.affected import Broken
    from muse.core.damage.findings import Problem

#: So many of one kind are shown; `--json` has all.
SHOWN = 20
_PATHS = 5


def problem_lines(found: Sequence[Problem]) -> Iterator[Block]:
    """What is damaged, and which operations need it."""
    for problem in found[:SHOWN]:
        named = problem.what in problem.why or problem.what == problem.kind
        name = "" if named else f"{short_id(problem.what)}: "
        yield line((problem.kind, "strong"), f"  {name}{problem.why}", indent=1)
        if problem.operations:
            numbers = ", ".join(map(str, problem.operations[:SHOWN]))
            yield line(f"needed by operation{'s' if len(problem.operations) > 1 else ''} {numbers}", indent=2)
    yield from rest(len(found), f"{len(found) - SHOWN:,} more")


def lines(broken: Sequence[Broken]) -> Iterator[Block]:
    """The commits that cannot be had whole, and their files."""
    for one in broken[:SHOWN]:
        subject = f"  {one.record.subject}" if one.record is not None else ""
        yield line((short_id(id_of(one.commit)), "id"), subject, indent=1)
        for path in one.paths[:_PATHS]:
            yield line(("everything" if path == "./" else show(path), "path"), indent=2)
        if one.total > _PATHS:
            yield line(f"and {one.total - _PATHS:,} more", indent=2)
    yield from rest(len(broken), plural(len(broken) - SHOWN, "more commit"))


def rest(total: int, words: str) -> Iterator[Block]:
    """A line for what is not shown, when there is any."""
    if total > SHOWN:
        yield line(f"and {words}; --json lists all", indent=1)


def json(broken: Sequence[Broken]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "commit_id": id_of(one.commit),
            "subject": one.record.subject if one.record is not None else None,
            "paths": list(one.paths),
            "total": one.total,
        }
        for one in broken
    ]


def problems(found: Sequence[Problem]) -> list[dict[str, object]]:
    """What is damaged, for programs."""
    return [
        {
            "kind": problem.kind,
            "what": problem.what,
            "why": problem.why,
            "commits": [id_of(commit) for commit in problem.commits],
            "paths": list(problem.paths),
            "operations": list(problem.operations),
        }
        for problem in found
    ]
