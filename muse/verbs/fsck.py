"""Check every operation, every object, and all that refers to them."""

from __future__ import annotations

from muse.core.damage.findings import Findings
from muse.core.repo import Repo
from muse.core.upkeep import fsck as core
from muse.display.document import Block, Hint, Prose, line
from muse.display.result import Result
from muse.display.words import plural
from muse.verbs import _damage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse fsck"


class FsckResult(Result, Findings):
    """What a check found. Its fields are those of `Findings`."""

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """3 when something is damaged."""
        return 0 if self.clean else 3

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
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
            first = "mend config.toml by hand; then " if "config.toml" in [one.kind for one in self.problems] else ""
            yield Hint(f"{first}`muse doctor` repairs what can be repaired; a copy of `.muse` may hold the rest")

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
