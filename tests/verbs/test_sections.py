"""`muse.verbs._sections`: what a diff shows of each file."""

from __future__ import annotations

import pytest

from muse.display.document import CellDiff
from muse.display.text import render
from muse.verbs import _sections, _sides
from muse.verbs._files import FileDiff
from muse.verbs._sides import Side
from tests.samples import code, notebook, printed
from tests.verbs.file_diffs import diff

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 2000


def text(file: FileDiff) -> str:
    return render(tuple(_sections.document([file])))


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
        (diff("a.bin", b"\0", b"\0", "fx"), "binary", "a.bin\n  was a plain file, is executable"),
        (diff("a.png", None, PNG), "binary", "a.png added\n\n    output image added: image/png, 2.0 KB"),
        (diff("a.png", PNG, PNG, "fx"), "binary", "a.png\n  was a plain file, is executable"),
        (diff("run.sh", b"ls\n", b"ls\n", "fx"), "text", "run.sh\n  was a plain file, is executable"),
        (diff("l", b"there", b"elsewhere", "ll"), "link", "l\n  -there\n  +elsewhere"),
        (diff("l", b"text\n", b"there", "fl"), "link", "l\n  was a plain file, is a link\n\n  -text\n  +there"),
        (diff("nb.ipynb", None, b"{"), "text", "nb.ipynb added\n  +{\n  … no newline at end"),
        (diff("nb.ipynb", b"there", b"elsewhere", "ll"), "link", "nb.ipynb\n  -there\n  +elsewhere"),
    ],
)
def test_a_section(file: FileDiff, kind: str, shown: str) -> None:
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


def test_noise_is_said() -> None:
    noise = diff("nb.ipynb", notebook(code("x = 1", count=1)), notebook(code("x = 1", count=2)))
    assert text(noise) == "nb.ipynb\n  only noise differs (execution counts, kernel versions, muse commands)"


def test_a_name_is_shown_on_one_line() -> None:
    assert text(diff("a\nb\udc80\x1b", None, b"x\n")).splitlines()[0] == r"a\nb\udc80\x1b added"


def test_a_file_too_large_to_compare_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sides, "LARGEST_TEXT", 10)
    assert text(diff("a.txt", b"short\n", b"rather long\n")) == "a.txt\n  too large to show, 6 B → 12 B"
    assert text(diff("a.txt", None, b"rather long\n")) == "a.txt added\n  too large to show, 12 B"
    assert text(diff("a.txt", b"rather long\n", b"rather long\n", "xf")) == "a.txt\n  was executable, is a plain file"


@pytest.mark.parametrize(("side", "shown"), [(Side(1 << 20, PNG), PNG), (Side((1 << 20) + 1, PNG), None)])
def test_a_large_picture_is_not_put_into_a_document(side: Side, shown: bytes | None) -> None:
    file = diff("a.PNG", None, PNG)._replace(new=side)
    (section,) = _sections.document([file])
    (block,) = section.blocks  # type: ignore[union-attr]  # a section
    assert isinstance(block, CellDiff) and block.outputs[0].after is not None
    assert block.outputs[0].after == ("image/png", side.size, shown)
