"""`muse.core.doctor`: what can be found anywhere is had again, what cannot is named, and nothing gets worse."""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from muse.core import doctor, folder_state, fsck, ops, rescue, worktree
from muse.core.command import State
from muse.core.cure import Cure
from muse.core.doctor import Repair
from muse.core.errors import Damaged, MuseError, Refused, SystemTrouble, TooNew, Unconfirmed
from muse.core.object_store import object_path, read_object, write_object
from muse.core.pack_writer import Base, PackWriter
from muse.core.paths import Layout
from muse.core.records import Author, Commit, encode_commit, encode_tree
from muse.core.repo import Repo
from muse.core.store import ObjectStore
from muse.core.trees import EMPTY_DIGEST
from muse.core.types import FILE, Entry, blob_id, digest_of, id_of
from muse.core.view import View
from muse.core.worktree_lock import WorktreeLock
from muse.core.writing import Draft, writing
from tests.bad_input.scenes import DAMAGE
from tests.commands import commit_id, muse, ok, refused
from tests.core import damaged, faults
from tests.core.commands import Once, after_its_pack, change_files, raising, record
from tests.core.damaged import VERSIONS, flip, newest, operation, packs, spoil
from tests.core.stores import an_operation, new_repo, put_operation, writable, write_pack

damages = pytest.mark.parametrize("damage", DAMAGE)


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits, in three packs."""
    return damaged.build(folder)


def repair(repo: Repo) -> Repair:
    """Repair, and see that `fsck` finds no more than what the doctor says."""
    done = doctor.repair(repo)
    found = fsck.check(repo.layout)
    assert found.problems == done.findings.problems
    return done


def heal(repo: Repo) -> Repair:
    """Repair everything."""
    done = repair(repo)
    assert done.findings.clean
    assert done.cure.recorded == newest(repo).number
    assert doctor.repair(repo) == Repair(Cure(), (), fsck.check(repo.layout), ())
    return done


def read(repo: Repo, data: bytes) -> bytes:
    """An object as commands read it."""
    store = ObjectStore(repo.layout, newest(repo).packs)
    try:
        return store.read(digest_of(data))
    finally:
        store.close()


def test_nothing_to_repair(repo: Repo) -> None:
    before = damaged.files(repo.layout)
    assert doctor.repair(repo) == Repair(Cure(), (), fsck.check(repo.layout), ())
    assert damaged.files(repo.layout) == before


def test_a_repository_without_history(folder: Path) -> None:
    repo = new_repo(folder)
    assert doctor.repair(repo).findings.clean
    assert ops.numbers(repo.layout) == []


@damages
def test_the_newest_operation(repo: Repo, damage: Callable[[Path], None]) -> None:
    second, third = commit_id("HEAD~1"), commit_id()
    damage(operation(repo, 4))
    was = operation(repo, 4).read_bytes()
    assert "`muse doctor`" in refused("status", status=3)
    done = heal(repo)
    assert (done.cure.recorded, done.cure.back_at, done.cure.lost) == (5, 3, (4,))
    assert [id_of(commit) for commit in done.cure.found] == [third]
    last = newest(repo)
    assert last.view == ops.read(repo.layout, 3).view
    assert (last.previous, last.lost, last.at) == (ops.digest(repo.layout, 4), (4,), 3)
    assert operation(repo, 4).read_bytes() == was
    assert commit_id() == second
    assert ok("branch", "found", third[7:17])
    assert commit_id("found") == third
    for words in (("op", "log"), ("status",), ("log",), ("show", "@{now}"), ("undo",), ("op", "restore", "3")):
        ok(*words)
    Path("b.txt").write_text("new\n")
    ok("commit", "-m", "after")
    assert fsck.check(repo.layout).clean


def test_several_operations_at_the_end(repo: Repo) -> None:
    first = commit_id("HEAD~2")
    flip(operation(repo, 3))
    operation(repo, 4).write_bytes(b"")
    done = heal(repo)
    assert (done.cure.recorded, done.cure.back_at, done.cure.lost) == (5, 2, (3, 4))
    assert commit_id() == first
    assert len(done.cure.found) == 1, "the last of two"


def test_a_folder_in_the_place_of_the_newest_operation(repo: Repo) -> None:
    operation(repo, 4).unlink()
    operation(repo, 4).mkdir()
    assert heal(repo).cure.lost == (4,)
    assert newest(repo).previous == b""


def test_packs_that_a_lost_operation_had_joined(repo: Repo) -> None:
    """The packs that the last whole operation names are gone: what they held lies in one that it does not know."""
    while not newest(repo).retires:
        Path("a.txt").write_bytes(VERSIONS[0] + b"%d\n" % newest(repo).number)
        ok("commit", "-m", "more")
    before, number = commit_id("HEAD~1"), newest(repo).number
    flip(operation(repo, number))
    done = heal(repo)
    assert done.cure.retired and not done.cure.aside
    assert commit_id() == before
    assert read(repo, VERSIONS[1]) == VERSIONS[1]


@damages
def test_a_damaged_operation_among_others(repo: Repo, damage: Callable[[Path], None]) -> None:
    before = commit_id()
    damage(operation(repo, 3))
    done = heal(repo)
    assert (done.cure.back_at, done.cure.lost, done.cure.copied) == (0, (3,), 0)
    assert commit_id() == before
    listed = [line.split()[0] for line in ok("op", "log").splitlines()]
    assert listed == ["5", "4", "2", "1"]
    assert ok("op", "log", "-n", "2").count("\n") == 2
    ok("op", "restore", "2")
    ok("show", "@{now}")


def test_a_damaged_pack_is_kept_while_an_operation_is_lost(repo: Repo) -> None:
    """Nobody knows what that needed."""
    Path("copy").write_bytes(VERSIONS[0])
    pack = spoil(repo, VERSIONS[0])
    flip(operation(repo, 3))
    assert pack.stem in [ref.name for ref in heal(repo).cure.aside]
    assert Path(repo.layout.pack_aside(pack.stem)).exists()


def test_a_damaged_pack_is_kept_while_an_operation_is_gone(repo: Repo) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    pack = spoil(repo, VERSIONS[0])
    Path(repo.layout.head).write_text("operation 5\n")
    assert pack.stem in [ref.name for ref in heal(repo).cure.aside]


def test_a_gap_that_a_wrong_hint_hides(repo: Repo) -> None:
    before = newest(repo).view
    operation(repo, 3).unlink()
    Path(repo.layout.head).write_text("operation 2\n")
    assert heal(repo).cure.lost == (3,)
    assert newest(repo).view == before


def elsewhere_pack(repo: Repo, data: bytes) -> None:
    write_pack(repo.layout, [data])


def elsewhere_single(repo: Repo, data: bytes) -> None:
    write_object(repo.root, blob_id(data), data)


def elsewhere_file(repo: Repo, data: bytes) -> None:
    Path(repo.root, "old").mkdir()
    Path(repo.root, "old/copy of it").write_bytes(data)


@pytest.mark.parametrize("elsewhere", [elsewhere_pack, elsewhere_single, elsewhere_file])
def test_an_object_that_is_found_elsewhere(repo: Repo, elsewhere: Callable[[Repo, bytes], None]) -> None:
    """Two more rest on it."""
    elsewhere(repo, VERSIONS[0])
    Path("a.txt").unlink()
    path = spoil(repo, VERSIONS[0])
    assert len(fsck.check(repo.layout).broken) == 3
    done = heal(repo)
    assert not done.cure.aside and not path.exists()
    assert [read(repo, data) for data in VERSIONS] == VERSIONS
    ok("restore", "a.txt")
    ok("checkout", "HEAD~2")


@pytest.mark.parametrize("elsewhere", [elsewhere_pack, elsewhere_single, elsewhere_file])
def test_a_large_object_that_is_found_elsewhere(
    repo: Repo, elsewhere: Callable[[Repo, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = os.urandom(300_000)
    Path("large").write_bytes(large)
    ok("commit", "-m", "large")
    Path("large").unlink()
    elsewhere(repo, large)
    spoil(repo, large)
    for module in ("store", "health", "rescue", "cure"):
        monkeypatch.setattr(f"muse.core.{module}.LARGE", 100_000)
    monkeypatch.setattr(PackWriter, "add", small(PackWriter.add))
    heal(repo)
    monkeypatch.undo()
    assert read(repo, large) == large


def small(add: Callable[..., None]) -> Callable[..., None]:
    """No large object is in memory as a whole."""

    def guarded(writer: PackWriter, digest: bytes, data: bytes, *rest: object) -> None:
        assert len(data) <= 100_000
        add(writer, digest, data, *rest)

    return guarded


def test_a_large_file_that_is_something_else_by_now(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read twice: once to find it, once to copy it."""
    monkeypatch.setattr(rescue, "LARGE", 50)
    look = rescue.Everywhere.look_in_folder

    def then_changed(self: rescue.Everywhere, wanted: dict[bytes, int | None]) -> None:
        look(self, wanted)
        Path("a.txt").write_bytes(b"changed meanwhile " * 9)

    monkeypatch.setattr(rescue.Everywhere, "look_in_folder", then_changed)
    spoil(repo, VERSIONS[2])
    done = repair(repo)
    assert [problem.what for problem in done.findings.problems] == [blob_id(VERSIONS[2])]
    assert done.cure.copied == 2, "the commit and its tree"


