"""`commands.create`: a new repository, or an old one without history, whatever happens in between."""

from __future__ import annotations

import errno
import itertools
import os
from contextlib import suppress
from pathlib import Path

import pytest

from muse.core import io, repo
from muse.core.base.errors import NotARepository, SystemTrouble
from muse.core.commands import create
from muse.core.paths import Layout
from muse.core.system import locks, publish, sweep
from tests.core import faults
from tests.core.small_commands import record

FOLDERS = ["cache", "journal", "objects", "objects/pack", "ops", "restore"]
FILES = {".gitignore": b"*\n", "applied": b"0\n", "config.toml": b'[store]\npublish = "link"\n'}


def found(layout: Layout) -> dict[str, bytes | None]:
    """Everything below `.muse`."""
    muse = Path(layout.muse)
    return {str(path.relative_to(muse)): path.read_bytes() if path.is_file() else None for path in muse.rglob("*")}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A folder without a repository."""
    return Layout(str(tmp_path))


def test_what_is_made(layout: Layout) -> None:
    create.create(layout)
    assert found(layout) == {**dict.fromkeys(FOLDERS), **FILES}
    assert repo.Repo(layout.root).way == publish.LINK
    assert repo.Repo(layout.root).durable


def test_making_it_again_changes_nothing(layout: Layout) -> None:
    create.create(layout)
    Path(layout.config).write_bytes(b'durability = "off"\n')
    Path(layout.applied).write_bytes(b"7\n")
    Path(layout.gitignore).write_bytes(b"")
    before = found(layout)
    create.create(layout)
    assert found(layout) == before


def test_what_another_init_has_made_meanwhile_stays(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands may have changed it since."""
    find_way = publish.find_way

    def late(folder: str) -> str:
        for path in (layout.gitignore, layout.config, layout.applied):
            Path(path).write_bytes(b"theirs")
        return find_way(folder)

    monkeypatch.setattr(publish, "find_way", late)
    create.create(layout)
    for path in (layout.gitignore, layout.config, layout.applied):
        assert Path(path).read_bytes() == b"theirs"


def test_a_repository_that_is_gone_is_not_made_anew(layout: Layout) -> None:
    with pytest.raises(NotARepository):
        create.ensure_folders(layout)
    assert not os.path.exists(layout.muse)


def test_a_bare_folder_is_completed(layout: Layout) -> None:
    os.makedirs(os.path.join(layout.muse, "objects"))
    create.create(layout)
    assert found(layout) == {**dict.fromkeys(FOLDERS), **FILES}


def test_names_become_durable(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync_folder = io.sync_folder

    def noted(path: str) -> None:
        synced.append(path)
        sync_folder(path)

    monkeypatch.setattr(io, "sync_folder", noted)
    create.create(layout)
    assert {layout.root, layout.muse, layout.objects} <= set(synced)
    assert synced[-1] == layout.muse


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), faults.press])
def test_whatever_fails_it_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    faults.without_waiting(monkeypatch)
    for at in itertools.count():
        layout = Layout(str(tmp_path / str(at)))
        os.mkdir(layout.root)
        with faults.tripping(at, error) as calls, suppress(SystemTrouble, KeyboardInterrupt):
            create.create(layout)
        if len(calls) <= at:
            break
        sweep.sweep(layout)
        create.create(layout)
        assert found(layout).keys() == {*FOLDERS, *FILES}
        assert found(layout)["applied"] == b"0\n"
        assert record(repo.Repo(layout.root), "works") == "works"
    assert at > 15


@pytest.mark.parametrize("ways", [1, 2])
def test_the_way_that_works_is_written_down(layout: Layout, monkeypatch: pytest.MonkeyPatch, ways: int) -> None:
    faults.without_ways(monkeypatch, ways)
    create.create(layout)
    here = repo.Repo(layout.root)
    assert here.way == publish.WAYS[ways]
    assert record(here, "works") == "works"


def test_where_no_way_works_it_says_so(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "create", faults.failing(errno.EPERM))
    with pytest.raises(SystemTrouble, match="can create no file only if it is absent"):
        create.create(layout)


def test_without_locks_nothing_is_made(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "AVAILABLE", False)
    with pytest.raises(SystemTrouble, match="no file locks") as refused:
        create.create(layout)
    assert refused.value.kind == "no-locks"
    assert not os.path.exists(layout.muse)


@pytest.mark.parametrize("name", [".muse", ".muse/objects", ".muse/ops"])
def test_a_file_in_the_way_is_named(layout: Layout, name: str) -> None:
    path = Path(layout.root, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    with pytest.raises(SystemTrouble, match=r"cannot (make|write|list) .*\.muse"):
        create.create(layout)
        record(repo.Repo(layout.root), "works")
    assert path.read_bytes() == b"mine"


def test_make_folder_makes_those_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(io, "sync_folder", synced.append)
    create.make_folder(str(tmp_path / "a" / "b" / "c"))
    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")]
    create.make_folder(str(tmp_path / "a" / "b" / "c"))
    assert len(synced) == 3


def test_make_folder_takes_relative_names(folder: Path) -> None:
    create.make_folder("a/b")
    assert (folder / "a" / "b").is_dir()


def test_make_folder_does_not_mind_being_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.setattr(os.path, "isdir", lambda path: path == str(tmp_path))
    create.make_folder(str(tmp_path / "a"))
