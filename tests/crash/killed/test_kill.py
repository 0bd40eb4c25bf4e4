"""SIGKILL at every call of a command; again in the command that finishes; with an edit between."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest

from muse import verbs
from muse.testing import faults
from muse.testing.faults import Call, Fault
from tests.crash import points
from tests.crash.campaign import Campaign, Row
from tests.crash.checks import check_edited, check_next_command, check_survived, make, side_of
from tests.crash.contents import Edit
from tests.crash.harness import Prepared, Side, Struck, process, scratch, strike
from tests.crash.points import Sampling
from tests.crash.scenarios import ALL, Words

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_KILL = "signal=SIGKILL"
_READERS = {"diff", "fsck", "log", "show", "status"}
_EDITED = [name for name, scenario in ALL.items() if scenario.edits]
# Removals of what nobody needs any more: contents that were put in place, and packs that an entry has retired.
_MAY_BE_REMOVED = (".muse/restore/#", ".muse/objects/pack/#")


def test_every_verb_that_writes_is_struck() -> None:
    """A verb is struck, or known to write nothing but caches."""
    struck = {scenario.command[0] for scenario in ALL.values()}
    assert struck | _READERS == set(verbs.names())
    assert not struck & _READERS


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_killed(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """Before or after; the next command works; nothing acknowledged is lost and nothing lies about."""
    calls = [*sampling.before(prepared.calls), *sampling.since(prepared.calls)]
    campaign.run(
        "killed",
        [Fault(call, _KILL) for call in calls],
        lambda fault: strike(prepared, fault),
        lambda fault, struck: check_next_command(prepared, struck),
    )


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_other_threads_only_remove_what_nobody_needs(prepared: Prepared) -> None:
    """So that nothing else is missed where the calls of the main thread are counted."""
    changes = [call for call in prepared.others if call.changes]
    assert all(_removes(call) for call in changes), f"other threads call {changes}"


def _removes(call: Call) -> bool:
    return call.name == "unlink" and call.paths[-1].startswith(_MAY_BE_REMOVED)


@pytest.mark.parametrize("prepared", ["checkout", "undo of a checkout", "commit that joins packs"], indirect=True)
def test_killed_in_another_thread(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """The first thread that comes to its n-th removal dies, and all others with it."""
    removals = {call.nth: Fault(call, _KILL, anywhere=True) for call in prepared.others if call.changes}
    campaign.run(
        "killed in a thread",
        sampling.some(3, [removals[nth] for nth in sorted(removals)]),
        lambda fault: strike(prepared, fault),
        lambda fault, struck: check_next_command(prepared, struck),
    )


def test_killed_while_a_setting_of_the_user_is_written(
    strace: None, environment: dict[str, str], place: str, rows: list[Row], usual: Sampling
) -> None:
    """It lies outside any repository, and is old or new."""
    command, env = process(["config", "--user", "author.name", "Grace"]), environment | {"PYTHONDONTWRITEBYTECODE": "1"}

    def home() -> Path:
        folder = Path(tempfile.mkdtemp(dir=place), "home")
        (folder / ".config/muse").mkdir(parents=True)
        (folder / ".config/muse/config.toml").write_text('[author]\nname = "Ada"\n')
        return folder

    def at(folder: Path) -> dict[str, str]:
        return env | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}

    def points() -> list[Fault]:
        for folder in (home(), home()):
            calls = faults.trace(command, cwd=str(folder), env=at(folder)).main
        return [Fault(call, _KILL) for call in calls if call.changes and call.paths[-1].startswith(".config")]

    def check(fault: Fault) -> None:
        folder = home()
        outcome = faults.run(command, fault, cwd=str(folder), env=at(folder))
        assert outcome.status < 0, outcome
        file = folder / ".config/muse/config.toml"
        assert file.read_text() in (f'[author]\nname = "{name}"\n' for name in ("Ada", "Grace"))
        subprocess.run(command, cwd=folder, env=at(folder), check=True, capture_output=True)
        assert file.read_text() == '[author]\nname = "Grace"\n'
        assert list(file.parent.iterdir()) == [file], "the next command did not clean up"

    Campaign("config --user", rows).run_each("killed", usual.every(2, points()), check)


class _Second(NamedTuple):
    """A second kill: after which first one, in which command, and where."""

    first: Struck
    words: Words
    fault: Fault
    edit: Edit
    side: Side


def _strike_again(prepared: Prepared, point: _Second) -> Struck:
    return strike(prepared, point.fault, root=point.first.root, words=point.words)


@pytest.mark.parametrize("prepared", ALL, indirect=True)
def test_killed_again_in_the_command_that_finishes(
    prepared: Prepared, campaign: Campaign, sampling: Sampling
) -> None:
    """The command after the first kill is killed too, and the one after that finishes."""
    campaign.run(
        "killed twice",
        _second_kills(prepared, sampling, ({},)),
        lambda point: _strike_again(prepared, point),
        lambda point, struck: check_next_command(prepared, struck),
    )


@pytest.mark.parametrize("prepared", _EDITED, indirect=True)
def test_killed_twice_and_edited_between(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """What a person did between the two kills is there after the third command."""

    def check(point: _Second, struck: Struck) -> None:
        check_survived(struck.root, point.side, point.edit)

    points_to_try = _second_kills(prepared, sampling.thinner(2), prepared.scenario.edits)
    campaign.run("killed, edited, killed", points_to_try, lambda point: _strike_again(prepared, point), check)


def _second_kills(prepared: Prepared, sampling: Sampling, edits: tuple[Edit, ...]) -> Iterator[_Second]:
    """After some kills from the entry on: the calls of the next command, `status` or the same once more."""
    calls = [call for call in prepared.calls[points.entry(prepared.calls) + 1 :] if call.changes]
    then = prepared.scenario.then
    same = not (then.status or then.back or edits[0])
    nexts = cycle([("status",), *([then.words] if same else []), ("doctor", "--resume")])
    for call, words, edit in zip(sampling.some(5, calls, 3), nexts, cycle(edits), strict=False):
        first = strike(prepared, Fault(call, _KILL))
        side = side_of(prepared, first)
        make(first.root, edit)
        with scratch(prepared, first.root) as root:
            seen = faults.trace(process(words), cwd=root, env=prepared.env).main
        for second in sampling.some(8, [call for call in seen if call.changes], 3):
            yield _Second(first, words, Fault(second, _KILL), edit, side)


@pytest.mark.parametrize("prepared", _EDITED, indirect=True)
def test_a_person_edits_after_the_kill(prepared: Prepared, campaign: Campaign, sampling: Sampling) -> None:
    """The edit survives byte for byte, is named when it is in the way, and everything else is finished around it."""
    edits = prepared.scenario.edits
    calls = sampling.some(6 * len(edits), sampling.since(prepared.calls))
    campaign.run(
        "killed, then edited",
        [(Fault(call, _KILL), edit) for call, edit in zip(calls, cycle(edits), strict=False)],
        lambda point: strike(prepared, point[0]),
        lambda point, struck: check_edited(prepared, struck, point[1]),
    )
