"""`commands.command`: before or after, never between; and whoever loses the race says so or runs again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muse.core.base.errors import Changing, Damaged, Refused, SystemTrouble
from muse.core.commands.command import State, reading
from muse.core.commands.writing import Draft, writing
from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.types import digest_of
from tests.core import processes
from tests.core.folders import file, put, read_files
from tests.core.small_commands import (
    Once,
    after_its_pack,
    branches,
    change_files,
    newest,
    raising,
    record,
    unnamed_packs,
)
from tests.core.stores import put_operation, write_pack


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


def test_what_a_try_told_that_lost_is_not_told_twice(repo: Repo) -> None:
    meanwhile = Once(lambda: record(repo, "theirs"))

    def build(state: State) -> Draft[list[str]]:
        meanwhile()
        state.store.add(b"mine")
        state.notes.append("told")
        return Draft(lambda left: list(state.notes), state.view)

    assert writing(repo, "x", (), build) == ["told"]
    assert meanwhile.calls == 2


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
    assert folder_state.applied(repo.layout) == 0


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


def test_a_reader_of_the_folder_starts_over_when_a_command_has_changed_it(repo: Repo) -> None:
    """And only then: what others record does not matter to it."""
    meanwhile = Once(lambda: change_files(repo, {"a.txt": b"new"}))

    def work(state: State) -> tuple[int, bool]:
        meanwhile()
        return state.number, os.path.exists(os.path.join(repo.root, "a.txt"))

    assert reading(repo, work, live=True) == (1, True)
    assert meanwhile.calls == 2
    meanwhile = Once(lambda: record(repo, "one"))
    assert reading(repo, work, live=True) == (1, True)
    assert meanwhile.calls == 1 and newest(repo).number == 2


def test_a_reader_of_the_folder_looks_again_at_what_changes_under_its_eyes(repo: Repo) -> None:
    """Ten times; and it does not hide other trouble."""
    tries: list[bool] = []

    def work(state: State, kind: type[SystemTrouble], times: int) -> int:
        tries.append(state.final)
        if len(tries) < times:
            raise kind("a.txt changed while it was read")
        return len(tries)

    assert reading(repo, lambda state: work(state, Changing, 3), live=True) == 3
    for kind, live, times in ((Changing, True, 10), (Changing, False, 1), (SystemTrouble, True, 1)):
        tries.clear()
        with pytest.raises(SystemTrouble):
            reading(repo, lambda state: work(state, kind, 99), live=live)  # noqa: B023 - called at once
        assert tries == [live and n == 10 for n in range(1, times + 1)]


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
    record(repo, "two")  # needs nothing of what is gone
    assert newest(repo).number == 2


def test_a_reader_whose_packs_are_always_replaced_gives_up(repo: Repo) -> None:
    record(repo, "one")

    def work(state: State) -> None:
        join(repo)
        state.store.read(digest_of(b"one" * 100))

    with pytest.raises(Refused, match="keep replacing the packs"):
        reading(repo, work)


# Going back in the log


def test_a_gap_in_the_log_is_damage_unless_a_gc_made_it(repo: Repo) -> None:
    for name in ("one", "two", "three"):
        record(repo, name)

    def go_back(state: State) -> list[int]:
        found = [operation.number for operation in state.operations()]
        assert state.number == 3
        return found

    assert reading(repo, go_back) == [3, 2, 1]

    def forget(state: State) -> list[int]:
        put_operation(repo.layout, newest(repo)._replace(number=4, oldest=4))
        ops.drop(repo.layout, 3)
        return go_back(state)

    assert reading(repo, forget) == [3]
    os.unlink(repo.layout.operation(4))
    with pytest.raises(Damaged, match="operation 2 is missing from the log"):
        reading(repo, go_back)
