"""What `doctor` records: every object that is needed and can be found anywhere, in packs that are whole.

It builds on the newest operation that is whole, looks through every place, and copies what the packs that are whole
lack. `docs/crash-safety.md` says what that promises.
"""

from __future__ import annotations

import os

from muse.core.base import progress
from muse.core.base.clock import seconds
from muse.core.base.errors import Damaged, MuseError, SystemTrouble, blames_the_process
from muse.core.base.named import NamedTuple
from muse.core.commands import hints
from muse.core.commands.writing import Draft
from muse.core.commits.trees import EMPTY_DIGEST
from muse.core.damage.health import Examiner, Health
from muse.core.damage.rescue import Everywhere, stream
from muse.core.damage.salvage import Salvaged
from muse.core.operations import history
from muse.core.operations.ops import Operation
from muse.core.operations.view import View
from muse.core.packs.pack import LARGE, ZSTD_PREFIX
from muse.core.packs.store import ObjectStore
from muse.core.upkeep.reach import COMMIT, Reach, Root, roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.commands.command import State
    from muse.core.commits.records import Commit
    from muse.core.operations.view import Section
    from muse.core.types import PackRef

#: What there is to go back to where the whole log is lost.
NOTHING = Operation(0, b"", b"", "", "", "", (), "", View(), ())
#: No operation stands in for more missing ones in a row than this.
_MOST_LOST = 100_000


class Cure(NamedTuple):
    """What was recorded.

    Attributes:
        recorded: Number of the operation; 0 when there was nothing to record.
        back_at: The operation whose view counts now, where the newest was damaged; else 0.
        lost: Damaged or missing operations that the new one stands in for.
        copied: How many objects were written anew.
        retired: Damaged or missing packs that are in the store no longer.
        aside: Those of them whose files are kept, as something is lost: they may hold what nobody can reach now.
        strays: Packs that only a lost operation may have named. They are set aside, too: what it staged, shelved or
            saved may be in them.
        gone: The operation that `HEAD` named and that is not there; else 0.
        found: Commits that only a lost operation named.
        anew: Whether no operation was left, and the log begins anew.
        branches: The branches that were made of what was found then.
        notes: Warnings.
    """

    recorded: int = 0
    back_at: int = 0
    lost: tuple[int, ...] = ()
    copied: int = 0
    retired: tuple[PackRef, ...] = ()
    aside: tuple[PackRef, ...] = ()
    strays: tuple[PackRef, ...] = ()
    gone: int = 0
    found: tuple[bytes, ...] = ()
    anew: bool = False
    branches: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def draft(state: State) -> Draft[Cure]:
    """Find and copy all that is needed, and say what to record.

    Raises:
        TooNew: A newer muse wrote some of it, which only looks damaged.
        SystemTrouble: The system does not let some of it be read.
    """
    assert state.operation is not None
    named = ObjectStore(state.repo.layout, state.operation.packs, None, lambda: True)
    everywhere = Everywhere(state.repo.layout, named.refs)
    try:
        return _Patient(state, state.operation, named, everywhere).draft()
    except SystemTrouble as error:
        packs = map(everywhere.path, (*named.refs, *everywhere.refs))
        pack = next((path for path in packs if path in error.message), "")
        if not pack or blames_the_process(error):
            raise
        way_on = f"{error.hint} If that is no help, move {pack} away, then run `muse doctor` again."
        raise SystemTrouble(error.message, way_on, kind=error.kind) from error
    finally:
        named.close()
        everywhere.close()


