"""`commands.writing`: what a command that lost keeps for its next try, and what it does when its base is gone."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from muse.core.base.errors import Refused, SystemTrouble, Unconfirmed
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.folder.folders import Folders
from muse.core.operations import ops
from muse.core.packs import join, pack_writer
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import LARGE
from muse.core.packs.pack_writer import Incoming, PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.system import syscalls
from muse.core.types import PackRef, digest_of
from muse.verbs.commit import commit
from muse.verbs.gc import gc
from tests.core.small_commands import (
    Once,
    after_its_pack,
    branches,
    forget,
    newest,
    raising,
    record,
    unnamed_packs,
    with_link,
)
from tests.core.stores import new_repo, put_operation

BIG = random.Random(6).randbytes((1 << 20) + 17) * 17


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with an operation and a large file in its folder; losers do not wait."""
    monkeypatch.setattr("muse.core.commands.writing._pause", lambda attempt: None)
    found = new_repo(tmp_path / "root")
    record(found, "one")
    Path(found.root, "big").write_bytes(BIG)
    assert len(BIG) > LARGE
    return found


class Counter:
    """What large files cost: the bytes that were streamed, and the packs that were made of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.streamed = 0
        self.made: list[PackRef] = []
        write, create = Incoming.write, NewPack.create

        def counted_write(incoming: Incoming, piece: bytes) -> None:
            self.streamed += len(piece)
            write(incoming, piece)

        def counted_create(pack: NewPack, name: str) -> PackRef:
            ref = create(pack, name)
            self.made += [ref] if ref.size > LARGE else []
            return ref

        patch.setattr(pack_writer.Incoming, "write", counted_write)
        patch.setattr(NewPack, "create", counted_create)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """Counts from now on."""
    return Counter(monkeypatch)


def record_big(repo: Repo, *, again: bool = True) -> str:
    """Make a branch at the large file, which is read where the store does not hold it."""

    def build(state: State) -> Draft[str]:
        digest = digest_of(BIG)
        if digest not in state.store:
            with Folders(repo.root) as folders:
                assert folders.content("big", state.store.incoming).put_into(state.store) == digest
        state.store.add(b"beside it")
        return Draft(lambda left: "big", state.view._replace(branches={**state.view.branches, "big": digest}))

    return writing(repo, "branch", ("big",), build, again=again)


def check_big(repo: Repo) -> None:
    """The newest operation holds the large file, and no pack is left that nobody names."""
    operation = newest(repo)
    assert operation.view.branches["big"] == digest_of(BIG)
    store = ObjectStore(repo.layout, operation.packs)
    assert b"".join(store.pieces(digest_of(BIG))) == BIG
    store.close()
    assert unnamed_packs(repo.layout) == set()


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


# Losing the race


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_large_pack_is_kept_for_the_next_try(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    with monkeypatch.context() as patch:
        after_its_pack(patch, others(repo, times))
        assert record_big(repo) == "big"
    assert counter.streamed == len(BIG)
    assert len(counter.made) == 1
    assert counter.made[0] in newest(repo).packs
    assert newest(repo).number == 2 + times
    check_big(repo)


def others(repo: Repo, times: int) -> Callable[[], None]:
    """So often another command is faster; what that one does in its turn is left alone."""
    names = iter([f"other{number}" for number in range(times)])
    busy = False

    def work() -> None:
        nonlocal busy
        if not busy and (name := next(names, None)) is not None:
            busy = True
            record(repo, name)
            busy = False

    return work


def test_a_large_pack_that_was_retired_meanwhile_is_written_anew(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a gc, which finds a pack in the folder that nobody names."""

    def collect() -> None:
        found = {ref.name for ref in counter.made} & {name.partition(".")[0] for name in unnamed_packs(repo.layout)}
        retired = tuple(ref for ref in counter.made if ref.name in found)
        assert retired
        writing(repo, "gc", (), lambda state: Draft(lambda left: 0, state.view, retires=retired))

    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(collect))
        record_big(repo)
    assert counter.streamed == 2 * len(BIG)
    assert len(counter.made) == 2
    assert counter.made[0] not in newest(repo).packs
    check_big(repo)


