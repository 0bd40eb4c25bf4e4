"""`muse.notebook.saving`: a notebook that was cut shows it at its end."""

from __future__ import annotations

import json

import pytest

from muse.notebook.saving import is_cut
from tests.samples import code, notebook, printed

WHOLE = notebook(code("x = {}", printed("}\n{\n}\n")), code("y = '}'"))
STYLES = {
    "as Jupyter writes it": WHOLE,
    "by two": json.dumps(json.loads(WHOLE), indent=2).encode(),
    "in one line": json.dumps(json.loads(WHOLE)).encode(),
    "with other ends of lines": WHOLE.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_beginning_is_told_from_the_whole(style: str) -> None:
    whole = STYLES[style].rstrip()
    assert [size for size in range(1, len(whole)) if not is_cut(whole[:size])] == []
    assert not is_cut(whole) and not is_cut(whole + b"\n")


@pytest.mark.parametrize("raw", [b"", b"[1, 2", b"no notebook", b"<<<<<<< {", b'{"a": ' * 100_000 + b"}"])
def test_what_is_no_beginning_of_a_notebook(raw: bytes) -> None:
    assert not is_cut(raw)
