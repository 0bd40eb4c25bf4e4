"""A scenario in a real kernel: its command typed as a cell, with Ctrl+C at any of its file calls."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from muse.testing.faults import Call, Fault, Outcome
from tests import kept
from tests.crash.checks import check_next_command, check_side, side_of
from tests.crash.harness import TRIES, Prepared, Struck, build, copy, side_at
from tests.crash.kernels.pressing import AFTER, BEFORE, SAID
from tests.crash.points import Sampling
from tests.crash.scenarios import ALL
from tests.environment import ROOT
from tests.magics import kernels
from tests.magics.kernels import Answer, Kernel

_INTERRUPTED = "KeyboardInterrupt: "
_NUMBER = re.compile(r"[\d#]+")
#: So many calls of a kind are tried before they are thought to be alike; one in so many of the others.
_MANY = 9


class Press(NamedTuple):
    """Where Ctrl+C is pressed: number of the call and "before" or "after", each time; the calls undisturbed."""

    at: tuple[tuple[int, str], ...]
    calls: tuple[str, ...]

    def __str__(self) -> str:
        (first, when), *others = self.at
        again = "".join(f", again {when} call {number}" for number, when in others)
        return f"{when} call {first} ({self.calls[first]}){again}"


class Seen(NamedTuple):
    """What a cell did, what the kernel says of itself then, and what the next cell did.

    Attributes:
        answer: Of the cell.
        facts: See `pressing.Pressing`.
        second: Of the next cell, `%muse status`.
    """

    answer: Answer
    facts: dict[str, Any]
    second: Answer


class Cell(NamedTuple):
    """A scenario whose command is typed as a cell.

    Attributes:
        source: What is typed.
        prepared: The scenario, with both sides.
        undisturbed: What the cell shows when nobody disturbs it, with "{}" for the folder.
        calls: The file calls that it makes then.
    """

    source: str
    prepared: Prepared
    undisturbed: str
    calls: tuple[str, ...]

    def shown(self, root: str) -> str:
        """What the cell shows in a folder."""
        return self.undisturbed.replace("{}", root)


@contextmanager
def working_kernel(place: str, env: dict[str, str]) -> Iterator[Kernel]:
    """A kernel with muse loaded, threads at work, and Ctrl+C at hand."""
    own, connection = (tempfile.mkdtemp(dir=place) for _ in range(2))
    env = env | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with kernels.start(Path(own), env, Path(connection)) as kernel:
        kernel.arrange("%load_ext muse")
        # On a busy machine any command may take so long that it shows how far it is.
        kernel.arrange("from muse.core.base.progress import Patient; Patient.__call__ = lambda *arguments: None")
        kernel.run(f"from tests.crash.kernels.pressing import Pressing; pressing = Pressing({own!r})")
        yield kernel


def run_cell(kernel: Kernel, source: str, root: str, at: tuple[tuple[int, str], ...] = ()) -> Seen:
    """Run a cell in a folder, with Ctrl+C at some of its calls, and another after it."""
    kernel.arrange(f"pressing.arm({root!r}, {dict(at)!r})")
    answer = kernel.run(source)
    second = kernel.run("answer = %muse status --json")
    told = kernel.run("pressing.tell()")
    assert told.status == "ok", told
    return Seen(answer, told.shown[0]["application/json"], second)


def prepare_cell(name: str, source: str, kernel: Kernel, place: str, env: dict[str, str]) -> Cell:
    """Build the repository of a scenario, and run its command as a cell, undisturbed."""
    scenario, folder = ALL[name], tempfile.mkdtemp(dir=place)
    root = os.path.join(folder, "prepared")
    os.mkdir(root)
    build(scenario, root)
    source = source or "%muse " + shlex.join(scenario.command)
    before, first, done = (copy(root, os.path.join(folder, name)) for name in ("before", "first", "done"))
    run_cell(kernel, source, first)  # what is imported for the first time is imported there
    seen = run_cell(kernel, source, done)
    assert seen.answer.status == "ok", seen
    assert not seen.facts["open"], f"left open by an undisturbed cell: {seen.facts['open']}"
    sides = side_at(scenario, before, works=not scenario.fresh), side_at(scenario, done)
    prepared = Prepared(name, scenario, root, *sides, [], [], env)
    return Cell(source, prepared, seen.answer.text.replace(done, "{}"), tuple(seen.facts["calls"]))


def fresh_copy(cell: Cell) -> str:
    """A copy of the prepared repository."""
    folder = tempfile.mkdtemp(dir=os.path.dirname(cell.prepared.root))
    return copy(cell.prepared.root, os.path.join(folder, "copy"))


def forget(root: str) -> None:
    """Remove a copy."""
    shutil.rmtree(os.path.dirname(root))


def press(kernel: Kernel, cell: Cell, one: Press, root: str) -> tuple[str, Seen]:
    """Run the cell with Ctrl+C, again where the clock had it make other calls; in which folder, and what was seen.

    Raises:
        AssertionError: The cell never came to those calls.
    """
    for _ in range(TRIES):
        seen = run_cell(kernel, cell.source, root, one.at)
        made = seen.facts["calls"]
        if all(number < len(made) and _name(made[number]) == _name(one.calls[number]) for number, _ in one.at[:1]):
            return root, seen
        forget(root)
        root = fresh_copy(cell)
    raise AssertionError(f"the cell came to {made}")


def check_press(cell: Cell, one: Press, root: str, seen: Seen) -> None:
    """Before, or after and answered; nobody in the kernel has noticed; the next cell works, and all is whole."""
    answer, prepared = seen.answer, cell.prepared
    struck = _struck(cell, one, root, answer)
    side = side_of(prepared, struck)
    assert (answer.status, answer.error[0]) == ("error", "KeyboardInterrupt"), f"Ctrl+C is lost: {answer}"
    _check_words(answer)
    shown = cell.shown(root)
    assert (answer.text == shown) == (side is prepared.after), f"the cell shows {answer.text!r}"
    assert shown.startswith(answer.text), f"the cell shows {answer.text!r}"
    _check_kernel(seen)
    if side.status is not None:
        assert seen.second.status == "ok", f"the next cell fails: {seen.second}"
        check_side(root, side)
        _check_packs(root)
    check_next_command(prepared, struck)


def _struck(cell: Cell, one: Press, root: str, answer: Answer) -> Struck:
    """The same as of a process; what the cell shows counts as an answer when it is the whole of it."""
    number = one.at[0][0]
    fault = Fault(Call(one.calls[number], number, (), frozenset()), "signal=SIGINT")
    outcome = Outcome(130, answer.text if answer.text == cell.shown(root) else "", answer.err, fault.call)
    return Struck(root, cell.prepared.scenario.command, fault, outcome)


def _check_words(answer: Answer) -> None:
    """One plain line, and nothing was printed."""
    assert answer.trace.startswith(_INTERRUPTED) and len(answer.trace.splitlines()) == 1, f"shown: {answer.trace}"
    printed = [line for line in (answer.out + answer.err).splitlines() if not line.startswith(SAID)]
    assert not printed, f"printed: {printed}"


def _check_kernel(seen: Seen) -> None:
    facts = seen.facts
    assert facts["handler"], "the handler of SIGINT is another"
    assert facts["alive"], "a thread has ended"
    assert not facts["open"], f"left open: {facts['open']}"
    assert not facts["litter"], f"left below .muse by the command itself: {facts['litter']}"


def _check_packs(root: str) -> None:
    """The command has removed its pack when it did not count."""
    assert kept.packs(root) <= {ref.name for ref in kept.newest(root).packs}, "a pack is left that nobody names"


def presses(cell: Cell, sampling: Sampling, number: int) -> list[Press]:
    """Ctrl+C once: at about so many calls, and at those around the ones that decide; before and after in turn.

    Where every point is tried: at all of them, and both before and after those that change something.
    """
    calls = range(len(cell.calls))
    if sampling.all:
        return [Press(((at, when),), cell.calls) for at in _unlike(cell) for when in _possible(cell, at)]
    decides = [number for number in calls if _name(cell.calls[number]) in ("link", "rename")][-3:]
    chosen = {*sampling.some(number, calls), *(at + by for at in decides for by in (0, 1))} & {*calls}
    return [Press(((at, _possible(cell, at)[-(at % 2)]),), cell.calls) for at in sorted(chosen)]


def presses_twice(cell: Cell, sampling: Sampling, number: int) -> list[Press]:
    """Ctrl+C and once more at the next call, or the one after it: while the command cleans up, or answers."""
    calls = range(len(cell.calls) - 3)  # at the last ones there is no next call
    chosen = [at for at in _unlike(cell) if at in calls] if sampling.all else sampling.some(number, calls)
    return [Press(((at, AFTER), _again(cell, at + 1 + at % 2)), cell.calls) for at in chosen]


def _again(cell: Cell, at: int) -> tuple[int, str]:
    """Before a call, or after it where nothing can come before."""
    return at, AFTER if _name(cell.calls[at]) == "close" else BEFORE


def _unlike(cell: Cell) -> list[int]:
    """Every call; of those that do the same to one file after the other the first, and then one in so many."""
    seen: Counter[tuple[str, str]] = Counter()
    chosen, last = [], ""
    for at, call in enumerate(_NUMBER.sub("#", call) for call in cell.calls):
        seen[last, call] += 1
        count, last = seen[last, call], call
        if count <= _MANY or count % _MANY == 0:
            chosen.append(at)
    return chosen


def _possible(cell: Cell, at: int) -> tuple[str, ...]:
    """That something is closed cannot be prevented any more: nothing can come between the last call and that.

    Before a file is opened is after the call that came before; it changes nothing.
    """
    name = _name(cell.calls[at])
    if name in ("open", "dup"):
        return (AFTER if at % 2 else BEFORE,)
    return (AFTER,) if name == "close" else (BEFORE, AFTER)


def _name(call: str) -> str:
    return call.partition(" ")[0]
