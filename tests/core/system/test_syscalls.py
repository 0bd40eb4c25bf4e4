"""`system.syscalls`: what they do, and how they fail."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from muse.core.system import syscalls
from muse.testing import lacking
from tests.core.small_commands import raising
from tests.environment import ROOT, absent


def test_syncing_a_whole_file_system(tmp_path: Path) -> None:
    assert syscalls.sync_file_system(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        syscalls.sync_file_system(str(tmp_path / "nowhere"))


def test_where_a_file_system_cannot_be_synced_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sync` is no help: it may come back before all is on the disk."""
    monkeypatch.setattr(syscalls, "_library", object())
    monkeypatch.setattr(os, "sync", None)
    assert not syscalls.sync_file_system(str(tmp_path))


def test_where_the_kernel_refuses_to_sync_a_file_system_that_is_said(tmp_path: Path) -> None:
    if reason := lacking.missing():
        absent(reason)
    program = "from muse.core.system import syscalls; print(syscalls.sync_file_system('.'))"
    command = lacking.without([sys.executable, "-c", program], ["syncfs"])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True).stdout == b"False\n"


@pytest.mark.parametrize("error", [ImportError("no _ctypes"), OSError("no library")])
def test_a_python_that_cannot_call_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(syscalls, "_library", None)
    monkeypatch.setattr("ctypes.CDLL", raising(error))
    assert not syscalls.sync_file_system(str(tmp_path))
    with pytest.raises(OSError) as refused:
        syscalls.rename_noreplace("a", "b")
    assert refused.value.errno == errno.ENOSYS


def test_two_files_change_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "below").mkdir()
    (tmp_path / "below/b").write_text("two")
    fd = os.open(tmp_path / "below", os.O_RDONLY)
    try:
        syscalls.exchange(str(tmp_path / "a"), fd, "b")
        with pytest.raises(FileNotFoundError):
            syscalls.exchange(str(tmp_path / "a"), fd, "c")
    finally:
        os.close(fd)
    assert ((tmp_path / "a").read_text(), (tmp_path / "below/b").read_text()) == ("two", "one")


def test_a_name_that_is_taken_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    with pytest.raises(FileExistsError):
        syscalls.rename_noreplace(str(tmp_path / "a"), str(tmp_path / "b"))
    syscalls.rename_noreplace(str(tmp_path / "a"), str(tmp_path / "c"))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "two", "c": "one"}
