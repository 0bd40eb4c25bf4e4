"""`muse.core.command`: before or after, never between; and whoever loses the race says so or runs again."""

from __future__ import annotations

import errno
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muse.core import command, interrupts, ops, sweep, temps, worktree
from muse.core.command import SHARED, Draft, State, reading, writing
from muse.core.errors import Damaged, MuseError, Refused, SystemTrouble, Unconfirmed
from muse.core.repo import Repo
from muse.core.types import digest_of
from tests.core import faults, processes
from tests.core.commands import (
    DURABLE,
    Once,
    after_its_pack,
    branches,
    change_files,
    newest,
    raising,
    record,
    unnamed_packs,
    with_link,
)
from tests.core.faults import press
from tests.core.folders import file, put, read_files
from tests.core.stores import new_repo, put_operation, write_pack


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository without history, which does not wait for the disk."""
    return new_repo(tmp_path / "root")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losers do not wait before they try again."""
    monkeypatch.setattr(command, "_pause", lambda attempt: None)


def in_another_process(repo: Repo, name: str) -> Callable[[], None]:
    """Another process makes that branch."""

    def work() -> None:
        assert processes.race(processes.record_branches, repo.root, name, 1, processes=1) == [[f"{name}-0-0"]]

    return work


# Recording


def test_what_a_command_records(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert record(repo, "one") == "one"
    assert record(repo, "two") == "two"
    first, second = ops.read(repo.layout, 1), newest(repo)
    assert (second.number, second.verb, second.args, second.user) == (2, "branch", ("two",), "grace")
    assert second.host == os.uname().nodename
    assert second.time == os.environ["MUSE_NOW"]
    assert second.previous == ops.read_with_digest(repo.layout, 1)[1]
    assert first.previous == b""
    assert len({first.write_id, second.write_id}) == 2
    assert (first.at, second.at, second.redo, second.folder) == (1, 2, (), 0)
    assert [ref.size for ref in second.packs] == [os.path.getsize(repo.layout.pack(ref.name)) for ref in second.packs]
    assert second.packs[:1] == first.packs
    assert branches(repo) == {"one", "two"}
    assert Path(repo.layout.head).read_text().startswith("operation 2\n")


def test_nothing_to_record_leaves_nothing(repo: Repo) -> None:
    def build(state: State) -> Draft[str]:
        state.store.add(b"unwanted")
        return Draft(lambda left: "nothing", None)

    assert writing(repo, "commit", (), build) == "nothing"
    assert ops.newest(repo.layout) is None
    assert os.listdir(repo.layout.packs) == []


def test_a_command_without_new_objects_writes_no_pack(repo: Repo) -> None:
    record(repo, "one")
    before = newest(repo)
    writing(repo, "branch", (), lambda state: Draft(lambda left: 0, state.view._replace(branch="other")))
    assert newest(repo).packs == before.packs
    assert newest(repo).view.branch == "other"


def test_where_an_operation_stands_in_the_history_of_undo(repo: Repo) -> None:
    record(repo, "one")
    writing(repo, "undo", (), lambda state: Draft(lambda left: 0, state.view, at=1, redo=(2, 3)))
    assert (newest(repo).at, newest(repo).redo) == (1, (2, 3))


def test_reading_sees_the_newest(repo: Repo) -> None:
    assert reading(repo, lambda state: (state.number, state.operation, state.view.branch)) == (0, None, "main")
    record(repo, "one")
    assert reading(repo, lambda state: (state.number, set(state.view.branches))) == (1, {"one"})


def test_an_error_while_deciding_leaves_nothing(repo: Repo) -> None:
    for error in (ValueError(), KeyboardInterrupt(), Refused("no")):
        with pytest.raises(type(error)):
            record(repo, "one", lambda error=error: raising(error)())  # type: ignore[misc]
    assert ops.newest(repo.layout) is None
    assert os.listdir(repo.layout.packs) == os.listdir(repo.layout.restore) == []


# Losing the race


def test_a_command_that_lost_runs_again(repo: Repo) -> None:
    meanwhile = Once(in_another_process(repo, "other"))
    assert record(repo, "mine", meanwhile) == "mine"
    assert meanwhile.calls == 2
    assert branches(repo) == {"other-0-0", "mine"}
    assert newest(repo).number == 2
    assert unnamed_packs(repo.layout) == set()


@pytest.mark.parametrize("again", [True, False])
def test_a_loser_removes_the_pack_that_it_wrote(repo: Repo, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    record(repo, "one")
    after_its_pack(monkeypatch, Once(in_another_process(repo, "other")))
    if again:
        record(repo, "mine")
    else:
        with pytest.raises(Refused):
            record(repo, "mine", again=False)
    assert branches(repo) == {"one", "other-0-0"} | ({"mine"} if again else set())
    assert unnamed_packs(repo.layout) == set()
    assert not [name for name in os.listdir(repo.layout.ops) if not name.isdigit()]


def test_a_command_that_may_not_run_again_says_who_was_faster(repo: Repo) -> None:
    record(repo, "one")
    with pytest.raises(Refused, match=r"\w+ ran `branch other-0-0` in this repository at the same time") as refused:
        record(repo, "mine", Once(in_another_process(repo, "other")), again=False)
    assert refused.value.kind == "changed"
    assert branches(repo) == {"one", "other-0-0"}
    assert unnamed_packs(repo.layout) == set()


def change_view(repo: Repo, **fields: Any) -> None:
    writing(repo, "other", (), lambda state: Draft(lambda left: 0, state.view._replace(**fields)))


def change_stage(repo: Repo) -> None:
    def build(state: State) -> Draft[int]:
        return Draft(lambda left: 0, state.view.with_stage(state.store, {"a": None}))

    writing(repo, "add", (), build)


@pytest.mark.parametrize(
    "other",
    [
        lambda repo: change_view(repo, branch="elsewhere"),
        lambda repo: change_view(repo, branch=None),
        change_stage,
    ],
)
def test_another_branch_or_stage_stops_every_command(repo: Repo, other: Callable[[Repo], None]) -> None:
    record(repo, "one")
    with pytest.raises(Refused, match="at the same time"):
        record(repo, "mine", Once(lambda: other(repo)))
    assert branches(repo) == {"one"}


def test_what_leaves_the_view_as_it_is_stops_nobody(repo: Repo) -> None:
    record(repo, "one")
    record(repo, "mine", Once(lambda: change_view(repo)), again=False)
    assert newest(repo).number == 3
    assert branches(repo) == {"one", "mine"}


def test_whoever_is_always_slower_gives_up(repo: Repo) -> None:
    numbers = itertools.count()
    with pytest.raises(Refused, match="others changed this repository 10 times") as refused:
        record(repo, "mine", lambda: change_view(repo, merge=next(numbers)))
    assert refused.value.kind == "busy"
    assert newest(repo).number == 10
    assert "mine" not in branches(repo)
    assert unnamed_packs(repo.layout) == set()


def test_many_processes_at_once_lose_nothing(repo: Repo) -> None:
    answers = processes.race(processes.record_branches, repo.root, "b", 15, processes=3)
    acknowledged = {name for names in answers for name in names}
    assert len(acknowledged) > 15
    assert branches(repo) == acknowledged
    assert newest(repo).number == len(acknowledged)
    assert unnamed_packs(repo.layout) == set()


def test_files_stay_as_they_are_when_the_race_was_lost(repo: Repo) -> None:
    put(repo.root, "f", file(b"mine"))
    with pytest.raises(Refused):
        change_files(repo, {"f": b"new"}, Once(in_another_process(repo, "other")))
    assert read_files(repo.root) == {"f": file(b"mine")}
    assert os.listdir(repo.layout.restore) == []
    assert unnamed_packs(repo.layout) == set()
    assert worktree.applied(repo.layout) == 0


# Packs that are replaced


def join(repo: Repo) -> None:
    """Another command takes all packs into one, and removes them."""
    before = newest(repo)
    objects = [name.encode() * 100 for name in before.view.branches]
    joined = write_pack(repo.layout, objects)
    put_operation(repo.layout, before._replace(number=before.number + 1, packs=(joined,), retires=before.packs))
    for ref in before.packs:
        os.unlink(repo.layout.pack(ref.name))


def test_a_reader_starts_over_when_its_packs_were_replaced(repo: Repo) -> None:
    for name in ("one", "two"):
        record(repo, name)
    meanwhile = Once(lambda: join(repo))

    def work(state: State) -> bytes:
        meanwhile()
        return state.store.read(digest_of(b"one" * 100))

    assert reading(repo, work) == b"one" * 100
    assert meanwhile.calls == 2


def test_a_writer_starts_over_when_its_packs_were_replaced(repo: Repo) -> None:
    for name in ("one", "two"):
        record(repo, name)
    meanwhile = Once(lambda: join(repo))

    def build(state: State) -> Draft[int]:
        meanwhile()
        assert state.store.read(digest_of(b"one" * 100))
        return Draft(lambda left: state.number, state.view)

    assert writing(repo, "x", (), build) == 3
    assert meanwhile.calls == 2


def test_a_pack_that_is_really_gone_is_damage(repo: Repo) -> None:
    record(repo, "one")
    ref = newest(repo).packs[0]
    os.unlink(repo.layout.pack(ref.name))
    with pytest.raises(Damaged, match=f"{ref.name}.pack is missing, and the newest operation names it"):
        reading(repo, lambda state: state.store.read(bytes(32)))
    with pytest.raises(Damaged, match=f"{ref.name}.pack is missing, and the newest operation names it"):
        record(repo, "two")
    assert newest(repo).number == 1


def test_a_reader_whose_packs_are_always_replaced_gives_up(repo: Repo) -> None:
    record(repo, "one")

    def work(state: State) -> None:
        join(repo)
        state.store.read(digest_of(b"one" * 100))

    with pytest.raises(Refused, match="keep replacing the packs"):
        reading(repo, work)


# Trouble


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
        assert record(repo, "mine") == "mine"
    assert signal.getsignal(signal.SIGINT) is handler
    assert branches(repo) == {"mine"}
    with pytest.raises(KeyboardInterrupt):
        interrupts.deliver()
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

    link, handler = os.link, signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        with_link(patch, beaten)
        record(repo, "mine")
    assert signal.getsignal(signal.SIGINT) is handler
    assert branches(repo) == {"other"}
    assert unnamed_packs(repo.layout) == set()
