"""`upkeep.gc` among damage: what cannot be read stays as it is, what nobody may lose stops it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from muse.core.base.codec import pack as packed
from muse.core.base.errors import Damaged, Missing
from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.damage import rescue
from muse.core.operations.view import Section, View
from muse.core.packs import pack
from muse.core.packs.pack import ZSTD_PREFIX, Slot
from muse.core.packs.pack_writer import Base, PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import FILE, PackRef, digest_of
from muse.core.upkeep import doctor, gc
from muse.core.upkeep.gc import Retention
from tests import kept
from tests.commands import muse, ok
from tests.core.damaged import flip
from tests.core.stores import an_operation, new_repo, put_operation, write_pack

DATA = b"what is needed\n"
EVERYTHING = Retention(9, 9)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository."""
    return new_repo(tmp_path / "root")


def stage(repo: Repo, packs: Sequence[PackRef], *contents: bytes) -> None:
    """One operation, which needs these contents."""
    files = {f"f{number}": [FILE, digest_of(data)] for number, data in enumerate(contents)}
    put_operation(repo.layout, an_operation(packs=tuple(packs), view=View(sections={"stage": Section(packed(files))})))


def carry_out(repo: Repo, retention: Retention = EVERYTHING) -> None:
    """Collect."""

    def build(state: State) -> Draft[None]:
        plan, keep = gc.plan(state, retention)
        assert plan.does_something
        gc.carry_out(plan, state.store, keep)
        return Draft(lambda left: None, state.view, retires=plan.retires, oldest=plan.oldest)

    writing(repo, "gc", (), build)


def find(layout: Layout, ref: PackRef, data: bytes) -> tuple[Slot, bytes]:
    """Where a pack holds an object, and what is stored for it."""
    store = ObjectStore(layout, [ref])
    try:
        slot = store.pack(ref).find(digest_of(data))
        assert slot is not None
        return slot, store.pack(ref).stored(slot)
    finally:
        store.close()


def spoil(repo: Repo, ref: PackRef, data: bytes) -> bytes:
    """Alter the last byte of what a pack holds for an object; gives what is stored then."""
    slot, _ = find(repo.layout, ref, data)
    flip(Path(repo.layout.pack(ref.name)), slot.offset + slot.stored - 1)
    return find(repo.layout, ref, data)[1]