class _Patient:
    """One look at a damaged repository."""

    def __init__(self, state: State, newest: Operation, named: ObjectStore, everywhere: Everywhere) -> None:
        assert state.store.writer is not None
        self.state, self.newest, self.named, self.everywhere = state, newest, named, everywhere
        self.layout, self.writer = state.repo.layout, state.store.writer
        self.held: set[bytes] = set()
        self.copied = 0

    def draft(self) -> Draft[Cure]:
        examiner = Examiner(self.named, self.named.refs)
        packs = [examiner.examine(ref) for ref in self.named.refs]
        _refuse_doubt(packs)
        for pack in packs:
            if pack.whole:
                self.held |= pack.good
        reach, lost = self._reach()
        needed = _digests(reach).union(*(pack.bases for pack in packs if pack.whole))
        missing = self._gather(needed)
        all_lost = not self.newest.number
        gone = hints.gone(self.layout, self.state.number)
        behind = all_lost or gone or self.state.number > self.newest.number
        found = self._found(reach) if behind else ()
        branches = _named(found) if all_lost else {}
        strays = self._strays() if behind and not all_lost else ()
        retires = self.everywhere.refs if all_lost else tuple(pack.ref for pack in packs if not pack.whole)
        if not (retires or lost or self.copied or all_lost or strays):
            return Draft(lambda left: Cure(gone=gone), None)
        unsure = all_lost or missing or lost or gone
        aside = tuple(ref for ref in retires if unsure and os.path.lexists(self.layout.pack(ref.name)))
        back_at = self.newest.number if self.state.number > self.newest.number else 0
        number = self.state.number + 1
        did = Cure(number, back_at, lost, self.copied, retires, aside, strays, gone)
        cure = did._replace(found=found, anew=all_lost, branches=tuple(branches))
        return Draft(
            lambda left: self._done(cure),
            self.newest.view._replace(branches=branches) if all_lost else self.newest.view,
            at=self.newest.at,
            redo=self.newest.redo,
            retires=(*retires, *strays),
            lost=lost,
            aside=(*aside, *strays),
        )

    def _done(self, cure: Cure) -> Cure:
        """What became of it: a pack that cannot be renamed is not aside."""
        aside, strays = (
            tuple(ref for ref in refs if os.path.lexists(self.layout.pack_aside(ref.name)))
            for refs in (cure.aside, cure.strays)
        )
        return cure._replace(aside=aside, strays=strays, notes=tuple(self.state.notes))

    def _reach(self) -> tuple[Reach, tuple[int, ...]]:
        """What the operations that are whole need, and the numbers of those that are not."""
        reach = Reach(self.everywhere, lambda root, error: _raise_doubt(error))
        known: set[Section] = set()
        tally = history.Tally()
        for step in history.steps(self.layout, self.newest.oldest):
            tally.add(step)
            if step.trouble is not None:
                _raise_doubt(step.trouble)
            if step.operation is not None:
                for root in roots(step.operation, self.everywhere, known, _raise_doubt):
                    reach.add(root)
        few = [step for step in tally.open if step.number - step.first < _MOST_LOST]
        return reach, tuple(number for step in few for number in range(step.first, step.number + 1))

    def _gather(self, needed: Iterable[bytes]) -> set[bytes]:
        """Keep what is needed, and say what cannot be had."""
        missing = self._keep_all(sorted(needed))
        if missing:
            wanted = missing.union(*(self.everywhere.bases(digest) for digest in missing))
            self.everywhere.look_in_folder({digest: self.everywhere.declared(digest) for digest in wanted})
            missing = self._keep_all(sorted(missing))
        return missing

    def _keep_all(self, digests: list[bytes]) -> set[bytes]:
        missing = set()
        for number, digest in enumerate(digests):
            progress.report("looking for objects", number, len(digests))
            if not self._keep(digest):
                missing.add(digest)
        return missing

    def _keep(self, digest: bytes) -> bool:
        """See to it that an object is in the store; False when it cannot be had."""
        if digest in self.held or digest in self.writer:
            return True
        kept = self._copy(digest) or self.everywhere.fetch(digest, self.writer)
        self.copied += kept
        return kept or digest == EMPTY_DIGEST  # nobody reads that one

    def _copy(self, digest: bytes) -> bool:
        for pack, slot in self.everywhere.copies(digest):
            if slot.size > LARGE:
                if stream(digest, self.everywhere.pieces(digest), self.writer):
                    return True
            elif slot.kind == ZSTD_PREFIX and not self._keep(pack.link(slot).base):
                self.writer.add(digest, self.everywhere.read(digest))
                return True
            else:
                self.writer.copy(digest, pack.stored_pieces(slot), slot)
                return True
        return False

    def _strays(self) -> tuple[PackRef, ...]:
        """Packs that only a lost operation may have named, but for those of which all is kept."""
        named = {ref.name for ref in self.newest.packs}
        there = (ref for ref in self.everywhere.refs if os.path.lexists(self.layout.pack(ref.name)))
        return tuple(ref for ref in there if ref.name not in named and not self._keeps(ref))

    def _keeps(self, ref: PackRef) -> bool:
        try:
            pack = self.everywhere.pack(ref)
            kept = all(digest in self.held or digest in self.writer for digest, _ in pack.slots())
        except Damaged:
            return False
        return kept and not isinstance(pack, Salvaged)  # such may hold more than its index says

    def _found(self, reach: Reach) -> tuple[bytes, ...]:
        """The last commits in packs that the operation does not name: a lost one may have. They are kept as well.

        The newest come first, those that cannot be had whole last.
        """
        named = {ref.name for ref in self.newest.packs}
        commits: dict[bytes, Commit] = {}
        for ref in self.everywhere.refs:
            there = self.everywhere.commits(ref) if ref.name not in named else {}
            commits |= {digest: commit for digest, commit in there.items() if digest not in reach.commits}
        tips = commits.keys() - {parent for commit in commits.values() for parent in commit.parents}
        whole = {tip: self._keep_commit(tip) for tip in tips}
        return tuple(sorted(tips, key=lambda tip: (not whole[tip], -seconds(commits[tip].time), tip)))

    def _keep_commit(self, tip: bytes) -> bool:
        reach = Reach(self.everywhere, lambda root, error: None)
        reach.add(Root(COMMIT, tip))
        return not self._keep_all(sorted(_digests(reach)))


def _named(commits: Iterable[bytes]) -> dict[str, bytes]:
    """Branches for commits that nothing names."""
    return {f"found-{number}" if number > 1 else "found": commit for number, commit in enumerate(commits, 1)}


def _digests(reach: Reach) -> set[bytes]:
    return reach.commits | reach.trees | reach.blobs | reach.sections


def _refuse_doubt(packs: Iterable[Health]) -> None:
    for pack in packs:
        for error in (*pack.trouble, *pack.bad.values()):
            _raise_doubt(error)


def _raise_doubt(error: MuseError) -> None:
    """Nothing is given up that may be whole."""
    if not history.is_damage(error):
        raise error
