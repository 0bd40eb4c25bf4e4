"""Files that change under our hands: read again, or reported; never stored under a wrong id, never missed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from muse.core.folder import files, folders, scan
from muse.core.folder.folders import Folders
from muse.core.repo import Repo
from muse.testing.repositories import damage
from muse.verbs import _saving
from tests.commands import muse, ok, refused
from tests.samples import code, notebook


def while_it_is_read(patch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Do something whenever the bytes of a file have been read, and it is not yet known whether they are whole."""
    read = files._bytes_and_digest

    def and_change(fd: int, size: int, keep: bool) -> tuple[bytes | None, bytes]:
        found = read(fd, size, keep)
        change()
        return found

    patch.setattr(files, "_bytes_and_digest", and_change)


def append(path: str) -> Callable[[], None]:
    """Another program that writes a line each time."""

    def write() -> None:
        with open(path, "a") as file:
            file.write("another line\n")

    return write


@pytest.mark.parametrize("words", [("commit", "-m", "x"), ("add", "."), ("add", "growing.csv")])
def test_a_file_that_keeps_changing_is_reported(
    repository: Repo, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("growing.csv").write_text("a\n")
    with monkeypatch.context() as patch:
        while_it_is_read(patch, append("growing.csv"))
        assert "growing.csv keeps changing while it is read" in refused(*words, status=5)
        assert "growing.csv keeps changing" in ok("status")
        ok("diff")
    ok("commit", "-m", "it is done")
    assert damage(repository.root) == []


def test_a_file_that_changed_once_is_read_again(repository: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("a.csv")
    path.write_text("a\n")
    changes = iter([append("a.csv")])
    with monkeypatch.context() as patch:
        while_it_is_read(patch, lambda: next(changes, lambda: None)())
        ok("commit", "-m", "the whole file")
    assert path.read_text() == "a\nanother line\n"
    assert "clean" in ok("status")
    assert damage(repository.root) == []


@pytest.mark.parametrize("change", [os.unlink, lambda path: os.truncate(path, 0), lambda path: os.chmod(path, 0o755)])
def test_a_file_that_goes_or_shrinks(
    repository: Repo, change: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.csv").write_text("a\n" * 1000)
    Path("b.csv").write_text("b\n")
    changes = iter([change])
    with monkeypatch.context() as patch:
        while_it_is_read(patch, lambda: next(changes, lambda path: None)("a.csv"))
        ok("commit", "-m", "what is left")
    assert "clean" in ok("status")
    assert damage(repository.root) == []


def test_a_file_that_changes_between_two_looks(repository: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen to differ is read once more for its bytes; by then it is another, and diff looks again.

    In the end it shows what it read.
    """
    path = Path("a.ipynb")
    path.write_bytes(notebook(code("1")))
    ok("commit", "-m", "first look")
    path.write_bytes(notebook(code("2")))
    read = Folders.read
    saves: Iterator[bytes] = itertools.repeat(notebook(code("3")))

    def late(folders: Folders, name: str) -> bytes:
        path.write_bytes(next(saves))
        return read(folders, name)

    with monkeypatch.context() as patch:
        patch.setattr(Folders, "read", late)
        assert "+3" in ok("diff")
        saves = (notebook(code(str(number))) for number in itertools.count(4))
        assert "cell 1  added\n    +" in ok("diff")
    assert damage(repository.root) == []


def racing(patch: pytest.MonkeyPatch) -> None:
    """As on a file system whose clock stands still: a change within one tick leaves all times as they were."""
    patch.setattr(files, "_TICK_NS", 3_600_000_000_000)
    blind = attrgetter("st_mtime_ns", "st_mtime_ns", "st_size", "st_ino", "st_mode")
    for module in (files, folders, scan):
        patch.setattr(module, "signature", blind)


def rewrite(path: Path, data: bytes) -> None:
    """Write other bytes of the same length; the time stays."""
    before = path.stat()
    assert len(data) == before.st_size
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_same_size_and_same_time(repository: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    racing(monkeypatch)
    path = Path("a.txt")
    path.write_bytes(b"one\n")
    ok("commit", "-m", "one")
    assert "clean" in ok("status")
    rewrite(path, b"two\n")
    assert "changed  a.txt" in ok("status")
    ok("commit", "-m", "two")
    rewrite(path, b"six\n")
    assert "-two\n" in ok("diff") and "a.txt" in refused("checkout", "HEAD~1", status=4)
    ok("checkout", "--force", "HEAD~1")
    assert path.read_bytes() == b"one\n"
    ok("undo")
    assert path.read_bytes() == b"six\n"


def test_a_time_that_was_put_back(repository: Repo) -> None:
    """Long after, `touch -r` and programs that keep times cannot hide a change: the system's own time tells."""
    path = Path("a.txt")
    path.write_bytes(b"one\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    ok("commit", "-m", "one")
    rewrite(path, b"two\n")
    assert "changed  a.txt" in ok("status")


@pytest.fixture
def saving(repository: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that its server is writing: half of it, and the old copy beside it."""
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.1)
    path = Path("nb.ipynb")
    path.write_bytes(notebook(code("1")))
    ok("commit", "-m", "first look")
    path.with_name(".~nb.ipynb").write_bytes(path.read_bytes())
    path.write_bytes(notebook(code("2"))[:50])
    return path


def test_a_notebook_that_stays_half_saved(saving: Path) -> None:
    half = saving.read_bytes()
    began = time.monotonic()
    said = ok("commit", "-m", "as it stands")
    assert time.monotonic() - began >= 0.1
    assert said.splitlines()[0].endswith("nb.ipynb is being saved, and was taken as it stood")
    assert ".~nb.ipynb" not in muse("show", "--json").out
    saving.unlink()
    ok("restore", "nb.ipynb")
    assert saving.read_bytes() == half


def test_a_notebook_that_is_saved_in_time(saving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = notebook(code("2"))

    def server_goes_on(seconds: float) -> None:
        saving.write_bytes(whole)
        saving.with_name(".~nb.ipynb").unlink(missing_ok=True)

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", server_goes_on)
        assert "being saved" not in ok("commit", "-m", "whole")
    saving.unlink()
    ok("restore", "nb.ipynb")
    assert saving.read_bytes() == whole


def test_a_copy_that_a_dead_server_left(saving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is older than any save takes, nobody waits for it."""
    monkeypatch.setattr(_saving, "_SAVE_AT_MOST_NS", 0)
    assert "being saved" not in ok("commit", "-m", "not waited for")
