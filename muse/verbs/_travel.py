"""What the verbs that change the files of the folder have in common: plan, refuse, and say what was done."""

from __future__ import annotations

import os
import stat

from muse.core.base.errors import Damaged, MuseError, Refused
from muse.core.base.named import NamedTuple
from muse.core.base.names import folders_above, show
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.folder import plan
from muse.core.types import FOLDER, Change, Entry
from muse.display.document import Block, Hint, Notice, line
from muse.display.words import plural
from muse.verbs import _work
from muse.verbs._files import status_of
from muse.verbs._paths import is_under, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from muse.core.commands.command import State
    from muse.core.folder.worktree import Planned
    from muse.core.operations.view import Stage

_SHOWN = 5


class Files(NamedTuple):
    """What a command did to the files of the folder.

    Attributes:
        changes: What it set out to do.
        left: Paths that somebody changed meanwhile, and which were left alone.
    """

    changes: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()

    def blocks(self) -> Iterator[Block]:
        """What to tell a person."""
        done = [change for change in self.changes if change.path not in self.left]
        if done:
            words = [{"added": "added", "changed": "changed", "deleted": "removed"}[status_of(c)] for c in done]
            counts = ", ".join(f"{words.count(w)} {w}" for w in ("changed", "added", "removed") if w in words)
            yield line((f"{plural(len(done), 'file')}: {counts}", "dim"))
        for path in self.left:
            yield Notice(f"{show(path)} was left alone: it was changed meanwhile, or may not be changed")
        open_ones = [change.path for change in done if _work.is_notebook(change.path) and change.after is not None]
        for path in open_ones[:_SHOWN]:
            yield Hint(f"is {show(path)} open? reload it: File > Reload Notebook from Disk")

    def json(self) -> dict[str, object]:
        """For programs."""
        return {
            "files": [{"path": change.path, "status": status_of(change)} for change in self.changes],
            "left": list(self.left),
        }


def planned(
    state: State,
    targets: Iterable[plan.Target],
    *,
    doing: str,
    back: str = "`muse undo`",
    force: bool = False,
    also: Iterable[str] = (),
    commit_first: bool = True,
) -> tuple[Planned, ...]:
    """Decide what may be done to the files.

    Args:
        targets: What is expected and wanted at each path.
        doing: For the message: "check out main".
        back: For the message: what brings back work that `force` replaced.
        force: Replace uncommitted work too, after saving it.
        also: More paths that are in the way.
        commit_first: Whether the same can be done after a commit.

    Raises:
        Refused: Uncommitted work is in the way, or something that is no file and so cannot be saved.
    """
    committed = _Committed(state).file_at
    found = plan.plan(state.repo.root, state.store, targets, _work.same_but_noise, committed, force=force)
    in_the_way = sorted({*found.collisions, *(() if force else also)})
    if in_the_way:
        refuse_special(state.repo.root, in_the_way, doing)
        raise Refused(
            f"cannot {doing}: uncommitted work in {shortened(in_the_way)} would be overwritten",
            _ways_out(state, in_the_way, back, commit_first),
            kind="uncommitted",
        )
    return found.planned


def _ways_out(state: State, paths: Sequence[str], back: str, commit_first: bool) -> str:
    """How to go on where uncommitted work is in the way."""
    forced = f"--force: then it is saved and {back} brings it back."
    if not commit_first:
        return f"Add {forced}"
    add = to_add(state, paths)
    first = f"{add}, then " if add else ""
    return f'Commit it first ({first}`muse commit -m "..."`), or add {forced}'


def to_add(state: State, paths: Sequence[str]) -> str:
    """What must be typed before a commit takes these files, as some are ignored, say; empty when nothing must."""
    try:
        left_out = [quoted(path) for path in _left_out(state, paths)]
    except MuseError:
        return ""
    return f"`muse add {' '.join(left_out[:_SHOWN])}{' ...' if left_out[_SHOWN:] else ''}`" if left_out else ""


def _left_out(state: State, paths: Sequence[str]) -> list[str]:
    """Those of the paths at which there is work that a commit would leave out: new and ignored, or not staged."""
    stage, committed = state.view.stage(state.store), _Committed(state)
    work = _work.look(state, staged=stage, within=paths)
    changed = {change.path for change in (*work.changes, *work.noise)}
    unstaged = changed if stage else set[str]()
    new = [path for path in paths if path not in changed and committed.file_at(path) is None]
    there = [path for path in new if os.path.lexists(os.path.join(state.repo.root, path))]
    whole = [path for path in there if not any(is_under(one, path) for one in changed)]
    return sorted({*whole, *unstaged}.difference(stage))


class _Committed:
    """The commit that is checked out; each folder is read once. What cannot be had counts as not committed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folders: dict[str, Mapping[str, Entry]] = {}

    def file_at(self, path: str) -> Entry | None:
        """The file at a path."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            try:
                self._folders[folder] = self._read(folder)
            except Damaged:
                self._folders[folder] = {}
        found = self._folders[folder].get(name)
        return None if found is None or found.mode == FOLDER else found

    def _read(self, folder: str) -> Mapping[str, Entry]:
        store = self._state.store
        root = tree_of(store, self._state.view.commit)
        if not folder:
            return trees.read_tree(store, root)
        found = trees.lookup(store, root, folder)
        return trees.read_tree(store, found.digest) if found is not None and found.mode == FOLDER else {}


def refuse_special(root: str, paths: Iterable[str], doing: str) -> None:
    """Refuse what is in the way and can neither be committed nor saved: pipes, sockets, devices.

    Raises:
        Refused: There is such a thing at one of the paths.
    """
    special = [path for path in paths if _is_special(os.path.join(root, path))]
    if special:
        which = "it" if len(special) == 1 else "them"
        raise Refused(
            f"cannot {doing}: {shortened(special)} can be neither replaced nor saved, being no ordinary file",
            f"Move {which} away, or delete {which}, and try again.",
        )


def _is_special(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))


def shortened(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are."""
    return ", ".join(map(show, paths[:_SHOWN])) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")


def entangled(stage: Stage, wanted: Iterable[str]) -> set[str]:
    """Staged files that lie where a file is wanted as a folder, or where a folder is wanted as a file."""
    files = set(wanted) if stage else set[str]()
    folders = {above for path in files for above in folders_above(path)}
    staged = [path for path, entry in stage.items() if entry is not None]
    return {path for path in staged if path in folders or not files.isdisjoint(folders_above(path))}


def changes_of(plans: Iterable[Planned]) -> tuple[Change, ...]:
    """The changes that were planned."""
    return tuple(one.change for one in plans)
