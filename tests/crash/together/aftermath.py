"""What must hold when a round of the soak is over: all that was acknowledged is there and reads back, and no litter."""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from muse.core.commits import trees
from muse.core.commits.records import read_commit
from muse.core.operations import ops
from muse.core.operations.view import EMPTY
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.system import temps
from muse.core.types import parse_id
from muse.testing.repositories import damage, litter
from tests import commands, kept
from tests.commands import Answer
from tests.crash.together import ledger
from tests.crash.together.hands import Room
from tests.crash.together.ledger import Record
from tests.crash.together.witness import Witness

_OLD = 2 * temps.GRACE_SECONDS


def check(room: Room, records: Sequence[Record], witness: Witness) -> list[str]:
    """Every violation of a round, in words."""
    violations = [*_answers(records)]
    violations += _next_command(room)
    witness.look()
    violations += witness.problems
    violations += _acknowledged(records, witness)
    violations += _contents(room, records, witness)
    violations += _whole(room)
    violations += _collected(room)
    return violations


def _answers(records: Sequence[Record]) -> Iterator[str]:
    """No command ended in another way than it may."""
    for record in records:
        found = ledger.verdict(record.words, record.said) if record.said is not None else ""
        if found.startswith("VIOLATION"):
            yield f"{record.who}: `muse {' '.join(record.words)}`: {found}"


def _type(room: Room, *words: str) -> Answer:
    return commands.process(*words, cwd=room.root, env=room.env, timeout=120)  # type: ignore[arg-type]


def _next_command(room: Room) -> Iterator[str]:
    """It works, and sweeps what the dead left, which has become old."""
    old = time.time() - _OLD
    for folder, _, names in os.walk(Layout(room.root).muse):
        for name in names:
            if temps.is_object_temp(name):
                os.utime(os.path.join(folder, name), (old, old))
    for words in (("status",), ("log", "--all")):
        answer = _type(room, *words)
        if answer.status or answer.err:
            yield f"`muse {' '.join(words)}` afterwards: {answer}"
    yield from (f"left below .muse: {name}" for name in litter(room.root))


def _whole(room: Room) -> Iterator[str]:
    """Everything that any operation reaches can be read, and fsck finds nothing."""
    yield from (f"cannot be read: {problem}" for problem in damage(room.root))
    answer = _type(room, "fsck")
    if answer.status:
        yield f"fsck: {answer}"


def _collected(room: Room) -> Iterator[str]:
    """gc removes all that is left of what died, and nothing else."""
    answer = _type(room, "gc")
    last = kept.newest(room.root)
    if answer.status or answer.err:
        yield f"gc: {answer}"
    if kept.packs(room.root) != {ref.name for ref in last.packs}:
        yield "gc leaves packs that nobody names"
    if ops.numbers(Layout(room.root)) != [*range(last.oldest, last.number + 1)]:
        yield "gc leaves operations"
    yield from (f"cannot be read after gc: {problem}" for problem in damage(room.root))


def _acknowledged(records: Sequence[Record], witness: Witness) -> Iterator[str]:
    """Each command that was acknowledged is in the log as often as it was; one that was killed, at most once."""
    least, most = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for record in records:
        done = ledger.recorded(record)
        least[record.words] += done is True
        most[record.words] += done is not False
    found = Counter[tuple[str, ...]]()
    found.update((one.verb, *one.args) for one in witness.seen.values())
    slack = witness.unseen
    for words in least | most:
        slack -= max(0, least[words] - found[words])
        if found[words] > most[words] or slack < 0:
            yield f"`{' '.join(words)}`: {least[words]} to {most[words]} acknowledged, {found[words]} in the log"
    by_message = {one.args[1]: one for one in witness.seen.values() if one.verb == "commit"}
    for record in records:
        if record.words[0] == "commit" and ledger.recorded(record):
            assert record.said is not None
            made = by_message.get(record.words[2])
            if made is not None and made.view.commit != parse_id(record.said.value["commit_id"]):
                yield f"`{' '.join(record.words)}`: another commit was acknowledged than was recorded"


def _contents(room: Room, records: Sequence[Record], witness: Witness) -> Iterator[str]:
    """A commit that is kept holds the very files that its worker had written, unless a command replaced them."""
    last, reached = kept.newest(room.root), witness.kept()
    numbers = {one.args[1]: one.number for one in witness.seen.values() if one.verb == "commit"}
    store = ObjectStore(Layout(room.root), last.packs)
    try:
        for record, path, digest in _written(records):
            assert record.said is not None
            commit = parse_id(record.said.value["commit_id"])
            if commit in reached and _undisturbed(record, numbers.get(record.words[2], 0), witness):
                entry = trees.file_at(store, read_commit(store, commit).tree, path)
                if entry is None or hashlib.sha256(store.read(entry.digest)).hexdigest() != digest:
                    yield f"`{' '.join(record.words)}` does not hold {path} as it was written"
    finally:
        store.close()


def _written(records: Sequence[Record]) -> Iterator[tuple[Record, str, str]]:
    """Each acknowledged commit of the whole folder, with the files that were written for it."""
    for record in records:
        if record.words[0] == "commit" and "--staged" not in record.words and ledger.recorded(record):
            for path, digest in record.writes.items():
                yield record, path, digest


def _undisturbed(record: Record, number: int, witness: Witness) -> bool:
    """Whether nothing was staged, and no command changed the folder between the writing and the commit."""
    between = [witness.seen.get(one) for one in range(record.since, number + 1)]
    if not record.since or number <= record.since or None in between:
        return False
    staged = between[-2].view.sections.get("stage") if between[-2] is not None else None
    folders = {one.folder for one in between if one is not None}
    return len(folders) == 1 and staged in (None, EMPTY)
