"""Notebooks that are none, old, broken, empty or huge: stored exactly, and shown as well as can be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import Answer, muse, ok, process
from tests.samples import code, notebook, printed

GOOD = notebook(code("print(1)", printed("1\n"), count=1))
VERSION_3 = {
    "metadata": {"name": ""},
    "nbformat": 3,
    "nbformat_minor": 0,
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Title"]},
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": ["print 1"],
                    "language": "python",
                    "metadata": {},
                    "outputs": [{"output_type": "stream", "stream": "stdout", "text": ["1\n"]}],
                    "prompt_number": 1,
                },
            ],
            "metadata": {},
        }
    ],
}
CELL: dict[str, object] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": "x"}

DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000


def with_cells(*cells: object) -> bytes:
    """A notebook of anything."""
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


BAD = {
    "zero length": b"",
    "one newline": b"\n",
    "not JSON": b"this is no notebook\n",
    "half of one": GOOD[: len(GOOD) // 2],
    "conflict markers": b"<<<<<<< HEAD\n" + GOOD + b"=======\n" + GOOD + b">>>>>>> theirs\n",
    "not UTF-8": GOOD.replace(b"print", b"pr\xff\xfent"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "NULs": bytes(1000),
    "a list": b"[]",
    "a number": b"1e999",
    "null": b"null",
    "NaN": GOOD.replace(b'"metadata": {}', b'"metadata": {"x": NaN}'),
    "huge number": b'{"nbformat": ' + b"9" * 5000 + b"}",
    "nests": b"[" * 100_000,
    "nests in a cell": with_cells(CELL).replace(b'"metadata": {}', b'"metadata": ' + DEEP),
    "nbformat 3": json.dumps(VERSION_3).encode(),
    "nbformat 3 without sheets": b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": [{}]}',
    "nbformat 2": b'{"nbformat": 2, "worksheets": []}',
    "nbformat 5": b'{"nbformat": 5, "cells": []}',
    "nbformat as text": b'{"nbformat": "4", "cells": []}',
    "no cells": b'{"nbformat": 4, "metadata": {}}',
    "cells that are none": with_cells(1, None, [], "x"),
    "a cell without anything": with_cells({}),
    "a cell of no known type": with_cells({**CELL, "cell_type": "hologram"}),
    "source that is no text": with_cells({**CELL, "source": {"a": 1}}),
    "outputs that are none": with_cells({**CELL, "outputs": {"a": [1]}}, {**CELL, "outputs": [None, 3, {}, []]}),
    "output without data": with_cells({**CELL, "outputs": [{"output_type": "display_data", "data": None}]}),
    "an image that is none": with_cells(
        {**CELL, "outputs": [{"output_type": "display_data", "data": {"image/png": "%%%"}, "metadata": {}}]}
    ),
    "ids twice": with_cells({**CELL, "id": "a"}, {**CELL, "id": "a"}, {**CELL, "id": 3}),
    "lone surrogates": with_cells({**CELL, "source": "s = '\ud800\udfff\udc80'", "outputs": [printed("\udc80\n")]}),
    "keys twice": b'{"cells": [], "cells": [1], "nbformat": 4, "metadata": {}, "nbformat_minor": 5}',
    "control characters": with_cells({**CELL, "source": "\x1b]0;owned\x07\x1b[2J\x00"}),
    "separators": with_cells({**CELL, "source": "a\u2028b\u2029c\x0bd\x0ce\x85f\rg"}),
}


def shown(*words: str) -> Answer:
    """Type a command that only looks: it must succeed, and send nothing to a terminal that is not text."""
    for form in ((), ("--json",)):
        answer = muse(*words, *form)
        assert (answer.status, answer.err) == (0, ""), (words, answer)
        assert not set(answer.out) & {"\x1b", "\x07", "\0"}
        answer.out.encode()
    return answer


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_stored_exactly_and_shown(repository: Repo, data: bytes) -> None:
    path = Path("analysis.ipynb")
    path.write_bytes(data)
    shown("status")
    shown("diff")
    ok("commit")
    for content in (GOOD, data):
        path.write_bytes(content)
        shown("status")
        shown("diff")
        shown("diff", "analysis.ipynb")
        shown("add", "analysis.ipynb")
        shown("diff", "--staged")
        assert muse("commit").status == 0
        shown("show")
        shown("log")
    shown("diff", "HEAD~2", "HEAD~1")
    shown("show", "HEAD~2")
    path.unlink()
    shown("status")
    shown("diff")
    for rev in ("HEAD", "HEAD~2"):
        ok("restore", "analysis.ipynb", "--from", rev)
        assert path.read_bytes() == data
    ok("checkout", "--force", "HEAD~1")
    assert path.read_bytes() == GOOD


@pytest.mark.parametrize("name", ["zero length", "not JSON", "half of one", "not UTF-8", "cells that are none"])
def test_cells_of_what_has_none(repository: Repo, name: str) -> None:
    Path("analysis.ipynb").write_bytes(BAD[name])
    answer = muse("add", "analysis.ipynb#1")
    assert answer.status == 2 and len(answer.err.splitlines()) == 2
    assert "analysis.ipynb" in answer.err


def test_a_link_and_a_folder_named_as_notebooks(repository: Repo) -> None:
    os.symlink("nowhere.ipynb", "link.ipynb")
    Path("folder.ipynb").mkdir()
    Path("folder.ipynb/x").write_text("x")
    Path("UPPER.IPYNB").write_bytes(GOOD)
    shown("status")
    shown("diff")
    ok("commit")
    shown("show")


def test_ten_megabytes_of_output(repository: Repo) -> None:
    """One long line, many lines, an image, and JSON, in a process that may have little memory."""
    image = {"output_type": "display_data", "data": {"image/png": "iVBO" * 1_400_000}, "metadata": {}}
    rows = {"output_type": "display_data", "data": {"application/json": list(range(30_000))}, "metadata": {}}
    first = notebook(code("x", printed("y" * 5_000_000), printed("line\n" * 40_000), image, rows))
    assert len(first) > 10_000_000
    path = Path("big.ipynb")
    path.write_bytes(first)
    for content in (first, first.replace(b"yyyy", b"zzzz").replace(b"iVBO", b"iVBP")):
        path.write_bytes(content)
        for words in (("status",), ("diff",), ("commit", "-m", "big"), ("show",), ("log",)):
            answer = process(*words, timeout=100, memory=2 << 30)
            assert (answer.status, answer.err) == (0, ""), words
    ok("checkout", "HEAD~1")
    assert path.read_bytes() == first
