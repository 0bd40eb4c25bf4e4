"""The order of steps that `docs/crash-safety.md` states: what is on the disk before what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muse.core import io, object_store
from muse.core.commands.create import create
from muse.core.folder import worktree
from muse.core.folder.folders import Folders
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.settings import toml
from muse.core.system import crowd
from muse.core.types import blob_id
from tests.core import faults
from tests.core.folders import file, put
from tests.core.small_commands import DURABLE, change_files, forget, record
from tests.core.steps import watching
from tests.core.stores import new_repo

PACK = ["fsync objects/pack/*", "link objects/pack/*", "fsync objects/pack"]
APPLIED = ["fsync *", "link *", "rename applied", "fsync ."]
HINT = ["link *", "rename HEAD"]
#: Names of a file that need not be on the disk: of the hint.
LAZY = ["*", "HEAD"]


def entry(number: int) -> list[str]:
    """The steps that make an entry."""
    return ["fsync ops/*", f"link ops/{number:012d}", "fsync ops"]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with one operation, which waits for the disk."""
    found = new_repo(tmp_path / "root", DURABLE)
    record(found, "one")
    return found


def test_pack_and_entry_are_on_the_disk_before_each_has_its_name(repo: Repo) -> None:
    with watching(repo.layout.muse) as steps:
        record(repo, "two")
    assert steps == [*PACK, *entry(2), *HINT]
    assert steps.early == LAZY


def test_new_contents_are_there_before_the_entry_and_what_was_done_is_written_last(repo: Repo) -> None:
    for name in ("f", "gone", "old/gone"):
        put(repo.root, name, file(b"old"))
    with watching(repo.layout.muse) as steps:
        assert change_files(repo, {"f": b"new", "new/f": b"new", "gone": None, "old/gone": None}) == ((), [])
    changes = ["aside ../old/gone", "aside ../gone", "exchange ../f", "place ../new/f", "fsync ..", "fsync ../new"]
    done = ["fsync restore/*", "fsync restore/*", *PACK, *entry(2), *changes, *APPLIED, *HINT]
    assert steps == done + ["unlink restore/*"] * 3
    assert steps.early == LAZY


def test_the_folder_of_each_removal_is_on_the_disk_before_it_is_written_that_all_is_done(repo: Repo) -> None:
    for name in ("a/gone", "a/stays", "b/c/gone", "b/stays"):
        put(repo.root, name, file(b"old"))
    record(repo, "saved")
    with watching(repo.layout.muse) as steps:
        change_files(repo, {"a/gone": None, "b/c/gone": None})
    changes = ["aside ../b/c/gone", "aside ../a/gone", "fsync ../a", "fsync ../b"]
    assert steps == [*PACK, *entry(3), *changes, *APPLIED, *HINT] + ["unlink restore/*"] * 2


def test_the_folder_of_each_new_folder_is_on_the_disk_before_it_is_written_that_all_is_done(repo: Repo) -> None:
    with watching(repo.layout.muse) as steps:
        change_files(repo, {"new/deep/f": b"new"})
    changes = ["place ../new/deep/f", "fsync ..", "fsync ../new", "fsync ../new/deep"]
    assert steps == ["fsync restore/*", *PACK, *entry(2), *changes, *APPLIED, *HINT]


def test_many_new_contents_are_there_before_the_entry_too(repo: Repo) -> None:
    names = [f"d{number % 3}/f{number}" for number in range(crowd.MANY)]
    for name in names:
        put(repo.root, name, file(b"old"))
    with watching(repo.layout.muse) as steps:
        assert change_files(repo, {name: b"new" for name in names}) == ((), [])
    changes = [f"exchange ../{name}" for name in sorted(names)]
    folders = [f"fsync ../d{number}" for number in range(3)]
    done = ["syncfs restore", *PACK, *entry(2), *changes, *folders, *APPLIED, *HINT]
    assert steps == done + ["unlink restore/*"] * crowd.MANY
    assert steps.early == LAZY


def test_folders_of_another_file_system_are_on_the_disk_too(tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(crowd.MANY)]
    for name in names:
        (tmp_path / name).mkdir()
    with Folders(str(tmp_path)) as folders, watching(str(tmp_path / ".muse")) as steps:
        worktree._sync_folders(folders, str(tmp_path), names)
        assert steps == ["syncfs .."]
        worktree._sync_folders(folders, "/proc", names)
    assert sorted(steps[2:]) == sorted(f"fsync ../{name}" for name in names)


def test_how_far_the_folder_is_stands_on_the_disk_before_the_first_list(repo: Repo) -> None:
    os.unlink(repo.layout.applied)
    with watching(repo.layout.muse) as steps:
        change_files(repo, {"f": b"new"})
    assert steps[:4] == APPLIED


def test_the_hint_is_on_the_disk_before_entries_are_dropped_and_the_lowest_goes_first(repo: Repo) -> None:
    record(repo, "two")
    with watching(repo.layout.muse) as steps:
        forget(repo)
    hint = ["fsync *", "link *", "rename HEAD", "fsync ."]
    assert steps == [*entry(3), *hint, "unlink ops/000000000001", "unlink ops/000000000002"]
    assert steps.early == []


def test_a_new_repository_is_on_the_disk_and_so_is_one_that_a_dead_command_began(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    with watching(layout.muse) as steps:
        create(layout)
    assert steps[:7] == ["fsync ..", "fsync .", "fsync objects", "fsync .", "fsync .", "fsync .", "fsync ."]
    for name in (".gitignore", "config.toml", "applied"):
        at = steps.index(f"link {name}")
        assert steps[at - 1 : at + 2] == ["fsync *", f"link {name}", "fsync ."]
    steps.clear()
    with watching(layout.muse) as steps:
        create(layout)
    assert steps == ["fsync ."]


def test_a_single_object_is_on_the_disk_and_so_is_one_that_a_dead_writer_linked(repo: Repo) -> None:
    data = b"single"
    shard = os.path.relpath(os.path.dirname(object_store.object_path(repo.root, blob_id(data))), repo.layout.muse)
    for new in (True, False):
        with watching(repo.layout.muse) as steps:
            assert object_store.write_object(repo.root, blob_id(data), data) == new
        assert steps[-1] == f"fsync {shard}"
        assert steps.early == []
        assert ("fsync objects/sha256" in steps) == new


def test_texts_and_settings_are_on_the_disk(repo: Repo) -> None:
    with watching(repo.layout.muse) as steps:
        io.write_text_atomic(repo.layout.config, "")
        toml.write(repo.layout.config, "author.name", "Ada")
    assert steps == ["fsync *", "link *", "rename config.toml", "fsync ."] * 2


@pytest.mark.parametrize(
    "surroundings", [faults.as_usual, faults.without_nameless_files, faults.without_links], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("size", [1, 3 << 20])
def test_nothing_has_a_name_before_its_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surroundings: faults.Surroundings, size: int
) -> None:
    surroundings(monkeypatch)
    with watching(str(tmp_path)) as steps:
        io.write_atomic(str(tmp_path / "replaced"), bytes(size))
        way = "lock" if surroundings is faults.without_links else "link"
        with io.NewFile(str(tmp_path), way=way) as new:
            new.write(bytes(size))
            new.create(str(tmp_path / "created"))
    assert [step for step in steps if step.endswith("ed")]
    assert steps.early == []
    assert steps[-1].startswith(("fsync .", "unlink"))
