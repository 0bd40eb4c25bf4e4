"""Putting uncommitted work on the shelf, and bringing it back: what becomes of the folder, the stage and the shelf."""

from __future__ import annotations

from muse.core.base.clock import now
from muse.core.base.errors import Refused, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands.command import State
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.folder import plan
from muse.core.folder.plan import Target
from muse.core.operations import shelf
from muse.core.operations.shelf import Shelved
from muse.core.types import Change, id_of
from muse.display.words import short_id
from muse.verbs import _work
from muse.verbs._message import what_changed
from muse.verbs._paths import is_under, to_repository
from muse.verbs._travel import entangled, planned, refuse_special, shortened, to_add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from muse.core.folder.scan import Skipped
    from muse.core.folder.worktree import Planned
    from muse.core.operations.view import Stage, View
    from muse.core.packs.store import ObjectStore
    from muse.core.types import Entry


class Move(NamedTuple):
    """Work that goes onto the shelf, or comes from it.

    Attributes:
        one: The work.
        view: The view after it.
        planned: What happens to the files.
    """

    one: Shelved
    view: View
    planned: tuple[Planned, ...]


def push(state: State, typed: Sequence[str], message: str | None) -> tuple[Move | None, tuple[Skipped, ...]]:
    """Take uncommitted work off the folder and the stage.

    Args:
        state: The repository.
        typed: The files and folders to take it from; all when there are none.
        message: What it is; when blank, it says what changed.

    Returns:
        The work, None when there is none; and what stays in the folder because a commit would leave it out.

    Raises:
        UsageProblem: There is none below a path that was named.
        SystemTrouble: A file cannot be read.
    """
    view, store = state.view, state.store
    stage = view.stage(store)
    work = _work.look(state, staged=stage)
    if work.troubles:
        raise work.troubles[0]
    state.notes.extend(work.warnings)
    wanted = _Wanted([to_repository(state.repo.root, one) for one in typed])
    changes = [change for change in work.changes if wanted.has(change.path)]
    taken = {path: entry for path, entry in stage.items() if wanted.has(path)}
    skipped = tuple(skipped for skipped in work.skipped if wanted.has(skipped.path))
    wanted.check_met(typed)
    plans = planned(state, [Target(path, None, before) for path, before, _ in changes], doing="shelve", force=True)
    # What is replaced is what stood there when it was decided, with whatever else had to make way.
    files = tuple([Change(path, back, found) for path, found, back in (one.change for one in plans)])
    staged = _work.staged_changes(store, work.tree, taken)
    if not (files or staged):
        return None, skipped
    message = message if message and message.strip() else what_changed(store, files or staged)
    one = Shelved(message, now(), view.branch, view.commit, taken, files)
    kept = {path: entry for path, entry in stage.items() if path not in taken}
    after = shelf.with_shelf(view.with_stage(store, kept), store, (*shelf.shelved(view, store), one))
    return Move(one, after, plans), skipped


class _Wanted:
    """The paths that were named, and which of them were met; all when none was."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self.met: set[str] = set()

    def has(self, path: str) -> bool:
        """Whether a path is wanted."""
        above = [folder for folder in self.paths if is_under(path, folder)]
        self.met.update(above)
        return bool(above) or not self.paths

    def check_met(self, typed: Sequence[str]) -> None:
        """Refuse a name that met nothing: it may be mistyped."""
        for path, as_typed in zip(self.paths, typed, strict=True):
            if path not in self.met:
                raise UsageProblem(
                    f"there is no uncommitted work in {show(as_typed)}", "`muse status` lists what there is."
                )


def pop(state: State, position: int) -> Move:
    """Bring back the work at `position`.

    Raises:
        Refused: Files that it changes are not as they were when it was shelved, nor as it would have them.
    """
    view, store = state.view, state.store
    one, rest = take(state, position)
    targets = [Target(*change) for change in one.files]
    found = plan.plan(state.repo.root, store, targets, _work.same_but_noise)
    stage = view.stage(store)
    touched = {plan.change.path for plan in found.planned} | one.stage.keys()
    clash = {path for path, entry in one.stage.items() if path in stage and stage[path] != entry}
    clash |= entangled(stage, [path for path, entry in one.stage.items() if entry is not None])
    clash.update(_committed_since(state, one, touched), found.collisions)
    if clash:
        refuse_special(state.repo.root, sorted(clash), f"bring back {show(one.subject)!r}")
        raise _in_the_way(state, one, sorted(clash))
    tree = tree_of(store, view.commit)
    both = {**stage, **one.stage}
    staged: Stage = {path: entry for path, entry in both.items() if entry != trees.file_at(store, tree, path)}
    return Move(one, shelf.with_shelf(view.with_stage(store, staged), store, rest), found.planned)


def _committed_since(state: State, one: Shelved, touched: Collection[str]) -> Iterator[str]:
    """The paths among `touched` that are committed otherwise than they were, and not as the shelf has them."""
    store = state.store
    wanted: dict[str, Entry | None] = {change.path: change.after for change in one.files}
    for path, before, after in trees.compare(store, tree_of(store, one.commit), tree_of(store, state.view.commit)):
        if path not in touched or after in (wanted.get(path, before), one.stage.get(path, before)):
            continue
        if not _same_but_noise(store, path, before, after):
            yield path


def _same_but_noise(store: ObjectStore, path: str, one: Entry | None, other: Entry | None) -> bool:
    if not _work.differs_by_noise(path, one, other):
        return False
    assert one is not None and other is not None
    return _work.same_but_noise(path, lambda: store.read(one.digest), lambda: store.read(other.digest))


def _in_the_way(state: State, one: Shelved, paths: Sequence[str]) -> Refused:
    add = to_add(state, paths)
    where = f"`muse checkout {short_id(id_of(one.commit))}`" if one.commit is not None else "before the first commit"
    return Refused(
        f"cannot bring back {show(one.subject)!r}: {shortened(paths)} changed since it was shelved",
        f"Commit what is uncommitted{f' ({add} first)' if add else ''}, go back to where it was shelved ({where}), "
        "and bring it back there.",
        kind="uncommitted",
    )


def take(state: State, position: int) -> tuple[Shelved, tuple[Shelved, ...]]:
    """The work at a position, 1 for the newest, and the shelf without it.

    Raises:
        UsageProblem: There is none.
    """
    found = shelf.shelved(state.view, state.store)
    if not 1 <= position <= len(found):
        raise UsageProblem(f"there is no {position} on the shelf", "`muse shelf` lists what there is.")
    index = len(found) - position
    return found[index], (*found[:index], *found[index + 1 :])