def test_a_link_that_still_stands(repo: Repo) -> None:
    Path("link").symlink_to("deep/b.txt")
    ok("commit", "-m", "a link")
    spoil(repo, b"deep/b.txt")
    heal(repo)
    assert read(repo, b"deep/b.txt") == b"deep/b.txt"


def test_a_pack_that_is_gone(repo: Repo) -> None:
    gone = packs(repo)[2]
    kept = shutil.copy(gone, "kept")
    gone.unlink()
    done = repair(repo)
    assert not done.findings.clean
    assert done.cure.retired and not done.cure.aside
    shutil.copy(kept, gone)
    heal(repo)


@damages
def test_what_cannot_be_had_is_named_and_set_aside(repo: Repo, damage: Callable[[Path], None]) -> None:
    Path("a.txt").unlink()
    last = packs(repo)[2]
    damage(last)
    bytes_of_it = last.read_bytes()
    third = commit_id("HEAD") if muse("show").status == 0 else None
    done = repair(repo)
    lost = [problem.what for problem in done.findings.problems]
    assert blob_id(VERSIONS[2]) in lost or third is None or damage is DAMAGE[3]
    assert len(done.findings.broken) == 1
    assert [ref.name for ref in done.cure.aside] == [last.stem]
    assert not last.exists()
    assert Path(repo.layout.pack_aside(last.stem)).read_bytes() == bytes_of_it
    assert last.stem in "".join(done.findings.remarks)
    number = newest(repo).number
    again = repair(repo)
    assert (again.cure, again.findings.problems) == (Cure(), done.findings.problems)
    assert newest(repo).number == number
    assert [read(repo, data) for data in VERSIONS[:2]] == VERSIONS[:2]
    ok("undo")
    assert ok("status")


def test_what_nobody_needs_is_not_missed(repo: Repo) -> None:
    last = newest(repo)
    ref = write_pack(repo.layout, [b"nobody needs this"])
    put_operation(repo.layout, last._replace(packs=(*last.packs, ref)))
    spoil(repo, b"nobody needs this")
    done = heal(repo)
    assert (done.cure.retired, done.cure.aside, done.cure.copied) == ((ref,), (), 0)


OLD, NEW = (b"the same in both\n" * 30 + what for what in (b"old", b"new"))
OTHER = b"in the pack of the old one"


