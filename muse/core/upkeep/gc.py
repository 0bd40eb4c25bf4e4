"""What gc would do: which operations go, and what becomes of each pack.

A plan is only looked at here, never carried out: `--dry-run` shows the same plan that `gc` records. The order of the
steps, and why no lock and no clock is needed to make them safe, is in `docs/crash-safety.md`.
"""

from __future__ import annotations

import os
from itertools import takewhile

from muse.core.base import progress
from muse.core.base.clock import now, parse, seconds
from muse.core.base.errors import Damaged, SystemTrouble
from muse.core.base.named import NamedTuple
from muse.core.damage import health
from muse.core.damage.rescue import Everywhere, stream
from muse.core.operations import ops
from muse.core.operations.view import Section
from muse.core.packs.pack import LARGE, ZSTD_PREFIX
from muse.core.types import PackRef, id_of
from muse.core.upkeep.reach import Reach, roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.commands.command import State
    from muse.core.operations.ops import Operation
    from muse.core.packs.pack import Pack, Slot
    from muse.core.packs.store import ObjectStore
    from muse.core.paths import Layout

#: Small packs that may stay beside each other, a new one among them; more become one.
FEW = 8
#: A pack below this size is small.
_SMALL = 64 << 20
_DAY = 86_400


class Retention(NamedTuple):
    """Which operations stay: the last so many, and those of the last so many days. With `forget`, none."""

    operations: int
    days: float
    forget: bool = False


class Plan(NamedTuple):
    """What gc would do.

    Attributes:
        oldest: Number of the oldest operation that stays.
        dropped: How many operations go.
        kept: How many stay.
        objects: How many objects stay.
        dead: How many objects go, second copies among them.
        dead_size: The bytes that are stored for them.
        copied: Packs whose living objects go into a new one.
        empty: Packs without a living object.
        unnamed: Packs that no operation names.
        aside: Files of packs that `doctor` set aside; they go only when all is forgotten.
    """

    oldest: int
    dropped: int
    kept: int
    objects: int
    dead: int
    dead_size: int
    copied: tuple[PackRef, ...]
    empty: tuple[PackRef, ...]
    unnamed: tuple[PackRef, ...]
    aside: tuple[PackRef, ...] = ()

    @property
    def retires(self) -> tuple[PackRef, ...]:
        """Every pack that goes."""
        return (*self.copied, *self.empty, *self.unnamed)

    @property
    def does_something(self) -> bool:
        """False when all is as it should be."""
        return bool(self.dropped or self.retires or self.aside)


#: For a repository without history.
NOTHING = Plan(1, 0, 0, 0, 0, 0, (), (), ())


class Keep(NamedTuple):
    """What stays: all that is reached; of some objects there are several copies."""

    reach: Reach
    doubles: set[bytes]


def plan(state: State, retention: Retention) -> tuple[Plan, Keep]:
    """Decide, for the newest operation.

    Raises:
        Missing, Damaged: Something that must be read cannot be: it could name what would be lost. Or what is needed
            lies in a pack that would go.
        SystemTrouble: The packs cannot be listed.
    """
    assert state.operation is not None
    layout, store, newest = state.repo.layout, state.store, state.operation
    store.open_all()
    named = {ref.name for ref in newest.packs}
    # They are listed after the newest operation was read, see the page on crash safety.
    unnamed = tuple(ref for ref in health.packs_in_folder(layout) if ref.name not in named)
    operations: Iterable[Operation]
    aside: tuple[PackRef, ...] = ()
    if retention.forget:
        aside = tuple(health.set_aside(layout))
        # Its entry goes too. What it saved of the folder can be had back by nobody then.
        oldest, operations = newest.number + 1, (newest._replace(worktree=ops.NO_CHANGES),)
    else:
        oldest = _oldest(state, retention)
        operations = takewhile(lambda operation: operation.number >= oldest, state.operations())
    keep = Keep(Reach(store), set())
    kept = _reach(keep.reach, store, operations, newest.number - oldest + 1)
    if unnamed:
        _refuse_to_lose(layout, store, keep.reach)
    going = [number for number in ops.numbers(layout) if number < oldest]
    found = Plan(oldest, len(going), kept, len(keep.reach), *_sort(store, keep), unnamed, aside)
    if going == [newest.number] and not (found.retires or newest.changes_folder):
        found = found._replace(oldest=newest.number, dropped=0)  # nothing is forgotten that way
    return found, keep


def left(layout: Layout, plan: Plan) -> tuple[str, ...]:
    """The files that a plan takes away, and that are there: after it was carried out, those that could not go.

    Where nobody can look what is left of the log, that is its folder.
    """
    packs = [layout.pack(ref.name) for ref in plan.retires] + [layout.pack_aside(ref.name) for ref in plan.aside]
    try:
        entries = [layout.operation(number) for number in ops.numbers(layout) if number < plan.oldest]
    except SystemTrouble:
        entries = [layout.ops]
    return tuple(path for path in (*packs, *entries) if os.path.lexists(path))


