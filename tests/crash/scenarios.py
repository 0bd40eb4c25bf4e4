"""What is killed: commands of every kind on repositories that hold a bit of everything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from muse.core import join
from muse.core.types import EXECUTABLE, FILE, LINK
from muse.testing.repositories import Contents
from tests import samples

#: What a person does to some files: path to new content, None to remove it.
Edit = Mapping[str, tuple[str, bytes] | None]


class Then(NamedTuple):
    """What is typed when the command turns out to be done: its exit status, and whether it leads back."""

    words: tuple[str, ...]
    status: int
    back: bool


class Scenario(NamedTuple):
    """A repository and a command.

    Attributes:
        steps: Files and the command that follows, one after the other; None leaves the files as they are.
        work: The files, uncommitted changes among them, on which the command runs; None leaves them.
        command: What is killed.
        then: What is typed when it was done nevertheless.
        edits: What a person may do before the next command: one file that the command changes, and another.
        one_in: Of the points that are tried by default, one in so many: what a command shares with those above is
            tried there.
    """

    steps: tuple[tuple[Contents | None, tuple[str, ...]], ...]
    work: Contents | None
    command: tuple[str, ...]
    then: Then
    edits: tuple[Edit, ...]
    one_in: int = 1


def _noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress, always the same."""
    return hashlib.shake_128(seed.encode()).digest(size)


def _notebook(seed: str, *, count: int = 1, size: int = 3_000) -> bytes:
    """A notebook with a picture in it."""
    picture = {"image/png": base64.b64encode(_noise(seed, size)).decode()}
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

_EDITS: tuple[Edit, ...] = (
    {"data/03.txt": (FILE, b"a person wrote this\n"), "kept.txt": (FILE, b"and this\n")},
    {"gone/deep/04.txt": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
    {"come/deep/05.txt": (FILE, b"a person wrote this\n"), "data/kept.txt": (EXECUTABLE, b"and this\n")},
    {"data/44.txt": None, "unrelated.txt": (LINK, b"and this")},
    {"nb/2.ipynb": (FILE, _notebook("a person ran this")), "scratch.txt": (FILE, b"and this\n")},
    {"run.sh": (FILE, b"#!/bin/sh\necho a person wrote this\n"), "unrelated/file.txt": (FILE, b"and this\n")},
    {"latest": (LINK, b"a person made this"), "data/kept.txt": (FILE, b"and this\n")},
)
_COMMIT_EDITS: tuple[Edit, ...] = (
    {"data/table.csv": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
)

# Of each kind of change one: a file more, one less, one changed, one by noise alone.
_AT_WORK: Contents = {
    "notes.md": (EXECUTABLE, b"# Notes\n\nMore of them.\n"),
    "analysis.ipynb": (FILE, _notebook("first", count=7)),
    "plots/one.txt": (FILE, b"new\n"),
    "scratch.txt": (FILE, b"never committed\n"),
}
_WORK_EDITS: tuple[Edit, ...] = (
    {"notes.md": (FILE, b"a person wrote this\n"), "unrelated.txt": (FILE, b"and this\n")},
    {"plots/one.txt": (FILE, b"a person wrote this\n"), "unrelated.txt": (LINK, b"and this")},
    {"data/table.csv": (FILE, b"a person wrote this\n"), "unrelated/file.txt": (FILE, b"and this\n")},
)

_FIRST, _SECOND = ("commit", "-m", "first"), ("commit", "-m", "second")
_TWO_BRANCHES = (OLD, _FIRST), (None, ("checkout", "-b", "work")), (NEW, _SECOND)
_TO_MAIN = ("checkout", "main")
_NOTHING_TO_COMMIT = Then(_SECOND, 1, back=False)
_ALREADY_THERE = Then(_TO_MAIN, 0, back=False)
_REDO = Then(("redo",), 0, back=True)
_AMEND = ("commit", "--amend", "-m", "better")
_RESET = ("reset", "--hard", "start")
_PUSH, _POP = ("shelf", "push"), ("shelf", "pop")
_STARTED = (SMALL, _FIRST), (None, ("branch", "start"))
_STAGED = (SMALL, _FIRST), (_AT_WORK, ("add", "plots"))

SCENARIOS = {
    "commit of 1 file": Scenario(((SMALL, _FIRST),), SMALL_EDITED, _SECOND, _NOTHING_TO_COMMIT, _COMMIT_EDITS),
    "commit of 200 files": Scenario(((SMALL, _FIRST),), MANY, _SECOND, _NOTHING_TO_COMMIT, _COMMIT_EDITS),
    "checkout": Scenario(_TWO_BRANCHES, NEW_AT_WORK, _TO_MAIN, _ALREADY_THERE, _EDITS),
    "undo of a checkout": Scenario((*_TWO_BRANCHES, (NEW_AT_WORK, _TO_MAIN)), None, ("undo",), _REDO, _EDITS),
    "undo of a commit": Scenario(((SMALL, _FIRST), (SMALL_EDITED, _SECOND)), None, ("undo",), _REDO, _COMMIT_EDITS),
    "commit --amend": Scenario(
        ((SMALL, _FIRST),), SMALL_EDITED, _AMEND, Then(_AMEND, 1, back=False), _COMMIT_EDITS, one_in=4
    ),
    "reset --hard": Scenario(
        (*_STARTED, (SMALL_EDITED, _SECOND)), _AT_WORK, _RESET, Then(_RESET, 0, back=False), _WORK_EDITS, one_in=4
    ),
    "shelf push": Scenario(_STAGED, None, _PUSH, Then(_PUSH, 1, back=False), _WORK_EDITS, one_in=4),
    "shelf pop": Scenario((*_STAGED, (None, _PUSH)), None, _POP, Then(_POP, 1, back=False), _WORK_EDITS, one_in=4),
}

_KEEP_TWO = (None, ("config", "gc.keep", "2")), (None, ("config", "gc.days", "0"))
_AMENDED = SMALL_EDITED | {"notes.md": (FILE, b"# Notes, amended\n")}
# Of the first pack some is dead, of that of the commit that is taken back all.
_TO_COLLECT = (
    (SMALL, _FIRST),
    (_AMENDED, ("commit", "--amend")),
    (_AMENDED | {"run.sh": (EXECUTABLE, b"#!/bin/sh\n")}, _SECOND),
    (None, ("reset", "--hard", "HEAD~1")),
    (None, ("tag", "one")),
    (None, ("tag", "two")),
    *_KEEP_TWO,
)
_LEFT = Then(("status",), 0, back=False)

#: What is only killed: it changes no file, so there is nothing to edit in between.
KILLED = {
    "gc": Scenario(_TO_COLLECT, None, ("gc",), _LEFT, ()),
    "gc --forget --yes": Scenario(_TO_COLLECT, None, ("gc", "--forget", "--yes"), _LEFT, ()),
    "commit that joins packs": Scenario(
        tuple((SMALL | {"notes.md": (FILE, b"%d\n" % number)}, _FIRST) for number in range(join.MANY)),
        SMALL_EDITED,
        _SECOND,
        _NOTHING_TO_COMMIT,
        (),
        one_in=2,
    ),
}
