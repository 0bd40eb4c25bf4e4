"""`commands.command`: whatever fails, and whenever Ctrl+C is pressed, it is before or after."""

from __future__ import annotations

import errno
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base.errors import MuseError, SystemTrouble, Unconfirmed
from muse.core.commands.command import State
from muse.core.commands.writing import SHARED, Draft, writing
from muse.core.repo import Repo
from muse.core.system import interrupts, sweep, temps
from tests.core import faults
from tests.core.faults import press
from tests.core.small_commands import DURABLE, branches, newest, record, unnamed_packs, with_link
from tests.core.stores import new_repo


def test_a_hint_that_cannot_be_written_is_only_a_note(repo: Repo) -> None:
    os.mkdir(repo.layout.head)

    def build(state: State) -> Draft[list[str]]:
        return Draft(lambda left: state.notes, state.view)

    for number in (1, 2):
        notes = writing(repo, "x", (), build)
        assert notes == [f"done, but cannot write {repo.layout.head}: Is a directory"]
        assert newest(repo).number == number


def test_a_full_disk_while_deciding_names_the_file(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(state: State) -> Draft[int]:
        for number in range(40):
            state.store.add(os.urandom(100_000) + b"%d" % number)
        return Draft(lambda left: 0, state.view)

    monkeypatch.setattr(os, "write", faults.failing(errno.ENOSPC))
    with pytest.raises(SystemTrouble, match=r"cannot write .*objects/pack: No space left on device"):
        writing(repo, "x", (), build)
    assert os.listdir(repo.layout.packs) == []


FAULTS = [OSError(errno.ENOSPC, "No space left on device"), press]


@pytest.mark.parametrize("error", FAULTS, ids=["ENOSPC", "Ctrl+C"])
@pytest.mark.parametrize("surroundings", [faults.as_usual, faults.without_nameless_files])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_fails_it_is_before_or_after(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException | Callable[[], None],
    surroundings: Callable[[pytest.MonkeyPatch], None],
    after: bool,
) -> None:
    surroundings(monkeypatch)
    faults.without_waiting(monkeypatch)
    for at in itertools.count():
        repo = new_repo(tmp_path / str(at), DURABLE)
        record(repo, "one")
        outcome: object = None
        with faults.tripping(at, error, after=after) as calls:
            try:
                with interrupts.Turn():
                    outcome = record(repo, "mine", lock=SHARED)
                interrupts.deliver()
            except (MuseError, KeyboardInterrupt) as raised:
                outcome = outcome or raised
        if len(calls) <= at:
            break
        found = branches(repo)
        assert found in ({"one"}, {"one", "mine"})
        assert isinstance(outcome, Unconfirmed) or (outcome == "mine") == ("mine" in found), calls
        sweep.sweep(repo.layout)
        for folder in (repo.layout.muse, repo.layout.ops, repo.layout.cache):
            assert not [name for name in os.listdir(folder) if temps.is_muse_temp(name)], calls
        assert os.listdir(repo.layout.restore) == []
        left = [name for name in unnamed_packs(repo.layout) if not temps.is_object_temp(name)]
        assert left == [] or calls[at] in ("unlink", "link"), calls
        assert record(repo, "next") == "next"
        assert branches(repo) == found | {"next"}
    assert at >= 8


@pytest.mark.parametrize(("settings", "syncs"), [(DURABLE, 4), (b'durability = "off"\n' + DURABLE, 0)])
def test_how_often_a_command_waits_for_the_disk(tmp_path: Path, settings: bytes, syncs: int) -> None:
    repo = new_repo(tmp_path / "root", settings)
    for name in ("one", "two"):
        with faults.tripping(-1, Exception(), names=("fsync",)) as calls:
            record(repo, name)
        assert len(calls) == syncs


# Ctrl+C


def test_it_is_held_back_from_the_link_to_the_answer(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(call: Callable[[], None], path: str) -> None:
        press()
        call()
        press()

    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        with_link(patch, pressed)
        with interrupts.Turn():
            assert record(repo, "mine") == "mine"
        assert signal.getsignal(signal.SIGINT) is handler
        assert branches(repo) == {"mine"}
        with pytest.raises(KeyboardInterrupt):
            interrupts.deliver()
        with pytest.raises(KeyboardInterrupt):
            record(repo, "without a front end")
    assert branches(repo) == {"mine", "without a front end"}
    interrupts.deliver()


def test_before_the_link_it_stops_the_command(repo: Repo) -> None:
    with pytest.raises(KeyboardInterrupt):
        record(repo, "mine", press)
    assert branches(repo) == set()
    assert os.listdir(repo.layout.packs) == []
    interrupts.deliver()


def test_at_a_link_that_lost_it_stops_the_command(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(call: Callable[[], None], path: str) -> None:
        press()
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link)
            record(repo, "other")
        call()

    tries: list[int] = []
    link, handler = os.link, signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        with_link(patch, beaten)
        record(repo, "mine", lambda: tries.append(1))
    assert tries == [1]
    assert signal.getsignal(signal.SIGINT) is handler
    assert branches(repo) == {"other"}
    assert unnamed_packs(repo.layout) == set()
