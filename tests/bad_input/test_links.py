"""Symbolic links are kept as links and never followed; the executable bit is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import muse, ok
from tests.core.folders import read

TARGETS = {
    "dangling": b"nowhere",
    "absolute": b"/etc/passwd",
    "to a folder": b"real",
    "to a folder above": b"..",
    "loop": b"loop",
    "to ours": b".muse/HEAD",
    "device": b"/dev/zero",
    "no text": b"caf\xe9\n\x1b[31m",
    "notebook.ipynb": b"real/a.ipynb",
    "long": b"x/" * 2000 + b"x",
}


@pytest.fixture
def links(repository: Repo) -> Repo:
    """A commit without links, and one with every kind."""
    Path("real").mkdir()
    Path("real/a.ipynb").write_text("{}")
    ok("commit", "-m", "no links")
    for name, target in TARGETS.items():
        os.symlink(target, name)
    ok("commit", "-m", "links")
    return repository


def targets() -> dict[str, bytes]:
    """The links that stand in the folder."""
    return {name: os.fsencode(os.readlink(name)) for name in TARGETS if os.path.islink(name)}


def test_there_and_back(links: Repo) -> None:
    files = muse("show", "--json").json["files"]
    assert sorted(found["path"] for found in files) == sorted(TARGETS), "nothing behind a link is taken"
    assert {found["kind"] for found in files} == {"link"}
    ok("checkout", "HEAD~1")
    assert sorted(os.listdir()) == [".muse", "real"]
    ok("undo")
    assert targets() == TARGETS
    assert "clean" in ok("status")
    for name in TARGETS:
        Path(name).unlink()
    ok("restore", ".")
    assert targets() == TARGETS


def test_what_a_link_points_to_is_not_touched(links: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.txt").write_text("precious")
    Path("a.txt").write_text("mine")
    ok("commit", "-m", "a file")
    Path("a.txt").unlink()
    Path("a.txt").symlink_to(outside / "x.txt")
    assert "changed  a.txt" in ok("status")
    assert "was a plain file, is a link" in ok("diff")
    ok("commit", "-m", "a link")
    for words in (("checkout", "HEAD~1"), ("undo",), ("restore", "a.txt", "--from", "HEAD~1"), ("undo",)):
        ok(*words)
        assert (outside / "x.txt").read_text() == "precious"
    assert Path("a.txt").is_symlink()


def test_a_folder_that_became_a_link(repository: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.txt").write_text("precious")
    Path("d").mkdir()
    Path("d/x.txt").write_text("mine")
    ok("commit", "-m", "a folder")
    Path("d/x.txt").unlink()
    Path("d").rmdir()
    Path("d").symlink_to(outside)
    status = muse("status", "--json").json
    assert (status["added"], status["deleted"]) == (["d"], ["d/x.txt"])
    ok("commit", "-m", "a link")
    ok("checkout", "HEAD~1")
    assert Path("d/x.txt").read_text() == "mine" and not Path("d").is_symlink()
    ok("undo")
    assert Path("d").is_symlink() and read(outside).keys() == {"x.txt"}
    assert (outside / "x.txt").read_text() == "precious"


def test_a_path_through_a_link(links: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is named through a link is the file that it leads to; out of the repository none leads."""
    ok("add", "to a folder/a.ipynb")
    os.symlink(tmp_path_factory.mktemp("outside"), "out")
    answer = muse("add", "out/x")
    assert answer.status == 2 and len(answer.err.splitlines()) == 2


def test_rules_are_not_read_through_a_link(repository: Repo) -> None:
    Path("rules").write_text("*\n")
    Path(".museignore").symlink_to("rules")
    assert muse("status", "--json").json["added"] == [".museignore", "rules"]


def test_the_executable_bit(repository: Repo) -> None:
    Path("run.sh").write_text("#!/bin/sh\n")
    ok("commit", "-m", "plain")
    Path("run.sh").chmod(0o755)
    assert "was a plain file, is executable" in ok("diff")
    ok("commit", "-m", "executable")
    ok("checkout", "HEAD~1")
    assert not os.access("run.sh", os.X_OK)
    ok("undo")
    assert os.access("run.sh", os.X_OK)
    Path("run.sh").chmod(0o4755)
    assert "clean" in ok("status"), "other bits are not kept"