def resting(folder: Path) -> Repo:
    """A commit of `new`, which rests on an older version that nobody needs, and of `other`, in one pack with that."""
    repo = new_repo(folder)
    base = write_pack(repo.layout, [OLD, OTHER])
    store = writable(repo.layout, (base,))
    assert store.writer is not None
    store.writer.add(digest_of(NEW), NEW, Base(digest_of(OLD), OLD, 1))
    entries = {"new": Entry(FILE, digest_of(NEW)), "other": Entry(FILE, store.add(OTHER))}
    tree = store.add(encode_tree(entries))
    commit = store.add(encode_commit(Commit(tree, (), Author("a", "b"), "2026-03-14T12:00:00+00:00", "m")))
    refs = (base, *store.writer.finish())
    store.close()
    put_operation(repo.layout, an_operation(packs=refs, view=View("main", commit, {"main": commit})))
    assert fsck.check(repo.layout).clean
    return repo


@pytest.mark.parametrize("lost", [OTHER, OLD])
def test_what_others_rest_on_is_kept_though_nobody_needs_it(tmp_path: Path, lost: bytes) -> None:
    repo = resting(tmp_path)
    (tmp_path / "a copy").write_bytes(lost)
    spoil(repo, lost)
    heal(repo)
    assert (read(repo, NEW), read(repo, OTHER)) == (NEW, OTHER)


def commit_in_one_pack(folder: Path, *objects: bytes, tree: bytes = EMPTY_DIGEST) -> Repo:
    """A commit of a tree, in one pack with these; each rests on the one before it that is as long."""
    repo = new_repo(folder)
    writer = PackWriter(repo.layout, durable=False, way="link")
    for before, data in zip((b"", *objects), objects, strict=False):
        writer.add(digest_of(data), data, Base(digest_of(before), before, 1) if len(before) == len(data) else None)
    commit = encode_commit(Commit(tree, (), Author("a", "b"), "2026-03-14T12:00:00+00:00", "m"))
    writer.add(digest_of(commit), commit)
    view = View("main", digest_of(commit), {"main": digest_of(commit)})
    put_operation(repo.layout, an_operation(packs=writer.finish(), view=view))
    return repo


def test_a_version_is_copied_with_the_one_that_it_rests_on(tmp_path: Path) -> None:
    tree = encode_tree({"new": Entry(FILE, digest_of(NEW))})
    repo = commit_in_one_pack(tmp_path, OLD, NEW, tree, b"nobody needs this", tree=digest_of(tree))
    spoil(repo, b"nobody needs this")
    heal(repo)
    assert read(repo, NEW) == NEW


def test_the_empty_tree_is_never_missing(tmp_path: Path) -> None:
    repo = commit_in_one_pack(tmp_path, b"nobody needs this")
    spoil(repo, b"nobody needs this")
    assert heal(repo).cure.aside == ()


def test_a_single_object_is_replaced(repo: Repo) -> None:
    for data in (VERSIONS[0], b"nowhere else"):
        write_object(repo.root, blob_id(data), data)
        flip(Path(object_path(repo.root, blob_id(data))))
    done = repair(repo)
    assert [problem.what for problem in done.findings.problems] == [blob_id(b"nowhere else")]
    assert read_object(repo.root, blob_id(VERSIONS[0])) == VERSIONS[0]
    assert done.cure == Cure()


def test_hints_and_caches(repo: Repo) -> None:
    before = Path(repo.layout.head).read_bytes()
    ok("status")
    Path(repo.layout.head).write_text("operation 77\n")
    Path(repo.layout.cache, "stat").write_bytes(b"junk")
    done = repair(repo)
    assert done.mended == ("threw away the cache stat", "wrote HEAD anew")
    assert (done.cure, newest(repo).number) == (Cure(gone=77), 4)
    assert Path(repo.layout.head).read_bytes() == before
    assert not Path(repo.layout.cache, "stat").exists()


@pytest.mark.parametrize("text", ["junk", "77", ""])
def test_how_far_the_folder_is(repo: Repo, text: str) -> None:
    """Nobody can tell any more, so no file is touched: one may be as a person brought it back."""
    ok("checkout", "HEAD~1")
    Path("a.txt").write_bytes(VERSIONS[2])
    Path(repo.layout.applied).write_text(text)
    done = repair(repo)
    assert done.findings.clean
    assert done.mended == ("wrote `applied` anew",)
    assert done.notes == ("a.txt is as it was before operation 5: `muse status` shows how it differs",)
    assert folder_state.applied(repo.layout) == 5
    assert Path("a.txt").read_bytes() == VERSIONS[2]
    assert doctor.repair(repo).notes == ()


def test_what_a_dead_command_began_is_finished_with_what_was_found(repo: Repo) -> None:
    ok("checkout", "HEAD~1")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    Path("copy").write_bytes(VERSIONS[1])
    spoil(repo, VERSIONS[1])
    done = repair(repo)
    assert done.findings.clean
    assert done.notes == ("finished: checkout (operation 5)",)
    assert Path("a.txt").read_bytes() == VERSIONS[1]


