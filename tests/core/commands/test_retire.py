"""`commands.retire`: nothing goes before what stands in for it is on the disk, and what is set aside never goes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from muse.core.commands import retire
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.packs import join
from muse.core.repo import Repo
from muse.core.system import syscalls
from muse.core.types import PackRef
from tests.core.faults import failing
from tests.core.small_commands import forget, newest, record, unnamed_packs
from tests.core.steps import watching
from tests.core.stores import new_repo, write_pack

ENTRY = ["fsync ops/000000000004", "fsync ops"]
SYNCED = ["fsync objects/pack/*", "fsync objects/pack", *ENTRY, "fsync applied", "fsync ."]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with three packs, which does not wait for the disk; the next command joins them."""
    monkeypatch.setattr(join, "MANY", 3)
    found = new_repo(tmp_path / "root")
    for name in ("one", "two", "three"):
        record(found, name)
    return found


def test_without_a_way_to_sync_all_each_file_is_synced_before_anything_goes(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(repo.layout.muse) as steps, monkeypatch.context() as patch:
        patch.setattr(syscalls, "sync_file_system", lambda path: False)
        record(repo, "joins")
    assert steps[2:8] == SYNCED
    assert steps[8:11] == ["unlink objects/pack/*"] * 3


def test_every_pack_that_is_named_is_synced(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of commands before it, too: nobody has waited for these either."""
    monkeypatch.setattr(join, "MANY", 10)
    with watching(repo.layout.muse) as steps, monkeypatch.context() as patch:
        patch.setattr(syscalls, "sync_file_system", lambda path: False)
        forget(repo)
    assert steps[1:4] == SYNCED[:1] * 3
    assert steps[4:9] == SYNCED[1:]
    assert steps[-3:] == [f"unlink ops/{number:012d}" for number in (1, 2, 3)]


def test_a_pack_that_is_gone_or_no_file_does_not_matter(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "sync_file_system", lambda path: False)
    gone, fifo, _ = (repo.layout.pack(ref.name) for ref in newest(repo).packs)
    os.unlink(gone)
    os.unlink(fifo)
    os.mkfifo(fifo)
    retire.settle(repo.layout, newest(repo))


def test_other_disks_are_synced_too(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs or entries may lie on one of their own; the same disk is synced once."""
    layout, stat = repo.layout, os.stat
    for away, expected in (
        ((), ["objects/pack"]),
        ((layout.packs,), ["objects/pack", "ops"]),
        ((layout.ops,), ["objects/pack", "ops"]),
        ((layout.packs, layout.ops), ["objects/pack", "."]),
    ):

        def elsewhere(path: Any, away: tuple[str, ...] = away, **options: Any) -> Any:
            return SimpleNamespace(st_dev=-1) if path in away else stat(path, **options)

        with monkeypatch.context() as patch, watching(layout.muse) as steps:
            patch.setattr(os, "stat", elsewhere)
            retire.settle(layout, newest(repo))
        assert steps == [f"syncfs {folder}" for folder in expected]


def test_nothing_goes_when_the_disk_does_not_confirm(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "sync_file_system", failing(errno.EIO))
    notes: list[str] = []

    def build(state: State) -> Draft[None]:
        return Draft(lambda left: notes.extend(state.notes), state.view, retires=state.store.refs[:1])

    writing(repo, "doctor", (), build)
    assert notes == ["done, but [Errno 5] Input/output error"]
    assert len(unnamed_packs(repo.layout)) == 1


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_set_aside_never_goes(repo: Repo, monkeypatch: pytest.MonkeyPatch, refused: bool) -> None:
    """Also when it cannot be renamed: then that is said. A file that is gone is no trouble."""
    aside, gone = write_pack(repo.layout, [b"some of it"]), PackRef("0" * 32, 5)
    path, notes = repo.layout.pack(aside.name), list[str]()

    def build(state: State) -> Draft[None]:
        first = state.store.refs[0]
        return Draft(
            lambda left: notes.extend(state.notes), state.view, retires=(first, aside, gone), aside=(aside, gone)
        )

    with monkeypatch.context() as patch:
        if refused:
            rename = os.rename
            patch.setattr(os, "rename", lambda a, b: failing(errno.EIO)() if a == path else rename(a, b))
        writing(repo, "doctor", (), build)
    assert unnamed_packs(repo.layout) == {os.path.basename(path if refused else repo.layout.pack_aside(aside.name))}
    told = f"cannot set aside {path}: Input/output error; copy it first if something is lost, for `muse gc` removes it"
    assert notes == ([told] if refused else [])