def test_a_large_pack_that_was_retired_by_the_entry_after_the_one_it_lost_to(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two_commands() -> None:
        record(repo, "other")
        writing(repo, "gc", (), lambda state: Draft(lambda left: 0, state.view, retires=tuple(counter.made)))
        record(repo, "another")

    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(two_commands))
        record_big(repo)
    assert len(counter.made) == 2
    assert {"other", "another", "big"} < set(newest(repo).view.branches)
    check_big(repo)


def test_when_what_happened_meanwhile_cannot_be_read_the_large_pack_is_written_anew(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been retired there."""

    def three_commands() -> None:
        for name in ("first", "second", "third"):
            record(repo, name)
        Path(repo.layout.operation(3)).write_bytes(b"damaged")

    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(three_commands))
        record_big(repo)
    assert len(counter.made) == 2
    assert newest(repo).number == 5
    check_big(repo)


@pytest.mark.parametrize("again", [False, True])
def test_no_large_pack_is_left_of_a_command_that_stops(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    def change_branch() -> None:
        writing(repo, "checkout", (), lambda state: Draft(lambda left: 0, state.view._replace(branch="other")))

    with monkeypatch.context() as patch, pytest.raises(Refused, match="at the same time"):
        after_its_pack(patch, Once(change_branch))
        record_big(repo, again=again)
    assert len(counter.made) == 1
    assert unnamed_packs(repo.layout) == set()
    assert "big" not in newest(repo).view.branches


def test_no_large_pack_is_left_of_a_command_that_is_always_slower(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    with monkeypatch.context() as patch, pytest.raises(Refused, match="10 times"):
        after_its_pack(patch, others(repo, 100))
        record_big(repo)
    assert (counter.streamed, len(counter.made)) == (len(BIG), 1)
    assert newest(repo).number == 11
    assert unnamed_packs(repo.layout) == set()
    assert descriptors() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemTrouble("no")])
def test_no_large_pack_is_left_of_a_command_that_fails_in_its_second_try(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fail: Iterator[Callable[[], object]] = iter([lambda: record(repo, "other"), lambda: None, raising(error)])
    finish = PackWriter.finish

    def finishing(writer: PackWriter) -> tuple[PackRef, ...]:
        next(fail, lambda: None)()
        return finish(writer)

    with monkeypatch.context() as patch, pytest.raises(type(error)):
        patch.setattr(PackWriter, "finish", finishing)
        record_big(repo)
    assert unnamed_packs(repo.layout) == set()
    assert branches(repo) == {"one", "other"}


def test_a_large_pack_stays_when_its_entry_may_stand(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept pack too: the link of the second try succeeds and says that it failed."""

    def answer(call: Callable[[], None], path: str) -> None:
        call()
        if os.path.basename(path) == "000000000003":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(Unconfirmed, match="may have been recorded as operation 3"):
        after_its_pack(patch, Once(lambda: record(repo, "other")))
        with_link(patch, answer)
        record_big(repo)
    assert len(counter.made) == 1
    check_big(repo)


# A base that is gone


def forget_all(repo: Repo, number: int) -> None:
    """As `gc --forget` does: one operation far ahead, and none below it; `HEAD` names it."""
    operation = put_operation(repo.layout, newest(repo)._replace(number=number, at=number, oldest=number))
    ops.write_head(repo.layout, operation)
    ops.drop(repo.layout, number)


def numbers(repo: Repo) -> list[int]:
    return [int(name) for name in sorted(os.listdir(repo.layout.ops))]


def test_an_entry_on_a_base_that_is_gone_is_taken_back(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    record(repo, "two")
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: forget_all(repo, 12)))
        assert record(repo, "mine") == "mine"
    assert numbers(repo) == [12, 13]
    assert branches(repo) == {"one", "two", "mine"}
    assert unnamed_packs(repo.layout) == set()
    assert newest(repo).previous == ops.read_with_digest(repo.layout, 12)[1]


