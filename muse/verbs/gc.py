"""Drop old operations, and the objects that nothing needs any more."""

from __future__ import annotations

from muse.core import io
from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.commands.command import State, reading
from muse.core.commands.writing import SHARED, Draft, writing
from muse.core.repo import Repo
from muse.core.upkeep import gc as core
from muse.core.upkeep.gc import Plan, Retention
from muse.display.document import Block, Hint, Notice, line
from muse.display.result import Result
from muse.display.words import plural, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

EXAMPLE = "muse gc --dry-run"

_DONE = ("Dropped", "kept", "Removed", "Joined")
_WOULD = ("Would drop", "keep", "Would remove", "Would join")
_LEFT = ("Retired", "kept", "Retired", "Joined")


class _Fields(NamedTuple):
    plan: Plan
    done: bool
    forget: bool
    notes: tuple[str, ...]
    left: tuple[str, ...] = ()


class GcResult(Result, _Fields):
    """What gc did, or would do.

    Attributes:
        plan: Which operations and packs go.
        done: It was done; else it was only looked at.
        forget: All operations but the newest go.
        notes: Warnings.
        left: Files that should have gone, and that the system did not let go.
    """

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """When everything is to be forgotten: 1 when that was not confirmed, 5 when not all of it could go."""
        if not self.forget:
            return 0
        return 5 if self.left else 1 if self.plan.does_something and not self.done else 0

    def blocks(self) -> Iterator[Block]:
        """The answer for people."""
        yield from map(Notice, self.notes)
        plan = self.plan
        if self.left:
            yield Notice(self._what_is_left())
        if not plan.does_something:
            yield line(f"Nothing to collect: {plural(plan.kept, 'operation')}, {plural(plan.objects, 'object')}.")
            return
        if self.forget and not self.done:
            yield Notice("this cannot be undone: what only older operations hold would be gone for good")
        dropped, kept, removed, joined = _WOULD if not self.done else _LEFT if self.left else _DONE
        yield line(f"{dropped} {plural(plan.dropped, 'operation')}, {kept} {plan.kept:,}")
        if plan.dead or self.forget:
            yield line(f"{dropped} {plural(plan.dead, 'object')} of {size(plan.dead_size)}, {kept} {plan.objects:,}")
        if plan.unnamed:
            there = size(sum(ref.size for ref in plan.unnamed))
            yield line(f"{removed} {plural(len(plan.unnamed), 'pack')} of {there} that dead commands left")
        if plan.aside:
            there = size(sum(ref.size for ref in plan.aside))
            yield line(f"{removed} {plural(len(plan.aside), 'pack')} of {there} that doctor set aside")
        if len(plan.copied) > 1:
            yield line(f"{joined} {plural(len(plan.copied), 'pack')}")
        if self.forget and not self.done:
            yield Hint("`muse gc --forget --yes` does it")

    def _what_is_left(self) -> str:
        others = f" and {plural(len(self.left) - 1, 'other file')}" if len(self.left) > 1 else ""
        means = "not forgotten: what was dropped can still be read there" if self.forget else "`muse gc` tries again"
        return f"{self.left[0]}{others} could not be removed; {means}"

    def json(self) -> object:
        """The answer for programs."""
        plan = self.plan
        return {
            "done": self.done,
            "operations": {"dropped": plan.dropped, "kept": plan.kept, "oldest": plan.oldest},
            "objects": {"dropped": plan.dead, "kept": plan.objects, "dropped_bytes": plan.dead_size},
            "packs": {
                "joined": len(plan.copied),
                "removed": len(plan.empty),
                "unnamed": len(plan.unnamed),
                "set_aside": len(plan.aside),
            },
            "notes": list(self.notes),
            "left": list(self.left),
        }


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--forget", action="store_true", help="drop every operation but the newest: no undo after it")
    parser.add_argument("--yes", action="store_true", help="with --forget: do it; without, it only says what would go")


def gc(*, dry_run: bool = False, forget: bool = False, yes: bool = False, repo: Repo | None = None) -> GcResult:
    """Drop operations that are older than the settings say, and the objects that no kept one needs.

    Commits that a branch, a tag, the shelf, or a kept operation reaches stay, with all of their files.

    Args:
        dry_run: Only say what would be done.
        forget: Keep no operation but the newest: what its branches, tags, stage and shelf do not reach is gone for
            good, a password that was committed and taken back, say.
        yes: Do it; without this `forget` only says what would go.

    Raises:
        Damaged: What must be read to know what is needed cannot be.
        UsageProblem: A setting is no number.
    """
    repo = repo or Repo.open()
    if yes and not forget:
        raise UsageProblem("--yes goes with --forget", "`muse gc` needs no confirmation: what it keeps can be undone.")
    settings = repo.settings
    retention = Retention(settings.number("gc.keep"), settings.number("gc.days"), forget)
    if dry_run or (forget and not yes):
        return reading(repo, lambda state: _look(state, retention))
    args = ("--forget", "--yes") if forget else ()
    return writing(repo, "gc", args, lambda state: _collect(state, retention), lock=SHARED)


def _look(state: State, retention: Retention) -> GcResult:
    plan = core.plan(state, retention)[0] if state.operation is not None else core.NOTHING
    return GcResult(plan, False, retention.forget, tuple(state.notes))


def _collect(state: State, retention: Retention) -> Draft[GcResult]:
    newest = state.operation
    if newest is None:
        return Draft(lambda left: _look(state, retention), None)
    plan, keep = core.plan(state, retention)
    _forget_messages(state, retention)  # now, if this dies; and again, if a log comes in between

    def answer(_: tuple[str, ...]) -> GcResult:
        for ref in plan.aside:
            io.remove_quietly(state.repo.layout.pack_aside(ref.name))
        left = core.left(state.repo.layout, plan) + _forget_messages(state, retention)
        return GcResult(plan, True, retention.forget, tuple(state.notes), left)

    if not (plan.dropped or plan.retires):
        return Draft(answer, None)
    core.carry_out(plan, state.store, keep)
    return Draft(answer, state.view, at=newest.at, redo=newest.redo, retires=plan.retires, oldest=plan.oldest)


def _forget_messages(state: State, retention: Retention) -> tuple[str, ...]:
    """Empty the cache of the commit graph: it holds the messages of commits that go. Gives its path if that fails."""
    if not retention.forget:
        return ()
    from muse.core.commits import graph

    path = state.repo.layout.graph_cache
    return () if graph.forget(path, durable=state.repo.durable) else (path,)
