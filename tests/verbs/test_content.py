"""`muse.verbs._content`: a file as it was in a commit, and the list of a folder."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import muse as api
from muse.core.types import blob_id
from muse.display.document import Picture
from muse.verbs import _content, _sides
from muse.verbs._content import FileResult, FolderResult
from tests.commands import commit_id, muse, ok, short
from tests.samples import code, notebook, printed
from tests.samples import text as markdown

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000
CELLS = [code("x = 1\n", id="a"), markdown("# Why", id="b"), code("print(x)", printed("1\n"), id="c")]
NOTEBOOK = notebook(*CELLS, code("%muse log", id="d"))


@pytest.fixture
def files(repository: Path) -> Path:
    """A commit of every kind of file; then the folder is emptied."""
    contents = {"a.txt": b"one\ntwo\n", "b.bin": b"\0\xff" * 10, "empty": b"", "fig.png": PNG, "nb.ipynb": NOTEBOOK}
    for name, data in {**contents, "no.ipynb": b"{", "run.sh": b"ls", "data/deep/x": b"x"}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    Path("run.sh").chmod(0o755)
    Path("link").symlink_to("no\nwhere")
    ok("commit")
    for name in contents:
        Path(name).unlink()
    return repository


def shown(path: str) -> str:
    return ok("show", f"HEAD:{path}")


def file_at(path: str) -> FileResult:
    found = api.show(f"HEAD:{path}")
    assert isinstance(found, FileResult)
    return found


def json_of(path: str) -> dict[str, Any]:
    found: dict[str, Any] = muse("show", f"HEAD:{path}", "--json").json
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.txt", "one\ntwo\n"),
        ("empty", "empty\n"),
        ("fig.png", "[image/png, 2.0 KB] fig.png\n"),
        ("no.ipynb", "{\n"),
        ("run.sh", "ls\n"),
        ("link", "link to no\\nwhere\n"),
    ],
)
def test_a_file(files: Path, path: str, expected: str) -> None:
    assert shown(path) == expected


def test_what_cannot_be_shown_says_how_to_get_it(files: Path) -> None:
    Path("b in.bin").write_bytes(b"\0\xff" * 10)
    ok("commit")
    place = f"{short()}:b in.bin"
    assert shown("b in.bin") == f"binary, 20 B\nin a terminal, `muse show '{place}' > FILE` writes it to a file\n"


def test_a_notebook_is_its_cells(files: Path) -> None:
    assert shown("nb.ipynb").splitlines() == [
        "cell 1  a",
        "  x = 1",
        "",
        "cell 2  markdown  b",
        "  # Why",
        "",
        "cell 3  c",
        "  print(x)",
        "",
        "  output stdout",
        "  1",
        "",
        "cell 4  d",
        "  %muse log",
    ]


def test_a_picture_is_a_picture(files: Path) -> None:
    (picture,) = file_at("fig.png").document()
    assert isinstance(picture, Picture) and picture.payload == ("image/png", len(PNG), PNG)
    assert base64.b64encode(PNG).decode() in file_at("fig.png")._repr_mimebundle_()["text/html"]


def test_python_gets_the_bytes(files: Path) -> None:
    assert file_at("a.txt").data == b"one\ntwo\n"
    assert file_at("b.bin").data == b"\0\xff" * 10
    assert file_at("link").data == b"no\nwhere"


def test_json_of_a_file(files: Path) -> None:
    assert json_of("a.txt") == {
        "path": "a.txt",
        "commit_id": commit_id(),
        "mode": "file",
        "size": 8,
        "blob_id": blob_id(b"one\ntwo\n"),
        "text": "one\ntwo\n",
        "base64": None,
        "notes": [],
    }
    assert (json_of("b.bin")["text"], base64.b64decode(json_of("b.bin")["base64"])) == (None, b"\0\xff" * 10)
    assert (json_of("run.sh")["mode"], json_of("link")["mode"], json_of("link")["text"]) == (
        "executable",
        "link",
        "no\nwhere",
    )


def test_json_of_what_is_too_large(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_content, "LARGEST_TEXT", 8)
    monkeypatch.setattr(_content, "_LARGEST_BASE64", 20)
    assert [json_of(path)["text"] for path in ("a.txt", "nb.ipynb")] == ["one\ntwo\n", None]
    assert [json_of(path)["base64"] is None for path in ("b.bin", "fig.png")] == [False, True]


def test_a_folder(files: Path) -> None:
    assert shown("").splitlines() == [
        "a.txt     8 B",
        "b.bin     20 B",
        "data/",
        "empty     0 B",
        "fig.png   2.0 KB",
        "link      8 B     link",
        f"nb.ipynb  {len(NOTEBOOK)} B",
        "no.ipynb  1 B",
        "run.sh    2 B     executable",
    ]
    assert shown("data") == "deep/\n"
    assert json_of("data/deep") == {
        "path": "data/deep",
        "commit_id": commit_id(),
        "mode": "folder",
        "entries": [{"name": "x", "mode": "file", "size": 1, "blob_id": blob_id(b"x")}],
        "notes": [],
    }
    assert json_of("data")["entries"] == [{"name": "deep", "mode": "folder", "size": None, "blob_id": None}]
    found = api.show("HEAD:data")
    assert isinstance(found, FolderResult) and [one.name for one in found.entries] == ["deep"]


def test_a_folder_without_anything(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit")
    Path("a.txt").unlink()
    ok("commit")
    assert shown("") == "empty\n"


def piped(path: str, *options: str) -> bytes:
    """What a program gets that reads the answer."""
    command = [sys.executable, "-m", "muse", "show", f"HEAD:{path}", *options]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return done.stdout


def test_a_pipe_gets_exactly_the_bytes(files: Path) -> None:
    assert [piped(path) for path in ("fig.png", "empty", "nb.ipynb", "run.sh")] == [PNG, b"", NOTEBOOK, b"ls"]
    assert piped("link") == b"no\nwhere"
    assert piped("data") == b"deep/\n"
    assert json.loads(piped("a.txt", "--json"))["size"] == 8


def test_a_large_file_is_read_when_it_is_asked_for(repository: Path) -> None:
    data = os.urandom(1 << 20) * 20
    Path("big.csv").write_bytes(data)
    ok("commit")
    found = file_at("big.csv")
    assert found.content == _sides.Side(len(data))
    assert shown("big.csv").startswith("too large to show, 21 MB\nin a terminal, `muse show ")
    assert (json_of("big.csv")["text"], json_of("big.csv")["base64"]) == (None, None)
    assert found.data == data
    pieces: list[bytes] = []
    assert found.write_raw(pieces.append) == ()
    assert len(pieces) > 1 and b"".join(pieces) == data
    assert piped("big.csv") == data


def test_a_large_notebook_is_told_and_not_shown(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sides, "LARGEST_NOTEBOOK", 10)
    assert shown("nb.ipynb").startswith("too large to show, ")
    assert file_at("nb.ipynb").data == NOTEBOOK