def carry_out(plan: Plan, store: ObjectStore, keep: Keep) -> None:
    """Copy what lives of the packs that go into the pack that is being written."""
    for number, ref in enumerate(plan.copied):
        progress.report("copying packs", number, len(plan.copied))
        _copy(store, store.pack(ref), keep)


def _oldest(state: State, retention: Retention) -> int:
    """The number of the oldest operation that stays. Those of gc itself are not counted, or each would drop one."""
    limit = parse(now()) - retention.days * _DAY
    oldest, counted = state.number, 0
    for operation in state.operations():
        counted += operation.verb != "gc"
        if counted <= max(1, retention.operations) or seconds(operation.time) > limit:
            oldest = operation.number
    return oldest


def _reach(reach: Reach, store: ObjectStore, operations: Iterable[Operation], total: int) -> int:
    """Reach all that the operations need; how many there were."""
    known = set[Section]()
    number = 0
    for number, operation in enumerate(operations, 1):
        progress.report("looking at operations", number, total)
        for root in roots(operation, store, known):
            reach.add(root)
    return number


def _refuse_to_lose(layout: Layout, store: ObjectStore, reach: Reach) -> None:
    """Stop where a pack that no operation names has what is needed: somebody may have brought it back.

    Raises:
        Damaged: It has.
    """
    missing = [digest for digest in sorted(reach.blobs | reach.sections) if digest not in store]
    everywhere = Everywhere(layout)
    try:
        for digest in missing:
            for pack, _ in everywhere.copies(digest):
                raise Damaged(
                    f"{id_of(digest)} is needed, and only {pack.path} has it, which no operation names",
                    "Nothing was removed: `muse doctor` takes it back.",
                )
    finally:
        everywhere.close()


def _sort(store: ObjectStore, keep: Keep) -> tuple[int, int, tuple[PackRef, ...], tuple[PackRef, ...]]:
    """What is dead in all packs, objects and bytes; the packs that are copied, and those that are empty."""
    copied: set[PackRef] = set()
    empty: list[PackRef] = []
    dead = dead_size = 0
    seen: dict[bytes, PackRef] = {}
    for ref in store.refs:
        living = False
        for digest, slot in store.pack(ref).slots():
            if digest not in keep.reach:
                dead, dead_size = dead + 1, dead_size + slot.stored
                copied.add(ref)
                continue
            living = True
            if _loses_base(store.pack(ref), slot, keep):
                copied.add(ref)
            if seen.setdefault(digest, ref) != ref:
                dead, dead_size = dead + 1, dead_size + slot.stored
                keep.doubles.add(digest)
                copied.update((ref, seen[digest]))
        if not living:
            empty.append(ref)
    copied.difference_update(empty)
    whole = [ref for ref in store.refs if ref not in copied and ref not in empty]
    copied.update(_small(whole, store, FEW - bool(copied)))
    return dead, dead_size, tuple(ref for ref in store.refs if ref in copied), tuple(empty)


def _small(whole: list[PackRef], store: ObjectStore, few: int) -> list[PackRef]:
    """Of packs without anything dead, those that are joined: none while there are `few`.

    A large file keeps its own pack, however many there are: to copy it gains nothing but a descriptor, and
    `muse.core.system.descriptors` sees to those.
    """
    small = [ref for ref in whole if ref.size < _SMALL and not (ref.size > LARGE and store.pack(ref).count == 1)]
    return small if len(small) > few else []


def _loses_base(pack: Pack, slot: Slot, keep: Keep) -> bool:
    return slot.kind == ZSTD_PREFIX and pack.link(slot).base not in keep.reach


def _copy(store: ObjectStore, pack: Pack, keep: Keep) -> None:
    """Copy the living objects of a pack, in the order in which they lie."""
    writer = store.writer
    assert writer is not None
    for digest, slot in sorted(pack.slots(), key=lambda found: found[1].offset):
        if digest not in keep.reach or digest in writer:
            continue
        anew = _loses_base(pack, slot, keep) or (digest in keep.doubles and not store.is_whole(pack, digest, slot))
        if not (anew and _write_anew(store, digest, slot)):
            _copy_as_it_is(store, pack, digest, slot, keep)


def _write_anew(store: ObjectStore, digest: bytes, slot: Slot) -> bool:
    """Write an object from a good copy; False when there is none."""
    assert store.writer is not None
    try:
        if slot.size > LARGE:
            return stream(digest, store.pieces(digest), store.writer)
        store.writer.add(digest, store.read(digest))
    except Damaged:
        return False
    return True


def _copy_as_it_is(store: ObjectStore, pack: Pack, digest: bytes, slot: Slot, keep: Keep) -> None:
    """Copy an entry; it takes along what it rests on, where that would go: who mends the one needs the other."""
    assert store.writer is not None
    place: tuple[Pack, Slot] | None = pack, slot
    while place is not None:
        pack, slot = place
        store.writer.copy(digest, pack.stored_pieces(slot), slot)
        if not _loses_base(pack, slot, keep):
            return
        digest = pack.link(slot).base
        place = store.packed(digest) if digest not in store.writer else None
