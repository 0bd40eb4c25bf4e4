"""How a command that changes anything runs: decide, write a pack, create the next entry, change the folder.

It starts over as a whole when somebody else was faster with the next number. `docs/crash-safety.md` states the order
of the steps and what a crash between any two of them leaves.
"""

from __future__ import annotations

import os
from typing import Any, Generic, NamedTuple, TypeVar

from muse.core.base import log
from muse.core.base.errors import Damaged, MuseError, NotARepository, Refused, SystemTrouble, Unconfirmed
from muse.core.commands import create, finish, retire
from muse.core.commands.command import State, view_of
from muse.core.folder import folder_state, worktree
from muse.core.folder.worktree import Planned, Staging
from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import entry, ops, view
from muse.core.operations.ops import Operation
from muse.core.operations.view import View
from muse.core.packs import join
from muse.core.packs.pack import LARGE, PackGone
from muse.core.packs.pack_writer import PackWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from muse.core.operations.history import Ends
    from muse.core.paths import Layout
    from muse.core.repo import Repo
    from muse.core.system.interrupts import Deferral
    from muse.core.types import PackRef

T = TypeVar("T")

#: Which hold on the user's files a command needs.
NO_LOCK, SHARED, EXCLUSIVE = "none", "shared", "exclusive"


class Draft(NamedTuple, Generic[T]):
    """What a command wants to record.

    Attributes:
        answer: What to return once it is done, given the paths that were left alone.
        view: The view after it; None when there is nothing to record.
        planned: The files of the folder that it changes.
        at, redo: See `ops.Operation`; the operation's own number and nothing when not given.
        retires: Packs that are in the store no longer, or that no operation names.
        oldest: Number of the oldest operation to keep; 0 for as it was.
        lost: See `ops.Operation`.
        aside: Those of `retires` whose files are set aside, and not removed.
    """

    answer: Callable[[tuple[str, ...]], T]
    view: View | None
    planned: Sequence[Planned] = ()
    at: int = 0
    redo: tuple[int, ...] = ()
    retires: tuple[PackRef, ...] = ()
    oldest: int = 0
    lost: tuple[int, ...] = ()
    aside: tuple[PackRef, ...] = ()


def writing(
    repo: Repo,
    verb: str,
    args: Sequence[str],
    build: Callable[[State], Draft[T]],
    *,
    lock: str = NO_LOCK,
    again: bool = True,
    ends: Callable[[Layout], Ends] | None = None,
) -> T:
    """Run a command that records something.

    Args:
        repo: The repository.
        verb, args: What was typed, for the log.
        build: Decides, from one state, what to record. It is called again when somebody else was faster.
        lock: The hold on the user's files that it needs.
        again: Whether it may run again on a state that differs from the first it saw, as long as branch and stage
            are the same. Otherwise any difference stops it.
        ends: Finds the operation to build on, and the highest number, where the newest operation may be damaged.

    Raises:
        Refused: What the command saw has changed, or others were always faster.
        Unconfirmed: It may have been recorded, and the system did not say.
    """
    from muse.core.system.interrupts import Deferral

    notes: list[str] = []
    held, deferral = WorktreeLock(repo.layout), Deferral()
    create.ensure_folders(repo.layout)
    try:
        if lock != NO_LOCK:
            finish.hold(repo, held, notes, shared=lock == SHARED)
        return _Writing(repo, verb, tuple(args), again, notes, deferral, ends).run(build)
    finally:
        held.release()
        deferral.end()
        log.debug("%s: done", verb)


