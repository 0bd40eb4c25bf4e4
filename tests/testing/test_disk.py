"""What a disk may hold after a power cut: the laws, then a case for each kind of change."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.types import EXECUTABLE, FILE, FOLDER, LINK
from muse.testing.disk import ROOT, Chmod, Disk, Effect, Make, Rename, Resize, Sync, Write
from muse.testing.nodes import EVERY, File
from muse.testing.power import remains
from muse.testing.repositories import Contents

OLD, D, IN_D = 1, 2, 3  # the nodes of `disk`
ALL = 100_000

#: What happens, to which file or where, and two names.
Move = tuple[str, int, str, str]

_NAMES = st.sampled_from(["a", "b", "c"])
_NUMBERS = st.integers(0, 7)
_KINDS = st.sampled_from(["make", "write", "resize", "chmod", "name", "take", "move", "swap"])
_MOVES = st.lists(st.tuples(_KINDS, _NUMBERS, _NAMES, _NAMES), max_size=12)


@pytest.fixture
def disk(folder: Path) -> Disk:
    """Two files, one of them in a folder; all of it durable."""
    return new_disk(folder)


def new_disk(folder: Path) -> Disk:
    """As above."""
    (folder / "a").write_bytes(b"old a")
    (folder / "d").mkdir(exist_ok=True)
    (folder / "d" / "b").write_bytes(b"old b")
    return Disk(str(folder))


def left(disk: Disk) -> list[Contents]:
    """Everything that may be left of it."""
    return remains(disk, ALL, Random(1))


def apply(disk: Disk, *effects: Effect) -> None:
    """Let all that happen."""
    for effect in effects:
        disk.apply(effect)


def effects(disk: Disk, move: Move) -> list[Effect]:
    """What a move does to the disk as it is: always something that a process could do."""
    kind, number, one, other = move
    files = [place for place, node in enumerate(disk.nodes) if isinstance(node, File)]
    file, at = files[number % len(files)], (ROOT, D)[number % 2]
    names = disk.folder(at).names
    changes: dict[str, list[tuple[int, str, int | None]]] = {
        "name": [(at, one, file)],
        "take": [(at, one, None)],
        "move": [(ROOT, one, None), (D, other, disk.folder(ROOT).names.get(one, file))],
        "swap": [(at, one, names.get(other, file)), (at, other, names.get(one, file))],
    }
    if kind in changes:
        return [Rename(tuple(changes[kind]))]
    others: dict[str, list[Effect]] = {
        "make": [Make(FILE), Rename(((at, one, len(disk.nodes)),))],
        "write": [Write(file, number, one.encode() * number)],
        "resize": [Resize(file, number)],
        "chmod": [Chmod(file, EXECUTABLE)],
    }
    return others[kind]


def touched(effect: Effect) -> set[int]:
    """The nodes that an operation changes."""
    if isinstance(effect, Rename):
        return {folder for folder, _, _ in effect.changes}
    assert not isinstance(effect, Make | Sync)
    return {effect.node}


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples: a disk only reads it."""
    return tmp_path_factory.mktemp("disk")


@given(moves=_MOVES)
def test_what_is_synced_after_each_operation_leaves_one_state(somewhere: Path, moves: list[Move]) -> None:
    disk = new_disk(somewhere)
    for move in moves:
        for effect in effects(disk, move):
            disk.apply(effect)
            if not isinstance(effect, Make):
                apply(disk, *(Sync(node) for node in touched(effect)))
        assert left(disk) == [disk.contents()]


@given(moves=_MOVES)
def test_what_nothing_syncs_may_be_kept_or_lost(somewhere: Path, moves: list[Move]) -> None:
    disk = new_disk(somewhere)
    before = disk.contents()
    for move in moves:
        apply(disk, *effects(disk, move))
    found = remains(disk, 50, Random(1))
    assert disk.contents() in found
    assert before in found
    apply(disk, Sync(None))
    assert left(disk) == [disk.contents()]


@given(moves=_MOVES, more=_MOVES)
def test_what_is_synced_is_never_lost(somewhere: Path, moves: list[Move], more: list[Move]) -> None:
    """A file that nobody touches any more is there, whatever happens to others."""
    disk = new_disk(somewhere)
    for move in moves:
        apply(disk, *effects(disk, move))
    apply(disk, Make(FILE), Write(len(disk.nodes), 0, b"kept"), Rename(((ROOT, "kept", len(disk.nodes)),)), Sync(None))
    kept = disk.folder(ROOT).names["kept"]
    for move in more:
        apply(disk, *(e for e in effects(disk, move) if isinstance(e, Make | Rename) or kept not in touched(e)))
    assert all(state["kept"] == (FILE, b"kept") for state in remains(disk, 50, Random(1)))


