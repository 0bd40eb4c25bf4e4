"""Odd surroundings: no `/proc`, no home, paths as long as can be, a network."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import pytest

from tests import kept
from tests.commands import muse, ok, process, refused
from tests.crash.apart import mount
from tests.crash.contents import SMALL, SMALL_EDITED
from tests.crash.odd.odd import a_day, alone, files, fill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

# What a process has around it


def test_without_proc(place: str) -> None:
    """Files without a name get theirs through `/proc`; where there is none, they have one from the start."""

    def check() -> None:
        mount("/proc", kind="tmpfs")
        a_day(process)

    alone(check, place)


@pytest.mark.parametrize("home", ["", "/dev/null", "/proc"])
def test_without_a_home(home: str, folder: Path) -> None:
    """Nobody's home, or one in which nothing can be written: nothing that is needed lies there."""
    without = ("XDG_", "HOME", "MUSE_A", "USER", "LOGNAME")
    env = {name: value for name, value in os.environ.items() if not name.startswith(without)}
    if home:
        env["HOME"] = home
    Path("notes.txt").write_text("notes")
    for words in (("init",), ("commit", "-m", "x"), ("status",), ("log",), ("config",)):
        answer = process(*words, env=env)
        assert (answer.status, answer.err) == (0, ""), answer
    if home:
        answer = process("config", "--user", "durability", "off", env=env)
        assert answer.status == 5 and len(answer.err.splitlines()) == 2, answer


def test_a_current_folder_that_is_gone(folder: Path) -> None:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir(folder / "gone")
    try:
        for words in (("init",), ("status",), ("commit", "-m", "x")):
            refused(*words, status=2)
    finally:
        os.chdir(folder)


# Long paths

_PATH_MAX, _NAME_MAX = 4096, 255


def go_to(length: int) -> None:
    """Go down into folders below the current one, until its path has that many bytes."""
    while (missing := length - len(os.getcwd()) - 1) > 0:
        name = "x" * (missing if missing <= _NAME_MAX else min(_NAME_MAX, missing - 2))
        os.mkdir(name)
        os.chdir(name)
    assert len(os.getcwd()) == length


@pytest.mark.parametrize("left", [20, 45, 60, 75, 200])
def test_a_path_near_the_limit(left: int, folder: Path) -> None:
    """Files may lie deeper than a path can say; where those of muse would, it says so in two lines."""
    new = {"s/" + "d" * 200 + "/" + "n" * _NAME_MAX: "deep", "n" * _NAME_MAX: "long"}
    go_to(_PATH_MAX - left)
    Path("a").write_text("a")
    answer = muse("init")
    if left <= len("/.muse/objects/pack/.pack") + 32:
        assert answer.status == 0 or "File name too long" in answer.err
        assert "File name too long" in refused("commit", "-m", "first", status=5)
        return
    assert answer.status == 0, answer
    ok("commit", "-m", "first")
    ok("checkout", "-b", "work")
    for path, text in new.items():
        write_deep(path, text)
    ok("commit", "-m", "second")
    for words, there in ((("checkout", "main"), False), (("checkout", "work"), True), (("undo",), False)):
        ok(*words)
        assert "clean" in ok("status")
        assert os.path.exists("s") == there and len(os.listdir(".")) == (4 if there else 2)
    ok("fsck")


def write_deep(path: str, text: str) -> None:
    """Write a file whose path from the root of the disk may be too long."""
    *above, name = path.split("/")
    for part in above:
        os.mkdir(part)
        os.chdir(part)
    Path(name).write_text(text)
    for _ in above:
        os.chdir("..")


# A network


def over_the_network(kind: str) -> None:
    """From here on, and for good, this process takes every disk for one of that kind."""
    device = os.stat(".").st_dev
    mounts = os.path.abspath(".muse/mountinfo")
    Path(mounts).write_text(f"1 1 {os.major(device)}:{os.minor(device)} / / rw - {kind} host:/x rw\n")
    original = builtins.open

    def mounted(name: Any, *arguments: Any, **options: Any) -> Any:
        return original(mounts if name == "/proc/self/mountinfo" else name, *arguments, **options)

    setattr(builtins, "open", mounted)  # noqa: B010


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_is_announced(kind: str, place: str) -> None:
    """By every command that rests on its locks; who only looks is not bothered."""

    def check() -> None:
        Path("notes.txt").write_text("notes")
        ok("init")
        over_the_network(kind)
        said = "this folder is on a network file system: run muse from one machine at a time"
        assert said in ok("commit", "-m", "x") and said in ok("checkout", "-b", "other")
        assert said not in ok("status") and said not in ok("log")

    alone(check, place)


def test_on_a_network_only_the_machine_that_began_finishes(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command may be alive, and its lock may not be seen from elsewhere."""

    def check() -> None:
        fill(SMALL)
        ok("init")
        ok("commit", "-m", "old")
        fill(SMALL_EDITED)
        ok("commit", "-m", "new")
        number = kept.newest(".").number
        ok("reset", "--hard", "HEAD~1")
        fill(SMALL_EDITED)
        Path(".muse/applied").write_text(f"{number}\n")  # as a command does that dies right after its entry
        over_the_network("nfs4")
        here, real = os.uname().nodename, os.uname
        os.uname = lambda: os.uname_result((real()[0], "elsewhere", *real()[2:]))
        assert f"was begun on {here}" in refused("commit", "-m", "x", status=4)
        assert f"was begun on {here}" in ok("status") and files() == SMALL_EDITED
        os.uname = real
        assert "finished: reset" in ok("status") and files() == SMALL

    alone(check, place)
