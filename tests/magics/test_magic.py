"""`%muse` and `%%muse`: what was typed, what comes back, and what is said when it cannot be done."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from muse import verbs
from muse.core import io

Run = Callable[[str], Any]


@pytest.fixture
def run(shell: InteractiveShell) -> Run:
    """Run a cell that must work; gives its value."""

    def value(source: str) -> Any:
        done = shell.run_cell(source)
        done.raise_error()
        return done.result

    return value


@pytest.fixture
def repository(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository with one file and one commit."""
    (folder / "a.txt").write_text("one\n")
    run('%muse init;\n%muse commit -m "first look";')
    capsys.readouterr()
    return folder


@pytest.mark.parametrize("message", ["cost: {x} $HOME", "{x}", "$x", "{x + 1} of {{x}}"])
def test_the_message_is_what_was_typed(message: str, repository: Path, run: Run) -> None:
    """IPython would put variables into the line; nobody wants that in a message."""
    (repository / "a.txt").write_text("two\n")
    assert run(f'x = 5\n%muse commit -m "{message}"').subject == message


def test_the_result_is_a_value(repository: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """`x = %muse log` shows nothing and gives the entries."""
    assert run("x = %muse log") is None
    assert capsys.readouterr() == ("", "")
    log = run("x")
    assert isinstance(log, tuple)
    assert [entry.commit.message for entry in log] == ["first look"]


def test_a_semicolon_is_silence(repository: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The command runs, and says nothing; a semicolon in quotes belongs to the message."""
    (repository / "a.txt").write_text("two\n")
    assert run('%muse commit -m "one; two;" ;') is None
    assert capsys.readouterr() == ("", "")
    assert [entry.commit.message for entry in run("x = %muse log\nx")] == ["one; two;", "first look"]


def test_json_is_plain_data(repository: Path, run: Run) -> None:
    """What `--json` gives in a notebook is what it prints in a terminal."""
    status, log = run("%muse status --json"), run("%muse log --json")
    assert type(status) is dict and type(log) is list
    assert json.loads(json.dumps([status, log])) == [status, log]
    assert status["clean"] is True
    assert status["commit_id"] == log[0]["commit_id"]


def test_a_result_shows_itself_in_both_ways(repository: Path, shell: InteractiveShell, run: Run) -> None:
    """HTML for a notebook, plain text for a terminal."""
    data, _ = shell.display_formatter.format(run("%muse status"))  # type: ignore[union-attr]
    assert data.keys() == {"text/plain", "text/html"}
    assert data["text/plain"].startswith("On branch main at ")
    assert data["text/html"].startswith("<div")


@pytest.mark.parametrize("verb", verbs.names())
def test_help_has_an_example(verb: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Of every verb, with or without a repository, and in a cell magic too."""
    assert run(f"%muse {verb} -h") is None
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: muse {verb}")
    assert f"example: {verbs.load(verb).EXAMPLE}\n" in out
    assert err == ""


@pytest.mark.parametrize("line", ["%muse", "%muse -h", "%muse help"])
def test_the_help_of_muse_lists_the_verbs(line: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Typing nothing but the name is asking for help."""
    assert run(line) is None
    out = capsys.readouterr().out
    assert [word for word in verbs.names() if f"\n  {word} " not in out] == []


def test_version(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The one thing that is no verb."""
    from muse import __version__

    assert run("%muse --version") is None
    assert capsys.readouterr().out == f"muse {__version__}\n"


def test_no_is_a_result(repository: Path, run: Run) -> None:
    """"Nothing to commit" must not stop Run All."""
    result = run("%muse commit -m again")
    assert (result.exit_status, result.commit) == (1, None)
    assert str(result).startswith("Nothing to commit")


def no_repository(run: Run) -> None:
    """Nothing at all."""


def damaged(run: Run) -> None:
    """The newest operation is not what was written."""
    run("%muse init;")
    [entry] = Path(".muse/ops").iterdir()
    entry.write_bytes(entry.read_bytes()[:-1])


def uncommitted(run: Run) -> None:
    """Work that a checkout would overwrite."""
    run("%muse init;")
    for text in ("one", "two", "not committed"):
        Path("a.txt").write_text(text)
        run(f"%muse commit -m {text};") if text != "not committed" else None


def removed(run: Run) -> None:
    """The current folder is gone."""
    os.rmdir(os.getcwd())


@pytest.mark.parametrize(
    ("arrange", "line", "words"),
    [
        (no_repository, "%muse nosuch", "there is no verb 'nosuch'"),
        (no_repository, "%muse comit -m x", "did you mean `commit`?"),
        (no_repository, "%muse commit --nosuch", "muse commit: unrecognized arguments: --nosuch"),
        (no_repository, '%muse commit -m "open', "a quote is not closed"),
        (no_repository, "%muse status", "is not in a muse repository"),
        (no_repository, "%%muse checkout\nsome text", "takes no text"),
        (uncommitted, "%muse checkout nowhere", "nowhere"),
        (damaged, "%muse status", "is cut short"),
        (uncommitted, "%muse checkout HEAD~1", "a.txt"),
        (removed, "%muse status", "the current folder was removed"),
    ],
)
def test_an_error_is_two_lines(
    arrange: Callable[[Run], None],
    line: str,
    words: str,
    shell: InteractiveShell,
    run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What happened, and what to do next: no traceback, and never a SystemExit."""
    arrange(run)
    capsys.readouterr()
    error = shell.run_cell(line).error_in_exec
    assert type(error) is UsageError
    assert words in str(error)
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"UsageError: {error}\n")
    assert len(err.splitlines()) == 2


def test_the_system_says_no_in_two_lines(
    repository: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk, say."""

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(io, "sync", full)
    (repository / "a.txt").write_text("two\n")
    assert type(shell.run_cell("%muse commit -m x").error_in_exec) is UsageError
    first, second = capsys.readouterr().err.splitlines()
    assert "No space left on device" in first
    assert second == "The disk is full: free some space and try again."


def test_a_mistake_of_our_own_is_two_lines(
    repository: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many lines the exception has."""

    def broken() -> None:
        raise ValueError("one\ntwo\n\nthree")

    monkeypatch.setattr(verbs.load("status"), "status", broken)
    assert type(shell.run_cell("%muse status").error_in_exec) is UsageError
    first, second = capsys.readouterr().err.splitlines()
    assert first == "UsageError: muse made a mistake of its own: ValueError: one two three"
    assert second.startswith("What was committed is safe.")


@pytest.mark.parametrize("body", ["first\n\nmore of it", "-m", "- a list\n- of points", "--staged", "100 % {x} $HOME"])
def test_a_cell_is_a_message(body: str, repository: Path, run: Run) -> None:
    """Whatever it begins with."""
    (repository / "a.txt").write_text("two\n")
    run(f"%%muse commit\n{body}\n")
    assert run("x = %muse log\nx")[0].commit.message == body


def test_a_cell_of_commands(repository: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line runs and shows its answer; the last one is the value. Empty lines and comments are neither."""
    (repository / "a.txt").write_text("two\n")
    result = run('%%muse\nstatus\n\n# and now\nmuse commit -m "second look"\n%muse log -n 1')
    assert [entry.commit.message for entry in result] == ["second look"]
    shown = capsys.readouterr().out
    assert shown.index("changed  a.txt") < shown.index("1 file: 1 changed") < shown.index("(HEAD → main)")


def test_a_cell_of_commands_stops_at_an_error(
    repository: Path, shell: InteractiveShell, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done before is shown, and what comes after is not done."""
    (repository / "a.txt").write_text("two\n")
    done = shell.run_cell("%%muse\ncommit -m second\nnosuch\nundo")
    assert type(done.error_in_exec) is UsageError
    assert "second" in capsys.readouterr().out
    assert [entry.commit.message for entry in run("x = %muse log\nx")] == ["second", "first look"]
