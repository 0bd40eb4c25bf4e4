"""The message of a commit, or of work on the shelf, that was given none: it says what changed."""

from __future__ import annotations

from muse.core.base.names import show
from muse.display.words import plural
from muse.verbs._files import notebook_diff, status_of
from muse.verbs._work import is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from muse.core.packs.store import ObjectStore
    from muse.core.types import Change, Entry

_VERBS = {"added": "add", "changed": "update", "deleted": "remove"}


def what_changed(store: ObjectStore, changes: Sequence[Change]) -> str:
    """One line, such as "Update analysis.ipynb: 3 cells".

    Args:
        store: Holds both sides of every change.
        changes: At least one.
    """
    first = changes[0]
    text = f"{_VERBS[status_of(first)]} {show(first.path)}"
    if len(changes) == 1:
        text += _cells(store, first)
    elif len(changes) == 2:
        other = _VERBS[status_of(changes[1])]
        text += f" and {'' if other == _VERBS[status_of(first)] else other + ' '}{show(changes[1].path)}"
    else:
        words = [_VERBS[status_of(change)] for change in changes]
        text = ", ".join(
            f"{word} {plural(words.count(word), 'file')}" for word in ("add", "update", "remove") if word in words
        )
    return text[0].upper() + text[1:]


def _cells(store: ObjectStore, change: Change) -> str:
    if not is_notebook(change.path):
        return ""
    sides = [_read(store, change.before), _read(store, change.after)]
    found = notebook_diff(change, *sides) if None not in sides else None
    return f": {plural(len(found.changes), 'cell')}" if found is not None and found.changes else ""


def _read(store: ObjectStore, entry: Entry | None) -> bytes | None:
    return store.read(entry.digest) if entry is not None else None
