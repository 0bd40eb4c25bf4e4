"""What is struck: commands of every kind, at least one for each verb that writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from muse.core.packs import join
from muse.core.packs.pack import LARGE
from muse.core.repo import Repo
from muse.core.types import EXECUTABLE, FILE
from muse.testing.repositories import Contents
from tests.core import damaged
from tests.crash.contents import (
    AT_WORK,
    COMMIT_EDITS,
    EDITS,
    MANY,
    NEW,
    NEW_AT_WORK,
    OLD,
    SMALL,
    SMALL_EDITED,
    WORK_EDITS,
    Edit,
    noise,
)

Words = tuple[str, ...]


class Then(NamedTuple):
    """What is typed when the command turns out to be done: its exit status, and whether it leads back."""

    words: Words
    status: int
    back: bool


class Scenario(NamedTuple):
    """A repository and a command.

    Attributes:
        steps: Files and the command that follows, one after the other; None leaves the files as they are.
        work: The files, uncommitted changes among them, on which the command runs; None leaves them.
        command: What is struck.
        then: What is typed when it was done nevertheless.
        edits: What a person may do before the next command: one file that the command changes, and another.
        one_in: Of the points that are tried by default, one in so many: what a command shares with those above is
            tried there.
        fresh: There is no repository yet.
        damage: What happens to the repository before: until the command has run, it may not work.
        status: The exit status of the command.
    """

    steps: tuple[tuple[Contents | None, Words], ...]
    work: Contents | None
    command: Words
    then: Then
    edits: tuple[Edit, ...] = ()
    one_in: int = 1
    fresh: bool = False
    damage: Callable[[str], object] | None = None
    status: int = 0


def _again(*command: str, status: int = 0) -> tuple[Words, Then]:
    """A command that is given again: it has nothing left to do, or says that it was done."""
    return command, Then(command, status, back=False)


def _undone(*command: str) -> tuple[Words, Then]:
    """A command that would do something else the second time: a single `undo` takes it back."""
    return command, Then(("redo",) if command == ("undo",) else ("undo",), 0, back=True)


def _of(
    verb: tuple[Words, Then],
    *steps: tuple[Contents | None, Words],
    work: Contents | None = None,
    edits: tuple[Edit, ...] = (),
    one_in: int = 6,
    fresh: bool = False,
) -> Scenario:
    """A scenario that shares most of its calls with one of the long ones."""
    return Scenario(steps, work, *verb, edits, one_in, fresh)


_COMMIT = ("commit", "-m", "second")
_FIRST, _SECOND = (SMALL, ("commit", "-m", "first")), (SMALL_EDITED, _COMMIT)
_COMMITTED = _again(*_COMMIT, status=1)
_START = (None, ("branch", "start"))
_TWO_BRANCHES = (OLD, _FIRST[1]), (None, ("checkout", "-b", "work")), (NEW, _COMMIT)
_TO_MAIN = ("checkout", "main")
_HARD = ("reset", "--hard", "start")
_STAGED = _FIRST, (AT_WORK, ("add", "plots"))
_SHELVED = *_STAGED, (None, ("shelf", "push"))
_TWO = _FIRST, _START, _SECOND
_WAS_RESET = *_TWO, (AT_WORK, _HARD)
_UNDO = (None, ("undo",))
#: `redo` or `undo` would not bring back what was in the way; the number is that of the operation before.
_FORCED_BACK = ("undo", "--force"), Then(("op", "restore", "5"), 0, back=True)
_FORCED_AGAIN = ("redo", "--force"), Then(("op", "restore", "6"), 0, back=True)
_FORCED_TO = ("op", "restore", "4", "--force"), Then(("op", "restore", "5"), 0, back=True)
_IN_THE_WAY = SMALL | {"notes.md": (FILE, b"not committed yet\n"), "plots/one.txt": (FILE, b"neither\n")}

#: What is struck in every way, and again in the command that finishes, with a person's edits between.
SCENARIOS = {
    "commit of 1 file": Scenario((_FIRST,), SMALL_EDITED, *_COMMITTED, COMMIT_EDITS),
    "commit of 200 files": Scenario((_FIRST,), MANY, *_COMMITTED, COMMIT_EDITS),
    "checkout": Scenario(_TWO_BRANCHES, NEW_AT_WORK, *_again(*_TO_MAIN), EDITS),
    "undo of a checkout": Scenario((*_TWO_BRANCHES, (NEW_AT_WORK, _TO_MAIN)), None, *_undone("undo"), EDITS),
    "undo of a commit": Scenario((_FIRST, _SECOND), None, *_undone("undo"), COMMIT_EDITS),
    "commit --amend": Scenario(
        (_FIRST,), SMALL_EDITED, *_again("commit", "--amend", "-m", "better", status=1), COMMIT_EDITS, one_in=4
    ),
    "reset --hard": Scenario(_TWO, AT_WORK, *_again(*_HARD), WORK_EDITS, one_in=4),
    "shelf push": Scenario(_STAGED, None, *_undone("shelf", "push"), WORK_EDITS, one_in=4),
    "shelf pop": Scenario(_SHELVED, None, *_undone("shelf", "pop"), WORK_EDITS, one_in=4),
}

_AMENDED = SMALL_EDITED | {"notes.md": (FILE, b"# Notes, amended\n")}
# Of the first pack some is dead, of that of the commit that is taken back all.
_TO_COLLECT = (
    _FIRST,
    (_AMENDED, ("commit", "--amend")),
    (_AMENDED | {"run.sh": (EXECUTABLE, b"#!/bin/sh\n")}, _COMMIT),
    (None, ("reset", "--hard", "HEAD~1")),
    *((None, ("tag", name)) for name in ("one", "two")),
    (None, ("config", "gc.keep", "2")),
    (None, ("config", "gc.days", "0")),
)
_LEFT = Then(("status",), 0, back=False)

#: What changes no file, and is long all the same.
KILLED = {
    "gc": Scenario(_TO_COLLECT, None, ("gc",), _LEFT),
    "gc --forget --yes": Scenario(_TO_COLLECT, None, ("gc", "--forget", "--yes"), _LEFT),
    "commit that joins packs": Scenario(
        tuple((SMALL | {"notes.md": (FILE, b"%d\n" % number)}, _FIRST[1]) for number in range(join.MANY)),
        SMALL_EDITED,
        *_COMMITTED,
        one_in=2,
    ),
}

_LARGE = SMALL | {"large.bin": (FILE, noise("large", LARGE + 1))}
_REPAIR = Then(("doctor",), 0, back=False)


def _spoil_newest(root: str) -> None:
    repo = Repo(root)
    damaged.flip(damaged.operation(repo, damaged.newest(repo).number))


def _spoil_pack(root: str) -> None:
    """A byte of a committed file, which is in the folder too."""
    damaged.spoil(Repo(root), Path(root, "notes.md").read_bytes())


#: What shares most of its calls with one of the above.
MORE = {
    "init": _of(_again("init"), fresh=True, one_in=2),
    "init where there are files": _of(_again("init"), work=SMALL, fresh=True),
    "restore": _of(_again("restore", "notes.md", "data"), _FIRST, work=AT_WORK, edits=WORK_EDITS),
    "restore --from": _of(_again("restore", "data", "--from", "start"), *_TWO, edits=COMMIT_EDITS),
    "restore --staged": _of(_again("restore", "--staged", "plots", status=2), *_STAGED),
    "redo of a reset": _of(_undone("redo"), *_WAS_RESET, _UNDO, edits=WORK_EDITS),
    "redo of a commit": _of(_undone("redo"), _FIRST, _SECOND, _UNDO, edits=COMMIT_EDITS),
    "undo --force": _of(_FORCED_BACK, *_WAS_RESET, work=_IN_THE_WAY, edits=WORK_EDITS),
    "redo --force": _of(_FORCED_AGAIN, *_WAS_RESET, _UNDO, work=_IN_THE_WAY, edits=WORK_EDITS),
    "op restore --force": _of(_FORCED_TO, *_WAS_RESET, work=_IN_THE_WAY, edits=WORK_EDITS),
    "checkout --force": _of(_again("checkout", "--force", "start"), *_TWO, work=_IN_THE_WAY, edits=WORK_EDITS),
    "op restore": _of(_undone("op", "restore", "4"), *_WAS_RESET, edits=WORK_EDITS),
    "add": _of(_again("add", "."), _FIRST, work=AT_WORK),
    "code add": _of(_again("code", "add", "data"), _FIRST, work=SMALL_EDITED),
    "branch": _of(_again("branch", "side", status=2), _FIRST),
    "branch -m": _of(_again("branch", "-m", "main", "trunk", status=2), _FIRST),
    "branch -d": _of(_again("branch", "-d", "start", status=2), _FIRST, _START),
    "checkout -b": _of(_again("checkout", "-b", "side", status=2), _FIRST, work=SMALL_EDITED),
    "tag": _of(_again("tag", "v1", status=2), _FIRST),
    "tag -d": _of(_again("tag", "-d", "v1", status=2), _FIRST, (None, ("tag", "v1"))),
    "reset": _of(_again("reset", "start"), *_TWO),
    "reset --soft": _of(_again("reset", "--soft", "start"), *_TWO),
    "shelf drop": _of(_undone("shelf", "drop"), *_SHELVED),
    "config": _of(_again("config", "gc.keep", "5"), _FIRST, one_in=2),
    "config --unset": _of(_again("config", "gc.keep", "--unset"), _FIRST, (None, ("config", "gc.keep", "5"))),
    "commit of a large file": _of(_COMMITTED, _FIRST, work=_LARGE),
    "doctor of an operation": Scenario(
        (_FIRST, _SECOND), None, ("doctor",), _REPAIR, one_in=4, damage=_spoil_newest, status=3
    ),
    "doctor of a pack": Scenario((_FIRST, _SECOND), None, ("doctor",), _REPAIR, one_in=4, damage=_spoil_pack),
}
ALL = SCENARIOS | KILLED | MORE