def test_a_large_pack_of_an_entry_that_was_taken_back_is_written_anew(
    repo: Repo, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries that could have retired it are gone."""
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: forget_all(repo, 12)))
        record_big(repo)
    assert numbers(repo) == [12, 13]
    assert len(counter.made) == 2
    check_big(repo)


def test_a_base_that_goes_before_the_pack_is_written(repo: Repo) -> None:
    assert record(repo, "mine", Once(lambda: forget_all(repo, 12))) == "mine"
    assert numbers(repo) == [12, 13]
    assert branches(repo) == {"one", "mine"}
    assert unnamed_packs(repo.layout) == set()


def test_a_command_that_may_not_run_again_goes_on_when_nothing_it_saw_has_changed(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: forget_all(repo, 12)))
        record(repo, "mine", again=False)
    assert numbers(repo) == [12, 13]


def test_an_entry_that_cannot_be_taken_back_may_have_been_recorded(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = os.unlink

    def refuse(path: str, **options: int) -> None:
        if str(path).endswith("000000000002"):
            raise PermissionError(13, "Permission denied")
        unlink(path, **options)

    def forget() -> None:
        forget_all(repo, 12)
        monkeypatch.setattr(os, "unlink", refuse)

    with pytest.raises(Unconfirmed, match="may have been recorded as operation 2"):
        after_its_pack(monkeypatch, Once(forget))
        record(repo, "mine")
    monkeypatch.undo()
    assert len(unnamed_packs(repo.layout)) == 1
    assert branches(repo) == {"one"}
    record(repo, "next")
    assert branches(repo) == {"one", "next"}


def test_gc_does_not_retire_what_it_names(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies a large pack, loses its number, and finds its own pack of the last try among the unnamed ones."""
    folder = Path(repo.root)
    start = new_repo(folder / "of its own")
    root = Path(start.root)
    for name in ("a", "big"):
        (root / name).write_bytes(BIG if name == "big" else b"small")
        commit(name, repo=start)
    with monkeypatch.context() as patch:
        patch.setattr("muse.core.upkeep.gc.LARGE", 1 << 40)  # so that the large file is copied as others are
        patch.setattr("muse.core.upkeep.gc.FEW", 0)
        (root / "b").write_bytes(b"meanwhile")
        after_its_pack(patch, Once(lambda: commit("b", repo=Repo(start.root))))
        assert gc(repo=start).done
    operation = newest(start)
    assert operation.verb == "gc"
    assert not set(operation.packs) & set(operation.retires)
    assert unnamed_packs(start.layout) == set()
    store = ObjectStore(start.layout, operation.packs)
    assert b"".join(store.pieces(digest_of(BIG))) == BIG
    store.close()


# The disk is not waited for


def test_what_has_been_there_for_long_goes_when_what_replaces_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = new_repo(tmp_path / "root")
    assert not repo.durable
    done: list[str] = []
    unlink = os.unlink

    def noted(path: str, **options: Any) -> None:
        unlink(path, **options)
        if path.endswith(".pack") or os.path.basename(path).isdigit():
            done.append("removed pack" if path.endswith(".pack") else "removed entry")

    monkeypatch.setattr(os, "unlink", noted)
    def synced(path: str) -> bool:
        done.append("synced")
        return True

    monkeypatch.setattr(syscalls, "sync_file_system", synced)
    for number in range(join.MANY):
        record(repo, f"b{number}")
    assert done == []
    record(repo, "joins")
    assert done[0] == "synced"
    assert set(done[1:]) == {"removed pack"}
    done.clear()
    forget(repo)
    assert done[0] == "synced"
    assert set(done[1:]) == {"removed entry"}


@pytest.mark.parametrize("at", ["operations.entry.append", "operations.ops.encode", "io.NewFile.close"])
def test_an_interrupt_beside_the_packs_leaves_none(repo: Repo, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    record_big(repo)
    before = set(os.listdir(repo.layout.packs))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"muse.core.{at}", raising(KeyboardInterrupt()))
        record(repo, "interrupted")
    assert {name for name in os.listdir(repo.layout.packs) if name.endswith(".pack")} == before


def test_a_command_that_is_too_late_writes_no_pack(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []
    create = NewPack.create

    def counted(pack: NewPack, name: str) -> PackRef:
        created.append(name)
        return create(pack, name)

    monkeypatch.setattr(NewPack, "create", counted)
    record(repo, "mine", Once(lambda: record(repo, "other")))
    assert len(created) == 2, "one for each command"
