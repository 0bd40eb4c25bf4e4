"""`muse.cli.main`: one line in, one answer out, and the status that says how it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from muse import __version__
from muse.verbs import status
from tests.commands import muse, ok, process, refused


def test_version() -> None:
    assert ok("--version") == ok("-V") == f"muse {__version__}\n"


def test_help_is_no_error() -> None:
    assert ok().startswith("usage: muse VERB [...]\n")
    assert ok("help", "log") == ok("log", "-h")


def test_an_error_is_two_lines_on_the_error_stream(folder: Path) -> None:
    refused("nope", status=2)
    refused("status", "--nope", status=2)
    refused("status", status=2)


def test_with_json_an_error_is_a_value_on_the_output(folder: Path) -> None:
    for words, kind in ((["status"], "not-a-repository"), (["nope"], "usage"), (["log", "-n", "x"], "usage")):
        answer = muse(*words, "--json")
        assert (answer.status, answer.err) == (2, "")
        assert answer.json["error"]["kind"] == kind
        assert answer.json["error"].keys() == {"kind", "message", "hint"}


def test_a_file_that_is_called_like_an_option(folder: Path) -> None:
    ok("init")
    Path("--json").write_text("one\n")
    assert ok("add", "--", "--json").startswith("Staged for the next commit\n  added    --json\n")


def test_json_is_plain_ascii(folder: Path) -> None:
    ok("init")
    Path(os.fsdecode(b"caf\xc3\xa9 \xff")).write_text("one\n")
    answer = muse("status", "--json")
    assert answer.out.isascii()
    assert answer.json["added"] == ["caf\u00e9 \udcff"]


@pytest.mark.parametrize(
    ("error", "expected", "first"),
    [
        (OSError(28, "No space left on device", "/x/y"), 5, "error: cannot work with /x/y: No space left on device"),
        (ZeroDivisionError("by\nzero"), 5, "error: muse made a mistake of its own: ZeroDivisionError: by zero"),
    ],
)
def test_whatever_goes_wrong_is_two_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: int, first: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(status, "status", fail)
    assert refused("status", status=expected).splitlines()[0] == first
    assert muse("status", "--json").json["error"]["message"] == first.removeprefix("error: ")


def test_an_interrupt_is_no_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(status, "status", interrupt)
    answer = muse("status")
    assert (answer.status, answer.out, answer.err) == (130, "", "Interrupted.\n")


def test_as_a_process(folder: Path) -> None:
    assert process("init", cwd=folder).status == 0
    assert process("commit", cwd=folder).status == 1
    answer = process("log", "nope", cwd=folder)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == (
        "error: nope is neither a commit nor a path that a commit had\n"
        "`muse log` lists commits. Paths count from the folder you are in.\n"
    )


def test_damage_in_the_middle_of_an_answer(folder: Path) -> None:
    ok("init")
    Path("big.csv").write_bytes(os.urandom(20 << 20))
    ok("commit")
    pack = max(Path(".muse/objects/pack").iterdir(), key=lambda path: path.stat().st_size)
    with pack.open("r+b") as file:
        file.seek(10 << 20)
        (byte,) = file.read(1)
        file.seek(10 << 20)
        file.write(bytes([byte ^ 1]))
    command = [sys.executable, "-m", "muse", "show", "HEAD:big.csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
    assert done.returncode == 3
    first, _ = done.stderr.decode().splitlines()
    assert first.startswith("error: sha256:") and " is damaged in " in first


def test_a_reader_that_went_away_is_no_error(folder: Path) -> None:
    ok("init")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "muse", "status"]
    done = subprocess.run(command, cwd=folder, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=30)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
