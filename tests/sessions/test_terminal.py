"""The first session in IPython in a terminal, typed into a real pseudo-terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.slow

PATIENCE = 60
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@pytest.fixture
def terminal(folder: Path, environment: dict[str, str]) -> Iterator[Callable[[str], str]]:
    """Types a line and gives what came back, without escape codes, up to the next prompt."""
    words = ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor"]
    surroundings = {"cwd": str(folder), "env": environment, "encoding": "utf-8"}
    shell = pexpect.spawn(sys.executable, words, timeout=PATIENCE, dimensions=(50, 120), **surroundings)
    prompt = 0

    def wait() -> str:
        nonlocal prompt
        prompt += 1
        shell.expect_exact(f"In [{prompt}]: ")
        return _ESCAPES.sub("", str(shell.before))

    def type_line(line: str) -> str:
        shell.sendline(line)
        return wait().partition(line)[2].strip()

    wait()
    yield type_line
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_the_ten_lines(terminal: Callable[[str], str], folder: Path) -> None:
    assert terminal("%load_ext muse") == "muse: there is no repository here yet; `%muse init` starts one"
    assert "Started a repository" in terminal("%muse init")
    (folder / "data.csv").write_text("a,b\n1,2\n")
    assert "1 file: 1 added" in terminal('%muse commit -m "first look"')
    (folder / "data.csv").write_text("a,b\n1,2\n3,4\n")
    assert "changed  data.csv" in terminal("%muse status")
    assert "+3,4" in terminal("%muse diff")
    assert "1 file: 1 changed" in terminal('%muse commit -m "second look"')
    log = terminal("%muse log")
    assert log.index("second look") < log.index("first look")
    assert "first look" in terminal("%muse checkout HEAD~1")
    assert (folder / "data.csv").read_text() == "a,b\n1,2\n"
    assert "Undid `checkout HEAD~1`" in terminal("%muse undo")
    assert (folder / "data.csv").read_text() == "a,b\n1,2\n3,4\n"


def test_a_mistake_is_two_lines(terminal: Callable[[str], str]) -> None:
    terminal("%load_ext muse")
    answer = terminal("%muse comit").splitlines()
    assert answer == ["UsageError: there is no verb 'comit'; did you mean `commit`?", "`%muse -h` lists the verbs."]
