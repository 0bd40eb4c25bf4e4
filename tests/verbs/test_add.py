"""`muse add`: what the next commit takes, down to single cells."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

import muse as api
from muse.core.base.errors import SystemTrouble
from muse.core.folder import files, scan
from muse.core.types import digest_of
from muse.notebook import session
from muse.notebook.ran import Run
from muse.verbs import _saving
from tests.commands import muse, ok, refused, saved
from tests.samples import code, notebook, text

HINT = '\n`muse commit -m "..."` records what is staged, `muse restore --staged PATH` takes it back\n'


def staged() -> list[str]:
    found: list[str] = muse("status", "--json").json["staged"]
    return found


def committed(path: str) -> bytes:
    """Commit, and give what the commit holds at a path: what checking it out elsewhere brings."""
    ok("commit")
    kept = Path(path).read_bytes()
    Path(path).unlink()
    ok("restore", path)
    found = Path(path).read_bytes()
    Path(path).write_bytes(kept)
    return found


def test_a_file(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    assert ok("add", "a.txt") == f"Staged for the next commit\n  added    a.txt\n{HINT}"


def test_files_folders_and_what_is_gone(repository: Path) -> None:
    Path("d").mkdir()
    for name in ("gone.txt", "d/gone.txt", "d/changed.txt"):
        Path(name).write_text(name)
    ok("commit")
    Path("gone.txt").unlink()
    Path("d/gone.txt").unlink()
    Path("d/changed.txt").write_text("other")
    Path("d/new.txt").write_text("new")
    Path("not-named.txt").write_text("new")
    assert ok("add", "gone.txt", "d") == (
        "Staged for the next commit\n"
        "  changed  d/changed.txt\n"
        "  deleted  d/gone.txt\n"
        "  added    d/new.txt\n"
        "  deleted  gone.txt\n" + HINT
    )
    assert muse("status", "--json").json["added"] == ["not-named.txt"]


def test_nothing_new(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("add", "a.txt")
    nothing = "Nothing to stage: what is there is as in the last commit, staged already, or ignored.\n"
    assert ok("add", "a.txt") == nothing
    ok("commit")
    assert ok("add", ".") == nothing
    assert muse("op", "log", "--json").json[0]["command"] == "commit"


@pytest.mark.parametrize("path", ["a.txt", "."])
def test_what_went_back_to_the_commit_leaves_the_stage(repository: Path, path: str) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    Path("a.txt").write_text("two\n")
    ok("add", path)
    assert staged() == ["a.txt"]
    Path("a.txt").write_text("one\n")
    ok("add", path)
    assert staged() == []


def test_a_folder_that_is_gone(repository: Path) -> None:
    Path("d").mkdir()
    Path("d/x").write_text("one\n")
    ok("commit")
    Path("d/x").unlink()
    Path("d").rmdir()
    ok("add", "d")
    assert staged() == ["d/x"]


def test_a_file_in_the_place_of_a_staged_folder(repository: Path) -> None:
    Path("d").mkdir()
    Path("d/x").write_text("one\n")
    ok("add", "d/x")
    Path("d/x").unlink()
    Path("d").rmdir()
    Path("d").write_text("a file now\n")
    ok("add", "d")
    assert staged() == ["d"]


def test_an_ignored_file_is_taken_by_name_only(repository: Path) -> None:
    Path(".museignore").write_text("*.log\n")
    Path("run.log").write_text("one\n")
    ok("add", ".")
    assert staged() == [".museignore"]
    ok("add", "run.log", ".")
    assert staged() == [".museignore", "run.log"]
    ok("add", ".")
    assert staged() == [".museignore", "run.log"]


@pytest.mark.parametrize("kept", ["build", "env", "nested"])
def test_a_file_of_a_folder_that_is_left_alone_brings_nothing_else(repository: Path, kept: str) -> None:
    """Ignored, an environment, a repository of its own: neither when it is staged nor once it is committed."""
    Path(".gitignore").write_text("build/\n")
    for path in ("build/junk", "build/deep/x", "env/pyvenv.cfg", "env/lib/y.py", "nested/.git/config", "nested/b"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("secret\n")
    Path(kept, "keep").write_text("one\n")
    ok("add", ".")
    assert staged() == [".gitignore"]
    ok("add", f"{kept}/keep", ".")
    ok("add", ".")
    assert staged() == [".gitignore", f"{kept}/keep"]
    ok("commit")
    Path(kept, "keep").write_text("two\n")
    Path(kept, "new").write_text("secret\n")
    answer = muse("commit", "--json").json
    assert (answer["added"], answer["changed"], answer["deleted"]) == ([], [f"{kept}/keep"], [])
    Path(kept, "keep").unlink()
    answer = muse("commit", "--json").json
    assert (answer["added"], answer["changed"], answer["deleted"]) == ([], [], [f"{kept}/keep"])


def test_what_is_left_out_of_a_folder_is_named_once(repository: Path) -> None:
    for path in ("d/nested/.git", "other/.git"):
        Path(path).mkdir(parents=True)
    answer = ok("add", "d", "d/nested")
    assert answer.splitlines()[1:] == ["left out: d/nested (a repository of its own)"]


def in_a_kernel(monkeypatch: pytest.MonkeyPatch, path: Path, saving: bytes | None = None) -> None:
    """As in a kernel that ran `x = 2` after its notebook was saved; a front end that can saves it when asked."""

    def save(asked: str) -> bool:
        if saving is not None:
            Path(asked).write_bytes(saving)
        return saving is not None

    runs = (Run("", "x = 2", path.stat().st_mtime_ns + 1, 2),)
    monkeypatch.setattr(session, "current", session.Session(lambda: str(path), lambda: runs, save))


def test_in_a_kernel_what_is_not_saved_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d").mkdir()
    Path("data.csv").write_text("1\n")
    path = Path("d/nb.ipynb").resolve()
    path.write_bytes(notebook(code("x = 1")))
    in_a_kernel(monkeypatch, path)
    warning = "! nb.ipynb was saved before 1 of its cells ran: save (Ctrl+S) and add again"
    for named in (["d/nb.ipynb"], ["data.csv", "d"], ["."], ["d/nb.ipynb#1"]):
        assert ok("add", *named).splitlines()[0] == warning
        assert muse("add", *named, "--json").json["unsaved"] == ["x = 2"]
    assert muse("add", "data.csv", "--json").json["unsaved"] == []


def test_in_a_kernel_the_notebook_is_saved_first(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1")))
    in_a_kernel(monkeypatch, Path("nb.ipynb").resolve(), notebook(code("x = 2")))
    assert not ok("add", "nb.ipynb").startswith("!")
    assert committed("nb.ipynb") == notebook(code("x = 2"))


WHOLE = notebook(code("x = 1"), code("y = 1"))


@pytest.mark.parametrize("named", ["nb.ipynb", "nb.ipynb#2", "."])
@pytest.mark.parametrize("beside", [True, False])
def test_a_notebook_that_is_being_saved_is_waited_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch, named: str, beside: bool
) -> None:
    Path("nb.ipynb").write_bytes(WHOLE[:40])
    if beside:
        Path(".~nb.ipynb").write_bytes(WHOLE)

    def finish(seconds: float) -> None:
        Path("nb.ipynb").write_bytes(WHOLE)
        Path(".~nb.ipynb").unlink(missing_ok=True)

    monkeypatch.setattr(time, "sleep", finish)
    assert not ok("add", named).startswith("!")
    assert committed("nb.ipynb") == (notebook(code("y = 1")) if "#" in named else WHOLE)


@pytest.mark.parametrize("named", [["nb.ipynb"], ["."], ["nb.ipynb", "."]])
def test_it_is_not_waited_for_without_end(
    repository: Path, monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.1)
    Path("nb.ipynb").write_bytes(WHOLE[:40])
    notes = muse("add", *named, "--json").json["notes"]
    assert notes == ["nb.ipynb is being saved, and was taken as it stood"]
    assert committed("nb.ipynb") == WHOLE[:40]


def test_a_large_file_is_taken_by_name_only(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LARGE", 10)
    Path("large.bin").write_bytes(b"0" * 11)
    Path("small.bin").write_bytes(b"0")
    assert "left out: large.bin (11 B; `muse add large.bin` takes it)" in ok("add", ".").splitlines()
    assert staged() == ["small.bin"]
    assert muse("add", ".", "--json").json["skipped"] == [{"path": "large.bin", "why": "large", "size": 11}]
    assert "left out" not in ok("add", "large.bin", ".")
    assert staged() == ["large.bin", "small.bin"]


def test_only_what_lies_in_the_folders_is_stored(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several folders are one look, which does not read or trip over what lies beside them."""
    Path("tracked").write_text("tracked\n")
    ok("commit", "-m", "first")
    for name in ("one/a", "two/deep/b", "two.txt", "beside/c", "tracked"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"now {name}\n")
    read: list[str] = []
    original = files.read_entry

    def counted(dir_fd: int, name: str, path: str, **options: Any) -> files.Content:
        read.append(path)
        if path in ("tracked", "two.txt", "beside/c"):
            raise SystemTrouble("cannot read it", "")
        return original(dir_fd, name, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(files, "read_entry", counted)
        ok("add", "one", "two")
    assert sorted(read) == ["one", "one/a", "two", "two/deep/b"]
    held = saved(repository)
    names = ["one/a", "two/deep/b", "two.txt", "beside/c", "tracked"]
    assert [name for name in names if digest_of(f"now {name}\n".encode()) in held] == names[:2]
    found = muse("status", "--json").json
    assert (found["staged"], found["changed"], found["added"]) == (
        ["one/a", "two/deep/b"], ["tracked"], ["beside/c", "two.txt"],
    )


def test_noise_is_taken_by_name_only(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=1)))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", count=2)))
    ok("add", ".")
    assert staged() == []
    ok("add", "nb.ipynb")
    ok("add", ".")
    assert staged() == ["nb.ipynb"]
    ok("commit")
    assert muse("status", "--json").json["noise"] == []


