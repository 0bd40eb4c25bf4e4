"""`muse.core.disk`: reading the user's folder without being fooled by it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import disk
from muse.core.disk import UNKNOWN, Blocked, Content, Folders, Found, NotAFile
from muse.core.errors import SystemTrouble
from muse.core.types import Entry, digest_of
from tests.core import faults
from tests.core.folders import FIFO, What, file, later, put, put_all, right_after, tick

TREE = {
    "a/b/f": file(b"deep"),
    "x": What("x", b"run"),
    "link": What("l", b"a/b/f"),
    "away": What("l", b".."),
    "into": What("l", b"a"),
    "pipe": What(FIFO),
    "empty": What("d"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one of everything, beside one with a file that is nobody's business."""
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "root" / ".muse").mkdir(parents=True)
    put_all(tmp_path / "root", TREE)
    return tmp_path / "root"


def read(root: Path, name: str, *, keep: bool = True) -> Content:
    fd = os.open(root, os.O_RDONLY)
    try:
        return disk.read_entry(fd, name, f"shown/{name}", keep=keep)
    finally:
        os.close(fd)


# One entry


@given(data=st.binary(max_size=300) | st.integers(0, 3 << 20).map(bytes), keep=st.booleans(), run=st.booleans())
def test_a_file_is_read_whole(tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: bool, run: bool) -> None:
    root = tmp_path_factory.getbasetemp()
    put(root, "whole", What("x" if run else "f", data))
    content = read(root, "whole", keep=keep)
    assert content.entry == Entry("x" if run else "f", digest_of(data))
    assert content.data == data or (not keep and content.data is None and len(data) > 1 << 20)
    assert content.seen == disk.signature(os.stat(root / "whole"))


def test_a_link_is_its_target(root: Path) -> None:
    assert read(root, "link").entry == Entry("l", digest_of(b"a/b/f"))
    assert read(root, "away").data == b".."


def test_what_can_be_kept_and_what_cannot(root: Path) -> None:
    for name in ("pipe", "empty", "a"):
        with pytest.raises(NotAFile):
            read(root, name)
    with pytest.raises(FileNotFoundError):
        read(root, "nothing")


def test_a_file_that_changes_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, reads = os.read, 0

    def growing(fd: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        data = original(fd, size)
        if reads == 1:
            with (root / "x").open("ab") as more:
                more.write(b" more")
        return data

    tick(root)
    monkeypatch.setattr(os, "read", growing)
    content = read(root, "x")
    assert content.data == b"run more"
    assert content.entry.digest == digest_of(b"run more")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("what", [What("l", b"../outside"), What(FIFO)])
def test_what_takes_the_place_of_a_file_is_not_read_as_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, what: What
) -> None:
    """After it was looked at, and before it is opened."""
    original = os.open

    def late(path: str, *arguments: int, **options: int) -> int:
        if path == "x":
            put(root, "x", what)
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises((SystemTrouble, NotAFile)):
        read(root, "x")


def test_a_fresh_link_is_racy_and_a_settled_one_is_not(root: Path) -> None:
    with right_after(root / "link"):
        assert read(root, "link").racy
    with later():
        assert not read(root, "link").racy


def test_a_file_that_never_stops_changing_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.read

    def growing(fd: int, size: int) -> bytes:
        data = original(fd, size)
        with (root / "x").open("ab") as more:
            more.write(b"more")
        return data

    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(SystemTrouble, match="shown/x keeps changing while it is read") as refused:
        read(root, "x")
    assert refused.value.kind == "changing"


@pytest.mark.parametrize("call", ["open", "read", "readlink"])
def test_trouble_names_the_path(root: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    name = "link" if call == "readlink" else "x"
    fd = os.open(root, os.O_RDONLY)
    monkeypatch.setattr(os, call, faults.failing(errno.EACCES))
    with pytest.raises(SystemTrouble, match=rf"cannot read shown/{name}: Permission denied"):
        disk.read_entry(fd, name, f"shown/{name}", keep=True)


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("age", "fine", "racy"),
    [
        (0, True, True),
        (SECOND // 100, True, True),
        (SECOND // 10, True, False),
        (-SECOND, True, True),
        (SECOND // 10, False, True),
        (2 * SECOND, False, True),
        (3 * SECOND, False, False),
    ],
)
def test_when_a_time_proves_nothing(age: int, fine: bool, racy: bool) -> None:
    at = 1_700_000_000 * SECOND + (123_456 if fine else 0)
    for seen in ((at, at, 1, 1, 1), (at - 9 * SECOND, at, 1, 1, 1), (at, at - 9 * SECOND, 1, 1, 1)):
        assert disk.is_racy(seen, at + age) == racy


def test_a_fresh_file_is_racy_and_a_settled_one_is_not(root: Path) -> None:
    (root / "x").write_bytes(b"new")
    with right_after(root / "x"):
        assert read(root, "x").racy
    with later():
        assert not read(root, "x").racy


# Folders


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
        for path, what in TREE.items():
            found = folders.find(path)
            if what.mode in "fxl":
                assert found.entry == what.entry
                assert found.seen == folders.seen(path) == disk.signature(os.lstat(root / path))
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
        for path in [*TREE, "no/thing", "into/f", "x/y"]:
            folders.find(path)
            folders.still(path, Found(None, UNKNOWN, racy=True))
    assert len(os.listdir("/dev/fd")) == before
