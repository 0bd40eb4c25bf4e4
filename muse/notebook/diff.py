"""What changed between two versions of a notebook, cell by cell and output by output.

What is equal is found by comparing digests and is not looked at. Noise never appears: running a notebook
again with the same results is an empty diff, and the diff is empty exactly when `noise.essence` is the same.
"""

from __future__ import annotations

from muse.core.base.named import NamedTuple
from muse.notebook.align import align
from muse.notebook.model import Cell, Notebook, Output
from muse.notebook.noise import content_cells
from muse.notebook.sequence import Matching


class CellChange(NamedTuple):
    """What became of one cell.

    Attributes:
        status: "added", "removed", "changed", or "moved" when it only stands elsewhere. old: The cell before;
        None when it was added. new: The cell after; None when it was removed. source_changed: Its source or
        its kind is another. Like the next two, false unless there are both cells. outputs_changed: Its
        outputs are others. rest_changed: Its metadata or attachments are others. moved: It stands in another
        order among the cells that both notebooks have.
    """

    status: str
    old: Cell | None
    new: Cell | None
    source_changed: bool
    outputs_changed: bool
    rest_changed: bool
    moved: bool


class CellCounts(NamedTuple):
    """How many cells changed in which way; a cell that changed in several counts in each.

    `metadata` counts the notebook's own as one more.
    """

    added: int
    removed: int
    source: int
    outputs: int
    moved: int
    metadata: int

    def summary(self) -> str:
        """The counts in words: "2 cells changed, 1 added, outputs of 3 changed"; empty without changes."""
        words = [
            (self.source, "{} changed"),
            (self.added, "{} added"),
            (self.removed, "{} removed"),
            (self.moved, "{} moved"),
            (self.outputs, "outputs of {} changed"),
        ]
        parts: list[str] = []
        for count, text in words:
            noun = "" if parts or not count else " cell" if count == 1 else " cells"
            if count:
                parts.append(text.format(f"{count}{noun}"))
        return ", ".join([*parts, *(["metadata changed"] if self.metadata else [])])


class NotebookDiff(NamedTuple):
    """The changes from one notebook to another.

    Attributes:
        changes: In reading order of the new notebook; a removed cell stands where it was.
        metadata_changed: The metadata of the notebook itself is another.
        old: The notebook before; None when it is new.
        new: The notebook after; None when it is gone.
    """

    changes: tuple[CellChange, ...]
    metadata_changed: bool
    old: Notebook | None
    new: Notebook | None

    @property
    def empty(self) -> bool:
        """Whether nothing changed but noise."""
        return not self.changes and not self.metadata_changed

    @property
    def counts(self) -> CellCounts:
        """How many cells changed in which way."""
        statuses = [change.status for change in self.changes]
        return CellCounts(
            statuses.count("added"),
            statuses.count("removed"),
            sum(change.source_changed for change in self.changes),
            sum(change.outputs_changed for change in self.changes),
            sum(change.moved for change in self.changes),
            sum(change.rest_changed for change in self.changes) + self.metadata_changed,
        )


def diff(old: Notebook | None, new: Notebook | None) -> NotebookDiff:
    """Compare two notebooks by cell, noise aside; None stands for a notebook that is not there."""
    before = content_cells(old.cells if old else ())
    after = content_cells(new.cells if new else ())
    metadata_changed = bool(old and new and (old.metadata, old.rest) != (new.metadata, new.rest))
    changes: list[CellChange] = []
    if [cell.key for cell in before] != [cell.key for cell in after]:
        for i, j, moved in align(before, after):
            change = _change(None if i is None else before[i], None if j is None else after[j], moved)
            if change is not None:
                changes.append(change)
    return NotebookDiff(tuple(changes), metadata_changed, old, new)


def pair_outputs(old: Cell | None, new: Cell | None) -> tuple[tuple[Output | None, Output | None], ...]:
    """The outputs of a cell that differ, before and after, in order; equal ones are left out.

    An output with no partner of its kind on the other side is paired with None.
    """
    before, after = old.outputs if old else (), new.outputs if new else ()
    matching = Matching(len(before), len(after))
    matching.pair_equal([output.key for output in before], [output.key for output in after])
    equal = matching.unmoved()
    pairs: list[tuple[Output | None, Output | None]] = []
    last_old = last_new = 0
    for i, j in [*equal, (len(before), len(after))]:
        pairs += _pair_by_kind(before[last_old:i], after[last_new:j])
        last_old, last_new = i + 1, j + 1
    return tuple(pairs)


def _change(old: Cell | None, new: Cell | None, moved: bool) -> CellChange | None:
    if old is None or new is None:
        return CellChange("added" if old is None else "removed", old, new, False, False, False, False)
    source = (old.kind, old.source) != (new.kind, new.source)
    outputs = old.outputs != new.outputs
    rest = old.rest != new.rest
    if source or outputs or rest:
        return CellChange("changed", old, new, source, outputs, rest, moved)
    return CellChange("moved", old, new, False, False, False, True) if moved else None


def _pair_by_kind(before: tuple[Output, ...], after: tuple[Output, ...]) -> list[tuple[Output | None, Output | None]]:
    """Pair outputs between two equal ones: those that offer the same types, in order; old before new."""
    matching = Matching(len(before), len(after))
    matching.pair_equal([_shape(output) for output in before], [_shape(output) for output in after])
    kept = dict(matching.unmoved())
    pairs: list[tuple[Output | None, Output | None]] = []
    done = 0
    for i, one in enumerate(before):
        if (j := kept.get(i)) is None:
            pairs.append((one, None))
        else:
            pairs += [(None, other) for other in after[done:j]]
            pairs.append((one, after[j]))
            done = j + 1
    return pairs + [(None, other) for other in after[done:]]


def _shape(output: Output) -> tuple[object, ...]:
    return output.kind, output.name, tuple(sorted(output.data))
