"""`%load_ext muse` and `%unload_ext muse`: what they add, what they take away, what they leave alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import muse
from muse.notebook import session

HINT = "muse: there is no repository here yet; `%muse init` starts one\n"


def hooks(shell: InteractiveShell) -> dict[str, Any]:
    """Everything in a shell that an extension can hang itself on, and what muse keeps beside it."""
    return {
        "magics": {kind: sorted(names) for kind, names in shell.magics_manager.magics.items()},
        "events": {name: list(callbacks) for name, callbacks in shell.events.callbacks.items()},
        "completers": list(shell.Completer.custom_matchers),
        "hooks": {name: getattr(shell.hooks, name) for name in shell.hooks},
        "session": session.current,
    }


def everything(folder: Path) -> dict[str, int]:
    """Every path below a folder, with the time of its last change."""
    return {str(path): path.lstat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_loading_says_how_to_start(shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder without a repository: one line, and nothing on the disk."""
    before = everything(folder)
    shell.run_line_magic("reload_ext", "muse")
    assert capsys.readouterr() == (HINT, "")
    assert everything(folder) == before


def test_loading_in_a_repository_is_silent(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a folder below it. Nothing in the repository changes."""
    shell.run_cell("%muse init;")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    capsys.readouterr()
    before = everything(folder)
    shell.run_line_magic("reload_ext", "muse")
    assert capsys.readouterr() == ("", "")
    assert everything(folder) == before


def test_loading_where_the_folder_is_gone(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that somebody removed is one without a repository."""
    capsys.readouterr()
    os.rmdir(folder)
    shell.run_line_magic("reload_ext", "muse")
    assert capsys.readouterr() == (HINT, "")


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    """The same hooks, whether IPython or a person loads it again."""
    before = hooks(shell)
    muse.load_ipython_extension(shell)
    after = hooks(shell)
    assert after["magics"] == before["magics"]
    assert after["completers"] == before["completers"]
    assert {name: len(all) for name, all in after["events"].items()} == {
        name: len(all) for name, all in before["events"].items()
    }


def test_unloading_takes_every_hook_away(shell: InteractiveShell) -> None:
    """What is left is what was there before; loading again works."""
    shell.run_line_magic("unload_ext", "muse")
    without = hooks(shell)
    shell.run_line_magic("load_ext", "muse")
    loaded = hooks(shell)
    assert "muse" in loaded["magics"]["line"] and "muse" in loaded["magics"]["cell"]
    assert {part for part in loaded if loaded[part] != without[part]} == {"magics", "events", "completers", "session"}
    shell.run_line_magic("unload_ext", "muse")
    assert hooks(shell) == without
    assert without["session"] is None
