"""A kernel that is killed in the middle of a commit of 2,000 files, and the first cell of the next one.

To be in the middle for certain, the first cell of the kernel makes the call in question stop there and say so.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.system.temps import is_muse_temp, is_object_temp
from tests.commands import muse, ok
from tests.magics.kernels import Kernel

pytestmark = [pytest.mark.slow, pytest.mark.crash]

FILES = 2_000

#: Stops for good where it is called. Printing waits until the front end can have it.
STOP = """
import os, threading
def stop():
    print("stopped", flush=True)
    threading.Event().wait()
"""
WRITING = """
def write(fd, data, write=os.write, large=[]):
    if len(data) > 100_000:
        large.append(fd)
        if len(large) == 3:
            stop()
    return write(fd, data)
os.write = write
"""
LINKED = """
def link(source, path, *, link=os.link, **options):
    if {when!r} == "before" and {folder!r} in path:
        stop()
    link(source, path, **options)
    if {when!r} == "after" and {folder!r} in path:
        stop()
os.link = link
"""


@pytest.fixture
def project(folder: Path) -> dict[str, bytes]:
    """A repository with a first commit, and 2,000 files that are in none; gives their contents."""
    (folder / "first.txt").write_text("first\n")
    ok("init")
    ok("commit", "-m", "first look")
    chance = random.Random(2000)
    contents = {f"data/part-{number % 40}/{number}.bin": chance.randbytes(2048) for number in range(FILES)}
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return contents


def temporaries(folder: Path) -> list[str]:
    """What should not be left below `.muse/`."""
    muse = folder / ".muse"
    names = [path for path in muse.rglob("*") if is_muse_temp(path.name) or is_object_temp(path.name)]
    return [str(path.relative_to(muse)) for path in (*names, *(muse / "restore").iterdir())]


def messages() -> list[str]:
    """The messages of all commits, newest first."""
    return [entry["message"] for entry in muse("log", "--json").json]


def kill_at(kernel: Kernel, hook: str) -> None:
    """Kill a kernel where a hook stops it."""
    assert kernel.run(STOP + hook).status == "ok"
    kernel.run("%load_ext muse")
    kernel.submit("%muse commit -m everything").until_printed("stopped")
    kernel.kill()


def go_on(kernel: Kernel, expected: list[str], folder: Path, contents: dict[str, bytes]) -> None:
    """A new kernel works at once, from the state before or after, and everything is there."""
    kernel.run("%load_ext muse")
    status = kernel.run("%muse status")
    assert (status.status, status.err) == ("ok", "")
    assert temporaries(folder) == []
    assert messages() == expected
    commit = kernel.run("%muse commit -m again")
    assert (commit.status, commit.err) == ("ok", "")
    assert messages() == (expected if "everything" in expected else ["again", *expected])
    assert kernel.run("%muse status").lines[1:] == ["Nothing to commit, the folder is clean."]
    for name in contents:
        os.unlink(folder / name)
    assert kernel.run("%muse restore .").status == "ok"
    assert {name: (folder / name).read_bytes() for name in contents} == contents
    assert temporaries(folder) == []


BEFORE = ["first look"]
AFTER = ["everything", "first look"]


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        pytest.param(WRITING, BEFORE, id="the pack has no name"),
        pytest.param(LINKED.format(when="after", folder="/objects/pack/"), BEFORE, id="the pack has its name"),
        pytest.param(LINKED.format(when="before", folder="/ops/"), BEFORE, id="the entry has no name"),
        pytest.param(LINKED.format(when="after", folder="/ops/"), AFTER, id="the entry has its name"),
    ],
)
def test_killed(
    hook: str, expected: list[str], start: Callable[[], Kernel], folder: Path, project: dict[str, bytes]
) -> None:
    """Where files are written without a name, nothing is left but perhaps a pack that nobody names."""
    kill_at(start(), hook)
    assert temporaries(folder) == []
    go_on(start(), expected, folder, project)


def test_killed_where_files_need_names(
    start: Callable[[], Kernel], folder: Path, project: dict[str, bytes]
) -> None:
    """Elsewhere half a pack is left, and goes with the first command after its minute of grace."""
    (folder / ".muse/config.toml").write_text('[store]\npublish = "rename"\n')
    kill_at(start(), WRITING)
    [left] = temporaries(folder)
    path = folder / ".muse" / left
    assert path.stat().st_size > 1_000_000
    minute_ago = time.time() - 61
    os.utime(path, (minute_ago, minute_ago))
    go_on(start(), BEFORE, folder, project)
