"""How often the real command waits for the disk: four times, however many files; never when told not to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import program

TRACED = "fsync,fdatasync,syncfs,sync_file_range"
CALL = re.compile(rf"\b({TRACED.replace(',', '|')})\(\d+<([^>]*)>")


@pytest.fixture
def muse() -> str:
    """The command `muse` of this environment."""
    found = Path(sys.executable).parent / "muse"
    assert found.exists(), "install the project first: `make` does"
    return str(found)


def waits(folder: Path, *command: str) -> list[tuple[str, str]]:
    """Run a command; the calls that wait for the disk, each with the folder it was about, below `.muse`."""
    log = folder.parent / "strace.log"
    strace = [program("strace"), "-f", "-y", "-o", str(log), "-e", f"trace={TRACED}"]
    subprocess.run([*strace, *command], cwd=folder, check=True, capture_output=True)
    muse = folder.resolve() / ".muse"
    found = [(name, Path(os.path.relpath(path.split(" ")[0], muse))) for name, path in CALL.findall(log.read_text())]
    return [(name, str(path if path.name in ("ops", "pack") else path.parent)) for name, path in found]


@pytest.mark.parametrize("files", [1, 200])
def test_a_commit_waits_four_times(folder: Path, muse: str, files: int) -> None:
    """Pack, its folder, entry, its folder."""
    subprocess.run([muse, "init"], check=True, capture_output=True)
    for number in range(files):
        Path(f"f{number}").write_text(f"{number}\n" * 100)
    for message in ("first", "second"):
        expected = ["objects/pack", "objects/pack", "ops", "ops"]
        assert waits(folder, muse, "commit", "-m", message) == [("fsync", place) for place in expected]
        for number in range(files):
            Path(f"f{number}").write_text(f"{number} more\n" * 100)


@pytest.mark.parametrize("files", [1, 200])
def test_with_durability_off_nothing_waits(folder: Path, muse: str, files: int) -> None:
    subprocess.run([muse, "init"], check=True, capture_output=True)
    subprocess.run([muse, "config", "durability", "off"], check=True, capture_output=True)
    for number in range(files):
        Path(f"f{number}").write_text(f"{number}\n")
    assert waits(folder, muse, "commit", "-m", "first") == []
    Path("f0").write_text("more\n")
    assert waits(folder, muse, "add", "f0") == []
    assert waits(folder, muse, "commit", "-m", "second") == []
    assert waits(folder, muse, "checkout", "HEAD~1") == []
    assert waits(folder, muse, "undo") == []


def test_what_only_looks_never_waits(folder: Path, muse: str) -> None:
    subprocess.run([muse, "init"], check=True, capture_output=True)
    Path("f").write_text("one\n")
    subprocess.run([muse, "commit", "-m", "first"], check=True, capture_output=True)
    Path("f").write_text("two\n")
    for verb in ("status", "diff", "log"):
        assert waits(folder, muse, verb) == []
