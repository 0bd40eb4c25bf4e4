"""`muse diff`: the folder, the stage and commits against each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import muse as api
from tests.commands import muse, ok, refused
from tests.core import damaged
from tests.samples import code, notebook, printed


@pytest.fixture
def changed(repository: Path) -> Path:
    """A folder with a change of every kind since its first commit."""
    Path("d").mkdir()
    Path("change.txt").write_text("one\ntwo\nthree\n")
    Path("d/gone.txt").write_text("gone\n")
    Path("run.sh").write_text("ls\n")
    Path("data.bin").write_bytes(b"\0" * 10)
    ok("commit", "-m", "first look")
    Path("change.txt").write_text("one\n2\nthree\n")
    Path("d/gone.txt").unlink()
    os.chmod("run.sh", 0o755)
    Path("data.bin").write_bytes(b"\0" * 20)
    Path("link").symlink_to("change.txt")
    return repository


TEXT = """\
change.txt
   one
  -two
  +2
   three

d/gone.txt deleted
  -gone

data.bin
  binary, 10 B → 20 B

link added
  +change.txt

run.sh
  was a plain file, is executable
"""


def paths(*words: str) -> list[str]:
    return [file["path"] for file in muse("diff", *words, "--json").json["files"]]


def test_the_folder_against_the_last_commit(changed: Path) -> None:
    assert ok("diff") == TEXT


def test_no_changes(repository: Path) -> None:
    assert ok("diff") == "No changes.\n"


def test_json(changed: Path) -> None:
    found = muse("diff", "change.txt", "data.bin", "link", "--json").json
    assert found == {
        "files": [
            {
                "path": "change.txt",
                "status": "changed",
                "kind": "text",
                "lines": [[" ", "one"], ["-", "two"], ["+", "2"], [" ", "three"]],
                "old_size": 14,
                "new_size": 12,
            },
            {"path": "data.bin", "status": "changed", "kind": "binary", "old_size": 10, "new_size": 20},
            {
                "path": "link",
                "status": "added",
                "kind": "link",
                "lines": [["+", "change.txt"]],
                "old_size": None,
                "new_size": 10,
            },
        ],
        "unsaved": [],
        "notes": [],
    }


def test_json_of_a_notebook(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", id="a"), code("print(x)", printed("1\n"), id="b")))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2", id="a"), code("print(x)", printed("1\n"), id="b")))
    (found,) = muse("diff", "--json").json["files"]
    assert (found["kind"], found["metadata_changed"]) == ("notebook", False)
    assert found["cells"] == [
        {
            "status": "changed",
            "id": "a",
            "old_position": 1,
            "new_position": 1,
            "source_changed": True,
            "outputs_changed": False,
            "metadata_changed": False,
            "moved": False,
        }
    ]


def test_the_exit_status_tells_on_request(changed: Path) -> None:
    assert muse("diff").status == 0
    assert muse("diff", "--exit-code").status == 1
    ok("commit")
    assert muse("diff", "--exit-code").status == 0


def test_some_paths(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths("d", "run.sh") == ["d/gone.txt", "run.sh"]
    monkeypatch.chdir("d")
    assert paths("gone.txt") == ["d/gone.txt"]
    assert paths("../link") == ["link"]


def test_commits_against_each_other_and_the_folder(changed: Path) -> None:
    ok("commit", "-m", "second look")
    Path("new.txt").write_text("new\n")
    everything = ["change.txt", "d/gone.txt", "data.bin", "link", "run.sh"]
    assert paths("HEAD~1", "HEAD") == everything
    assert sorted(paths("HEAD~1")) == sorted([*everything, "new.txt"])
    assert paths("HEAD") == ["new.txt"]
    assert paths("HEAD~1", "HEAD", "d") == ["d/gone.txt"]
    there, back = muse("diff", "HEAD~1", "HEAD", "--json").json, muse("diff", "HEAD", "HEAD~1", "--json").json
    turned = {"added": "deleted", "deleted": "added", "changed": "changed"}
    assert [turned[file["status"]] for file in there["files"]] == [file["status"] for file in back["files"]]


def test_what_went_back_to_another_commit_does_not_differ_from_it(repository: Path) -> None:
    for content in ("one\n", "two\n"):
        Path("a.txt").write_text(content)
        ok("commit")
    Path("a.txt").write_text("one\n")
    assert paths("HEAD~1") == []
    assert paths() == ["a.txt"]


def test_what_is_staged(changed: Path) -> None:
    ok("add", "change.txt", "d")
    assert paths("--staged") == ["change.txt", "d/gone.txt"]
    Path("change.txt").write_text("later\n")
    assert muse("diff", "--staged", "--json").json["files"][0]["new_size"] == 12
    assert refused("diff", "--staged", "HEAD", status=2) == (
        "error: --staged compares with the last commit only\n`muse diff --staged [PATH]`\n"
    )


def test_a_staged_file_in_the_place_of_a_folder(repository: Path) -> None:
    Path("d").mkdir()
    Path("d/x").write_text("one\n")
    ok("commit")
    Path("d/x").unlink()
    Path("d").rmdir()
    Path("d").write_text("a file now\n")
    ok("add", ".")
    assert [(f["path"], f["status"]) for f in muse("diff", "--staged", "--json").json["files"]] == [
        ("d", "added"),
        ("d/x", "deleted"),
    ]


def test_noise_is_no_difference(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=1)))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=2), code("%muse diff")))
    assert paths() == []
    assert muse("diff", "--exit-code").status == 0
    Path("a.txt").write_text("one\n")
    ok("commit")
    assert paths("HEAD~1") == ["a.txt"]


def test_another_mode_is_one(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1")))
    ok("commit")
    os.chmod("nb.ipynb", 0o755)
    assert ok("diff") == "nb.ipynb\n  was a plain file, is executable\n"


def test_a_notebook_that_is_none_is_compared_as_text(repository: Path) -> None:
    Path("nb.ipynb").write_text("{\n")
    ok("commit")
    Path("nb.ipynb").write_text("{}\n")
    assert ok("diff") == "nb.ipynb\n  -{\n  +{}\n"


def test_a_file_that_is_called_like_a_branch(repository: Path) -> None:
    Path("data").write_text("one\n")
    ok("commit")
    ok("branch", "data")
    Path("data").write_text("two\n")
    Path("other").write_text("two\n")
    assert paths("data") == ["data"]
    assert paths("data~0") == ["data", "other"]


def test_a_version_that_is_lost(folder: Path) -> None:
    repo = damaged.build(folder)
    damaged.spoil(repo, damaged.VERSIONS[2])
    Path("a.txt").write_text("four\n")
    Path("deep/b.txt").write_text("b\n")
    for words in (["diff"], ["diff", "--stat"], ["diff", "--exit-code"]):
        answer = muse(*words)
        assert (answer.status, answer.err) == (3, "")
        assert "cannot be had, lost → 5 B" in answer.out and "deep/b.txt" in answer.out
    assert muse("diff", "deep").status == 0


def test_a_name_of_nothing(changed: Path) -> None:
    assert refused("diff", "nope", status=2) == (
        "error: nope is neither a commit nor a file\n`muse log` lists commits.\n"
    )
    assert refused("diff", "HEAD~9", status=2).startswith("error: HEAD~9 goes back beyond the first commit\n")
    assert refused("diff", "HEAD", "HEAD", "main", status=2).startswith("error: main is a third commit\n")


def test_from_python(changed: Path) -> None:
    result = api.diff("change.txt")
    assert [file.change.path for file in result.files] == ["change.txt"]
    assert repr(result).startswith("change.txt\n")