class _Writing:
    """The rounds of one writing command."""

    def __init__(
        self,
        repo: Repo,
        verb: str,
        args: tuple[str, ...],
        again: bool,
        notes: list[str],
        deferral: Deferral,
        ends: Callable[[Layout], Ends] | None,
    ) -> None:
        self.repo, self.layout, self.ends = repo, repo.layout, ends
        self.verb, self.args, self.again = verb, args, again
        self.notes, self.deferral = notes, deferral
        self.first: View | None = None
        self.kept: tuple[PackRef, ...] = ()
        self.lost_from = 0

    def run(self, build: Callable[[State], Draft[T]]) -> T:
        """Try until the entry is ours, or until somebody's change forbids it."""
        before = len(self.notes)
        try:
            for attempt in range(ops.TRIES):
                del self.notes[before:]  # what a try has told that lost
                state = self._open()
                try:
                    self._check_intent(state)
                    return self._round(state, build)
                except entry.Lost:
                    log.debug("%s: operation %d was taken, starting over", self.verb, state.number + 1)
                    self.deferral.cancel()
                    _pause(attempt)
                except PackGone:
                    log.debug("%s: a pack was replaced, starting over", self.verb)
                finally:
                    state.store.close()
        finally:
            retire.remove(self.layout, self.kept)
        raise Refused(
            f"others changed this repository {ops.TRIES} times while this command ran",
            "Nothing was changed; try again.",
            kind="busy",
        )

    def _open(self) -> State:
        operation, last = self.ends(self.layout)[:2] if self.ends is not None else (self._newest(), 0)
        writer = PackWriter(self.layout, durable=self.repo.durable, way=self.repo.way)
        self._forget_retired(operation)
        store = ops.open_store(self.layout, operation, writer, self.kept)
        return State(self.repo, operation, view_of(operation), store, self.notes, last)

    def _newest(self) -> Operation | None:
        """The newest operation.

        Raises:
            Damaged: A later one is gone. It may arrive yet, and its objects may be found.
        """
        operation, gone = ops.latest(self.layout)
        if gone and operation is not None:
            from muse.core.commands import hints

            raise Damaged(
                hints.told(self.layout, gone, operation.number),
                "Nothing was changed. While it is being synced, wait; else `muse doctor` goes on, and looks for it.",
            )
        return operation

    def _check_intent(self, state: State) -> None:
        view = state.view
        if self.first is None:
            self.first = view
        if self.again:
            same = (view.branch, view.sections.get("stage")) == (self.first.branch, self.first.sections.get("stage"))
        else:
            same = view == self.first
        if not same:
            if state.operation is None:
                raise NotARepository(self.repo.root)  # it was removed meanwhile
            raise was_faster(state.operation)

    def _round(self, state: State, build: Callable[[State], Draft[T]]) -> T:
        draft = build(state)
        if draft.view is None:
            return draft.answer(())
        staging = Staging(self.layout, os.urandom(16).hex(), durable=self.repo.durable)
        try:
            operation = self._record(state, draft, staging)
            left = self._change_folder(operation, draft.planned, staging)
            self._tell(operation, draft)
            return draft.answer(left)
        finally:
            staging.discard()

    def _record(self, state: State, draft: Draft[Any], staging: Staging) -> Operation:
        """Steps 3 and 4 of the protocol: stage the files, write the pack, create the entry."""
        changes = [plan.change for plan in draft.planned]
        section = view.spill(state.store, view.encode_changes(changes))
        if changes and not folder_state.is_told(self.layout, state.number):
            folder_state.set_applied(self.layout, state.number, durable=self.repo.durable)
        staging.write(changes, state.store)
        if os.path.lexists(self.layout.operation(state.number + 1)):
            raise entry.Lost
        operation = self._operation(state, draft, section, bool(changes))
        operation = operation._replace(retires=draft.retires or join.take_in(state.store))
        assert state.store.writer is not None
        return self._append(operation, state.store.writer)

    def _append(self, operation: Operation, writer: PackWriter) -> Operation:
        """Create packs and entry. Where that fails for certain, the packs go; a large one is kept for the next try."""
        kept, linking = self.kept, False

        def before_link() -> None:
            nonlocal linking
            self.deferral.begin()
            self.kept, linking = (), True  # from here on they may belong to an entry

        try:
            writer.finish()
            packs = [ref for ref in (*operation.packs, *kept) if ref not in operation.retires]
            operation = operation._replace(packs=(*packs, *writer.created))
            entry.append(self.layout, operation, before_link, durable=self.repo.durable, way=self.repo.way)
        except entry.Lost:
            self.lost_from = operation.number
            ours = (*kept, *writer.created)
            self.kept = tuple(ref for ref in ours if ref.size >= LARGE and ref not in operation.retires)
            retire.remove(self.layout, [ref for ref in ours if ref not in self.kept])
            raise
        except BaseException:
            # Once the link was called, only somebody else's entry proves that ours does not need the packs.
            if not linking:
                retire.remove(self.layout, writer.created)
            raise
        return operation

    def _forget_retired(self, operation: Operation | None) -> None:
        """Of the packs kept from a lost try, give up those that an entry since then has retired."""
        if not self.kept or operation is None:
            return
        retired: set[PackRef] = set()
        try:
            for number in range(self.lost_from, operation.number + 1):
                retired.update(ops.read(self.layout, number).retires)
        except (FileNotFoundError, MuseError):
            retired.update(self.kept)
        retire.remove(self.layout, [ref for ref in self.kept if ref in retired])
        self.kept = tuple(ref for ref in self.kept if ref not in retired)

    def _operation(self, state: State, draft: Draft[Any], section: view.Section, changes_folder: bool) -> Operation:
        from muse.core.base.clock import now

        before = state.operation
        number = state.number + 1
        assert draft.view is not None
        return Operation(
            number=number,
            write_id=os.urandom(16),
            previous=self._digest_of(state.number) if state.number else b"",
            host=os.uname().nodename,
            user=_user(),
            verb=self.verb,
            args=self.args,
            time=now(),
            view=draft.view,
            packs=before.packs if before is not None else (),
            worktree=section,
            folder=number if changes_folder else (before.folder if before is not None else 0),
            at=draft.at or number,
            redo=draft.redo,
            lost=draft.lost,
            oldest=draft.oldest or (before.oldest if before is not None else 1),
        )

    def _digest_of(self, number: int) -> bytes:
        try:
            return ops.digest(self.layout, number)
        except FileNotFoundError:
            raise entry.Lost from None  # dropped by a gc: somebody was faster

    def _change_folder(self, operation: Operation, planned: Sequence[Planned], staging: Staging) -> tuple[str, ...]:
        """Steps 5 and 6: put the files in place and say so."""
        if not operation.changes_folder:
            return ()
        left = worktree.put_in_place(self.layout.root, planned, staging, durable=self.repo.durable)
        try:
            folder_state.set_applied(self.layout, operation.number, durable=self.repo.durable)
        except SystemTrouble as error:
            raise Unconfirmed(f"recorded as operation {operation.number}, but {error.message}", error.hint) from error
        return left

    def _tell(self, operation: Operation, draft: Draft[Any]) -> None:
        """Write the hint, and remove, or set aside, what the entry has taken out of the store and of the log.

        The hint is durable before entries are dropped: whoever comes then must not start at one of those. Where
        commands do not wait for the disk, this one does, before it removes what has been there for long.
        """
        drops = bool(draft.oldest)
        try:
            if not self.repo.durable and (operation.retires or drops):
                retire.settle(self.layout, operation)
            self.notes += retire.set_aside(self.layout, draft.aside)
            retire.remove(self.layout, [ref for ref in operation.retires if ref not in draft.aside])
            ops.write_head(self.layout, operation, durable=drops and self.repo.durable)
            if drops:
                ops.drop(self.layout, operation.oldest)
        except (MuseError, OSError) as error:
            self.notes.append(f"done, but {error.message if isinstance(error, MuseError) else error}")


def was_faster(operation: Operation) -> Refused:
    """The error that says who changed what a command had seen."""
    return Refused(
        f"{operation.user} ran `{operation.command}` in this repository at the same time",
        "Nothing was changed; look at `muse status` and try again.",
        kind="changed",
    )


def _user() -> str:
    return os.environ.get("LOGNAME") or os.environ.get("USER") or f"user {os.getuid()}"


def _pause(attempt: int) -> None:
    """Wait a little, differently in every process, so that racing writers get out of step."""
    import time

    jitter = int.from_bytes(os.urandom(2), "big") / 65536
    time.sleep(0.002 * (1 + attempt) * (1 + jitter))
