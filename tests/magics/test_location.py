"""Finding the notebook that a kernel runs: whom it asks, in which order, and whom it does not believe."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from muse.magics import location
from tests.samples import code, notebook, text

TOKEN = "a-token"
KERNEL = "0f5c"


@contextmanager
def server(runtime: Path, root: Path, sessions: Any, number: int = 1) -> Iterator[list[str]]:
    """A Jupyter server on the loopback, with the file that says where it is; gives the tokens it was shown.

    Args:
        runtime: Jupyter's folder for such files.
        root: The folder that it serves.
        sessions: What it answers when asked for its sessions.
        number: A different one for each server.
    """
    tokens: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(self.headers["Authorization"])
            self.send_response(200 if self.path == "/base/api/sessions" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(sessions).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        about = {"url": f"http://127.0.0.1:{http.server_port}/base/", "token": TOKEN, "root_dir": str(root)}
        runtime.mkdir(parents=True, exist_ok=True)
        (runtime / f"jpserver-{number}.json").write_text(json.dumps(about))
        try:
            yield tokens
        finally:
            http.shutdown()
            thread.join()


def running(path: str, kernel: str = KERNEL) -> list[dict[str, Any]]:
    """The sessions of a server where `kernel` runs the notebook at `path`, and another kernel another one."""
    return [{"path": "other.ipynb", "kernel": {"id": "1111"}}, {"path": path, "kernel": {"id": kernel}}]


@pytest.fixture
def runtime(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's runtime folder, and a kernel that a server started for a notebook which is not there any more."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "old.ipynb"))
    monkeypatch.setattr("ipykernel.connect.get_connection_file", lambda: f"/run/kernel-{KERNEL}.json")
    return folder / "runtime"


def write(path: Path, *sources: str) -> str:
    """A notebook; gives its path."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(notebook(*map(code, sources)))
    return str(path)


def test_who_is_asked_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person, VS Code, the server that started the kernel, the folder."""
    names = {name: write(folder / f"{name}.ipynb", "x = 1") for name in ("person", "code", "lab")}
    monkeypatch.setenv("MUSE_NOTEBOOK", "person.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", names["lab"])
    variables = {"__vsc_ipynb_file__": names["code"]}
    assert location.find(variables, []) == names["person"]
    monkeypatch.delenv("MUSE_NOTEBOOK")
    assert location.find(variables, []) == names["code"]
    assert location.find({}, []) == names["lab"]


@pytest.mark.parametrize("said", ["gone.ipynb", "notes.txt", "folder.ipynb", "dir/3f2a", ""])
def test_what_is_no_notebook_is_not_believed(said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is out of date, of something else, or made up by an old server."""
    (folder / "notes.txt").write_text("")
    (folder / "folder.ipynb").mkdir()
    monkeypatch.setenv("MUSE_NOTEBOOK", said)
    assert location.find({"__vsc_ipynb_file__": said}, []) is None
    assert location.find({"__vsc_ipynb_file__": 7}, []) is None


def test_a_renamed_notebook(folder: Path, runtime: Path) -> None:
    """The server knows; its token goes along."""
    new = write(folder / "look" / "new.ipynb", "x = 1")
    with server(runtime, folder, running("look/new.ipynb")) as tokens:
        assert location.find({}, []) == new
    assert tokens == [f"token {TOKEN}"]


def test_a_token_is_for_its_server_alone(folder: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not go through a proxy."""
    new = write(folder / "new.ipynb", "x = 1")
    with server(runtime, folder, running("new.ipynb")) as tokens, server(runtime / "none", folder, []) as seen:
        about = json.loads((runtime / "none" / "jpserver-1.json").read_text())
        monkeypatch.setenv("http_proxy", about["url"])
        assert location.find({}, []) == new
    assert (len(tokens), seen) == (1, [])


def test_servers_that_are_gone_are_passed_over(folder: Path, runtime: Path) -> None:
    """A dead server leaves its file behind; another one runs other kernels; a third answers nonsense."""
    new = write(folder / "new.ipynb", "x = 1")
    with server(runtime, folder, [], number=1):
        pass
    (runtime / "jpserver-0.json").write_text("no JSON")
    theirs, ours = running("old.ipynb", "2222"), running("new.ipynb")
    with server(runtime, folder, theirs, number=2), server(runtime, folder, ours, number=3):
        assert location.find({}, []) == new
    with server(runtime, folder, {"message": "Forbidden"}, number=4):
        assert location.find({}, []) is None


def test_a_server_may_name_what_is_not_there(folder: Path, runtime: Path) -> None:
    """A file of a remote machine, say."""
    with server(runtime, folder, running("nowhere.ipynb")):
        assert location.find({}, []) is None


def test_a_renamed_notebook_is_not_guessed(folder: Path, runtime: Path) -> None:
    """Where a server started the kernel, a notebook of the folder that looks alike may be another one."""
    write(folder / "copy.ipynb", "x = 1")
    assert location.find({}, ["x = 1"]) is None


def test_the_notebook_of_the_folder(folder: Path) -> None:
    """Without a server: the only one that holds a cell which ran. Blank lines around a cell do not count."""
    assert location.find({}, ["x = 1"]) is None
    here = write(folder / "here.ipynb", "x = 1", "y = 2")
    write(folder / "other.ipynb", "z = 3")
    (folder / "text.ipynb").write_bytes(notebook(text("x = 1")))
    (folder / "broken.ipynb").write_text("{")
    assert location.find({}, ["w = 0", "x = 1\n"]) == here
    assert location.find({}, ["w = 0"]) is None
    write(folder / "copy.ipynb", "x = 1")
    assert location.find({}, ["x = 1"]) is None
    assert location.find({}, ["y = 2"]) == here


def test_a_notebook_that_changed_is_read_again(folder: Path) -> None:
    """What it held a minute ago says nothing."""
    here = write(folder / "here.ipynb", "x = 1")
    assert location.find({}, ["x = 1"]) == here
    write(folder / "here.ipynb", "y = 2; z = 3")
    assert location.find({}, ["x = 1"]) is None
    assert location.find({}, ["y = 2; z = 3"]) == here


def test_a_huge_notebook_is_not_read(folder: Path) -> None:
    """Finding out must not take longer than the command."""
    write(folder / "a.ipynb", "x = 1")
    os.truncate(folder / "a.ipynb", (64 << 20) + 1)
    assert location.find({}, ["x = 1"]) is None
