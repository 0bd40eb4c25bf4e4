"""What repositories hold when they are struck: a bit of everything, and what a person may do to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from muse.core.types import EXECUTABLE, FILE, LINK
from muse.testing.repositories import Contents
from tests import samples

#: What a person does to some files: path to new content, None to remove it.
Edit = Mapping[str, tuple[str, bytes] | None]


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress, always the same."""
    return hashlib.shake_128(seed.encode()).digest(size)


def _notebook(seed: str, *, count: int = 1, size: int = 3_000) -> bytes:
    """A notebook with a picture in it."""
    picture = {"image/png": base64.b64encode(noise(seed, size)).decode()}
    shown = {"data": picture, "metadata": {}, "output_type": "display_data"}
    cells = samples.text(f"# {seed}"), samples.code(f"plot({seed!r})", shown, count=count)
    return samples.notebook(*cells)


def _texts(folder: str, count: int, word: str) -> Contents:
    return {f"{folder}/{number:02}.txt": (FILE, f"{word} {number}\n".encode() * 20) for number in range(count)}


SMALL: Contents = {
    "notes.md": (FILE, b"# Notes\n"),
    "analysis.ipynb": (FILE, _notebook("first")),
    "data/table.csv": (FILE, b"a,b\n1,2\n"),
}
SMALL_EDITED = SMALL | {"data/table.csv": (FILE, b"a,b\n1,3\n")}

MANY: Contents = SMALL_EDITED | {
    **{f"plots/{number:02}.ipynb": (FILE, _notebook(f"plot {number}", size=30_000)) for number in range(36)},
    **_texts("data", 82, "row"),
    **_texts("data/deep/er", 80, "point"),
    "run.sh": (EXECUTABLE, b"#!/bin/sh\n"),
    "latest": (LINK, b"plots/35.ipynb"),
}

_UNCHANGED: Contents = {"kept.txt": (FILE, b"the same in both\n"), "data/kept.txt": (FILE, b"the same in both\n")}
OLD: Contents = _UNCHANGED | {
    **_texts("data", 45, "old"),
    **{f"nb/{number}.ipynb": (FILE, _notebook(f"old {number}")) for number in range(5)},
    **_texts("gone/deep", 10, "only in the old one"),
    "run.sh": (EXECUTABLE, b"#!/bin/sh\necho run\n"),
    "latest": (LINK, b"data/01.txt"),
    "alias": (LINK, b"kept.txt"),
    "swap": (FILE, b"a file\n"),
    "turn/in/side.txt": (FILE, b"in a folder\n"),
}
NEW: Contents = _UNCHANGED | {
    **_texts("data", 45, "new"),
    **{f"nb/{number}.ipynb": (FILE, _notebook(f"new {number}")) for number in range(5)},
    **_texts("come/deep", 10, "only in the new one"),
    "run.sh": (FILE, b"#!/bin/sh\necho run\n"),
    "latest": (LINK, b"data/02.txt"),
    "alias": (FILE, b"the same in both\n"),
    "swap/in/side.txt": (FILE, b"in a folder\n"),
    "turn": (FILE, b"a file\n"),
}
# Taken along by a checkout: uncommitted work elsewhere. Saved by it: noise in a notebook that it replaces.
_BESIDE: Contents = {"scratch.txt": (FILE, b"never committed\n"), "kept.txt": (FILE, b"not committed yet\n")}
NEW_AT_WORK = NEW | _BESIDE | {"nb/3.ipynb": (FILE, _notebook("new 3", count=7))}

EDITS: tuple[Edit, ...] = (
    {"data/03.txt": (FILE, b"a person wrote this\n"), "kept.txt": (FILE, b"and this\n")},
    {"gone/deep/04.txt": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
    {"come/deep/05.txt": (FILE, b"a person wrote this\n"), "data/kept.txt": (EXECUTABLE, b"and this\n")},
    {"data/44.txt": None, "unrelated.txt": (LINK, b"and this")},
    {"nb/2.ipynb": (FILE, _notebook("a person ran this")), "scratch.txt": (FILE, b"and this\n")},
    {"run.sh": (FILE, b"#!/bin/sh\necho a person wrote this\n"), "unrelated/file.txt": (FILE, b"and this\n")},
    {"latest": (LINK, b"a person made this"), "data/kept.txt": (FILE, b"and this\n")},
)
COMMIT_EDITS: tuple[Edit, ...] = (
    {"data/table.csv": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
)

#: Of each kind of change one: a file more, one less, one changed, one by noise alone.
AT_WORK: Contents = {
    "notes.md": (EXECUTABLE, b"# Notes\n\nMore of them.\n"),
    "analysis.ipynb": (FILE, _notebook("first", count=7)),
    "plots/one.txt": (FILE, b"new\n"),
    "scratch.txt": (FILE, b"never committed\n"),
}
WORK_EDITS: tuple[Edit, ...] = (
    {"notes.md": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
    {"plots/one.txt": (FILE, b"a person wrote this\n"), "unrelated.txt": (LINK, b"and this")},
    {"data/table.csv": (FILE, b"a person wrote this\n"), "unrelated/file.txt": (FILE, b"and this\n")},
)
