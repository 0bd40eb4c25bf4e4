"""`muse.verbs._files`: the difference of two versions of a file, whatever kind of file it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.types import Change, Entry, digest_of
from muse.display.text import render
from muse.verbs import _files
from muse.verbs._files import FileDiff
from tests.samples import code, notebook, printed

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000


def diff(path: str, old: bytes | None, new: bytes | None, modes: str = "ff") -> FileDiff:
    before, after = (
        Entry(mode, digest_of(data)) if data is not None else None for mode, data in zip(modes, (old, new), strict=True)
    )
    change = Change(path, before, after)
    (found,) = _files.file_diffs([change], lambda path, entry: old or b"", lambda path, entry: new or b"")
    return found


def text(file: FileDiff) -> str:
    return render(tuple(_files.document([file])))


@pytest.mark.parametrize(
    ("file", "kind", "shown"),
    [
        (diff("a.txt", b"one\ntwo\n", b"one\n2\n"), "text", "a.txt\n   one\n  -two\n  +2"),
        (diff("a.txt", None, b"one\n"), "text", "a.txt added\n  +one"),
        (diff("a.txt", b"one\n", None), "text", "a.txt deleted\n  -one"),
        (diff("a.txt", None, b""), "text", "a.txt added"),
        (diff("a.bin", b"\0" * 10, b"\0" * 2000), "binary", "a.bin\n  binary, 10 B → 2.0 KB"),
        (diff("a.bin", b"caf\xe9", None), "binary", "a.bin deleted\n  binary, 4 B"),
        (diff("a.txt", b"text\n", b"\0"), "binary", "a.txt\n  binary, 5 B → 1 B"),
        (diff("a.png", None, PNG), "binary", "a.png added\n\n    output image added: image/png, 2.0 KB"),
        (diff("run.sh", b"ls\n", b"ls\n", "fx"), "text", "run.sh\n  was a plain file, is executable"),
        (diff("l", b"there", b"elsewhere", "ll"), "link", "l\n  -there\n  +elsewhere"),
        (diff("l", b"text\n", b"there", "fl"), "link", "l\n  was a plain file, is a link\n\n  -text\n  +there"),
        (diff("nb.ipynb", None, b"{"), "text", "nb.ipynb added\n  +{\n  … no newline at end"),
        (diff("nb.ipynb", b"there", b"elsewhere", "ll"), "link", "nb.ipynb\n  -there\n  +elsewhere"),
    ],
)
def test_text(file: FileDiff, kind: str, shown: str) -> None:
    assert file.kind == kind
    assert text(file) == shown


def test_a_notebook_by_cell() -> None:
    old = notebook(code("x = 1"), code("print(x)", printed("1\n")))
    new = notebook(code("x = 2"), code("print(x)", printed("2\n")), code("y = 3"))
    file = diff("nb.ipynb", old, new)
    assert (file.kind, file.status, file.only_noise) == ("notebook", "changed", False)
    assert text(file).splitlines()[0] == "nb.ipynb  1 cell changed, 1 added, outputs of 1 changed"


def test_a_notebook_that_comes_or_goes() -> None:
    nb = notebook(code("x = 1"))
    assert text(diff("nb.ipynb", None, nb)).splitlines()[0] == "nb.ipynb added  1 cell added"
    assert text(diff("nb.ipynb", nb, None)).splitlines()[0] == "nb.ipynb deleted  1 cell removed"
    assert not diff("nb.ipynb", None, notebook()).only_noise


def test_noise_is_told_from_a_mode() -> None:
    one, again = notebook(code("x = 1", count=1)), notebook(code("x = 1", count=2))
    noise = diff("nb.ipynb", one, again)
    assert noise.only_noise
    assert text(noise) == "nb.ipynb\n  only noise differs (execution counts, kernel versions, muse commands)"
    assert not diff("nb.ipynb", one, again, "fx").only_noise


def test_a_name_is_shown_on_one_line() -> None:
    assert text(diff("a\nb\udc80\x1b", None, b"x\n")).splitlines()[0] == r"a\nb\udc80\x1b added"


def test_a_file_too_large_to_compare_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "_LARGEST_TEXT", 10)
    assert text(diff("a.txt", b"short\n", b"rather long\n")) == "a.txt\n  binary, 6 B → 12 B"


contents = st.one_of(st.none(), st.binary(max_size=20), st.sampled_from([b"a\nb\n", b"a\nc\n", b"a\nb", b"\xff"]))


@given(contents, contents, st.sampled_from(["a.txt", "a.ipynb", "a.png"]))
def test_json_describes_both_sides(old: bytes | None, new: bytes | None, path: str) -> None:
    if old is None and new is None:
        return
    found: dict[str, Any] = _files.json(diff(path, old, new))
    assert found["old_size"] == (None if old is None else len(old))
    assert found["new_size"] == (None if new is None else len(new))
    assert (found["kind"] == "binary") == ("lines" not in found)
    if "lines" in found:
        shown = {sign: [line for kind, line in found["lines"] if kind == sign] for sign in "+-"}
        assert bool(shown["+"] or shown["-"]) == ((old or b"") != (new or b""))