@pytest.mark.parametrize("large", [False, True])
def test_damaged_in_every_pack(repo: Repo, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr(gc, "LARGE", 1)
    refs = [write_pack(repo.layout, [DATA, b"%d" % number]) for number in range(2)]
    damaged = [spoil(repo, ref, DATA) for ref in refs]
    stage(repo, refs, DATA, b"0", b"1")
    carry_out(repo)
    (ref,) = kept.newest(repo.root).packs
    assert find(repo.layout, ref, DATA)[1] in damaged
    assert find(repo.layout, ref, b"1")[1] == b"1"


def test_a_large_copy_is_not_in_memory(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The good copy of two comes in pieces."""
    content = b"a line of many\n" * 3000
    refs = [write_pack(repo.layout, [content]) for _ in range(2)]
    spoil(repo, refs[0], content)
    stage(repo, refs, content)
    for module in (gc, pack, rescue):
        monkeypatch.setattr(module, "LARGE", 1 << 10)
    monkeypatch.setattr("muse.core.packs.store.LARGE", 1 << 10)

    def read(store: ObjectStore, digest: bytes) -> bytes:
        raise AssertionError("read as a whole")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "read", read)
        carry_out(repo)
    assert kept.on_disk(repo.root) == [digest_of(content)]
    assert kept.read_back(repo.root) == {digest_of(content)}


def test_what_rests_on_damage_keeps_its_base(repo: Repo) -> None:
    """Nobody needs the bases but the one that rests on them; neither they nor it can be read."""
    versions = [b"".join(b"line %d of %d\n" % (line, line * line) for line in range(99)) + b"%d" % n for n in range(3)]
    writer = PackWriter(repo.layout, durable=False, way="link")
    base: Base | None = None
    for number, data in enumerate(versions):
        writer.add(digest_of(data), data, base)
        base = Base(digest_of(data), data, number + 1)
    (old,) = writer.finish()
    assert [find(repo.layout, old, data)[0].kind == ZSTD_PREFIX for data in versions] == [False, True, True]
    spoil(repo, old, versions[0])
    before = [find(repo.layout, old, data)[1] for data in versions]
    stage(repo, [old, write_pack(repo.layout, [DATA])], versions[2], DATA)
    carry_out(repo)
    holding = [ref for ref in kept.newest(repo.root).packs if ref.size > 500]
    assert old not in holding
    assert [find(repo.layout, holding[0], data)[1] for data in versions] == before


def test_a_merge_in_progress_stops_it(repo: Repo) -> None:
    """A newer muse wrote it: what it names must not be lost."""
    refs = [write_pack(repo.layout, [DATA])]
    put_operation(repo.layout, an_operation(packs=tuple(refs), view=View(merge={"theirs": digest_of(DATA)})))
    with pytest.raises(Damaged, match="a merge in progress") as error:
        carry_out(repo)
    assert error.value.kind == "too-new"
    assert Path(repo.layout.pack(refs[0].name)).exists()


@pytest.mark.parametrize("more", [False, True])
def test_what_doctor_set_aside_goes_when_all_is_forgotten(folder: Path, more: bool) -> None:
    """With or without anything else to forget."""
    ok("init")
    ok("gc", "--forget", "--yes")
    aside = Path(".muse/objects/pack", "0" * 32 + ".damaged")
    aside.write_bytes(b"a secret")
    if more:
        Path("a.txt").write_text("one\n")
        ok("commit", "-m", "one")
    ok("gc")
    assert muse("gc", "--dry-run", "--json").json["packs"]["set_aside"] == 0
    would = muse("gc", "--forget")
    assert would.status == 1
    assert "Would remove 1 pack of 8 B that doctor set aside" in would.lines
    assert muse("gc", "--forget", "--json").json["packs"]["set_aside"] == 1
    assert aside.exists()
    assert "Removed 1 pack of 8 B that doctor set aside" in ok("gc", "--forget", "--yes").splitlines()
    assert not aside.exists()
    assert muse("gc", "--forget").status == 0


def test_what_rests_on_what_goes_is_written_whole(repo: Repo) -> None:
    old, new = DATA * 50, DATA * 50 + b"more"
    refs = [write_pack(repo.layout, [old])]
    writer = PackWriter(repo.layout, durable=False, way="link")
    writer.add(digest_of(new), new, Base(digest_of(old), old, 1))
    refs += writer.finish()
    assert find(repo.layout, refs[1], new)[0].kind == ZSTD_PREFIX
    stage(repo, refs, new)
    carry_out(repo)
    assert kept.on_disk(repo.root) == [digest_of(new)]
    assert kept.read_back(repo.root) == {digest_of(new)}


def test_a_commit_that_cannot_be_read_stops_it(repo: Repo) -> None:
    """It could name what would be lost."""
    refs = [write_pack(repo.layout, [DATA])]
    put_operation(repo.layout, an_operation(packs=tuple(refs), view=View(branches={"main": digest_of(b"gone")})))
    with pytest.raises(Missing):
        carry_out(repo)
    assert Path(repo.layout.pack(refs[0].name)).exists()


def test_what_is_needed_in_a_pack_that_would_go_stops_it(repo: Repo) -> None:
    """Somebody brought it back; `doctor` takes it, and then the pack goes."""
    stage(repo, [write_pack(repo.layout, [b"other"])], b"other", DATA)
    brought_back = write_pack(repo.layout, [DATA, b"of no use"])
    for retention in (EVERYTHING, Retention(1, 0, True)):
        with pytest.raises(Damaged, match=f"is needed, and only .*{brought_back.name}.pack has it"):
            carry_out(repo, retention)
    assert doctor.repair(repo).cure.copied == 1
    carry_out(repo)
    assert brought_back.name not in kept.packs(repo.root)
    kept.check(repo.root)


def test_a_pack_that_holds_it_damaged_stops_nothing(repo: Repo) -> None:
    """Nobody could ever take it from there."""
    stage(repo, [write_pack(repo.layout, [b"other"])], b"other", DATA)
    dead = [write_pack(repo.layout, [DATA]) for _ in range(2)]
    spoil(repo, dead[0], DATA)
    Path(repo.layout.pack(dead[1].name)).write_bytes(b"half")
    carry_out(repo)
    assert not kept.packs(repo.root) & {ref.name for ref in dead}
