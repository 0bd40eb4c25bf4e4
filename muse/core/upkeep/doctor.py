"""Repairing a repository: from the damage that `fsck` finds to a new operation that needs nothing damaged.

Everything goes through the protocol of all other commands: what is needed is copied, a new entry is made, and nothing
is ever overwritten. So a doctor that is killed leaves the repository no worse than it was.
"""

from __future__ import annotations

from contextlib import contextmanager

from muse.core import object_store
from muse.core.base.errors import Damaged, MuseError, SystemTrouble, Unconfirmed
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commands import finish, hints
from muse.core.commands.writing import writing
from muse.core.damage import health
from muse.core.damage.findings import Findings
from muse.core.damage.rescue import Everywhere
from muse.core.folder import folder_state, worktree
from muse.core.folder.folders import Folders
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import history, ops
from muse.core.operations.view import Section, encode_changes
from muse.core.packs.pack import PackGone
from muse.core.types import id_of
from muse.core.upkeep import caches, cure, fsck
from muse.core.upkeep.cure import Cure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muse.core.operations.ops import Operation
    from muse.core.paths import Layout
    from muse.core.repo import Repo

_HIGHEST = 999_999_999_999


class Repair(NamedTuple):
    """What was repaired, and what is left.

    Attributes:
        cure: What was recorded.
        mended: Files that were written anew or thrown away, in words.
        findings: What is still damaged after that.
        notes: What else there is to say.
    """

    cure: Cure
    mended: tuple[str, ...]
    findings: Findings
    notes: tuple[str, ...]


def repair(repo: Repo) -> Repair:
    """Repair what can be repaired. Others are kept from the files of the folder only when something is wrong.

    Raises:
        Damaged: No operation is whole, or a newer muse wrote what only looks damaged.
        SystemTrouble: The system does not let everything be read, or is full: what may be whole is not given up.
        Refused: Others are changing the repository, or the files of the folder.
    """
    layout, notes, mended, done = repo.layout, list[str](), list[str](), Cure()
    findings = fsck.check(layout)
    for name in caches.damaged(layout):
        if caches.throw_away(layout, name):
            mended.append(f"threw away the cache {name}")
    held = WorktreeLock(layout)
    try:
        if not findings.clean:
            if hints.remove_strange(layout.lock):
                mended.append("removed what stood in the place of `worktree.lock`")
            held.acquire(shared=False)
            mended += _heal_singles(repo)
            done = writing(repo, "doctor", (), cure.draft, ends=_ends)
            notes += done.notes
        with _telling(done):
            if not findings.clean:
                mended += _mend_applied(repo, notes)
            newest = ops.newest(layout)
            if newest is not None and hints.is_stale(layout, newest):
                hints.remove_strange(layout.head)
                ops.write_head(layout, newest)
                mended.append("wrote HEAD anew")
            if not findings.clean:
                findings = fsck.check(layout)
            if folder_state.is_unfinished(layout, newest):
                _finish(repo, held, notes)
    finally:
        held.release()
    if held.warning:
        notes.append(held.warning)
    return Repair(done, tuple(mended), findings, tuple(notes))


@contextmanager
def _telling(done: Cure) -> Iterator[None]:
    """What goes wrong from here on does not hide that the repair was recorded."""
    try:
        yield
    except SystemTrouble as error:
        if not done.recorded:
            raise
        raise Unconfirmed(f"recorded as operation {done.recorded}, but {error.message}", error.hint) from error


def _finish(repo: Repo, held: WorktreeLock, notes: list[str]) -> None:
    try:
        if not held.exclusive:
            held.acquire(shared=False)
        finish.rest(repo, held, notes)
    except MuseError as error:
        if history.is_damage(error):
            _finish_without(repo, notes)
        else:
            notes.append(f"the files of this folder are not finished: {error.message}")


