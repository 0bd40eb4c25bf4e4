"""Taking stock: what is equal, what is damaged, what lies about."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.system import temps
from muse.core.types import digest_of
from muse.testing import repositories
from muse.testing.repositories import Contents, copy, damage, litter, put, read_contents, state_of, write_contents
from tests.commands import muse, ok

CONTENTS: Contents = {
    "a.txt": ("f", b"text\n"),
    "below": ("d", b""),
    "below/empty": ("d", b""),
    "below/run": ("x", b"#!/bin/sh\n"),
    "link": ("l", b"nowhere/\xff"),
}


@pytest.fixture
def root(folder: Path) -> str:
    """A repository with two commits, an uncommitted change, and a saved file."""
    ok("init")
    write_contents(str(folder), CONTENTS)
    ok("commit", "-m", "first")
    put(str(folder), "a.txt", ("f", b"more\n"))
    ok("commit", "-m", "second")
    return str(folder)


def packs(root: str) -> list[str]:
    """The files of the packs, oldest first."""
    layout = Layout(root)
    newest = ops.newest(layout)
    assert newest is not None
    return [layout.pack(ref.name) for ref in newest.packs]


def test_what_is_written_is_read(folder: Path) -> None:
    write_contents(str(folder), {"old/file": ("f", b"")})
    write_contents(str(folder), CONTENTS)
    assert read_contents(str(folder)) == CONTENTS


@pytest.mark.parametrize("there", [("f", b"file"), ("l", b"."), ("d", b""), None])
@pytest.mark.parametrize("wanted", [("f", b"new"), ("x", b"new"), ("l", b"new"), ("d", b""), None])
def test_put_takes_the_place_of_anything(
    folder: Path, there: tuple[str, bytes] | None, wanted: tuple[str, bytes] | None
) -> None:
    put(str(folder), "name", there)
    put(str(folder), "name", wanted)
    assert read_contents(str(folder)).get("name") == wanted


def test_a_copy_is_equal_and_shares_nothing(root: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = copy(root, str(tmp_path_factory.mktemp("copies") / "copy"))
    assert state_of(other) == state_of(root)
    Path(other, "a.txt").write_bytes(b"changed")
    assert Path(root, "a.txt").read_bytes() == b"more\n"
    assert state_of(other) != state_of(root)


def test_states_differ_by_history_and_by_view(root: str) -> None:
    first = state_of(root)
    assert len(first.commits) == 2
    ok("branch", "side")
    second = state_of(root)
    assert second.commits == first.commits
    assert second != first


def test_the_state_of_an_empty_repository(folder: Path) -> None:
    (folder / ".muse").mkdir()
    assert state_of(str(folder)) == repositories.State(None, frozenset(), {})
    assert damage(str(folder)) == []


def test_states_differ_by_settings(root: str) -> None:
    first = state_of(root)
    assert first.settings == ()
    ok("config", "gc.keep", "7")
    second = state_of(root)
    assert second.settings == (("gc.keep", "7"),)
    assert second != first


def test_a_folder_without_a_repository_has_a_state_and_no_litter(folder: Path) -> None:
    assert state_of(str(folder)) == repositories.State(None, frozenset(), {})
    assert litter(str(folder)) == []


def test_a_whole_repository_has_no_damage(root: str) -> None:
    assert damage(root) == []


@pytest.mark.parametrize("place", [0, 1])
def test_every_damaged_object_is_found(root: str, place: int) -> None:
    path = packs(root)[place]
    data = bytearray(Path(path).read_bytes())
    data[20] ^= 1
    os.chmod(path, 0o644)
    Path(path).write_bytes(data)
    assert any("is damaged" in problem for problem in damage(root))


def test_a_damaged_operation_is_found(root: str) -> None:
    Path(Layout(root).operation(1)).write_bytes(b"")
    assert [problem.split(":")[0] for problem in damage(root)] == ["operation 1"]


def test_an_operation_that_a_doctor_stood_in_for_is_none(root: str) -> None:
    newest = ops.newest(Layout(root))
    assert newest is not None
    Path(Layout(root).operation(newest.number)).write_bytes(b"")
    assert muse("doctor").status == 3
    assert damage(root) == []


def test_what_only_an_operation_saved_is_looked_at(root: str) -> None:
    put(root, "a.txt", ("f", b"uncommitted\n"))
    ok("checkout", "HEAD~1", "--force")
    assert damage(root) == []
    Path(packs(root)[-1]).write_bytes(b"")
    assert damage(root)


def test_what_only_the_shelf_holds_is_looked_at(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a.txt", ("f", b"uncommitted\n"))
    ok("shelf", "push")
    ok("gc", "--forget", "--yes")
    real, read = ObjectStore.read, set[bytes]()

    def noted(store: ObjectStore, digest: bytes, most: int | None = None) -> bytes:
        read.add(digest)
        return real(store, digest, most)

    monkeypatch.setattr(ObjectStore, "read", noted)
    assert damage(root) == []
    assert digest_of(b"uncommitted\n") in read


@pytest.mark.parametrize("prefix", [temps.MUSE_TEMP, temps.OBJECT_TEMP, temps.RESTORE_TEMP, temps.STAT_CACHE_TEMP])
def test_temporaries_of_every_family_are_litter(root: str, prefix: str) -> None:
    name = temps.new_name(prefix)
    Path(root, ".muse", "cache", name).touch()
    assert litter(root) == [f"cache/{name}"]


@pytest.mark.parametrize("prefix", [temps.OBJECT_TEMP, temps.RESTORE_TEMP])
def test_young_ones_of_writers_that_take_no_lock_can_be_spared(root: str, prefix: str) -> None:
    path = Path(root, ".muse", "objects", "pack", temps.new_name(prefix))
    path.touch()
    assert litter(root, grace=60) == []
    assert litter(root) == [f"objects/pack/{path.name}"]
    for age in (61, -61):
        os.utime(path, (time.time() - age,) * 2)
        assert litter(root, grace=60) == [f"objects/pack/{path.name}"]


def test_those_of_writers_that_lock_are_never_spared(root: str) -> None:
    name = temps.new_name(temps.MUSE_TEMP)
    Path(root, ".muse", name).touch()
    assert litter(root, grace=60) == [name]


def test_what_waits_to_be_put_in_place_is_litter(root: str) -> None:
    Path(root, ".muse", "restore", "left").mkdir()
    assert litter(root) == ["restore/left"]


def test_a_pack_that_no_operation_names_is_none(root: str) -> None:
    Path(Layout(root).packs, f"{0:032x}.pack").touch()
    assert litter(root) == []
