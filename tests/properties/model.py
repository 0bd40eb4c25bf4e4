"""What the verbs should do to a folder, a stage and a history, in the plainest words: dicts in memory.

Nothing here is shared with the code under test. A file is (mode, bytes); a tree maps paths to files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tests.samples import code, notebook

File = tuple[str, bytes]
Tree = dict[str, File]
Changes = dict[str, tuple[File | None, File | None]]
Targets = dict[str, tuple[File | None, File | None]]

#: Notebooks by what they say; those of one row differ by noise alone.
NOTEBOOKS = [
    [
        notebook(code(source, count=1)),
        notebook(code(source, count=7), version="3.12.0"),
        notebook(code("%muse status", count=6), code(source, count=8)),
    ]
    for source in ("x = 1", "x = 2")
]
_SAYS = {data: row for row, datas in enumerate(NOTEBOOKS) for data in datas}


class Shelved(NamedTuple):
    """Work on the shelf: the commit it was made on, what was staged of it, what it does to the folder."""

    commit: str | None
    stage: Mapping[str, File | None]
    files: Changes


class View(NamedTuple):
    """What is checked out, the branches and tags, stage and shelf; commits are named by their ids."""

    branch: str | None
    commit: str | None
    branches: Mapping[str, str]
    stage: Mapping[str, File | None]
    tags: Mapping[str, str] = {}
    shelf: tuple[Shelved, ...] = ()

    def moved_to(self, commit: str) -> View:
        """The view after the branch that is checked out, or what is, went to another commit."""
        branches = {**self.branches, self.branch: commit} if self.branch is not None else self.branches
        return self._replace(commit=commit, branches=branches)


class Op(NamedTuple):
    """An operation: the view after it, what it did to the folder, whose view it is, what redo brings back."""

    view: View
    changes: Changes
    at: int
    redo: tuple[int, ...] = ()


class Collision(Exception):
    """Uncommitted work is in the way at these paths."""


def same_but_noise(path: str, one: File | None, other: File | None) -> bool:
    """Whether two files hold the same work."""
    if one == other:
        return True
    if one is None or other is None or not path.endswith(".ipynb") or one[0] != other[0] or one[0] == "l":
        return False
    return one[1] in _SAYS and other[1] in _SAYS and _SAYS[one[1]] == _SAYS[other[1]]


def above(path: str) -> Iterator[str]:
    """The folders on the way to a path, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def below(paths: Iterable[str], folder: str) -> list[str]:
    """The paths below a folder; all are below the root, ""."""
    return [path for path in paths if not folder or path.startswith(folder + "/")]


def put(tree: Tree, path: str, file: File | None) -> None:
    """Change one path of a tree; a file takes the place of a folder, and the other way round."""
    tree.pop(path, None)
    if file is not None:
        for other in (*above(path), *below(list(tree), path)):
            tree.pop(other, None)
        tree[path] = file


def laid_over(tree: Tree, edits: Mapping[str, File | None]) -> Tree:
    """The tree with some paths changed; what is added wins over what is removed."""
    after = dict(tree)
    for path in sorted(edits, key=lambda path: (edits[path] is not None, path)):
        put(after, path, edits[path])
    return after


def compare(old: Tree, new: Tree) -> Targets:
    """The paths in which two trees differ, with both sides."""
    paths = sorted(old.keys() | new.keys())
    return {path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)}


def plan(disk: Tree, targets: Targets, *, force: bool, also: Iterable[str] = ()) -> Changes:
    """What a command that wants `targets` (expected, wanted) does to the folder.

    Raises:
        Collision: It would overwrite what nobody expected there.
    """
    changes: Changes = {}
    collisions = set() if force else set(also)

    def goes(path: str) -> bool:
        return path in targets and targets[path][1] is None

    for path, (expected, wanted) in targets.items():
        found = disk.get(path)
        in_the_way = []
        if wanted is not None:
            in_the_way = [other for other in above(path) if other in disk and not goes(other)]
            in_the_way += [other for other in below(disk, path) if not goes(other)]
        if in_the_way and not force:
            collisions.add(path)
            continue
        changes.update({other: (disk[other], None) for other in in_the_way})
        if found == wanted:
            continue
        if force or same_but_noise(path, expected, found):
            changes[path] = (found, wanted)
        else:
            collisions.add(path)
    if collisions:
        raise Collision
    return changes
