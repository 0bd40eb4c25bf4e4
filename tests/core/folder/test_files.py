"""`folder.files`: reading one file of the user's folder without being fooled by it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import SystemTrouble
from muse.core.folder import files
from muse.core.folder.files import Content, NotAFile
from muse.core.types import Entry, digest_of
from tests.core import faults
from tests.core.folders import FIFO, What, later, put, right_after, tick


def read(root: Path, name: str, *, keep: bool = True) -> Content:
    fd = os.open(root, os.O_RDONLY)
    try:
        return files.read_entry(fd, name, f"shown/{name}", keep=keep)
    finally:
        os.close(fd)


@given(data=st.binary(max_size=300) | st.integers(0, 3 << 20).map(bytes), keep=st.booleans(), run=st.booleans())
def test_a_file_is_read_whole(tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: bool, run: bool) -> None:
    root = tmp_path_factory.getbasetemp()
    put(root, "whole", What("x" if run else "f", data))
    content = read(root, "whole", keep=keep)
    assert content.entry == Entry("x" if run else "f", digest_of(data))
    assert content.data == data or (not keep and content.data is None and len(data) > 1 << 20)
    assert content.seen == files.signature(os.stat(root / "whole"))


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
        files.read_entry(fd, name, f"shown/{name}", keep=True)


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
        assert files.is_racy(seen, at + age) == racy


def test_a_fresh_file_is_racy_and_a_settled_one_is_not(root: Path) -> None:
    (root / "x").write_bytes(b"new")
    with right_after(root / "x"):
        assert read(root, "x").racy
    with later():
        assert not read(root, "x").racy
