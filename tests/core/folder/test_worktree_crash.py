"""`folder.worktree`: a command that died on its way through the folder is finished by whoever comes after."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base.errors import Unconfirmed
from muse.core.folder import folder_state, worktree
from muse.core.folder.worktree import Staging
from muse.core.system import syscalls
from tests.core import faults
from tests.core.folders import Contents, What, file, put, read, read_files
from tests.core.travel import MINE, NEW, OLD, SAMPLE_AFTER, SAMPLE_BEFORE, Place, with_folders


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder on its way from `SAMPLE_BEFORE` to `SAMPLE_AFTER`."""
    return Place(tmp_path / "root", SAMPLE_BEFORE, SAMPLE_AFTER)


def test_whoever_comes_after_a_crash_finishes(tmp_path: Path) -> None:
    for at in itertools.count():
        place = Place(tmp_path / str(at), SAMPLE_BEFORE, SAMPLE_AFTER)
        died = place.die_after(at)
        assert {*read_files(place.root).items()} <= {*SAMPLE_BEFORE.items(), *SAMPLE_AFTER.items()}
        assert folder_state.is_behind(place.layout, place.operation)
        assert place.resume() == ()
        assert read(place.root) == with_folders(SAMPLE_AFTER), at
        assert folder_state.applied(place.layout) == 5
        assert not folder_state.is_behind(place.layout, place.operation)
        assert folder_state.leftovers(place.layout) == []
        if not died:
            break
    assert at > 15


def related(one: str, two: str) -> bool:
    return one == two or one.startswith(two + "/") or two.startswith(one + "/")


PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)
WHATS = st.sampled_from([OLD, NEW, file(b""), What("x", b"old"), What("l", b"a")])


def without_clashes(pairs: list[tuple[str, What]]) -> Contents:
    """Files of which none lies below another."""
    files: Contents = {}
    for path, what in pairs:
        if not any(related(path, other) for other in files):
            files[path] = what
    return files


FILES = st.lists(st.tuples(PATHS, WHATS), max_size=6).map(without_clashes)


@settings(max_examples=80)
@given(before=FILES, after=FILES, kills=st.lists(st.integers(0, 8), max_size=3), edit=st.none() | PATHS)
def test_any_change_survives_any_crashes_and_leaves_work_alone(
    before: Contents, after: Contents, kills: list[int], edit: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.join(folder, "root"), before, after)
        place.die_after(kills[0] if kills else 99)
        for at in kills[1:]:
            place.die_again_after(at)
        if edit is not None:
            put(place.root, edit, MINE)
        left = place.resume()
        found = read_files(place.root)
        if edit is None:
            assert left == ()
            assert read(place.root) == with_folders(after)
        else:
            assert found[edit] == MINE
            assert all(related(path, edit) for path in left)
            changed = {change.path for change in place.changes}
            assert edit in left or edit not in changed
            for path in {*before, *after}:
                if not related(path, edit):
                    assert found.get(path) == after.get(path)
        place.store.close()


def test_one_that_finishes_and_fails_leaves_nothing_to_be_put_in_place(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syscalls, "exchange", faults.failing(errno.EACCES))
    with pytest.raises(Unconfirmed):
        place.resume()
    assert folder_state.leftovers(place.layout) == []


def test_resuming_again_changes_nothing(place: Place) -> None:
    place.go()
    before = {path: os.lstat(os.path.join(place.root, path)).st_ino for path in read(place.root)}
    assert place.resume() == ()
    assert {path: os.lstat(os.path.join(place.root, path)).st_ino for path in read(place.root)} == before


def test_names_of_a_dead_command_become_durable_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "root", {"a/f": OLD, "b/f": OLD}, {"a/f": NEW, "c/f": NEW})
    place.go()
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda fd: synced.add(os.fstat(fd).st_ino))
    worktree.resume(place.layout, place.operation, place.store, durable=True)
    assert {os.stat(os.path.join(place.root, folder)).st_ino for folder in ("a", "c", "")} <= synced


_TAKING = ("exchange", "rename_noreplace", "mkdir")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_refusal_half_way_is_said_and_the_next_command_finishes(tmp_path: Path, code: int) -> None:
    for at in itertools.count():
        place = Place(tmp_path / str(at), SAMPLE_BEFORE, SAMPLE_AFTER)
        staging = Staging(place.layout, "0123", durable=False)
        staging.write(place.changes, place.store)
        refused = OSError(code, os.strerror(code))
        try:
            with faults.tripping(at, refused, names=_TAKING):
                worktree.put_in_place(place.root, place.planned, staging, durable=False)
            break
        except Unconfirmed as error:
            assert error.message.startswith("recorded, but ")
            assert error.message.endswith(os.strerror(code))
            assert any(error.message.split()[2] == change.path for change in place.changes)
        assert place.resume() == ()
        assert read(place.root) == with_folders(SAMPLE_AFTER)
    assert at > 5


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_file_that_cannot_be_removed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    place = Place(tmp_path / "root", {"a": OLD, "b": OLD}, {"b": OLD})
    for name in ("rename", "unlink"):
        monkeypatch.setattr(os, name, faults.failing(code))
    with pytest.raises(Unconfirmed, match="recorded, but a could not be changed: "):
        place.go()
    monkeypatch.undo()
    assert place.resume() == ()
    assert read_files(place.root) == {"b": OLD}
