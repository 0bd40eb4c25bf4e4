"""Names that are no text, as long as can be, or hold newlines: kept byte for byte, and shown on one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muse.core.base.names import show
from muse.core.repo import Repo
from tests.commands import muse, ok, process
from tests.core.folders import Contents, file, put_all, read_files
from tests.core.names_to_try import BAD, ODD

LATIN, LONG, LINES = os.fsdecode(b"caf\xe9.csv"), os.fsdecode(b"\xff" * 255), "two\nlines\x1b[31m"
#: All that a scan takes; of these, the rules that every folder has leave `.git` out.
NAMES = sorted({*ODD, LATIN, LONG, LINES} - {".git"})
ONE_BY_ONE = [LATIN, LONG, LINES, "*", "--help", "-", "a#3", "~", " a", "a ", "HEAD", "main"]


def odd_files(root: str) -> Contents:
    """A file for every name, and one in a folder of that name."""
    contents: Contents = {}
    for number, name in enumerate(NAMES):
        contents[name] = file(b"%d" % number)
        contents[f"in/{name}/{name}"] = file(b"below %d" % number)
    put_all(root, contents)
    return contents


def test_all_of_them_there_and_back(repository: Repo) -> None:
    Path("start.txt").write_text("start")
    ok("commit", "-m", "start")
    start, contents = read_files("."), odd_files(".")
    assert set(muse("status", "--json").json["added"]) == set(contents)
    ok("commit", "-m", "odd")
    assert "clean" in ok("status")
    ok("checkout", "HEAD~1")
    assert read_files(".") == start
    ok("undo")
    assert read_files(".") == start | contents
    ok("undo")
    assert read_files(".") == start | contents, "undo of a commit leaves the files"
    assert muse("status", "--json").json["clean"] is False
    ok("redo")
    assert "clean" in ok("status")


@pytest.mark.parametrize("name", ONE_BY_ONE, ids=ascii)
def test_one_by_name(repository: Repo, name: str) -> None:
    Path("other.txt").write_text("other")
    Path(name).write_text("one\n")
    ok("add", f"./{name}")
    assert muse("status", "--json").json["staged"] == [name]
    ok("commit", "-m", "one")
    Path(name).write_text("two\n")
    assert [found["path"] for found in muse("diff", f"./{name}", "--json").json["files"]] == [name]
    ok("restore", f"./{name}")
    assert Path(name).read_text() == "one\n"
    Path(name).unlink()
    ok("add", f"./{name}")
    ok("commit", "-m", "gone")
    ok("restore", f"./{name}", "--from", "HEAD~1")
    assert sorted(read_files(".")) == sorted([name, "other.txt"])


@pytest.mark.parametrize("name", [LATIN, LONG, LINES, "\u202etxt.exe", "\x07"], ids=ascii)
def test_shown_on_one_line(repository: Repo, name: str, environment: dict[str, str]) -> None:
    """With bytes that no terminal should get; on a terminal that takes nothing but ASCII too."""
    Path(name).write_text("one\n")
    shown = show(name)
    for encoding in ("utf-8", "ascii"):
        answer = process("status", env=environment | {"PYTHONIOENCODING": encoding})
        assert (answer.status, answer.err) == (0, "")
        assert [line.split()[1] for line in answer.lines if "added" in line] == [shown]
    assert shown.isprintable() and shown in ok("add", name)
    ok("commit")
    assert shown in ok("show")
    assert muse("log", "--json").json[0]["message"] == f"Add {shown}"


def test_names_that_no_tree_may_hold_are_left_out_with_a_line(repository: Repo) -> None:
    kept = {"good.txt": file(b"good")}
    bad = [name for name in BAD if len(os.fsencode(name)) < 256 and not {"/", "\0"} & set(name)]
    bad = [name for name in bad if name.strip(".") and name.lower() != ".muse"]
    put_all(".", kept | {name: file(b"bad") for name in bad} | {f"in/{name}/x": file(b"bad") for name in bad})
    said = ok("commit", "-m", "good")
    assert said.count("left out: ") == 2 * len(bad)
    assert [found["path"] for found in muse("show", "--json").json["files"]] == ["good.txt"]
    for name in bad:
        answer = muse("add", f"./{name}")
        assert answer.status == 2 and len(answer.err.splitlines()) == 2, answer
    ok("branch", "here")
    ok("checkout", "-b", "there")
    assert all(Path(name).read_bytes() == b"bad" for name in bad)