@pytest.mark.parametrize("count", [0, 1, 3, EVERY])
def test_of_names_that_nothing_syncs_every_subset_may_be_there(disk: Disk, count: int) -> None:
    for number in range(count):
        apply(disk, Make(FOLDER), Rename(((ROOT, f"new {number}", len(disk.nodes)),)))
    found = left(disk)
    assert len(found) == len({frozenset(state) for state in found}) == 2**count


def test_a_disk_is_read_as_it_stands(folder: Path, disk: Disk) -> None:
    (folder / "link").symlink_to("nowhere")
    os.link(folder / "a", folder / "second")
    (folder / "a").chmod(0o755)
    again = Disk(str(folder))
    same = (EXECUTABLE, b"old a")
    wanted = {"a": same, "second": same, "link": (LINK, b"nowhere"), "d": (FOLDER, b""), "d/b": (FILE, b"old b")}
    assert again.contents() == wanted
    names = again.folder(ROOT).names
    assert names["a"] == names["second"]


def test_a_new_file_may_be_empty_zeroed_or_cut(disk: Disk) -> None:
    new = len(disk.nodes)
    apply(disk, Make(FILE), Rename(((ROOT, "new", new),)), Sync(ROOT), Write(new, 0, b"new!"))
    held = [state["new"][1] for state in left(disk)]
    assert held == [b"new!", b"", bytes(4), b"ne"]


def test_what_is_appended_may_be_lost_zeroed_or_cut_and_what_was_there_is_kept(disk: Disk) -> None:
    apply(disk, Write(OLD, 5, b", more"))
    assert [state["a"][1] for state in left(disk)] == [b"old a, more", b"old a", b"old a\0\0\0\0\0\0", b"old a, m"]


def test_a_file_that_is_written_anew_in_place_may_be_old_new_or_neither(disk: Disk) -> None:
    apply(disk, Resize(OLD, 0), Write(OLD, 0, b"new a"))
    assert [state["a"][1] for state in left(disk)] == [b"new a", b"old a", bytes(5), b"ned a"]


def test_a_mode_may_be_lost(disk: Disk) -> None:
    apply(disk, Chmod(OLD, EXECUTABLE))
    assert [state["a"][0] for state in left(disk)] == [EXECUTABLE, FILE]


def test_the_name_of_a_synced_file_may_be_lost(disk: Disk) -> None:
    new = len(disk.nodes)
    apply(disk, Make(FILE), Write(new, 0, b"new"), Sync(new), Rename(((ROOT, "new", new),)), Sync(new))
    assert {state.get("new") for state in left(disk)} == {None, (FILE, b"new")}


def test_a_synced_name_may_stand_for_nothing_much(disk: Disk) -> None:
    new = len(disk.nodes)
    apply(disk, Make(FILE), Write(new, 0, b"new"), Rename(((ROOT, "new", new),)), Sync(ROOT))
    assert {state["new"] for state in left(disk)} == {(FILE, b"new"), (FILE, b""), (FILE, bytes(3)), (FILE, b"n")}


def test_a_rename_within_a_folder_is_whole_or_not_there(disk: Disk) -> None:
    apply(disk, Rename(((D, "b", None), (D, "c", IN_D))))
    assert [sorted(state) for state in left(disk)] == [["a", "d", "d/c"], ["a", "d", "d/b"]]


def test_a_file_that_is_renamed_over_another_leaves_that_name_to_one_of_them(disk: Disk) -> None:
    new = len(disk.nodes)
    apply(disk, Make(FILE), Write(new, 0, b"new"), Sync(new), Rename(((ROOT, "t", new),)))
    apply(disk, Rename(((ROOT, "t", None), (ROOT, "a", new))))
    assert {state["a"][1] for state in left(disk)} == {b"old a", b"new"}


def test_a_rename_from_folder_to_folder_may_be_seen_in_one_of_them(disk: Disk) -> None:
    apply(disk, Rename(((ROOT, "a", None), (D, "c", OLD))))
    seen = {("a" in state, "d/c" in state) for state in left(disk)}
    assert seen == {(True, True), (True, False), (False, True), (False, False)}
    apply(disk, Sync(D))
    assert {("a" in state, "d/c" in state) for state in left(disk)} == {(True, True), (False, True)}


def test_what_lies_in_a_folder_goes_with_its_name(disk: Disk) -> None:
    new = len(disk.nodes)
    apply(disk, Make(FOLDER), Rename(((ROOT, "e", new),)), Make(LINK, b"to"))
    apply(disk, Rename(((new, "l", new + 1),)), Sync(new))
    assert [state.get("e/l") for state in left(disk)] == [(LINK, b"to"), None]


def test_two_names_of_a_file_hold_the_same(disk: Disk) -> None:
    apply(disk, Rename(((D, "too", OLD),)), Sync(D), Write(OLD, 0, b"NEW"))
    states = [*left(disk), *remains(disk, 20, Random(1))]
    assert all(state["a"] == state["d/too"] for state in states)
