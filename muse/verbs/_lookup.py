"""From `REV:PATH`, as a person types it, to what stands there."""

from __future__ import annotations

import os
import re

from muse.core.base.errors import Damaged, UsageProblem
from muse.core.base.names import show
from muse.core.commands.revs import resolve
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.types import FOLDER, Entry
from muse.verbs._content import FileResult, FolderResult, Listed
from muse.verbs._paths import quoted, to_repository
from muse.verbs._sides import Side, largest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.commands.command import State

#: The first colon parts them, but for those that a `sha256:…` and an `@{10:30}` have of their own.
_PARTS = re.compile(r"((?:sha256:)?+(?:@\{[^}]*\}|[^:])*+):(.*)", re.DOTALL)


def split(typed: str) -> tuple[str, str] | None:
    """The commit and the path in `REV:PATH`; None for the name of a commit alone."""
    match = _PARTS.fullmatch(typed)
    return (match[1], match[2]) if match is not None else None


def look_up(state: State, rev: str, typed: str) -> FileResult | FolderResult:
    """What stands at a path in a commit.

    Args:
        state: The repository.
        rev: Names the commit.
        typed: The path from the root, or from the current folder when it begins with `./` or `../`.

    Raises:
        UsageProblem: There is no such commit, or nothing stands there.
    """
    if not rev:
        hint = f"`muse show {quoted(f'HEAD:{typed}')}`, perhaps."
        raise UsageProblem(f"no commit is named before :{show(typed)}", hint)
    commit, path = resolve(state, rev), _from_root(state, typed)
    tree = tree_of(state.store, commit)
    entry = trees.lookup(state.store, tree, path)
    if entry is None:
        raise UsageProblem(f"{show(typed)} is not in {show(rev)}", _hint(state, tree, rev, path))
    if entry.mode == FOLDER:
        return FolderResult(path, commit, _listed(state, entry), tuple(state.notes))
    size = state.store.size(entry.digest)
    content = Side(size, state.store.read(entry.digest) if size <= largest(path) else None)
    return FileResult(path, commit, entry, content, state.repo, tuple(state.notes))


def as_file(state: State, typed: str) -> str:
    """What to type instead when the path of a file was typed without a commit; empty when it is none of the last."""
    if not os.path.lexists(typed):
        return ""
    path = to_repository(state.repo.root, typed)
    if trees.lookup(state.store, tree_of(state.store, state.view.commit), path) is None:
        return ""
    return f"`muse show {quoted(f'HEAD:{path}')}` shows that file, `muse diff {quoted(typed)}` what changed in it."


def _from_root(state: State, typed: str) -> str:
    if typed.split("/")[0] in (".", "..", ""):
        return to_repository(state.repo.root, typed) if typed else ""
    path = os.path.normpath(typed)
    return path if path != "." else ""


def _listed(state: State, folder: Entry) -> tuple[Listed, ...]:
    return tuple(
        Listed(name, entry, _size(state, entry) if entry.mode != FOLDER else None)
        for name, entry in trees.read_tree(state.store, folder.digest).items()
    )


def _size(state: State, entry: Entry) -> int | None:
    try:
        return state.store.size(entry.digest)
    except Damaged:
        return None


def _hint(state: State, tree: bytes | None, rev: str, path: str) -> str:
    """What may have been meant: the same path from the current folder, or a name like it where it was looked for."""
    here = to_repository(state.repo.root, f"./{path}")
    if here != path and trees.lookup(state.store, tree, here) is not None:
        return f"Paths count from the root: `muse show {quoted(f'{rev}:{here}')}`."
    folder, _, name = path.rpartition("/")
    around = trees.lookup(state.store, tree, folder)
    if around is None or around.mode != FOLDER:
        return f"`muse show {quoted(f'{rev}:')}` lists what is there."
    import difflib

    near = difflib.get_close_matches(name, trees.read_tree(state.store, around.digest), 3)
    if near:
        return f"Did you mean {', '.join(show(f'{folder}/{one}' if folder else one) for one in near)}?"
    return f"`muse show {quoted(f'{rev}:{folder}')}` lists what is there."
