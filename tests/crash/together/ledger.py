"""What each worker of the soak set out to do, and what was acknowledged: on the disk before it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.crash.together.typist import SWEEP, Said

#: The kinds of a "not now", and who is told to have been in the way.
_REFUSED = {"changed", "busy", "locked", "uncommitted"}
#: The verbs that may answer with a "no".
_NO = {"commit", "undo", "redo", "shelf"}
#: The verbs that take files in, and say so when one changed under their eyes. The others only look, and look again.
_TAKES = {"commit", "add", "shelf", "checkout", "undo", "redo", "reset", "restore"}
#: How a sentence begins or ends that says that a name is not, or already, there.
_NAMES = (
    *("names no commit", "goes back beyond the first commit", "neither a commit nor a", "is checked out"),
    *("there is no branch", "there is no tag", "there is a branch", "there is a tag", "there is no commit"),
    *("on the shelf", "is not in", "is nothing", "names no file here", "there is no uncommitted work"),
)
#: What an answer may begin with.
_NOTES = ("finished: ", "left alone, as it was changed since: ", "another muse command is changing the files")


class Record(NamedTuple):
    """A command of a worker.

    Attributes:
        who: The worker.
        words: What was typed.
        writes: Path to SHA-256 of the worker's own files that were written for it.
        since: The newest operation when they were; 0 when the folder was on its way to another state.
        said: The answer; None when the worker was killed before it came.
    """

    who: str
    words: tuple[str, ...]
    writes: dict[str, str]
    since: int
    said: Said | None


class Ledger:
    """The file of one worker, to which lines are added only.

    Args:
        path: The file.
        who: The worker.
    """

    def __init__(self, path: str, who: str) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - as long as the worker
        self._who = who

    def intend(self, words: Sequence[str], writes: dict[str, str], since: int) -> None:
        """A command is about to be typed."""
        self._add({"words": list(words), "writes": writes, "since": since})

    def said(self, said: Said) -> None:
        """It was answered."""
        self._add({"said": said})

    def _add(self, value: dict[str, Any]) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def close(self) -> None:
        """No more comes."""
        self._file.close()


def read(path: str, who: str) -> Iterator[Record]:
    """Every command of a worker, in order."""
    intent: dict[str, Any] | None = None
    with open(path, encoding="utf-8") as file:
        for value in map(json.loads, file):
            if "said" in value:
                assert intent is not None
                yield _record(who, intent, Said(*value["said"]))
                intent = None
            else:
                if intent is not None:
                    yield _record(who, intent, None)
                intent = value
    if intent is not None:
        yield _record(who, intent, None)


def _record(who: str, intent: dict[str, Any], said: Said | None) -> Record:
    return Record(who, tuple(intent["words"]), intent["writes"], intent["since"], said)


def verdict(words: Sequence[str], said: Said) -> str:
    """What an answer is: "done", "no", or the kind of a refusal; after "VIOLATION" what is wrong with it."""
    kind = _kind(words[0], said)
    notes = said.value.get("notes", ()) if isinstance(said.value, dict) else ()
    odd = [note for note in notes if not note.startswith(_NOTES)]
    return kind if kind and not odd else f"VIOLATION {said.status} {said.value} {said.trace}"


def _kind(verb: str, said: Said) -> str:
    if said.status == 0:
        return "done"
    if said.status == 1 and verb in _NO:
        return "no"
    if said.status == 2 and any(words in said.message for words in _NAMES):
        return "no such name"
    if said.status == 4 and said.kind in _REFUSED:
        return said.kind
    return "changing" if (said.status, said.kind) == (5, "changing") and verb in _TAKES else ""


def recorded(record: Record) -> bool | None:
    """Whether a command made an operation; None when that cannot be told from its answer."""
    said, verb = record.said, record.words[0]
    if said is None or (said.status == 0 and verb in ("gc", "add", "restore")):
        return None
    if said.status or verb in (SWEEP, "status", "log", "diff", "show", "op", "fsck", "doctor"):
        return False
    if verb in ("branch", "tag", "shelf"):
        return len(record.words) > 1
    return any(said.value.get(key) for key in ("moved", "operation", "commit_id" if verb == "commit" else "moved"))