def _finish_without(repo: Repo, notes: list[str]) -> None:
    """Finish the files that can be had, and say that the folder is done: else nobody could ever write again."""
    layout, newest = repo.layout, ops.newest(repo.layout)
    assert newest is not None
    store = ops.open_store(layout, newest)
    try:
        pending = ops.read(layout, newest.folder)
        changes = pending.changes(store)
        ready = [one for one in changes if one.after is None or store.holds_whole(one.after.digest)]
        part = pending._replace(worktree=Section(encode_changes(ready)))
        left = worktree.resume(layout, part, store, durable=repo.durable).left
        notes.append(f"finished, as far as it can be had: {pending.verb} (operation {pending.number})")
        lost = [one.path for one in changes if one not in ready]
        notes.extend(f"left alone, as what it should hold is lost: {show(path)}" for path in lost)
        notes.extend(f"left alone, as it was changed since: {show(path)}" for path in left)
    except PackGone as gone:
        notes.append(f"the files of this folder are not finished: {gone} was replaced; run `muse doctor` again")
        return
    except (FileNotFoundError, Damaged):
        notes.append(f"the files of this folder stay as they are: what operation {newest.folder} wanted is lost")
    except MuseError as error:
        notes.append(f"the files of this folder are not finished: {error.message}")
        return
    finally:
        store.close()
    folder_state.set_applied(layout, newest.number, durable=repo.durable)


def resume(repo: Repo) -> tuple[str, ...]:
    """Finish what a command began that died, on whatever machine it ran.

    Returns:
        What was finished, in words.

    Raises:
        Refused: Somebody else is changing the files of the folder.
    """
    notes: list[str] = []
    held = WorktreeLock(repo.layout)
    held.acquire(shared=False)
    try:
        finish.rest(repo, held, notes, any_host=True)
    finally:
        held.release()
    return tuple(notes)


def _ends(layout: Layout) -> history.Ends:
    found = history.ends(layout)
    if found.unsure is not None:
        raise found.unsure
    if found.operation is None:
        if found.last and not health.packs_in_folder(layout):
            raise Damaged(f"no operation in {layout.ops} is whole", "Bring that folder back from a copy of `.muse`.")
        found = found._replace(operation=cure.NOTHING._replace(oldest=min(ops.numbers(layout), default=1)))
    if found.last == _HIGHEST:
        hint = "No muse wrote that: move it away, then run `muse doctor` again."
        raise Damaged(f"no number is left after {layout.operation(_HIGHEST)}", hint)
    return found


def _heal_singles(repo: Repo) -> list[str]:
    """Replace damaged single objects of which there is a whole copy."""
    layout, healed = repo.layout, []
    everywhere = Everywhere(layout)
    try:
        for digest in list(health.singles(layout)):
            try:
                health.check_file(layout.shard_file(digest), digest)
            except FileNotFoundError:
                continue
            except Damaged:
                try:
                    data = everywhere.read(digest)
                except Damaged:
                    continue
                hints.remove_strange(layout.shard_file(digest))
                if object_store.write_object(repo.root, id_of(digest), data):
                    healed.append(f"replaced {layout.shard_file(digest)}")
    finally:
        everywhere.close()
    return healed


def _mend_applied(repo: Repo, notes: list[str]) -> list[str]:
    """Say that the folder is done, where nobody can tell how far it is, and change no file of it.

    A file that still is what a command found may be one that it did not come to, or one that a person brought back:
    so it is named, and left alone.
    """
    layout = repo.layout
    newest = ops.newest(layout)
    if newest is None or not hints.wrong_applied(layout):
        return []
    for path in _as_before(layout, newest):
        notes.append(f"{path} is as it was before operation {newest.folder}: `muse status` shows how it differs")
    hints.remove_strange(layout.applied)
    folder_state.set_applied(layout, newest.number, durable=repo.durable)
    return ["wrote `applied` anew"]


def _as_before(layout: Layout, newest: Operation) -> list[str]:
    if not newest.folder:
        return []
    store = ops.open_store(layout, newest)
    try:
        changes = ops.read(layout, newest.folder).changes(store)
        with Folders(layout.root) as folders:
            return [path for path, before, _ in changes if folders.find(path).entry == before]
    except (MuseError, OSError):
        return []  # nobody can tell
    finally:
        store.close()
