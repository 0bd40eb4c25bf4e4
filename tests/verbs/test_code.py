"""`muse code add` is `muse add`."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from tests.commands import muse, ok


def test_it_adds(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    assert ok("code", "add", ".") == (
        "Staged for the next commit\n"
        "  added    a.txt\n"
        "\n"
        '`muse commit -m "..."` records what is staged, `muse restore --staged PATH` takes it back\n'
    )
    Path("b.txt").write_text("one\n")
    assert muse("code", "add", "b.txt", "--json").json == {
        "staged": [{"path": "b.txt", "status": "added"}],
        "unsaved": [],
        "skipped": [],
        "notes": [],
    }


def test_it_does_nothing_else(repository: Path) -> None:
    answer = muse("code", "remove", "a.txt")
    assert answer.status == 2
    assert answer.err.startswith("error: muse code: argument action: invalid choice: 'remove'")
    with pytest.raises(api.MuseError, match="`muse code remove` is no command"):
        api.code("remove", "a.txt")
