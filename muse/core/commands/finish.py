"""Finishing what a dead command began, before anything else is done to the files of the folder."""

from __future__ import annotations

import os

from muse.core.base.errors import Damaged, MuseError, Refused
from muse.core.base.names import show
from muse.core.folder import folder_state, worktree
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import ops
from muse.core.packs.pack import PackGone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.operations.ops import Operation
    from muse.core.repo import Repo


def hold(repo: Repo, held: WorktreeLock, notes: list[str], *, shared: bool) -> None:
    """Take the lock on the folder, and finish it: exclusively, then, whatever was asked for.

    Args:
        repo: The repository.
        held: The lock to take.
        notes: Lines for the answer.
        shared: Whether the command only reads the files.

    Raises:
        Refused: Somebody else keeps the lock, or must finish the folder.
        SystemTrouble: The folder cannot be finished.
    """
    held.acquire(shared=shared)
    if folder_state.is_unfinished(repo.layout, ops.newest(repo.layout)):
        if not held.exclusive:
            held.acquire(shared=False)
        _finish(repo, held, notes)
    if held.warning:
        notes.append(held.warning)


def if_free(repo: Repo, notes: list[str]) -> bool:
    """Finish the folder if nobody is busy with it; say so when it cannot be done.

    Returns:
        False when somebody is.
    """
    held = WorktreeLock(repo.layout)
    try:
        if not held.acquire(shared=False, patience=0):
            return False
        _finish(repo, held, notes)
    except MuseError as error:
        notes.append(f"the files of this folder are not finished: {error.message}")
    finally:
        held.release()
    return True


def rest(repo: Repo, held: WorktreeLock, notes: list[str], *, any_host: bool = False) -> None:
    """Finish what there is to finish; the lock is held exclusively. Raises as `hold` does.

    Args:
        repo, held, notes: As for `hold`.
        any_host: Whether to finish what another machine began, too.
    """
    if folder_state.is_unfinished(repo.layout, ops.newest(repo.layout)):
        _finish(repo, held, notes, any_host=any_host)


def _finish(repo: Repo, held: WorktreeLock, notes: list[str], *, any_host: bool = False) -> None:
    """Finish the folder and empty `.muse/restore/`; the lock is held exclusively."""
    worktree.clear_restore(repo.layout)
    gone: PackGone | None = None
    for _ in range(ops.TRIES):
        try:
            return _resume(repo, held, notes, any_host)
        except PackGone as error:
            gone = error  # replaced meanwhile
    raise Damaged(f"{gone} is missing, and the folder is not finished")


def _resume(repo: Repo, held: WorktreeLock, notes: list[str], any_host: bool) -> None:
    newest = ops.newest(repo.layout)
    if newest is None or not folder_state.is_behind(repo.layout, newest):
        return
    store = ops.open_store(repo.layout, newest)
    try:
        pending = newest if newest.changes_folder else ops.read(repo.layout, newest.folder)
        if not any_host:
            _check_host(pending, held)
        resumed = worktree.resume(repo.layout, pending, store, durable=repo.durable)
    except FileNotFoundError:
        raise Damaged(f"operation {newest.folder} is missing, and the folder is not finished") from None
    finally:
        store.close()
    notes.append(f"finished: {pending.verb} (operation {pending.number})")
    notes.extend(f"left alone, as it was changed since: {show(path)}" for path in resumed.left)


def _check_host(pending: Operation, held: WorktreeLock) -> None:
    """On a network file system the lock of another machine may not be seen: only the machine that began finishes."""
    if held.is_network and pending.host != os.uname().nodename:
        raise Refused(
            f"`{pending.command}` (operation {pending.number}) was begun on {pending.host} and is not finished",
            f"Run any muse command on {pending.host}; if it is gone, `muse doctor --resume` here.",
            kind="not-finished",
        )
