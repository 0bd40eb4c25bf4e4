"""`muse.verbs._files`: the difference of two versions of a file, whatever kind of file it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.notebook.diff import CellCounts
from muse.verbs import _files, _sides
from muse.verbs._files import LineCounts
from tests.samples import code, notebook, printed
from tests.verbs.file_diffs import diff


def test_noise_is_told_from_a_mode() -> None:
    one, again = notebook(code("x = 1", count=1)), notebook(code("x = 1", count=2))
    assert diff("nb.ipynb", one, again).only_noise
    assert not diff("nb.ipynb", one, again, "fx").only_noise
    assert not diff("nb.ipynb", None, notebook()).only_noise


def test_what_is_too_large_is_no_text_and_has_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sides, "LARGEST_TEXT", 10)
    file = diff("a.txt", b"short\n", b"rather long\n")
    assert (file.kind, file.notebook, file.stat) == ("large", None, None)
    assert _files.json(file) == {"path": "a.txt", "status": "changed", "kind": "large", "old_size": 6, "new_size": 12}


def test_a_notebook_that_is_too_large_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = notebook(code("x = 1")), notebook(code("x = 2"))
    monkeypatch.setattr(_sides, "LARGEST_TEXT", 10)
    assert diff("nb.ipynb", old, new).kind == "notebook"
    monkeypatch.setattr(_sides, "LARGEST_NOTEBOOK", len(old) - 1)
    assert diff("nb.ipynb", old, new).kind == "large"


def test_how_much_changed() -> None:
    assert diff("a.txt", b"one\ntwo\n", b"one\n2\n3\n").stat == LineCounts(2, 1)
    assert diff("a.txt", None, b"one\ntwo").stat == LineCounts(2, 0)
    assert diff("a.txt", b"one\n", b"one").stat == LineCounts(1, 1)
    assert diff("l", b"there", b"elsewhere", "ll").stat == LineCounts(1, 1)
    assert diff("a.bin", b"\0", b"\0\0").stat is None
    old = notebook(code("x = 1"), code("print(x)", printed("1\n")))
    new = notebook(code("x = 2"), code("print(x)", printed("2\n")), code("y = 3"))
    assert diff("nb.ipynb", old, new).stat == CellCounts(added=1, removed=0, source=1, outputs=1, moved=0, metadata=0)


contents = st.one_of(st.none(), st.binary(max_size=20), st.sampled_from([b"a\nb\n", b"a\nc\n", b"a\nb", b"\xff"]))


@given(contents, contents, st.sampled_from(["a.txt", "a.ipynb", "a.png"]))
def test_json_describes_both_sides(old: bytes | None, new: bytes | None, path: str) -> None:
    if old is None and new is None:
        return
    file = diff(path, old, new)
    found: dict[str, Any] = _files.json(file)
    assert found["old_size"] == (None if old is None else len(old))
    assert found["new_size"] == (None if new is None else len(new))
    assert (found["kind"] == "binary") == ("lines" not in found)
    if "lines" in found:
        shown = {sign: [line for kind, line in found["lines"] if kind == sign] for sign in "+-"}
        assert bool(shown["+"] or shown["-"]) == ((old or b"") != (new or b""))
        assert file.stat == (len(shown["+"]), len(shown["-"]))
