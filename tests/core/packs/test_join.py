"""`packs.join`: packs stay few for little copying, and nobody who reads or writes meanwhile notices."""

from __future__ import annotations

import errno
import math
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core import io
from muse.core.base.errors import Damaged, SystemTrouble
from muse.core.commands.command import State, reading
from muse.core.commands.writing import Draft, writing
from muse.core.operations import ops
from muse.core.packs import join
from muse.core.packs.join import MANY, MOST, SMALL, choose
from muse.core.packs.new_pack import NewPack
from muse.core.packs.pack import Pack, PackGone
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import PackRef, digest_of
from tests.core import faults, processes
from tests.core.small_commands import Once, after_its_pack, branches, newest, record, unnamed_packs
from tests.core.stores import new_repo, put_operation, writable, write_pack

# Choosing

SIZES = st.lists(
    st.integers(100, 10_000) | st.integers(100, SMALL + 1000) | st.integers(SMALL, 4 * MOST), max_size=60
)


def named(sizes: list[int]) -> list[PackRef]:
    return [PackRef(f"{number:032x}", size) for number, size in enumerate(sizes)]


@given(sizes=SIZES, size=st.integers(1, 2 * MOST))
def test_what_may_be_chosen(sizes: list[int], size: int) -> None:
    refs = named(sizes)
    chosen = choose(refs, size)
    small = sorted(ref.size for ref in refs if ref.size < SMALL)
    assert list(chosen) == [ref for ref in refs if ref in chosen]
    assert sorted(ref.size for ref in chosen) == small[: len(chosen)]
    assert not chosen or sum(ref.size for ref in chosen) + size <= MOST
    many = max(MANY // 4, MANY - (len(refs) - len(small)))
    assert bool(chosen) == (len(small) >= many and size + small[0] <= MOST)


def grow(sizes: list[int]) -> tuple[int, int]:
    """Commit after commit of these sizes: how many packs there were at most, and how many bytes were written."""
    refs: tuple[PackRef, ...] = ()
    most = written = 0
    for new in named(sizes):
        taken = choose(refs, new.size)
        joined = new._replace(size=new.size + sum(ref.size for ref in taken))
        refs = (*(ref for ref in refs if ref not in taken), joined)
        assert sum(ref.size < SMALL for ref in refs) <= MANY
        most, written = max(most, len(refs)), written + joined.size
    return most, written


@settings(max_examples=50)
@given(sizes=st.lists(st.integers(1, 20_000) | st.integers(1, MOST), max_size=200))
def test_small_packs_never_pile_up(sizes: list[int]) -> None:
    most, _ = grow(sizes)
    assert most <= MANY + sum(sizes) // SMALL


@pytest.mark.parametrize(
    ("low", "high"),
    [(1000, 1000), (300, 2000), (300, 20_000), (2000, 8000), (300, 100_000), (60_000, 60_000), (100_000, 200_000)],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_commits_leave_few_packs_and_write_little(low: int, high: int, seed: int) -> None:
    chance = random.Random(seed)
    even = [chance.randint(low, high) for _ in range(1000)]
    mostly_small = [int(math.exp(chance.uniform(math.log(low), math.log(high)))) for _ in range(1000)]
    for sizes in (even, mostly_small):
        most, written = grow(sizes)
        assert most <= 30
        assert written <= 3 * sum(sizes)


def test_what_is_large_is_left_alone() -> None:
    assert choose(named([SMALL] * 100), 1000) == ()
    assert choose(named([1000] * 100), MOST) == ()
    assert choose(named([1000] * (MANY - 1)), 1000) == ()
    assert len(choose(named([1000] * MANY + [SMALL - 1]), 1000)) == MANY


# Taking in


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository without history, which does not wait for the disk and joins packs early."""
    monkeypatch.setattr("muse.core.commands.writing._pause", lambda attempt: None)
    monkeypatch.setattr(join, "MANY", 4)
    return new_repo(tmp_path / "root")


def record_many(repo: Repo, number: int, prefix: str = "b") -> set[str]:
    names = {f"{prefix}{count}" for count in range(number)}
    for name in sorted(names):
        record(repo, name)
    return names


def test_a_hundred_commits(tmp_path: Path) -> None:
    repo = new_repo(tmp_path)
    names = record_many(repo, 100)
    assert branches(repo) == names
    assert unnamed_packs(repo.layout) == set()
    packs = newest(repo).packs
    assert len(packs) <= MANY
    assert [ref.size for ref in packs] == [os.path.getsize(repo.layout.pack(ref.name)) for ref in packs]
    before: set[PackRef] = set()
    for number in range(1, 101):
        operation = ops.read(repo.layout, number)
        assert before | set(operation.packs) == set(operation.retires) | set(operation.packs)
        assert not set(operation.retires) & set(operation.packs)
        assert set(operation.retires) <= before
        assert len(operation.packs) == len(before) - len(operation.retires) + 1
        before = set(operation.packs)


def test_each_object_lies_in_one_pack(repo: Repo) -> None:
    names = record_many(repo, 30)
    found: list[bytes] = []
    store = ObjectStore(repo.layout, newest(repo).packs)
    for ref in newest(repo).packs:
        found += [digest for digest, _ in store.pack(ref).slots()]
    store.close()
    assert sorted(found) == sorted(digest_of(name.encode() * 100) for name in names)


def test_a_command_without_a_pack_of_its_own_joins_nothing(repo: Repo) -> None:
    record_many(repo, 4)
    packs = newest(repo).packs
    assert len(packs) == 4
    writing(repo, "branch", (), lambda state: Draft(lambda left: 0, state.view._replace(branch="other")))
    assert newest(repo).packs == packs
    assert newest(repo).retires == ()
    record(repo, "next")
    assert newest(repo).retires == packs
    assert len(newest(repo).packs) == 1


def test_a_command_that_retires_packs_itself_joins_nothing(repo: Repo) -> None:
    record_many(repo, 4)
    first, *others = newest(repo).packs

    def build(state: State) -> Draft[int]:
        state.store.add(b"b0" * 100)
        state.store.add(b"more")
        return Draft(lambda left: 0, state.view, retires=(first,))

    writing(repo, "gc", (), build)
    assert newest(repo).retires == (first,)
    assert set(others) < set(newest(repo).packs)


@pytest.mark.parametrize("spoil", ["index", "gone"])
def test_a_pack_that_cannot_be_listed_stays(repo: Repo, spoil: str) -> None:
    names = record_many(repo, 4)
    damaged = newest(repo).packs[1]
    path = Path(repo.layout.pack(damaged.name))
    if spoil == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-60] + bytes(60))
    record(repo, "next")
    assert damaged in newest(repo).packs
    assert len(newest(repo).packs) == 2
    store = ObjectStore(repo.layout, newest(repo).packs, None, lambda: True)
    for name in (names | {"next"}) - {"b1"}:
        assert store.read(digest_of(name.encode() * 100)) == name.encode() * 100
    with pytest.raises(Damaged, match=damaged.name):
        store.read(digest_of(b"b1" * 100))
    store.close()


def test_a_pack_with_a_copy_of_something_stays(repo: Repo) -> None:
    """One of the two was damaged: the good copy must not be hidden by the other."""
    bad, good = write_pack(repo.layout, [b"a" * 1000, b"other"]), write_pack(repo.layout, [b"a" * 1000])
    store = writable(repo.layout, [bad, good, *(write_pack(repo.layout, [b"%d" % number]) for number in range(3))])
    store.add(b"new")
    assert good not in join.take_in(store)
    store.close()


def test_damage_in_a_pack_is_joined_and_healed_later(repo: Repo) -> None:
    record_many(repo, 4)
    path = Path(repo.layout.pack(newest(repo).packs[2].name))
    altered = bytearray(path.read_bytes())
    altered[16] ^= 1
    path.write_bytes(altered)
    record(repo, "next")
    assert len(newest(repo).packs) == 1
    with pytest.raises(Damaged, match=digest_of(b"b2" * 100).hex()):
        branches(repo)
    record(repo, "b2")
    assert len(branches(repo)) == 5
    record_many(repo, 20, "more")
    assert len(branches(repo)) == 25


# The log


def go_back(repo: Repo, number: int) -> None:
    """As `op restore` does: the view of an old operation, with the packs of the newest."""
    view = ops.read(repo.layout, number).view
    writing(repo, "op", ("restore", str(number)), lambda state: Draft(lambda left: 0, view), again=False)


def test_a_view_from_before_a_join_can_be_had(repo: Repo) -> None:
    record_many(repo, 12)
    for number in (1, 3, 4, 7, 12):
        go_back(repo, number)
        assert branches(repo) == {f"b{count}" for count in sorted(range(12), key=str)[:number]}
    assert all(os.path.exists(repo.layout.pack(ref.name)) for ref in newest(repo).packs)


# Readers and writers meanwhile


def everything(state: State) -> set[str]:
    """What `branches` reads, as one command sees it."""
    for name, digest in state.view.branches.items():
        assert state.store.read(digest) == name.encode() * 100
    return set(state.view.branches)


@pytest.mark.parametrize("opened", [0, 1, 3])
def test_a_reader_goes_on_or_starts_over(repo: Repo, opened: int) -> None:
    """It has none of the packs open, one, or all, when another process joins them."""
    names = record_many(repo, 3)
    packs = newest(repo).packs
    join_elsewhere = Once(lambda: processes.race(processes.record_branches_joining, repo.root, "p", 25, processes=1))

    def work(state: State) -> set[str]:
        for ref in state.store.refs[:opened]:
            state.store.pack(ref)
        join_elsewhere()
        return everything(state)

    seen = reading(repo, work)
    assert not any(os.path.exists(repo.layout.pack(ref.name)) for ref in packs)
    assert join_elsewhere.calls == (1 if opened == 3 else 2)
    assert seen == (names if opened == 3 else branches(repo))
    assert names <= seen


def test_a_writer_starts_over_when_its_packs_were_joined(repo: Repo) -> None:
    names = record_many(repo, 4)
    meanwhile = Once(lambda: record(repo, "other"))
    assert record(repo, "mine", meanwhile) == "mine"
    assert branches(repo) == {*names, "other", "mine"}
    assert unnamed_packs(repo.layout) == set()


def test_two_that_join_the_same_packs(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loser has copied them all, too: its pack goes, and what it copied does not count."""
    names = record_many(repo, 4)
    after_its_pack(monkeypatch, Once(lambda: record(repo, "other")))
    record(repo, "mine")
    assert branches(repo) == {*names, "other", "mine"}
    assert unnamed_packs(repo.layout) == set()
    assert newest(repo).retires == ()
    assert len(newest(repo).packs) == 2


def test_many_processes_that_join_lose_nothing(repo: Repo) -> None:
    record_many(repo, 10)
    answers = processes.race(processes.record_branches_joining, repo.root, "p", 12, processes=3)
    acknowledged = {name for names in answers for name in names}
    assert len(acknowledged) > 12
    assert branches(repo) == acknowledged | {f"b{number}" for number in range(10)}
    assert unnamed_packs(repo.layout) == set()
    assert len(newest(repo).packs) <= 4


# Dying meanwhile


def die(*arguments: object) -> None:
    raise SystemExit


@pytest.mark.parametrize("where", ["before the entry", "before the removal"])
def test_whoever_dies_leaves_packs_that_do_not_matter(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    names = record_many(repo, 4)
    packs = newest(repo).packs
    with monkeypatch.context() as patch:
        patch.setattr(io, "remove_quietly", lambda path: None)
        if where == "before the entry":
            after_its_pack(patch, die)
            with pytest.raises(SystemExit):
                record(repo, "next")
            assert newest(repo).packs == packs
            assert len(unnamed_packs(repo.layout)) == 1
        else:
            record(repo, "next")
            names |= {"next"}
            assert unnamed_packs(repo.layout) == {f"{ref.name}.pack" for ref in packs}
    for name in unnamed_packs(repo.layout):
        Path(repo.layout.packs, name).write_bytes(b"nobody reads this")
    opened = opened_packs(monkeypatch)
    dead = unnamed_packs(repo.layout)
    assert branches(repo) == names
    names |= record_many(repo, 10, "later")
    assert reading(repo, everything) == branches(repo) == names
    assert dead <= unnamed_packs(repo.layout)
    assert not dead & {os.path.basename(path) for path in opened}
    assert len(opened) > 10


def opened_packs(patch: pytest.MonkeyPatch) -> list[str]:
    """The packs that are opened from now on."""
    opened: list[str] = []
    begin: Callable[..., None] = Pack.__init__

    def noted(pack: Pack, path: str, *others: Any) -> None:
        opened.append(path)
        begin(pack, path, *others)

    patch.setattr(Pack, "__init__", noted)
    return opened


def test_a_pack_that_goes_while_it_is_to_be_taken_in(repo: Repo) -> None:
    """That is no damage: somebody else joined it, and this command starts over."""
    refs = [write_pack(repo.layout, [b"%d" % number]) for number in range(4)]
    store = writable(repo.layout, refs)
    assert store.writer is not None
    store.writer.add(digest_of(b"new"), b"new")
    os.unlink(repo.layout.pack(refs[3].name))
    with pytest.raises(PackGone):
        join.take_in(store)
    store.close()
    assert set(os.listdir(repo.layout.packs)) == {f"{ref.name}.pack" for ref in refs[:3]}


def test_a_pack_that_only_this_process_cannot_open_is_no_bad_one(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    store = writable(repo.layout, [write_pack(repo.layout, [b"%d" % number]) for number in range(4)])
    assert store.writer is not None
    store.writer.add(digest_of(b"new"), b"new")
    with monkeypatch.context() as patch, pytest.raises(SystemTrouble):
        patch.setattr(os, "open", faults.failing(errno.EMFILE))
        join.take_in(store)
    store.close()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE])
def test_a_pack_that_may_not_be_read_stays(repo: Repo, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is recorded where this process may open no more files: the pack is as good as any other."""
    record_many(repo, 4)
    refused, before = newest(repo).packs[1], newest(repo).number
    real = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if path == repo.layout.pack(refused.name):
            raise OSError(code, os.strerror(code), path)
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        if code == errno.EMFILE:
            with pytest.raises(SystemTrouble):
                record(repo, "next")
        else:
            record(repo, "next")
    assert refused in newest(repo).packs
    assert newest(repo).number == before + (code == errno.EACCES)


def test_a_pack_with_a_bad_sector_stays(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies far from the index, so that the pack can be opened; nothing of the pack is copied."""
    record_many(repo, 3)
    bad = write_pack(repo.layout, [random.Random(1).randbytes(1 << 16)])
    put_operation(repo.layout, newest(repo)._replace(packs=(*newest(repo).packs, bad)))
    path, real = os.path.realpath(repo.layout.pack(bad.name)), os.pread

    def refuse(fd: int, size: int, offset: int) -> bytes:
        if 1 << 14 <= offset < 1 << 15 and os.readlink(f"/proc/self/fd/{fd}") == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, size, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", refuse)
        patch.setattr("muse.core.packs.pack._PIECE", 1 << 12)
        patch.setattr(join, "choose", lambda refs, size: refs)
        record(repo, "next")
    joined = newest(repo).packs[-1]
    assert newest(repo).packs == (bad, joined)
    assert joined.size < 1 << 12
    assert branches(repo) == {"b0", "b1", "b2", "next"}


def test_a_full_disk_is_no_pack_that_cannot_be_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    record_many(repo, 4)
    before, take_in = newest(repo), NewPack.take_in

    def full(pack: NewPack, other: Pack) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(io, "_BUFFER", 1)
            patch.setattr(os, "write", faults.failing(errno.ENOSPC))
            return take_in(pack, other)

    monkeypatch.setattr(NewPack, "take_in", full)
    with pytest.raises(SystemTrouble, match="No space left"):
        record(repo, "next")
    assert newest(repo) == before
    assert unnamed_packs(repo.layout) == set()
