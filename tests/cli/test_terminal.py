"""`muse.cli.terminal`: colour, width and a pager where a person looks; plain text where a program does."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from muse.cli.terminal import pour
from muse.core.repo import Repo
from muse.core.types import Entry, digest_of
from muse.verbs._content import FileResult
from muse.verbs._sides import Side
from muse.verbs.init import InitResult
from tests.commands import ok, process


@pytest.fixture
def repository(folder: Path) -> Path:
    ok("init")
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look, and " + "more " * 20)
    return folder


def terminal(*words: str, rows: int = 24, columns: int = 80, environment: Mapping[str, str] | None = None) -> str:
    """What a command writes to a terminal of that size."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (rows, columns))
    env = {**os.environ, "TERM": "xterm", **(environment or {})}
    command = [sys.executable, "-m", "muse", *words]
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    parts = []
    try:
        while part := os.read(master, 4096):
            parts.append(part)
    except OSError:
        pass  # how the system says that the other end is closed
    finally:
        os.close(master)
        child.wait(30)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_piped_text_is_plain_and_whole(repository: Path) -> None:
    answer = process("log", cwd=repository)
    assert "\x1b" not in answer.out
    assert "more more" in answer.out and "…" not in answer.out


def test_a_terminal_gets_colour_and_its_width(repository: Path) -> None:
    shown = terminal("branch", columns=40)
    assert "\x1b[33m" in shown
    assert shown.endswith("first look, and mo…\n")
    assert "\x1b[1;31merror: \x1b[0mnope names no commit" in terminal("show", "nope")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_unless_colour_is_not_wanted(repository: Path, environment: dict[str, str]) -> None:
    assert "\x1b[" not in terminal("log", environment=environment)
    assert "\x1b[" not in terminal("show", "nope", environment=environment)


def test_what_is_longer_than_the_terminal_goes_to_the_pager(repository: Path) -> None:
    Path("a.txt").write_text("".join(f"{number}\n" for number in range(50)))
    pager = "sed -e s/^/paged:/"
    assert "paged:" in terminal("diff", environment={"MUSE_PAGER": pager})
    assert "paged:" in terminal("diff", environment={"PAGER": pager})
    assert "paged:" not in terminal("diff", rows=100, environment={"PAGER": pager})
    for none in ("cat", "no-such-program"):
        assert "+49" in terminal("diff", environment={"MUSE_PAGER": none})


def test_a_file_is_shown_in_a_terminal_and_written_to_a_pipe(repository: Path) -> None:
    Path("a.bin").write_bytes(b"\0\xff\x1b[31m")
    ok("commit")
    shown = terminal("show", "HEAD:a.bin", environment={"MUSE_PAGER": "cat"})
    assert shown.startswith("\x1b[2mbinary, 7 B\x1b[0m\n\x1b[2min a terminal, `muse show ")
    for words, written in ((["HEAD:a.bin"], b"\0\xff\x1b[31m"), (["HEAD:a.txt"], b"one\n")):
        command = [sys.executable, "-m", "muse", "show", *words]
        assert subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=30).stdout == written


def test_warnings_are_no_part_of_a_written_file(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = TextIOWrapper(BytesIO(), "ascii"), StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    entry = Entry("f", digest_of(b"\xff"))
    answer = FileResult("a", b"", entry, Side(1, b"\xff"), Repo(""), ("finished: checkout (operation 12)",))
    assert pour(answer)
    out.seek(0)
    assert (out.buffer.read(), err.getvalue()) == (b"\xff", "! finished: checkout (operation 12)\n")
    assert not pour(InitResult("", True)), "an answer that is no file"
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert not pour(answer), "a stream for text alone"


def test_what_an_encoding_lacks_is_spelled_out(repository: Path, environment: dict[str, str]) -> None:
    Path("caf\u00e9.txt").write_text("one\n")
    answer = process("status", cwd=repository, env={**environment, "PYTHONIOENCODING": "ascii"})
    assert answer.status == 0
    assert r"caf\xe9.txt" in answer.out
