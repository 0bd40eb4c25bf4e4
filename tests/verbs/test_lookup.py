"""`muse.verbs._lookup`: from `REV:PATH` to what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.verbs import _lookup
from tests.commands import commit_id, muse, ok, refused


@pytest.fixture
def places(repository: Path) -> Path:
    """Two commits of a file in the root and one in a folder, and a branch at the first."""
    Path("data").mkdir()
    Path("a.txt").write_text("one\n")
    Path("data/x.csv").write_text("1\n")
    Path("data/10:30").write_text("half past\n")
    ok("commit")
    ok("branch", "old")
    Path("a.txt").write_text("two\n")
    Path("data/x.csv").write_text("2\n")
    ok("commit")
    return repository


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("HEAD", None),
        ("sha256:3f9a1c", None),
        ("@{10:30}", None),
        ("main@{2026-03-14 10:30}~1", None),
        ("HEAD:", ("HEAD", "")),
        ("HEAD:a", ("HEAD", "a")),
        ("HEAD:a:b", ("HEAD", "a:b")),
        (":a", ("", "a")),
        ("sha256:3f9a1c:a", ("sha256:3f9a1c", "a")),
        ("@{10:30}:a", ("@{10:30}", "a")),
        ("main@{10:30}~1:a@{1:2}", ("main@{10:30}~1", "a@{1:2}")),
    ],
)
def test_where_a_name_is_split(typed: str, expected: tuple[str, str] | None) -> None:
    assert _lookup.split(typed) == expected


@given(st.sampled_from(["HEAD", "main~2", "sha256:3f9a", "@{10:30}", "v1@{now}"]), st.text())
def test_whatever_the_path(rev: str, path: str) -> None:
    assert _lookup.split(rev) is None
    assert _lookup.split(f"{rev}:{path}") == (rev, path)


def text(name: str) -> str:
    shown: str = muse("show", name, "--json").json["text"]
    return shown


def test_commits_by_any_name(places: Path) -> None:
    assert text("HEAD:a.txt") == text("main:a.txt") == text(f"{commit_id()}:a.txt") == "two\n"
    assert text("HEAD~1:a.txt") == text("old:a.txt") == text(f"{commit_id('old')[:13]}:a.txt") == "one\n"
    assert text("@{now}:data/10:30") == "half past\n"


def test_paths_count_from_the_root_unless_they_say_otherwise(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("data")
    assert text("HEAD:data/x.csv") == text("HEAD:./x.csv") == text("HEAD:data//x.csv") == "2\n"
    assert text(f"HEAD:{places}/data/x.csv") == "2\n"
    assert text("HEAD:../a.txt") == text("HEAD:a.txt") == "two\n"
    folders = [muse("show", f"HEAD:{name}", "--json").json["path"] for name in ("", ".", "..", "data", "data/..")]
    assert folders == ["", "data", "", "data", ""]
    Path("x.csv").unlink()
    assert text("HEAD:./x.csv") == "2\n", "it need not be in the folder"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("HEAD:data/y.csv", "data/y.csv is not in HEAD", "Did you mean data/x.csv?"),
        ("old:b.txt", "b.txt is not in old", "Did you mean a.txt?"),
        ("HEAD:data/other", "data/other is not in HEAD", "`muse show HEAD:data` lists what is there."),
        ("HEAD:other", "other is not in HEAD", "`muse show HEAD:` lists what is there."),
        ("HEAD:none/x", "none/x is not in HEAD", "`muse show HEAD:` lists what is there."),
        ("HEAD:a.txt/x", "a.txt/x is not in HEAD", "`muse show HEAD:` lists what is there."),
        ("HEAD:\x1b", r"\x1b is not in HEAD", "`muse show HEAD:` lists what is there."),
        ("HEAD:../x", "../x is not in this repository", "Its folder is "),
        (":a.txt", "no commit is named before :a.txt", "`muse show HEAD:a.txt`, perhaps."),
        ("nope:a.txt", "nope names no commit", "`muse log` lists commits, `muse branch` lists branches."),
    ],
)
def test_nothing_there(places: Path, name: str, message: str, hint: str) -> None:
    first, second = refused("show", name, status=2).splitlines()
    assert first == f"error: {message}"
    assert second == hint if hint.endswith((".", "?")) else second.startswith(hint)


def test_a_path_from_the_wrong_place(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("data")
    assert refused("show", "HEAD:x.csv", status=2) == (
        "error: x.csv is not in HEAD\nPaths count from the root: `muse show HEAD:data/x.csv`.\n"
    )


def test_a_file_has_no_stat(places: Path) -> None:
    assert refused("show", "--stat", "HEAD:a.txt", status=2) == (
        "error: --stat is for commits, not for a file\n`muse show --stat REV` is all it takes.\n"
    )
