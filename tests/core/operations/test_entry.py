"""`operations.entry`: the step that decides, and what is known when it goes wrong."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core import io
from muse.core.base.errors import SystemTrouble, Unconfirmed
from muse.core.operations import entry, ops
from muse.core.repo import Repo
from muse.core.types import digest_of
from tests.core import faults
from tests.core.small_commands import DURABLE, branches, newest, record, unnamed_packs, with_link
from tests.core.stores import an_operation, new_repo, put_operation


@pytest.fixture
def durable(tmp_path: Path) -> Repo:
    """A repository with one operation, which waits for the disk."""
    repo = new_repo(tmp_path / "durable", DURABLE)
    record(repo, "one")
    return repo


def test_an_interrupted_link_may_have_counted(durable: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(call: Callable[[], None], path: str) -> None:
        call()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(Unconfirmed, match="may have been recorded as operation 2"):
        with_link(patch, interrupted)
        record(durable, "mine")
    assert branches(durable) == {"one", "mine"}
    assert unnamed_packs(durable.layout) == set()


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.ESTALE])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_link_that_fails_keeps_its_pack(
    durable: Repo, monkeypatch: pytest.MonkeyPatch, code: int, carried_out: bool
) -> None:
    def failed(call: Callable[[], None], path: str) -> None:
        if carried_out:
            call()
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch, pytest.raises(SystemTrouble) as refused:
        with_link(patch, failed)
        record(durable, "mine")
    assert isinstance(refused.value, Unconfirmed) == carried_out
    assert len(os.listdir(durable.layout.packs)) == 2
    assert branches(durable) == {"one"} | ({"mine"} if carried_out else set())
    record(durable, "next")


def test_an_answer_that_was_lost_is_no_loss(durable: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(call: Callable[[], None], path: str) -> None:
        call()
        call()

    with monkeypatch.context() as patch:
        with_link(patch, lost)
        assert record(durable, "mine") == "mine"
    assert branches(durable) == {"one", "mine"}
    assert newest(durable).number == 2


@pytest.mark.parametrize("data", [b"", b"rubbish"])
def test_an_entry_that_cannot_be_read_proves_nothing(
    durable: Repo, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    def taken(call: Callable[[], None], path: str) -> None:
        Path(path).write_bytes(data)
        call()

    with monkeypatch.context() as patch, pytest.raises(Unconfirmed, match="may have been recorded as operation 2"):
        with_link(patch, taken)
        record(durable, "mine")
    assert len(os.listdir(durable.layout.packs)) == 2


def test_a_folder_that_the_disk_did_not_confirm(durable: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    sync_folder = io.sync_folder

    def failing(path: str) -> None:
        if path == durable.layout.ops:
            faults.failing(errno.EIO)()
        sync_folder(path)

    with monkeypatch.context() as patch, pytest.raises(Unconfirmed) as refused:
        patch.setattr(io, "sync_folder", failing)
        record(durable, "mine")
    assert refused.value.message == (
        "recorded as operation 2, but the disk did not confirm it (Input/output error)"
    )
    assert refused.value.exit_status == 5
    assert branches(durable) == {"one", "mine"}
    assert unnamed_packs(durable.layout) == set()


def append(repo: Repo, number: int, before_link: Callable[[], None] = lambda: None) -> None:
    entry.append(repo.layout, an_operation(number), before_link, durable=True, way="link")


def test_the_caller_is_told_when_only_the_deciding_step_is_left(durable: Repo) -> None:
    seen: list[bool] = []
    append(durable, 2, lambda: seen.append(os.path.exists(durable.layout.operation(2))))
    assert seen == [False]
    assert ops.read(durable.layout, 2).number == 2
    with pytest.raises(entry.Lost):
        append(durable, 2, lambda: seen.append(True))
    assert seen == [False, True]


@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_a_refusal_before_the_link_is_no_more_than_that(
    durable: Repo, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    told: list[int] = []
    with monkeypatch.context() as patch, pytest.raises(SystemTrouble) as refused:
        patch.setattr(os, call, faults.failing(errno.ENOSPC))
        append(durable, 2, lambda: told.append(1))
    assert refused.value.message == f"cannot write {durable.layout.operation(2)}: No space left on device"
    assert not isinstance(refused.value, Unconfirmed)
    assert told == []
    assert os.listdir(durable.layout.ops) == ["000000000001"]


# What stands below


def far_ahead(repo: Repo) -> None:
    """A gc has been there: number 12 is the first that counts, and nothing stands right below it."""
    ops.write_head(repo.layout, put_operation(repo.layout, an_operation(12, oldest=12)))


def test_the_first_entry_of_all_is_not_taken_back(tmp_path: Path) -> None:
    repo = new_repo(tmp_path / "root", DURABLE)
    append(repo, 1)
    assert ops.numbers(repo.layout) == [1]


def test_an_entry_on_another_base_than_it_read_is_taken_back(durable: Repo) -> None:
    far_ahead(durable)
    put_operation(durable.layout, an_operation(2))
    with pytest.raises(entry.Lost):
        append(durable, 3)
    assert ops.numbers(durable.layout) == [1, 2, 12]


@pytest.mark.parametrize("stranger", [False, True])
def test_an_entry_on_which_another_rests_is_not_taken_back(durable: Repo, stranger: bool) -> None:
    far_ahead(durable)
    mine = an_operation(3, previous=bytes(32))
    above = bytes(32) if stranger else digest_of(ops.encode(mine))
    put_operation(durable.layout, an_operation(4, previous=above))
    try:
        entry.append(durable.layout, mine, lambda: None, durable=True, way="link")
    except entry.Lost:
        assert stranger
    assert (3 in ops.numbers(durable.layout)) == (not stranger)
