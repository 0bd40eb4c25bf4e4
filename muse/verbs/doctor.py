"""Repair what can be repaired, and say what cannot be had any more."""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.core.commands.command import reading
from muse.core.damage.affected import Broken
from muse.core.damage.findings import Problem
from muse.core.repo import Repo
from muse.core.types import id_of
from muse.core.upkeep import doctor as core
from muse.core.upkeep.cure import Cure
from muse.display.document import Block, Hint, Notice, Prose, line
from muse.display.result import Result
from muse.display.words import plural, short_id
from muse.verbs import _damage
from muse.verbs._way_on import way_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse doctor"


class _Fields(NamedTuple):
    cure: Cure
    mended: tuple[str, ...]
    problems: tuple[Problem, ...]
    broken: tuple[Broken, ...]
    notes: tuple[str, ...]
    way_on: str = ""
    resumed: bool = False


class DoctorResult(Result, _Fields):
    """What was repaired, and what cannot be had.

    Attributes:
        cure: What was recorded.
        mended: Files that were written anew or thrown away, in words.
        problems: What is still damaged.
        broken: The commits that cannot be had whole.
        notes: Warnings, and what was finished.
        way_on: How to work on where more than files is lost.
        resumed: Whether it was only to finish the files of the folder.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """3 when something is lost."""
        return 3 if self.problems or self.cure.lost or self.cure.gone or self.cure.anew else 0

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        did = [*_cured(self.cure), *self.mended]
        for what in did:
            yield Prose(f"{what[0].upper()}{what[1:]}")
        yield from self._found()
        if not did and not self.notes and not self.problems:
            yield line("Nothing to finish." if self.resumed else "Nothing to repair.")
        if self.problems:
            yield line((f"{plural(len(self.problems), 'problem')} cannot be repaired", "error"), ":")
        yield from _damage.problem_lines(self.problems)
        if self.broken:
            yield line("Commits that cannot be had whole:")
            yield from _damage.lines(self.broken)
        if self.problems:
            yield Hint("a copy of `.muse` may still hold what is missing")
        if self.way_on:
            yield Hint(f"without one: {self.way_on}")

    def _found(self) -> Iterator[Block]:
        """Commits that nothing named any more."""
        cure = self.cure
        if cure.anew:
            left = "the last commits in the packs are branches now:" if cure.branches else "and no commit in the packs."
            yield Prose(f"No operation was left{';' if cure.branches else ','} {left}")
        elif cure.found:
            yield Prose("Commits that only a lost operation named; `muse gc` drops those that nothing names:")
        for number, commit in enumerate(cure.found):
            branch = f"  {cure.branches[number]}" if cure.branches else ""
            yield line((short_id(id_of(commit)), "id"), (branch, "branch"), indent=1)
        if cure.branches:
            yield Hint(f"`muse reset {cure.branches[0]}` goes on from there; the files stay as they are")
            yield Hint("what was staged or shelved is in the old packs; `muse gc --forget` removes these")
        elif cure.found:
            yield Hint(f"`muse branch found {short_id(id_of(cure.found[0]))}` keeps that commit")

    def json(self) -> object:
        """The answer for programs."""
        cure = self.cure
        return {
            "operation": cure.recorded or None,
            "went_back_to": cure.back_at or None,
            "lost_operations": list(cure.lost),
            "gone": cure.gone or None,
            "copied": cure.copied,
            "retired": [ref.name for ref in cure.retired],
            "set_aside": [ref.name for ref in (*cure.aside, *cure.strays)],
            "found": [id_of(commit) for commit in cure.found],
            "branches": list(cure.branches),
            "mended": list(self.mended),
            "problems": _damage.problems(self.problems),
            "broken": _damage.json(self.broken),
            "notes": list(self.notes),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument(
        "--resume", action="store_true", help="only finish the files of the folder, also for another machine's command"
    )


def doctor(*, resume: bool = False, repo: Repo | None = None) -> DoctorResult:
    """Repair what can be repaired, and say what cannot be had any more.

    Nothing is overwritten: what is needed is copied, and a new operation names the copies. It can be run at any time;
    with nothing wrong it records nothing.

    Args:
        resume: Only finish what a command began to do to the files of the folder, whatever machine it ran on.

    Raises:
        Damaged: No operation is whole, or a newer muse wrote what only looks damaged.
        Refused: Others are changing the repository or the files of the folder.
    """
    repo = repo or Repo.open()
    if resume:
        return DoctorResult(Cure(), (), (), (), core.resume(repo), resumed=True)
    done = core.repair(repo)
    found = done.findings
    on = reading(repo, lambda state: way_on(state, found)) if found.problems else ""
    return DoctorResult(done.cure, done.mended, found.problems, found.broken, done.notes, on)


def _cured(cure: Cure) -> Iterator[str]:
    if cure.gone and not cure.anew:
        yield f"operation {cure.gone}, which HEAD named, is gone"
    if cure.back_at:
        yield f"went back to operation {cure.back_at}, the newest that is whole; recorded as operation {cure.recorded}"
    elif cure.recorded:
        yield f"recorded as operation {cure.recorded}"
    if cure.lost:
        numbers = ", ".join(str(number) for number in cure.lost[: _damage.SHOWN])
        yield f"{plural(len(cure.lost), 'operation')} cannot be had: {numbers}"
    if cure.copied:
        yield f"copied {plural(cure.copied, 'object')}"
    if cure.anew:
        yield f"set {plural(len(cure.aside), 'pack')} aside, as .muse/objects/pack/….damaged"
        return
    if cure.retired:
        yield f"took {plural(len(cure.retired), 'damaged pack')} out of use"
    for ref in cure.aside[: _damage.SHOWN]:
        yield f"set one aside, as it may hold more: .muse/objects/pack/{ref.name}.damaged"
    if cure.strays:
        aside = f"set {plural(len(cure.strays), 'pack')} aside, as .muse/objects/pack/….damaged"
        yield f"{aside}: what a lost operation staged, shelved or saved may be in {'them' if cure.strays[1:] else 'it'}"
