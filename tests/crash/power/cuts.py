"""Power cuts: which of them are tried on a prepared scenario, and what must hold after one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from muse.core.types import id_of
from muse.testing import power
from muse.testing.faults import Call, Fault, Outcome
from muse.testing.power import Loss
from muse.testing.recording import record
from muse.testing.repositories import state_of
from tests.commands import Answer
from tests.crash import batches
from tests.crash.campaign import Campaign
from tests.crash.checks import check_next_command, check_words, is_behind, side_of
from tests.crash.harness import Prepared, Side, Struck, process, scratch, status_in, type_in
from tests.crash.points import Sampling
from tests.crash.scenarios import Words

#: Where the states are looked at: what matters of a disk is in them already.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
#: About how many states are worked out for a run; small ones never leave so many when everything is tried.
_USUAL, _ALL = 500, 6_000
#: Of the chance by which those of longer ones are taken.
_SEED = 14_03_2026


class Cut(NamedTuple):
    """A power cut: what it left, of which command, and on which side it was before that, if it must stay there."""

    loss: Loss
    words: Words
    side: Side | None = None

    def __str__(self) -> str:
        return f"`muse {' '.join(self.words)}`, {self.loss}"


def losses_of(prepared: Prepared, sampling: Sampling, command: Sequence[str] = ()) -> list[Loss]:
    """What may be left of the command of a scenario, or of another process in its place."""
    command = command or process(prepared.scenario.command)
    return _losses(prepared, prepared.root, command, prepared.scenario.status, _ALL if sampling.all else _USUAL)


def losses_after(prepared: Prepared, first: Loss, words: Words) -> tuple[list[Loss], Side]:
    """What may be left of a command that comes after a power cut; and on which side that had left everything."""
    with left(first) as root:
        side = side_of(prepared, _struck(prepared, Cut(first, prepared.scenario.command), root))
        return _losses(prepared, root, process(words), 0, _USUAL), side


def _losses(prepared: Prepared, root: str, command: Sequence[str], status: int, most: int) -> list[Loss]:
    with scratch(prepared, root) as copy:
        recording = record(command, cwd=copy, env=prepared.env, status=status)
    return power.losses(recording, most=most, seed=_SEED)


def some(sampling: Sampling, found: list[Loss]) -> list[Loss]:
    """All of them, or the extremes of the end, and some of the others."""
    if sampling.all:
        return found
    ended = [loss for loss in found if loss.ended]
    return [*ended[:4], *sampling.some(8, ended[4:]), *sampling.some(28, found[len(ended) :])]


def recorded_in(found: list[Loss]) -> list[Loss]:
    """Those of them in which the entry of the command is there: what comes next may have to finish it."""

    def entries(loss: Loss) -> set[str]:
        return {path for path in loss.contents if path.startswith(".muse/ops/")}

    before = entries(found[-1])
    return [loss for loss in found if entries(loss) - before]


def try_cuts(campaign: Campaign, what: str, cuts: Sequence[Cut], check: Callable[[Cut], None]) -> None:
    """Check what every cut left, two at a time; the table gets a row."""

    def trial(cut: Cut) -> str:
        check(cut)
        return ""

    said = iter(batches.tried(cuts, lambda: trial))

    def tell(cut: Cut) -> None:
        words = next(said)
        assert not words, words[-300:]

    campaign.run_each(f"{what}, seed {_SEED}", cuts, tell)


@contextmanager
def left(loss: Loss) -> Iterator[str]:
    """A repository as a power cut left it, for a moment."""
    with tempfile.TemporaryDirectory(prefix="muse-crash-", dir=_MEMORY) as folder:
        yield power.materialise(loss, os.path.join(folder, "left"))


def _struck(prepared: Prepared, cut: Cut, root: str) -> Struck:
    fault = Fault(Call(cut.loss.after, cut.loss.point, (), frozenset()), "power=cut")
    return Struck(root, cut.words, fault, Outcome(0, "answered" if cut.loss.ended else "", "", None))


def check_cut(prepared: Prepared, cut: Cut) -> None:
    """Everything is before or after the command, and can be read; the next command finishes; the same works again."""
    with left(cut.loss) as root:
        struck = _struck(prepared, cut, root)
        side = side_of(prepared, struck)
        assert cut.side in (None, side), "what was there after the first power cut is not there after the second"
        if side.status is not None:
            _check_works(root, "fsck")
            if not is_behind(root):  # or it would be finished before the checks look how that is told
                _check_works(root, "log")
        check_next_command(prepared, struck)
        _check_works(root, "log")


def _check_works(root: str, *words: str) -> None:
    answer = type_in(root, *words)
    assert answer.status == 0 and not answer.err, f"`muse {' '.join(words)}` fails: {answer}"


def check_careless_cut(prepared: Prepared, cut: Cut) -> None:
    """With `durability = "off"`: the work of the last commands may be lost, and nothing else.

    What is left works, or muse says that it is damaged; `doctor`, and `reset` where the branch is at what is lost,
    bring back all that was there before. A file that the command had no business with is as it was; others may be
    torn, and `reset --hard` brings them back.
    """
    with left(cut.loss) as root:
        answers = [_careful(type_in(root, verb)) for verb in ("status", "log", "fsck")]
        if any(answer.status for answer in answers):
            assert answers[-1].status == 3, f"something is wrong, and fsck does not say so: {answers}"
            _careful(type_in(root, "doctor"))
            if _careful(type_in(root, "status")).status:  # as `doctor` says
                _check_works(root, "reset", _commit_before(prepared))
        _check_works(root, "status")
        _check_works(root, "log")
        state, sides = state_of(root), (prepared.before.state, prepared.after.state)
        kept = [side for side in sides if side.commits <= state.commits]
        assert kept, "commits are lost that were there before the command"
        broken = {commit["commit_id"] for commit in json.loads(type_in(root, "fsck", "--json").out)["broken"]}
        assert any(not broken & {id_of(digest) for digest in side.commits} for side in kept), f"cannot be had: {broken}"
        for path, what in prepared.before.state.contents.items():
            if prepared.after.state.contents.get(path) == what:
                assert state.contents.get(path) == what, f"{path} is not what it was"
        _check_works(root, "reset", "--hard")
        status, _ = status_in(root)
        assert not status["changed"] and not status["deleted"], f"files that cannot be brought back: {status}"


def _commit_before(prepared: Prepared) -> str:
    operation = prepared.before.state.operation
    assert operation is not None and operation.view.commit is not None
    return id_of(operation.view.commit)


def _careful(answer: Answer) -> Answer:
    """What says that something is wrong says so in two lines, or is a report."""
    assert answer.status in (0, 3), f"neither works nor says what is damaged: {answer}"
    check_words(answer.err)
    return answer
