"""`upkeep.cure`: what is needed is copied from wherever it is found, and what is not there is named."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged, SystemTrouble
from muse.core.commits.records import Author, Commit, encode_commit, encode_tree
from muse.core.commits.trees import EMPTY_DIGEST
from muse.core.damage import rescue
from muse.core.object_store import object_path, write_object
from muse.core.operations.view import View
from muse.core.packs.pack_writer import Base, PackWriter
from muse.core.repo import Repo
from muse.core.types import FILE, Entry, blob_id, digest_of
from muse.core.upkeep import doctor, fsck
from muse.core.upkeep.cure import Cure
from tests.bad_input.scenes import DAMAGE
from tests.commands import commit_id, muse, ok
from tests.core import damaged, faults
from tests.core.damaged import VERSIONS, flip, newest, operation, packs, spoil
from tests.core.healing import heal, read, repair
from tests.core.stores import an_operation, new_repo, put_operation, writable, write_pack


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


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
    for module in ("packs.store", "damage.health", "damage.rescue", "upkeep.cure"):
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


@pytest.mark.parametrize("damage", DAMAGE)
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
