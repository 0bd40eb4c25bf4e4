"""Check every operation, every object, and all that refers to them."""

from __future__ import annotations

from muse.core import fsck as core
from muse.core.affected import Broken
from muse.core.findings import Problem
from muse.core.named import NamedTuple
from muse.core.repo import Repo
from muse.display.document import Block, Document, Hint, Prose, line
from muse.display.result import Result
from muse.display.words import plural
from muse.verbs import _damage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse fsck"


class _Fields(NamedTuple):
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]
    broken: tuple[Broken, ...]
    objects: int
    commits: int
    operations: int


class FsckResult(Result, _Fields):
    """What a check found.

    Attributes:
        problems: What is damaged, and what that affects.
        remarks: What is worth knowing, and no damage.
        broken: The commits that cannot be had whole; all others can.
        objects, commits, operations: How many there are.
    """

    __slots__ = ()

    @property
    def clean(self) -> bool:
        """True when nothing is damaged."""
        return not self.problems

    @property
    def exit_status(self) -> int:
        """3 when something is damaged."""
        return 0 if self.clean else 3

    def document(self) -> Document:
        """The answer for people."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        commits, operations = plural(self.commits, "commit"), plural(self.operations, "operation")
        there = f"{plural(self.objects, 'object')}, {commits}, {operations}"
        if self.clean:
            yield line(f"No problem found: {there}")
        else:
            yield line((f"{plural(len(self.problems), 'problem')} found", "error"), f": {there}")
        yield from _damage.problem_lines(self.problems)
        if self.broken:
            yield line(f"{plural(len(self.broken), 'commit')} of {self.commits:,} cannot be had whole:")
            yield from _damage.lines(self.broken)
        elif not self.clean:
            yield line(f"All commits can be had whole: {self.commits:,}")
        for remark in self.remarks:
            yield Prose(remark)
        if not self.clean:
            yield Hint("`muse doctor` repairs what can be repaired; a copy of `.muse` may hold the rest")

    def json(self) -> object:
        """The answer for programs."""
        return {
            "clean": self.clean,
            "objects": self.objects,
            "commits": self.commits,
            "operations": self.operations,
            "problems": _damage.problems(self.problems),
            "broken": _damage.json(self.broken),
            "remarks": list(self.remarks),
        }


def arguments(parser: ArgumentParser) -> None:
    """Nothing can be typed."""


def fsck(*, repo: Repo | None = None) -> FsckResult:
    """Check every operation, every object, and all that refers to them. Nothing is changed.

    Damage is an answer, not an error: `clean` is false, and the exit status is 3.
    """
    repo = repo or Repo.open()
    return FsckResult(*core.check(repo.layout))