def test_a_single_cell(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("y = 1"), code("z = 1")))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2"), code("y = 2"), code("z = 2")))
    assert ok("add", "nb.ipynb#2") == f"Staged for the next commit\n  changed  nb.ipynb\n{HINT}"
    found = muse("status", "--json").json
    assert (found["staged"], found["changed"]) == (["nb.ipynb"], ["nb.ipynb"])
    assert found["cells"]["nb.ipynb"]["source"] == 2
    assert committed("nb.ipynb") == notebook(code("x = 1"), code("y = 2"), code("z = 1"))


def test_several_cells_add_up(repository: Path) -> None:
    before, after = [code(f"x{n} = 1") for n in range(6)], [code(f"x{n} = 2") for n in range(6)]
    Path("nb.ipynb").write_bytes(notebook(*before))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(*after))
    ok("add", "nb.ipynb#1,3-4")
    ok("add", "nb.ipynb#6")
    assert committed("nb.ipynb") == notebook(after[0], before[1], after[2], after[3], before[4], after[5])


def test_a_cell_by_its_id(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1", id="abc"), text("words", id="def")))
    ok("commit")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2", id="abc"), text("other words", id="def")))
    ok("add", "nb.ipynb#id:def")
    assert committed("nb.ipynb") == notebook(code("x = 1", id="abc"), text("other words", id="def"))


def test_a_cell_of_a_new_notebook(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("y = 1")))
    ok("add", "nb.ipynb#2")
    assert committed("nb.ipynb") == notebook(code("y = 1"))