def test_what_another_machine_began(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("checkout", "HEAD~1")
    put_operation(repo.layout, newest(repo)._replace(host="elsewhere"))
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    monkeypatch.setattr("muse.core.worktree_lock.is_network", lambda fd: True)
    assert "`muse doctor --resume`" in refused("checkout", "main", status=4)
    (note,) = [note for note in doctor.repair(repo).notes if "elsewhere" in note]
    assert "was begun on elsewhere" in note
    assert "finished: checkout (operation 5)" in doctor.resume(repo)
    assert Path("a.txt").read_bytes() == VERSIONS[1]
    assert not [note for note in doctor.resume(repo) if "finished" in note]


def test_no_operation_is_whole(repo: Repo) -> None:
    tip = newest(repo).view.commit
    for number in (1, 2, 3, 4):
        flip(operation(repo, number))
    done = doctor.repair(repo)
    assert (done.cure.found, done.cure.branches, done.cure.lost) == ((tip,), ("found",), (1, 2, 3, 4))
    assert fsck.check(repo.layout).problems == ()
    assert newest(repo).view.branches == {"found": tip}


@pytest.mark.parametrize("hint", [True, False])
def test_the_whole_log_is_gone(repo: Repo, hint: bool) -> None:
    """No command begins another, which would leave the packs to gc; the commits are found, and have names."""
    tip, old = newest(repo).view.commit, packs(repo)
    shutil.rmtree(repo.layout.ops)
    if not hint:
        os.unlink(repo.layout.head)
    for path in old:
        os.utime(path, (1, 1))
    for words in (["status"], ["commit", "-m", "x"], ["init"], ["log"], ["gc"], ["undo"]):
        assert muse(*words).status == 3, words
    assert all(path.exists() for path in old)
    assert not fsck.check(repo.layout).clean
    assert doctor.repair(repo).cure.branches == ("found",)
    assert newest(repo).view.branches == {"found": tip}
    assert fsck.check(repo.layout).problems == ()
    ok("reset", "found")
    ok("gc", "--forget", "--yes")
    assert newest(repo).view.commit == tip
    assert ok("fsck").startswith("No problem found")


def test_a_young_log_is_gone(repo: Repo) -> None:
    """A commit that follows another is not of the first command of all, however young its pack is."""
    tip = newest(repo).view.commit
    shutil.rmtree(repo.layout.ops)
    os.unlink(repo.layout.head)
    for words in (["status"], ["commit", "-m", "x"], ["gc"]):
        assert muse(*words).status == 3, words
    assert doctor.repair(repo).cure.found == (tip,)


def test_a_pack_that_cannot_be_set_aside_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = spoil(repo, VERSIONS[2])
    Path("a.txt").unlink()
    with monkeypatch.context() as patch:
        rename, refuse = os.rename, faults.failing(errno.EIO)
        patch.setattr(os, "rename", lambda one, other: (refuse if one == str(path) else rename)(one, other))
        done = doctor.repair(repo)
    assert done.cure.recorded and done.cure.aside == () and path.exists()
    assert done.notes[0].startswith(f"cannot set aside {path}: Input/output error")


def test_the_last_commits_are_branches_the_newest_first(repo: Repo) -> None:
    ok("branch", "side", "HEAD~1")
    ok("checkout", "side")
    Path("b.txt").write_text("another line\n")
    ok("commit", "-m", "on the side")
    ok("checkout", "main")
    tips = {*newest(repo).view.branches.values()}
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert done.cure.branches == ("found", "found-2") and {*done.cure.found} == tips


def test_the_log_is_gone_and_so_is_a_file_of_long_ago(repo: Repo) -> None:
    """The commits have names all the same, and gc takes none of them."""
    tip = newest(repo).view.commit
    spoil(repo, VERSIONS[0])
    Path("a.txt").unlink()
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert (done.cure.found, done.cure.branches) == ((tip,), ("found",))
    assert [problem.what for problem in done.findings.problems] == [blob_id(VERSIONS[0])]
    ok("gc")
    ok("reset", "found")
    assert len(muse("log", "--json").json) == 3


def test_what_is_whole_comes_first(repo: Repo) -> None:
    ok("branch", "side", "HEAD~2")
    ok("checkout", "side")
    Path("b.txt").write_text("only here\n")
    ok("commit", "-m", "on the side")
    whole = newest(repo).view.commit
    ok("checkout", "main")
    spoil(repo, VERSIONS[2])
    Path("a.txt").unlink()
    shutil.rmtree(repo.layout.ops)
    assert doctor.repair(repo).cure.found[0] == whole


def test_what_was_shelved_stays_when_the_log_is_gone(repo: Repo) -> None:
    """It is set aside with the old packs, and only `gc --forget` takes them."""
    Path("a.txt").write_bytes(b"shelved\n")
    ok("shelf", "push")
    old = packs(repo)
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert {ref.name for ref in done.cure.aside} == {path.stem for path in old}
    ok("gc")
    assert all(Path(repo.layout.pack_aside(path.stem)).exists() for path in old)
    ok("gc", "--forget", "--yes")
    assert not any(Path(repo.layout.pack_aside(path.stem)).exists() for path in old)


def test_a_hint_and_nothing_else_is_left(folder: Path) -> None:
    """As after a power cut where commands do not wait for the disk."""
    ok("init")
    here = Repo(str(folder))
    operation(here, 1).unlink()
    assert muse("status").status == 3
    assert doctor.repair(here).cure.anew
    ok("status")
    assert fsck.check(here.layout).problems == ()


def test_no_operation_is_whole_and_the_first_were_dropped(repo: Repo) -> None:
    ok("config", "gc.keep", "1")
    ok("config", "gc.days", "0")
    ok("gc")
    numbers = ops.numbers(repo.layout)
    assert numbers[0] > 1
    for number in numbers:
        flip(operation(repo, number))
    assert doctor.repair(repo).cure.lost == tuple(numbers)
    assert fsck.check(repo.layout).problems == ()
    ok("op", "log")
    ok("gc")


def test_a_repair_that_cannot_be_looked_at_is_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 4))
    answers = iter([fsck.check(repo.layout)])

    def once(layout: Layout) -> object:
        for answer in answers:
            return answer
        raise SystemTrouble("cannot list it")

    monkeypatch.setattr(fsck, "check", once)
    with pytest.raises(Unconfirmed, match="recorded as operation 5, but cannot list it"):
        doctor.repair(repo)


def test_neither_operation_nor_pack_is_left(repo: Repo) -> None:
    for path in packs(repo):
        path.unlink()
    for number in (1, 2, 3, 4):
        flip(operation(repo, number))
    with pytest.raises(Damaged, match=r"no operation in .* is whole"):
        doctor.repair(repo)


def test_packs_without_a_commit_are_nothing_to_go_back_to(repo: Repo) -> None:
    """A new log is begun all the same: nobody could work otherwise."""
    first, *others = packs(repo)
    for path in others:
        path.unlink()
    first.write_bytes(bytes(first.stat().st_size))
    os.utime(first, (1, 1))
    shutil.rmtree(repo.layout.ops)
    done = doctor.repair(repo)
    assert (done.cure.recorded, done.cure.branches) == (1, ())
    ok("commit", "-m", "anew")


