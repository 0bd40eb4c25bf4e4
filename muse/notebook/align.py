"""Which cell of one notebook is which cell of another.

Cells have identity: by their id where the file gives one, else by what they hold and where they stand. An id
alone is not trusted when the cell says otherwise, as some tools number their cells anew on every save. So
cells are paired in this order:

1. the same id, and alike; 2. the same content; 3. the same source: it ran again; 4. the same id, although
nothing else is alike; 5. between the same neighbours, and fairly alike: in a file without ids an edited cell
is changed, not deleted and
   added.

Costs O(n log n) for n cells, but for the comparison of texts, which is capped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from muse.core.base.named import NamedTuple
from muse.notebook.model import Cell
from muse.notebook.sequence import Matching

#: Cells that share at least this part of their words are taken for the same cell.
FAIR = 0.5

# How many pairs of cells of one gap are compared, and how much of a source is looked at.
_COMPARISONS = 4_000
_CHARACTERS = 4_000
_WORD = re.compile(r"\w+")


class Pair(NamedTuple):
    """Places (from 0) of one cell in an old and a new list; None where it is missing.

    `moved` is true when it stands in another order among the cells that both lists have.
    """

    old: int | None
    new: int | None
    moved: bool


def align(old: Sequence[Cell], new: Sequence[Cell]) -> tuple[Pair, ...]:
    """Pair up cells, in the order of `new`; one that only `old` has stands after what it followed."""
    matching = Matching(len(old), len(new))
    old_keys, new_keys = [cell.key for cell in old], [cell.key for cell in new]
    same_id = list(_same_id(old, new))
    for i, j in same_id:
        if old_keys[i] == new_keys[j] or (old[i].kind == new[j].kind and _are_alike(old[i], new[j])):
            matching.pair(i, j)
    matching.pair_equal(*_numbered(old_keys, new_keys))
    matching.pair_equal([cell[1:3] for cell in old], [cell[1:3] for cell in new])
    for i, j in same_id:
        if matching.are_free(i, j):
            matching.pair(i, j)
    for olds, news in list(matching.gaps()):
        _pair_alike(matching, [(i, old[i]) for i in olds], [(j, new[j]) for j in news])
    return tuple(_in_reading_order(matching))


def _same_id(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Places of cells that share an id which is unique in each list."""
    there = _unique_ids(new)
    return ((place, there[name]) for name, place in _unique_ids(old).items() if name in there)


def _unique_ids(cells: Sequence[Cell]) -> dict[str, int]:
    counts = Counter(cell.id for cell in cells)
    return {name: place for place, (name, *_) in enumerate(cells) if name is not None and counts[name] == 1}


def _numbered(olds: Sequence[Hashable], news: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """A small number for each distinct key, so that large keys are hashed once only."""
    numbers: dict[Hashable, int] = {}
    for key in (*olds, *news):
        numbers.setdefault(key, len(numbers))
    return [numbers[key] for key in olds], [numbers[key] for key in news]


def _pair_alike(matching: Matching, olds: list[tuple[int, Cell]], news: list[tuple[int, Cell]]) -> None:
    """Pair the cells of one gap, most alike first.

    In a gap with too many cells to compare each with each, only those at about the same place are compared.
    """
    reach = _COMPARISONS // max(len(olds), len(news))
    old_words = [_words(cell.source) for _, cell in olds]
    new_words = [_words(cell.source) for _, cell in news]
    found: list[tuple[float, int, int, int]] = []
    for a, (_, one) in enumerate(olds):
        about = a * len(news) // len(olds)
        for b in range(max(0, about - reach), min(len(news), about + reach + 1)):
            likeness = _likeness(old_words[a], new_words[b]) if one.kind == news[b][1].kind else 0.0
            if likeness >= FAIR:
                found.append((-likeness, abs(a - b), a, b))
    for _, _, a, b in sorted(found):
        if matching.are_free(olds[a][0], news[b][0]):
            matching.pair(olds[a][0], news[b][0])


def _are_alike(one: Cell, other: Cell) -> bool:
    return one.source == other.source or _likeness(_words(one.source), _words(other.source)) >= FAIR


def _words(source: str) -> Counter[str]:
    return Counter(_WORD.findall(source[:_CHARACTERS]))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The part of their words that two texts share, from 0 to 1."""
    total = one.total() + other.total()
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    shared = sum(min(count, many[word]) for word, count in few.items() if word in many)
    return 2 * shared / total if total else 0.0


def _in_reading_order(matching: Matching) -> Iterator[Pair]:
    kept = dict(matching.unmoved())
    removed: dict[int, list[int]] = {}
    anchor = -1
    for i, j in enumerate(matching.new_of):
        anchor = kept.get(i, anchor)
        if j < 0:
            removed.setdefault(anchor, []).append(i)
    for j, i in enumerate([-1, *matching.old_of], -1):
        if j >= 0:
            yield Pair(None, j, False) if i < 0 else Pair(i, j, i not in kept)
        yield from (Pair(lost, None, False) for lost in removed.get(j, ()))
