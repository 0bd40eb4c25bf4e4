"""The shelf: uncommitted work that was put aside. It stands in the view, so undo and gc keep it.

Each piece says what it changes, against the commit that it was made on, path by path: it can be brought back wherever
these files are as they were. Its value in the view names every object that it needs, so whoever walks the view needs
to know nothing of shelving.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.base.named import NamedTuple
from muse.core.operations.view import Stage, View, decode_change, decode_entry, encode_entry
from muse.core.types import DIGEST_SIZE, Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from muse.core.packs.store import ObjectStore

_SECTION = "shelf"


class Shelved(NamedTuple):
    """Work on the shelf.

    Attributes:
        message: What it is.
        time: When it was put there; RFC 3339 with offset.
        branch: The branch that was checked out; None when it was a commit.
        commit: The commit that was checked out; None before the first.
        stage: What was staged of it.
        files: What stood in the folder: `before` as committed, `after` as it was shelved.
    """

    message: str
    time: str
    branch: str | None
    commit: bytes | None
    stage: Stage
    files: tuple[Change, ...]

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].rstrip()


def shelved(view: View, store: ObjectStore) -> tuple[Shelved, ...]:
    """What is on the shelf, newest last.

    Raises:
        Missing, Damaged: The shelf cannot be read, or is not what was written.
    """
    found = view.section(store, _SECTION)  # not below: what is missing raises a `KeyError`, which says what it is
    try:
        return tuple(_decode(one) for one in found or ())
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Damaged("the shelf in the view is not one") from None


def with_shelf(view: View, store: ObjectStore, shelf: Sequence[Shelved]) -> View:
    """The same view with another shelf; an empty one is not written."""
    return view.with_section(store, _SECTION, [_encode(one) for one in shelf] or {})


def _encode(one: Shelved) -> dict[str, Any]:
    return {
        **one._asdict(),
        "stage": {path: encode_entry(one.stage[path]) for path in sorted(one.stage)},
        "files": [[path, encode_entry(before), encode_entry(after)] for path, before, after in one.files],
    }


def _decode(value: Any) -> Shelved:
    message, time, branch, commit = (value[name] for name in ("message", "time", "branch", "commit"))
    if commit is not None and (type(commit) is not bytes or len(commit) != DIGEST_SIZE):
        raise ValueError
    if type(message) is not str or type(time) is not str or not isinstance(branch, str | None):
        raise ValueError
    stage = {path: decode_entry(entry) for path, entry in value["stage"].items()}
    if set(map(type, stage)) - {str}:
        raise ValueError
    files = tuple([decode_change(*one) for one in value["files"]])
    return Shelved(message, time, branch, commit, stage, files)
