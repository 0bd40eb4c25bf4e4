"""What branches and tags have in common: the subject of their commit, and one name for both.

Such a name means the branch. Whoever makes the second of the two is told.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.base.names import show
from muse.core.commits.records import read_commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.commands.command import State


def subject_of(state: State, commit: bytes) -> str:
    """The first line of a commit's message. A lost commit must not hide the others in a list."""
    try:
        return read_commit(state.store, commit).subject
    except Damaged:
        return "(damaged)"


def tags_of(state: State) -> dict[str, bytes] | None:
    """Every tag; None, and a note, where they cannot be read: that must not hide the commits."""
    try:
        return state.view.tags(state.store)
    except Damaged as error:
        state.notes.append(f"the tags cannot be read, and `muse doctor` says how to go on: {error.message}")
        return None


def note_tag(state: State, branch: str) -> None:
    """Say that a new branch has the name of a tag."""
    if branch in (tags_of(state) or ()):
        _note(state, "tag", branch)


def note_branch(state: State, tag: str) -> None:
    """Say that a new tag has the name of a branch."""
    if tag in (*state.view.branches, state.view.branch):
        _note(state, "branch", tag)


def _note(state: State, kind: str, name: str) -> None:
    state.notes.append(f"there is a {kind} {show(name)} too: where a commit is asked for, that name is the branch")
