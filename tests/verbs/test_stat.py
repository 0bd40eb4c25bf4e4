"""`muse.verbs._stat`: how much changed in each file, in a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import muse as api
from muse.display import html
from muse.display.text import render
from muse.verbs import _stat
from muse.verbs._files import FileDiff, LineCounts
from tests.commands import muse, ok, short
from tests.samples import code, notebook, printed
from tests.verbs.file_diffs import diff

counts = st.integers(0, 3) | st.integers(0, 10**6)
NOTEBOOK = diff(
    "nb.ipynb",
    notebook(code("x = 1"), code("print(x)", printed("1\n"))),
    notebook(code("x = 2"), code("print(x)", printed("2\n")), code("y = 3")),
)


def lines(*files: FileDiff) -> list[str]:
    return render(tuple(_stat.document(files))).splitlines()


@given(st.builds(LineCounts, counts, counts), counts)
def test_a_bar_is_short_and_shows_what_is_there(some: LineCounts, more: int) -> None:
    longest = sum(some) + more
    added, removed = _stat.bar(some, longest)
    assert (set(added), set(removed)) == ({"+"} if some.added else set(), {"-"} if some.removed else set())
    assert len(added + removed) <= min(20, longest)
    if longest <= 20:
        assert (len(added), len(removed)) == some
    else:
        assert all(abs(len(bar) - n * 20 / longest) < 2 for bar, n in zip((added, removed), some, strict=True))


def test_a_row_for_each_kind_of_file() -> None:
    assert lines(
        diff("a.txt", b"one\ntwo\n", b"one\n2\n3\n"),
        diff("data.bin", b"\0" * 10, b"\0" * 20),
        diff("gone", b"one\n", None),
        diff("link", None, b"a.txt", "fl"),
        diff("long.csv", b"", b"1\n" * 1500),
        NOTEBOOK,
        diff("new", None, b""),
        diff("run.sh", b"ls\n", b"ls\n", "fx"),
        diff("setup.sh", b"ls\n", b"ls -l\n", "xf"),
        diff("tool", b"\0", b"\0", "xf"),
    ) == [
        "a.txt         +2      -1  +-",
        "data.bin                  binary, 10 B → 20 B",
        "gone deleted          -1  -",
        "link added    +1          +",
        "long.csv      +1,500      ++++++++++++++++++++",
        "nb.ipynb                  1 cell changed, 1 added, outputs of 1 changed",
        "new added",
        "run.sh                    was a plain file, is executable",
        "setup.sh      +1      -1  +-  was executable, is a plain file",
        "tool                      was executable, is a plain file",
        "10 files changed: +1,504 -3 lines, 1 cell changed, 1 added, outputs of 1 changed",
    ]


@pytest.mark.parametrize(
    ("files", "total"),
    [
        ([diff("a", b"", b"1\n")], "1 file changed: +1 line"),
        ([diff("a", b"1\n", b"")] * 2, "2 files changed: -2 lines"),
        ([diff("a", b"\0", b"")], "1 file changed"),
        ([NOTEBOOK] * 2, "2 files changed: 2 cells changed, 2 added, outputs of 2 changed"),
    ],
)
def test_the_total(files: list[FileDiff], total: str) -> None:
    assert lines(*files)[-1] == total


def test_nothing_to_count() -> None:
    assert lines() == []


def test_in_a_notebook_it_is_a_table_with_colours() -> None:
    shown = html.render(tuple(_stat.document([diff("a", b"one\n", b"1\n2\n")])))
    assert '<td><span class="muse-added">++</span><span class="muse-removed">-</span></td></tr>' in shown


def test_json() -> None:
    head = {"path": "a", "status": "changed", "old_size": 4, "new_size": 2}
    assert _stat.json(diff("a", b"one\n", b"1\n")) == {
        **head,
        "kind": "text",
        "stat": {"lines": {"added": 1, "removed": 1}},
    }
    assert _stat.json(diff("a", b"\0\0\0\0", b"\0\0")) == {**head, "kind": "binary", "stat": {}}
    assert _stat.json(NOTEBOOK)["stat"] == {
        "cells": {"added": 1, "removed": 0, "source": 1, "outputs": 1, "moved": 0, "metadata": 0}
    }


def test_diff_and_show(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert ok("show", "--stat").splitlines() == [
        f"{short()}  first look",
        "Ada Example <ada@example.org>, 2026-03-14 12:00",
        "a.txt added  +1    +",
        "1 file changed: +1 line",
    ]
    Path("a.txt").write_text("two\n")
    assert ok("diff", "--stat") == "a.txt  +1  -1  +-\n1 file changed: +1 -1 lines\n"
    (found,) = muse("diff", "--stat", "--json").json["files"]
    assert (found["stat"], "lines" in found) == ({"lines": {"added": 1, "removed": 1}}, False)
    (found,) = muse("show", "--stat", "--json").json["files"]
    assert (found["stat"], "lines" in found) == ({"lines": {"added": 1, "removed": 0}}, False)
    assert api.diff().files[0].stat == (1, 1)
    ok("commit")
    assert ok("diff", "--stat") == "No changes.\n"