def test_the_first_command_of_all_may_have_left_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is young, nobody takes it for what is left of a log."""
    monkeypatch.chdir(tmp_path)
    ok("init")
    Path("a.txt").write_text("x")
    ok("commit", "-m", "first")
    shutil.rmtree(Path(".muse/ops"))
    Path(".muse/HEAD").unlink()
    ok("status")
    for path in Path(".muse/objects/pack").iterdir():
        os.utime(path, (1, 1))
    assert muse("status").status == 3


def newer_operation(repo: Repo, number: int = 4) -> None:
    head = operation(repo, number).read_bytes()[:-32]
    head = head[:8] + b"\0\0\0\2" + head[12:]
    operation(repo, number).write_bytes(head + digest_of(head))


def newer_pack(repo: Repo) -> None:
    path = packs(repo)[0]
    path.write_bytes(path.read_bytes()[:8] + b"\0\0\0\2" + path.read_bytes()[12:-8] + b"ANOTHER ")


def newer_operation_among_others(repo: Repo) -> None:
    newer_operation(repo, 3)


def newer_operation_and_no_whole_one(repo: Repo) -> None:
    for number in (1, 2, 3):
        flip(operation(repo, number))
    newer_operation(repo)


NEWER = [newer_operation, newer_operation_among_others, newer_operation_and_no_whole_one, newer_pack]


@pytest.mark.parametrize("newer", NEWER)
def test_what_a_newer_muse_wrote_is_left_alone(repo: Repo, newer: Callable[[Repo], None]) -> None:
    newer(repo)
    before = damaged.files(repo.layout)
    with pytest.raises(TooNew):
        doctor.repair(repo)
    assert damaged.files(repo.layout) == before


def test_a_flipped_version_is_no_newer_muse(repo: Repo) -> None:
    """It is damage as any other, and the rest is repaired."""
    for path in (operation(repo, 2), *packs(repo)):
        data = bytearray(path.read_bytes())
        data[11] ^= 2
        path.write_bytes(data)
    doctor.repair(repo)
    assert fsck.check(repo.layout).problems == ()


def test_what_could_not_be_read_for_a_moment_is_left_alone(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 2))
    read, before = ops.read, damaged.files(repo.layout)
    refusals = iter([SystemTrouble("the disk reported an error")])

    def refusing(layout: Layout, number: int) -> ops.Operation:
        for refusal in refusals if number == 4 and sys._getframe(1).f_code.co_name == "_ends" else ():
            raise refusal
        return read(layout, number)

    findings = fsck.check(repo.layout)
    monkeypatch.setattr(fsck, "check", lambda layout: findings)
    monkeypatch.setattr(ops, "read", refusing)
    with pytest.raises(SystemTrouble, match="the disk reported an error"):
        doctor.repair(repo)
    assert damaged.files(repo.layout) == before


def test_a_number_that_nobody_wrote(repo: Repo) -> None:
    stray = operation(repo, 999_999_999_999)
    stray.write_bytes(b"junk")
    assert ok("status")
    with pytest.raises(Damaged, match="no number is left"):
        doctor.repair(repo)
    stray.rename(operation(repo, 500_000))
    done = repair(repo)
    assert done.cure.lost == (500_000,)
    assert not done.findings.clean, "nobody stands in for so many that are missing"
    assert repair(repo).cure == Cure()
    ok("gc", "--forget", "--yes")
    assert repair(repo).findings.clean


def test_a_large_gap(repo: Repo) -> None:
    """As a copy of an entry under a higher number leaves it."""
    shutil.copy(operation(repo, 4), operation(repo, 99_000))
    assert heal(repo).cure.lost == tuple(range(5, 99_001))
    ok("commit", "--amend", "-m", "it goes on")
    ok("gc")
    assert len(ok("op", "log").splitlines()) == 6


def test_somebody_was_faster(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("copy").write_bytes(VERSIONS[1])
    spoil(repo, VERSIONS[1])
    meanwhile = Once(lambda: record(repo, "meanwhile"))
    with monkeypatch.context() as patch:
        after_its_pack(patch, meanwhile)
        done = repair(repo)
    assert done.findings.problems[0].kind == "commit", "what the other one recorded is no commit at all"
    assert "meanwhile" in newest(repo).view.branches
    assert read(repo, VERSIONS[1]) == VERSIONS[1]


def test_another_doctor_was_faster(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 4))
    monkeypatch.setattr(WorktreeLock, "acquire", lambda self, **how: True)
    with monkeypatch.context() as patch:
        after_its_pack(patch, Once(lambda: doctor.repair(repo)))
        assert doctor.repair(repo).cure == Cure()
    assert (newest(repo).number, newest(repo).lost) == (5, (4,))
    assert fsck.check(repo.layout).remarks[-1].startswith("1 pack of "), "that of the lost commit"


def test_somebody_changes_the_folder(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    held = WorktreeLock(repo.layout)
    held.acquire(shared=True)
    assert doctor.repair(repo).findings.clean, "it looks, and waits for nobody"
    flip(operation(repo, 2))
    monkeypatch.setattr(WorktreeLock.acquire, "__kwdefaults__", {"patience": 0.01})
    try:
        with pytest.raises(Refused):
            doctor.repair(repo)
    finally:
        held.release()


def test_somebody_reads_a_folder_that_is_on_its_way(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("checkout", "HEAD~1")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    monkeypatch.setattr(WorktreeLock.acquire, "__kwdefaults__", {"patience": 0.01})
    held = WorktreeLock(repo.layout)
    held.acquire(shared=True)
    try:
        (note,) = doctor.repair(repo).notes
        assert note.startswith("the files of this folder are not finished: another muse command")
        with pytest.raises(Refused, match="another muse command"):
            doctor.resume(repo)
        assert Path("a.txt").read_bytes() == VERSIONS[2]
    finally:
        held.release()
    assert doctor.resume(repo) == ("finished: checkout (operation 5)",)


class Killed(BaseException):
    """Stands for SIGKILL."""


FILES: dict[str, bytes | None] = {"good": b"good" * 9, "lost": b"lost" * 9}


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose first command died before it changed any file; another came since."""
    repo = new_repo(tmp_path / "root")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(worktree, "put_in_place", raising(Killed()))
        change_files(repo, FILES)
    record(repo, "between")
    return repo


