"""What is taken away from a program is refused by the kernel; everything else works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from muse.testing import lacking
from tests.environment import ROOT, absent

# Each call that may be refused, and beside it the nearest that may not.
_PROGRAM = """
import ctypes, errno, fcntl, os
from muse.core.system import syscalls

def attempt(name, call):
    try:
        call()
        print(name, "works")
    except OSError as error:
        print(name, errno.errorcode[error.errno])

def sync():
    if ctypes.CDLL(None, use_errno=True).syncfs(os.open(".", os.O_RDONLY)) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")

for name in "abcdef":
    open(name, "w").close()
attempt("nameless", lambda: os.close(os.open(".", os.O_TMPFILE | os.O_RDWR)))
attempt("folder", lambda: os.close(os.open(".", os.O_DIRECTORY | os.O_RDONLY)))
attempt("link", lambda: os.link("a", "linked"))
attempt("linkat", lambda: os.link("a", "linked too", src_dir_fd=os.open(".", os.O_RDONLY)))
attempt("symlink", lambda: os.symlink("a", "pointing"))
attempt("exchange", lambda: syscalls.exchange("a", os.open(".", os.O_RDONLY), "b"))
attempt("noreplace", lambda: syscalls.rename_noreplace("c", "new"))
attempt("rename", lambda: os.rename("d", "e"))
attempt("flock", lambda: fcntl.flock(os.open("f", os.O_RDONLY), fcntl.LOCK_EX))
attempt("syncfs", sync)
"""
_REFUSED = {
    "O_TMPFILE": {"nameless": "ENOTSUP"},
    "link": {"link": "EPERM", "linkat": "EPERM"},
    "symlink": {"symlink": "EPERM"},
    "RENAME_NOREPLACE": {"noreplace": "EINVAL"},
    "RENAME_EXCHANGE": {"exchange": "EINVAL"},
    "flock": {"flock": "ENOLCK"},
    "syncfs": {"syncfs": "ENOSYS"},
}


@pytest.fixture(autouse=True)
def able() -> None:
    """These tests need filters."""
    if reason := lacking.missing():
        absent(reason)


def run(folder: Path, *abilities: str) -> dict[str, str]:
    """What works without these abilities, and what does not."""
    command = lacking.without([sys.executable, "-c", _PROGRAM], abilities)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def test_every_ability_has_its_case() -> None:
    assert set(_REFUSED) == set(lacking.ABILITIES)


def test_nothing_is_taken_away_unasked(folder: Path) -> None:
    assert set(run(folder).values()) == {"works"}


@pytest.mark.parametrize("ability", lacking.ABILITIES)
def test_one_is_taken_away_and_no_other(folder: Path, ability: str) -> None:
    refused = {name: how for name, how in run(folder, ability).items() if how != "works"}
    assert refused == _REFUSED[ability]


def test_all_at_once(folder: Path) -> None:
    refused = {name: how for name, how in run(folder, *lacking.ABILITIES).items() if how != "works"}
    assert refused == {name: how for case in _REFUSED.values() for name, how in case.items()}


def test_the_program_ends_as_it_wants(folder: Path) -> None:
    command = lacking.without([sys.executable, "-c", "import sys; sys.exit(7)"], ["flock"])
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, cwd=folder, env=env, check=False).returncode == 7


def test_an_ability_that_nobody_knows() -> None:
    with pytest.raises(KeyError):
        lacking.drop(["teleport"])