def test_a_file_with_that_very_name_wins(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("y = 1")))
    Path("nb.ipynb#2").write_text("a file\n")
    ok("add", "nb.ipynb#2")
    assert staged() == ["nb.ipynb#2"]


def test_a_path_from_the_root_is_told_from_here(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `status` gives it, typed in a folder below."""
    for name in ("my data/x.csv", "my data/deep/y.csv", "code/z.py"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("1\n")
    monkeypatch.chdir("my data")
    hint = "Paths count from the folder you are in: `muse add {}`.\n"
    assert refused("add", "my data/deep/y.csv", status=2).endswith(hint.format("deep/y.csv"))
    assert refused("add", "code/z.py", status=2).endswith(hint.format("../code/z.py"))
    ok("add", "../code/z.py")


def test_links_are_staged_as_links(repository: Path) -> None:
    Path("link").symlink_to("nowhere")
    ok("add", "link")
    ok("commit")
    Path("link").unlink()
    ok("restore", "link")
    assert os.readlink("link") == "nowhere"


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("nope.txt", "nope.txt names no file here", "`muse status` lists what can be added."),
        (
            "nb.ipynb#3",
            "there is no cell 3: the file on disk has 2 cells",
            "Name cells by position, as in `nb.ipynb#3,5-7`, or by id, as in `nb.ipynb#id:abc`.",
        ),
        (
            "nb.ipynb#0",
            "'0' names no cell: cells count from 1, upwards",
            "Name cells by position, as in `nb.ipynb#3,5-7`, or by id, as in `nb.ipynb#id:abc`.",
        ),
        ("broken.ipynb#1", "broken.ipynb: the file is not JSON", "Add the whole file instead."),
        ("plain.txt#1", "plain.txt#1 names no file here", "`muse status` lists what can be added."),
        (".muse/applied", ".muse/applied is not a path that can be versioned", "Name a file of the folder."),
        (".MUSE/applied", ".MUSE/applied is not a path that can be versioned", "Name a file of the folder."),
        ("x" * 300, f"{'x' * 300} is not a path that can be versioned", "Name a file of the folder."),
    ],
)
def test_what_names_nothing(repository: Path, path: str, message: str, hint: str) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1"), code("y = 1")))
    Path("broken.ipynb").write_text("{")
    Path("plain.txt").write_text("")
    assert refused("add", "nb.ipynb", path, status=2) == f"error: {message}\n{hint}\n"
    assert staged() == []


@pytest.mark.parametrize("path", ["..", "../x", "d/../../x", "/x"])
def test_what_lies_outside(repository: Path, path: str) -> None:
    assert refused("add", path, status=2) == (
        f"error: {path} is not in this repository\nIts folder is {repository}.\n"
    )


def test_paths_start_where_one_stands(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d").mkdir()
    Path("d/a.txt").write_text("one\n")
    Path("b.txt").write_text("one\n")
    monkeypatch.chdir("d")
    ok("add", "a.txt", "../b.txt")
    assert staged() == ["b.txt", "d/a.txt"]


def test_json(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    assert muse("add", ".", "--json").json == {
        "staged": [{"path": "a.txt", "status": "added"}],
        "unsaved": [],
        "skipped": [],
        "notes": [],
    }


def test_from_python(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    assert [change.path for change in api.add(Path("a.txt")).staged] == ["a.txt"]
    with pytest.raises(api.MuseError, match="nothing was named to add"):
        api.add()