def test_of_a_folder_that_is_on_its_way_what_can_be_had_is_finished(behind: Repo) -> None:
    spoil(behind, b"lost" * 9)
    assert doctor.repair(behind).notes == (
        "finished, as far as it can be had: checkout (operation 1)",
        "left alone, as what it should hold is lost: lost",
    )
    assert Path(behind.root, "good").read_bytes() == FILES["good"]
    assert not Path(behind.root, "lost").exists()
    assert not folder_state.is_unfinished(behind.layout, newest(behind))


def test_a_folder_of_which_nobody_knows_where_it_was_going_stays(behind: Repo) -> None:
    os.unlink(behind.layout.operation(1))
    assert doctor.repair(behind).notes == (
        "the files of this folder stay as they are: what operation 1 wanted is lost",
    )
    assert not folder_state.is_unfinished(behind.layout, newest(behind))
    assert record(behind, "next") == "next"


def killed(at: int, after: bool, work: Callable[[], object]) -> bool:
    """Do it in a process that is killed at call number `at`; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            with faults.tripping(at, lambda: os._exit(9), after=after):
                work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_it_leaves_nothing_worse(repo: Repo, tmp_path: Path, after: bool) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    spoil(repo, VERSIONS[0])
    flip(operation(repo, 4))
    lost = {problem.what for problem in fsck.check(repo.layout).problems}
    for at in itertools.count():
        struck = damaged.copy(repo, tmp_path.parent / f"struck {after} {at}")
        died = killed(at, after, lambda struck=struck: doctor.repair(struck))  # type: ignore[misc]
        found = fsck.check(struck.layout)
        assert {problem.what for problem in found.problems} <= lost, at
        assert doctor.repair(struck).findings.clean, at
        assert ops.read(struck.layout, 3).view == newest(struck).view
        assert read(struck, VERSIONS[1]) == VERSIONS[1]
        shutil.rmtree(struck.root)
        if not died:
            break
    assert at > 10


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_the_system_says_no(repo: Repo, tmp_path: Path, code: int) -> None:
    Path("copy").write_bytes(VERSIONS[0])
    spoil(repo, VERSIONS[0])
    lost = {problem.what for problem in fsck.check(repo.layout).problems}
    for at in itertools.count():
        struck = damaged.copy(repo, tmp_path.parent / f"refused {code} {at}")
        with suppress(MuseError), faults.tripping(at, OSError(code, os.strerror(code))) as calls:
            doctor.repair(struck)
        assert {problem.what for problem in fsck.check(struck.layout).problems} <= lost, at
        assert doctor.repair(struck).findings.clean, at
        assert read(struck, VERSIONS[1]) == VERSIONS[1]
        shutil.rmtree(struck.root)
        if len(calls) <= at:
            break
    assert at > 10


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_damaged(repo: Repo, seed: int) -> None:
    """A few bytes of any files of ours: what every copy of is damaged is named, all else can be had."""
    choose = random.Random(seed)
    ok("tag", "t")
    ok("checkout", "HEAD~1")
    files = [*Path(repo.layout.ops).iterdir(), *Path(repo.layout.packs).iterdir(), Path(repo.layout.applied)]
    for path in choose.sample(sorted(files), choose.randint(1, 4)):
        choose.choice([flip, *DAMAGE, Path.unlink])(path)
    try:
        done = repair(repo)
    except MuseError as error:
        assert "no operation in" in error.message or "HEAD names operation" in error.message
        return
    assert repair(repo).findings.problems == done.findings.problems
    assert ok("op", "log")
    if done.findings.clean:
        assert ok("log") and ok("status")


def test_what_only_led_to_a_lost_folder_comes_back_with_it(repo: Repo) -> None:
    """Nobody knows that `deep/b.txt` is needed while its folder is lost: the damaged pack that holds it is kept."""
    deep = digest_of(b"only once\n" * 20)
    tree = encode_tree({"b.txt": Entry(FILE, deep)})
    spoil(repo, tree)
    Path("deep/b.txt").unlink()
    assert not repair(repo).findings.clean
    with pytest.raises(Damaged):
        read(repo, b"only once\n" * 20)
    write_object(repo.root, blob_id(tree), tree)
    heal(repo)
    assert read(repo, b"only once\n" * 20) == b"only once\n" * 20


def test_a_pack_that_may_not_be_read_is_not_given_up(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(operation(repo, 2))
    before = damaged.files(repo.layout)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", faults.failing(errno.EIO))
        with pytest.raises(SystemTrouble) as stopped:
            doctor.repair(repo)
    assert stopped.value.kind == "eio"
    assert damaged.files(repo.layout) == before


@pytest.mark.parametrize("named", [True, False])
def test_a_pack_that_cannot_be_read_can_be_moved_away(repo: Repo, named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal says so, and then the doctor goes on without it."""
    bad = packs(repo)[-1]
    if not named:
        flip(operation(repo, 4))
    with monkeypatch.context() as patch, pytest.raises(SystemTrouble) as stopped:
        patch.setattr(os, "open", refusing_to_open(str(bad)))
        doctor.repair(repo)
    assert stopped.value.message.startswith(f"cannot open {bad}")
    assert stopped.value.kind == "eio" and "check the disk" in stopped.value.hint
    assert f"move {bad} away, then run `muse doctor` again" in stopped.value.hint
    bad.rename("away")
    assert doctor.repair(repo).cure.recorded == 5


def refusing_to_open(path: str) -> Callable[..., int]:
    """Opens files, but not that one."""
    original = os.open

    def refuse(name: str, *arguments: int, **options: int) -> int:
        if name == path:
            faults.failing(errno.EIO)()
        return original(name, *arguments, **options)

    return refuse


