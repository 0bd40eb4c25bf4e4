"""Several disks below one folder: a rename does not lead from one to another."""

from __future__ import annotations

import os

import pytest

from muse.core.types import FILE
from muse.testing import faults
from muse.testing.faults import Fault
from muse.testing.repositories import damage, litter
from tests.commands import muse, ok
from tests.crash import harness
from tests.crash.apart import BIND, mount
from tests.crash.campaign import Campaign, Row
from tests.crash.contents import SMALL, SMALL_EDITED, noise
from tests.crash.odd.odd import a_day, alone, files, fill, two_branches
from tests.crash.points import Sampling, first_write
from tests.environment import absent

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

_MOUNTS = {
    ".muse on another disk": (".muse",),
    "a folder on another disk": ("data",),
    "several": (".muse", "data", "nb"),
}


def test_mounts(rows: list[Row], place: str) -> None:
    Campaign("odd file system", rows).run_each(
        "several mounts", _MOUNTS, lambda name: alone(a_day, place, _MOUNTS[name])
    )


def test_killed_on_several_mounts(
    strace: None, rows: list[Row], usual: Sampling, place: str, environment: dict[str, str]
) -> None:
    """A checkout that copies from one disk to another: each file is old or new, and the next command finishes."""
    new = SMALL_EDITED | {"data/new": (FILE, b"new")}
    env = environment | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    command = harness.process(["checkout", "main"])

    def points() -> list[Fault]:
        two_branches(ok, SMALL, new)
        for step in ("main", "work", "main"):
            calls = faults.trace(harness.process(["checkout", step]), cwd=".", env=env).main
        changing = [call for call in calls[first_write(calls) :] if call.changes]
        return [Fault(call, "signal=SIGKILL") for call in usual.some(12, changing)]

    def check(fault: Fault) -> None:
        two_branches(ok, SMALL, new)
        outcome = faults.run(command, fault, cwd=".", env=env)
        assert outcome.status < 0 or outcome.hit is None, outcome
        for path, what in files().items():
            assert what in (SMALL.get(path), new.get(path)) or ".restore-tmp-" in path, path
        ok("status")
        ok("checkout", "main")
        assert files() == SMALL, "not finished, or something was left"
        assert not litter(".") and not damage(".")

    Campaign("odd file system", rows).run_each(
        "several mounts: checkout killed",
        alone(points, place, ("data",)),
        lambda fault: alone(lambda: check(fault), place, ("data",)),
    )


def test_layers(rows: list[Row], place: str) -> None:
    """As in a container: to change names with a file of the layer below, that would be copied up first."""

    def day(size: str) -> str:
        os.mkdir("below")
        mount("above", kind="tmpfs", options=f"size={size}")
        for name in ("above/files", "above/work"):
            os.mkdir(name)
        os.chdir("below")
        ok("init")
        for number, data in enumerate((b"small", noise("large", 3_000_000))):
            fill({"large": (FILE, data), "other": (FILE, b"%d" % number)})
            ok("commit", "-m", str(number))
        os.chdir("..")
        layers = "lowerdir=below,upperdir=above/files,workdir=above/work"
        try:
            os.chdir(mount("here", source="overlay", kind="overlay", options=layers))
        except OSError as error:
            return f"no layers here: {error.strerror}"
        ok("checkout", "HEAD~1")
        assert files() == {"large": (FILE, b"small"), "other": (FILE, b"0")}
        assert muse("status", "--json").json["clean"]
        assert not litter(".") and not damage(".")
        return ""

    def check(size: str) -> None:
        if reason := alone(lambda: day(size), place):
            absent(reason)

    Campaign("odd file system", rows).run_each("layers, the upper with room and full", ("16m", "2m"), check)


def test_a_file_that_is_a_mount_of_its_own(rows: list[Row], place: str) -> None:
    """Nobody can rename it: it is named, and holds up no other file and no later command."""

    def day() -> None:
        ok("init")
        for number in range(2):
            fill({name: (FILE, f"{name} {number}".encode()) for name in ("a", "b", "c")})
            ok("commit", "-m", str(number))
        mount("b", source="b", flags=BIND)
        answer = ok("checkout", "HEAD~1")
        assert "! b was left alone" in answer
        assert files() == {"a": (FILE, b"a 0"), "b": (FILE, b"b 1"), "c": (FILE, b"c 0")}
        assert muse("status", "--json").json["changed"] == ["b"]
        ok("commit", "-m", "another")

    Campaign("odd file system", rows).run_each("a file is a mount", ("b",), lambda name: alone(day, place))
