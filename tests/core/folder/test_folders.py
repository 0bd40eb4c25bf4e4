"""`folder.folders`: no way leads out of the user's folder, and a change is noticed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base.errors import SystemTrouble
from muse.core.folder import files
from muse.core.folder.files import UNKNOWN
from muse.core.folder.folders import Blocked, Folders, Found
from tests.core import faults
from tests.core.folders import FIFO, ONE_OF_EACH, What, put, tick


@pytest.mark.parametrize("way", ["into", "into/b", "away", "away/root", "x", "x/y", "pipe", "link/z"])
def test_no_way_leads_through_a_link_or_a_file(root: Path, way: str) -> None:
    with Folders(str(root)) as folders:
        for create in (False, True):
            with pytest.raises(Blocked):
                folders.open(f"{way}/new" if create else way, create=create)
        assert folders.find(f"{way}/f") == Found(None)
        assert folders.seen(f"{way}/f") is None
        assert not folders.is_folder(f"{way}/f")
    assert sorted(os.listdir(root.parent)) == ["outside", "root"]
    assert not (root / "a" / "new").exists()


def test_folders_are_made_on_the_way(root: Path) -> None:
    with Folders(str(root)) as folders:
        with pytest.raises(FileNotFoundError):
            folders.open("a/n1/n2")
        fd = folders.open("a/n1/n2", create=True)
        assert os.fstat(fd).st_ino == os.stat(root / "a/n1/n2").st_ino
        assert folders.made_in == {"a", "a/n1"}
        assert os.fstat(folders.open("")).st_ino == os.stat(root).st_ino


@pytest.mark.parametrize("file", [False, True])
def test_what_somebody_makes_just_before(root: Path, file: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is as good as one's own; a file is in the way."""
    make = os.mkdir

    def late(name: str, *, dir_fd: int) -> None:
        os.close(os.open(name, os.O_CREAT, dir_fd=dir_fd)) if file else make(name, dir_fd=dir_fd)
        make(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", late)
    with Folders(str(root)) as folders:
        if file:
            with pytest.raises(Blocked):
                folders.open("a/n1/n2", create=True)
        else:
            assert os.fstat(folders.open("a/n1/n2", create=True)).st_ino == os.stat(root / "a/n1/n2").st_ino
            assert folders.made_in == {"a", "a/n1"}


def test_what_stands_at_a_path(root: Path) -> None:
    with Folders(str(root)) as folders:
        for path, what in ONE_OF_EACH.items():
            found = folders.find(path)
            if what.mode in "fxl":
                assert found.entry == what.entry
                assert found.seen == folders.seen(path) == files.signature(os.lstat(root / path))
                assert folders.read(path) == what.data
            else:
                assert found == Found(None, UNKNOWN, folder=what.mode == "d")
            assert folders.is_folder(path) == (what.mode == "d")
        assert folders.find("nothing") == folders.find("no/thing") == Found(None)
        assert folders.seen("nothing") is None


def overwrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


CHANGES: list[Callable[[Path], None]] = [
    lambda root: put(root, "x", What("x", b"RUN")),
    lambda root: put(root, "x", What("f", b"run")),
    lambda root: put(root, "x", None),
    lambda root: put(root, "x", What("d")),
    lambda root: put(root, "x", What("l", b"run")),
    lambda root: put(root, "x", What(FIFO)),
    lambda root: overwrite(root / "x", b"RUN"),
    lambda root: os.chmod(root / "x", 0o644),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("racy", [False, True])
def test_a_change_is_noticed_and_a_mere_look_is_not(root: Path, change: Callable[[Path], None], racy: bool) -> None:
    with Folders(str(root)) as folders:
        found = folders.find("x")._replace(racy=racy)
        tick(root)
        assert folders.still("x", found)
        change(root)
        assert not folders.still("x", found)
        assert not folders.still("nothing", found)
        assert folders.still("nothing", Found(None))
        assert not folders.still("link", Found(None))
        assert not folders.still("pipe", folders.find("pipe"))
        assert not folders.still("empty", folders.find("empty"))


def test_a_racy_file_is_compared_by_content(root: Path) -> None:
    with Folders(str(root)) as folders:
        found = folders.find("x")._replace(racy=True)
        os.utime(root / "x", ns=(1, 1))
        assert folders.still("x", found)
        assert not folders.still("x", found._replace(racy=False))


def test_another_name_of_a_file_is_no_change(root: Path) -> None:
    """It shows in the time of the inode, and nowhere else."""
    with Folders(str(root)) as folders:
        found = folders.find("x")._replace(racy=False)
        tick(root)
        os.link(root / "x", root / "also x")
        assert folders.seen("x") != found.seen
        assert folders.still("x", found)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE])
def test_refusals_are_errors_of_ours(root: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    with Folders(str(root)) as folders:
        monkeypatch.setattr(os, "open", faults.failing(code))
        uses: list[Callable[[str], object]] = [folders.find, folders.seen, folders.read]
        for use in uses:
            with pytest.raises(SystemTrouble, match="cannot open the folder a/b: "):
                use("a/b/f")
        assert not folders.is_folder("a/b")
        monkeypatch.setattr(os, "stat", faults.failing(code))
        with pytest.raises(SystemTrouble, match="cannot look at x: "):
            folders.seen("x")


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    with Folders(str(root)) as folders:
        for path in [*ONE_OF_EACH, "no/thing", "into/f", "x/y"]:
            folders.find(path)
            folders.still(path, Found(None, UNKNOWN, racy=True))
    assert len(os.listdir("/dev/fd")) == before