def test_files_that_may_not_be_opened_are_no_reason_to_move_them(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other would be refused as well."""
    spoil(repo, VERSIONS[0])

    def too_many(self: rescue.Everywhere, ref: object) -> object:
        raise SystemTrouble(f"cannot open {self.path(self.refs[0])}", "Close some.", kind="emfile")

    monkeypatch.setattr(rescue.Everywhere, "pack", too_many)
    with pytest.raises(SystemTrouble) as stopped:
        doctor.repair(repo)
    assert stopped.value.hint == "Close some."


def test_a_pack_that_may_not_be_opened_is_not_given_up_for_its_copy(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that it holds can be had from another pack; it may hold more than anybody can see."""
    last = newest(repo)
    copies = tuple(write_pack(repo.layout, [b"two of these"]) for _ in range(2))
    put_operation(repo.layout, last._replace(packs=(*last.packs, *copies)))
    path, original = repo.layout.pack(copies[0].name), os.open

    def refuse(name: str, *arguments: int, **options: int) -> int:
        if name == path:
            faults.failing(errno.EACCES)()
        return original(name, *arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(SystemTrouble):
        patch.setattr(os, "open", refuse)
        doctor.repair(repo)
    assert newest(repo).packs == (*last.packs, *copies)


def test_it_can_be_run_where_others_read(repo: Repo) -> None:
    """A reader that had opened the packs goes on; one that had not starts over."""
    Path("copy").write_bytes(VERSIONS[0])
    store = ops.open_store(repo.layout, newest(repo))
    store.open_all()
    spoil(repo, VERSIONS[0])
    heal(repo)
    assert store.read(digest_of(b"only once\n" * 20))
    store.close()


def test_entries_keep_their_form(repo: Repo) -> None:
    """A version is copied as what changed since another, not as a whole."""
    flip(packs(repo)[0], 8 + 4 + 1)
    size = sum(path.stat().st_size for path in packs(repo))
    done = heal(repo)
    assert done.cure.copied
    assert sum(path.stat().st_size for path in packs(repo)) <= size


def test_the_view_that_counts_is_the_last_that_is_whole(repo: Repo) -> None:
    """A later operation without files does not hide how far the folder is."""
    ok("checkout", "HEAD~1")
    ok("tag", "t")
    flip(operation(repo, 6))
    heal(repo)
    assert newest(repo).folder == 5
    assert not folder_state.is_behind(repo.layout, newest(repo))


def test_writing_builds_on_the_newest_that_is_whole(repo: Repo) -> None:
    """Only the doctor does; every other command stops."""
    flip(operation(repo, 4))
    with pytest.raises(Damaged):
        writing(repo, "x", (), lambda state: Draft(lambda left: None, state.view))

    def build(state: State) -> Draft[int]:
        assert state.operation is not None
        return Draft(lambda left: state.number, state.view, lost=(4,))

    assert writing(repo, "x", (), build, ends=doctor._ends) == 4
    assert (newest(repo).number, newest(repo).lost, newest(repo).previous) == (5, (4,), ops.digest(repo.layout, 4))
    assert newest(repo).packs == ops.read(repo.layout, 3).packs


def test_the_newest_operation_is_gone(repo: Repo) -> None:
    """Only `HEAD` tells of it. Its pack is still there, and in it the commit that nothing names any more."""
    third = commit_id()
    operation(repo, 4).unlink()
    done = heal(repo)
    assert (done.cure.recorded, done.cure.lost) == (4, ())
    assert [id_of(commit) for commit in done.cure.found] == [third]
    assert newest(repo).view == ops.read(repo.layout, 3).view
    ok("branch", "found", third[7:17])
    assert read(repo, VERSIONS[2]) == VERSIONS[2]


def lose_newest(repo: Repo) -> None:
    operation(repo, newest(repo).number).unlink()


def flip_newest(repo: Repo) -> None:
    flip(operation(repo, newest(repo).number))


@pytest.mark.parametrize("lose", [lose_newest, flip_newest])
@pytest.mark.parametrize("verb", [["shelf", "push"], ["add", "a.txt"], ["reset", "--hard"]])
def test_what_a_lost_operation_had_put_away_stays(repo: Repo, lose: Callable[[Repo], None], verb: list[str]) -> None:
    """Neither `doctor` nor gc removes it, and it can be had when the operation comes back."""
    work = b"nobody committed this\n"
    Path("a.txt").write_bytes(work)
    ok(*verb)
    stray, entry = packs(repo)[-1], operation(repo, 5).read_bytes()
    lose(repo)
    Path("a.txt").unlink(missing_ok=True)
    done = heal(repo)
    assert [ref.name for ref in done.cure.strays] == [stray.stem]
    assert (done.cure.retired, done.cure.aside) == ((), ())
    assert newest(repo).retires == done.cure.strays, "a writer that is still at work sees that it lost"
    ok("gc")
    assert not stray.exists() and Path(repo.layout.pack_aside(stray.stem)).exists()
    everywhere = rescue.Everywhere(repo.layout)
    assert everywhere.read(digest_of(work)) == work
    everywhere.close()
    last = newest(repo).number
    back = ops.decode(entry, "it")._replace(number=last + 1, previous=ops.digest(repo.layout, last))
    put_operation(repo.layout, back)
    heal(repo)
    assert read(repo, work) == work


@pytest.mark.parametrize("lose", [lose_newest, flip_newest])
def test_a_pack_of_a_lost_operation_of_which_all_is_kept_is_not_set_aside(
    repo: Repo, lose: Callable[[Repo], None]
) -> None:
    lose(repo)
    assert heal(repo).cure.strays == ()


def test_a_pack_of_a_lost_operation_that_nobody_can_look_through_is_set_aside(repo: Repo) -> None:
    stray = packs(repo)[-1]
    lose_newest(repo)
    stray.write_bytes(bytes(stray.stat().st_size))
    assert [ref.name for ref in heal(repo).cure.strays] == [stray.stem]


def test_a_pack_of_a_lost_operation_whose_index_is_damaged_is_set_aside(repo: Repo) -> None:
    """What it holds is found; whether that is all, nobody can tell."""
    stray = packs(repo)[-1]
    lose_newest(repo)
    flip(stray, stray.stat().st_size - 10)
    done = heal(repo)
    assert len(done.cure.found) == 1
    assert [ref.name for ref in done.cure.strays] == [stray.stem]


def test_an_operation_that_was_only_named_is_told(repo: Repo) -> None:
    """Nobody can tell whether it was there: the hint may be damaged."""
    Path(repo.layout.head).write_text("operation 6\n")
    assert doctor.repair(repo).cure == Cure(gone=6)
    assert doctor.repair(repo).cure == Cure()


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("at", [1, 9, 16, 20, 21, 30, 36])
def test_the_end_of_a_pack_is_damaged(repo: Repo, number: int, at: int) -> None:
    """Its objects are all there, and all are had again, though no file of the folder has their bytes."""
    for path in (Path("a.txt"), Path("b.txt"), Path("deep/b.txt")):
        path.unlink(missing_ok=True)
    pack = packs(repo)[number]
    flip(pack, pack.stat().st_size - at)
    done = heal(repo)
    assert done.cure.copied and done.cure.retired and not done.cure.aside
    assert [read(repo, data) for data in VERSIONS] == VERSIONS


@pytest.mark.parametrize("junk", [b"\n", bytes(1 << 20)])
def test_a_pack_that_has_grown_is_read_as_ever(repo: Repo, junk: bytes) -> None:
    """Also by a doctor that repairs something else."""
    with packs(repo)[1].open("ab") as file:
        file.write(junk)
    assert doctor.repair(repo).cure == Cure()
    spoil(repo, VERSIONS[0])
    Path("copy").write_bytes(VERSIONS[0])
    heal(repo)
    assert [read(repo, data) for data in VERSIONS] == VERSIONS
    ok("checkout", "HEAD~1")


def empty_folder(path: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).mkdir()


def a_link(path: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).symlink_to("elsewhere")


@pytest.mark.parametrize("strange", [empty_folder, a_link, os.mkfifo])
@pytest.mark.parametrize("name", ["HEAD", "applied", "worktree.lock", "cache/stat", "cache/graph"])
def test_something_that_is_no_file_makes_room(repo: Repo, name: str, strange: Callable[[str], None]) -> None:
    path = Path(repo.layout.muse, name)
    path.unlink(missing_ok=True)
    strange(str(path))
    done = doctor.repair(repo)
    assert done.findings.clean and len(done.mended) == 1
    assert not os.path.lexists(path) or path.is_file()
    assert doctor.repair(repo).mended == ()
    ok("status")
    Path("a.txt").write_bytes(b"more\n")
    assert name != "worktree.lock" or ok("commit", "-m", "it can be locked")


def test_a_folder_with_something_in_it_stays(repo: Repo) -> None:
    """Whatever that is, it was not muse that put it there."""
    empty_folder(repo.layout.applied)
    kept = Path(repo.layout.applied, "kept")
    kept.write_bytes(b"a person's")
    with pytest.raises(SystemTrouble, match="applied"):
        doctor.repair(repo)
    assert kept.read_bytes() == b"a person's"


def test_a_single_object_that_is_a_folder_is_replaced(repo: Repo) -> None:
    write_object(repo.root, blob_id(VERSIONS[0]), VERSIONS[0])
    empty_folder(str(object_path(repo.root, blob_id(VERSIONS[0]))))
    assert doctor.repair(repo).findings.clean
    assert read_object(repo.root, blob_id(VERSIONS[0])) == VERSIONS[0]


@pytest.mark.parametrize("packed", [False, True])
def test_nobody_reads_through_gigabytes_of_nothing(repo: Repo, packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where no pack holds the object, nor where one that is damaged says how large it is."""
    data = VERSIONS[2] if packed else b"nowhere else"
    write_object(repo.root, blob_id(data), data)
    single = object_path(repo.root, blob_id(data))
    os.truncate(single, 6 << 30)
    if packed:
        Path("a.txt").unlink()
        spoil(repo, data)
    contents = rescue._contents

    def small(path: str) -> Iterator[bytes]:
        assert path != str(single)
        return contents(path)

    monkeypatch.setattr(rescue, "_contents", small)
    assert blob_id(data) in {problem.what for problem in repair(repo).findings.problems}


def test_a_folder_whose_new_contents_are_lost_is_finished_without_them(repo: Repo) -> None:
    """Else no command could ever write again."""
    Path("b.txt").write_bytes(b"only in the fourth\n" * 20)
    Path("a.txt").write_bytes(b"the fourth\n" * 20)
    ok("commit", "-m", "fourth")
    ok("checkout", "HEAD~1")
    ok("checkout", "main")
    folder_state.set_applied(repo.layout, newest(repo).number - 1, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    Path("b.txt").unlink()
    spoil(repo, b"only in the fourth\n" * 20)
    assert "rests on" not in refused("add", "a.txt", status=3)
    done = doctor.repair(repo)
    assert done.notes == (
        "finished, as far as it can be had: checkout (operation 7)",
        "left alone, as what it should hold is lost: b.txt",
    )
    assert Path("a.txt").read_bytes() == b"the fourth\n" * 20 and not Path("b.txt").exists()
    assert doctor.repair(repo).notes == ()
    ok("add", "a.txt")
    assert muse("status", "--json").json["deleted"] == ["b.txt"]


def test_a_folder_that_a_lost_operation_wanted_stays_as_it_is(repo: Repo) -> None:
    ok("checkout", "HEAD~1")
    ok("tag", "t")
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    flip(operation(repo, 5))
    refused("add", "a.txt", status=3)
    done = doctor.repair(repo)
    assert done.notes == ("the files of this folder stay as they are: what operation 5 wanted is lost",)
    assert Path("a.txt").read_bytes() == VERSIONS[2]
    ok("add", "a.txt")


def test_what_cannot_be_finished_now_does_not_hide_the_repair(behind: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(behind, b"lost" * 9)
    monkeypatch.setattr(worktree, "put_in_place", raising(Unconfirmed("recorded, but good could not be changed")))
    assert doctor.repair(behind).notes == (
        "the files of this folder are not finished: recorded, but good could not be changed",
    )
    assert folder_state.is_unfinished(behind.layout, newest(behind))
