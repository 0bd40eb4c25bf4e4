"""Single cells of a notebook: how they are named, and the notebook that has only them from the file on disk.

Staging `nb.ipynb#3` must give a whole notebook that opens in Jupyter, in which exactly the third cell is as
on disk. So the notebook is put together from full parses, and every field of a chosen cell is kept. Which
cell replaces which is decided as in a diff, so that what `muse diff` shows as changed is what gets replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.notebook.align import align
from muse.notebook.light import parse_fully
from muse.notebook.model import Cell, NotANotebook, Notebook, read
from muse.notebook.noise import is_noise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HINT = "Name cells by position, as in `nb.ipynb#3,5-7`, or by id, as in `nb.ipynb#id:abc`."
# From this minor version of nbformat 4 on every cell has an id, unlike all others.
_MINOR_WITH_IDS = 5


class Selector(NamedTuple):
    """Which cells are meant: ranges of positions (from 1, both ends included) and ids."""

    ranges: tuple[tuple[int, int], ...] = ()
    ids: tuple[str, ...] = ()


class _Slot(NamedTuple):
    """A cell of the result: its fields, whether it was chosen on disk, and the id of its partner."""

    cell: dict[str, Any]
    chosen: bool
    other_id: str | None


def parse_selector(text: str) -> Selector:
    """Read what follows `#`: "3,5-7", "id:abc", or both kinds with commas between.

    Raises:
        UsageProblem: It names no cells.
    """
    ranges: list[tuple[int, int]] = []
    ids: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        if part.startswith("id:") and part != "id:":
            ids.append(part.removeprefix("id:"))
            continue
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in ends):
            raise UsageProblem(f"'{part}' names no cell", _HINT)
        start, stop = map(int, ends)
        if not 1 <= start <= stop:
            raise UsageProblem(f"'{part}' names no cell: cells count from 1, upwards", _HINT)
        ranges.append((start, stop))
    return Selector(tuple(ranges), tuple(ids))


def pick(base: bytes | None, disk: bytes, selector: Selector) -> bytes:
    """The notebook as in `base`, with exactly the selected cells as on `disk`.

    A selected cell takes the place of its partner in `base`; without one it comes in after the nearest cell
    before it that both notebooks have. Where there is no base, the notebook has the metadata of `disk`. The
    text is as Jupyter writes it. Ids are added where the format asks for them.

    Raises:
        NotANotebook: One of the two is no notebook.
        UsageProblem: The selector names cells that are not on disk, or a file is of nbformat 3.
    """
    theirs = read(disk)
    chosen = _places(selector, theirs)
    ours = read(base) if base is not None else theirs._replace(cells=())
    source = _document(disk)
    document = _document(base) if base is not None else {**source, "cells": []}
    slots = list(_slots(document["cells"], source["cells"], ours, theirs, chosen))
    if any("id" in slot.cell for slot in slots if slot.chosen):
        document["nbformat_minor"] = max(_minor(document), _minor(source))
    if _minor(document) >= _MINOR_WITH_IDS and chosen:
        document["cells"] = _with_ids(slots)
    else:
        document["cells"] = [slot.cell for slot in slots]
    return _written(document)


def _document(raw: bytes) -> dict[str, Any]:
    """The whole of a file that `read` has taken for a notebook."""
    document: dict[str, Any] = parse_fully(raw)
    if document["nbformat"] != 4:
        raise UsageProblem(
            "single cells of a notebook of format 3 cannot be staged",
            "Open and save it in Jupyter, which converts it, or add the whole file.",
        )
    return document


def _minor(document: dict[str, Any]) -> int:
    minor = document.get("nbformat_minor", 0)
    return minor if isinstance(minor, int) else 0


def _places(selector: Selector, disk: Notebook) -> frozenset[int]:
    """The places, from 0, of the selected cells."""
    count = len(disk.cells)
    cells = f"{count} cell{'' if count == 1 else 's'}"
    places: set[int] = set()
    for start, stop in selector.ranges:
        if stop > count:
            raise UsageProblem(f"there is no cell {stop}: the file on disk has {cells}", _HINT)
        places.update(range(start - 1, stop))
    for name in selector.ids:
        named = [place for place, cell in enumerate(disk.cells) if cell.id == name]
        if not named:
            raise UsageProblem(f"no cell of the {cells} on disk has the id '{name}'", _HINT)
        places.update(named)
    return frozenset(places)


def _slots(
    base: list[Any], disk: list[Any], ours: Notebook, theirs: Notebook, chosen: frozenset[int]
) -> Iterator[_Slot]:
    """The cells of the result in order."""
    partner, steady, revived = _partners(ours.cells, theirs.cells)
    replaced = {there: place for place, there in partner.items()}
    dropped = {there for place, there in revived.items() if place in chosen}
    inserted: dict[int, list[_Slot]] = {}
    anchor = -1
    for place, cell in enumerate(disk):
        if place in steady:
            anchor = partner[place]
        if place in chosen and place not in partner:
            inserted.setdefault(anchor, []).append(_Slot(cell, True, None))
    yield from inserted.get(-1, ())
    for there, cell in enumerate(base):
        place = replaced.get(there, -1)
        if place in chosen:
            yield _Slot(disk[place], True, ours.cells[there].id)
        elif there not in dropped:
            yield _Slot(cell, False, theirs.cells[place].id if place >= 0 else None)
        yield from inserted.get(there, ())


def _partners(ours: tuple[Cell, ...], theirs: tuple[Cell, ...]) -> tuple[dict[int, int], set[int], dict[int, int]]:
    """For places on disk their places in base; which stand in the same order; and those that were noise in base.

    Content and noise are aligned apart, as a diff sees content alone. A cell that became noise takes its old place;
    one that was noise, and whose old place says nothing, comes in where it is now.
    """
    partner: dict[int, int] = {}
    steady: set[int] = set()
    for noisy in (False, True):
        olds = [place for place, cell in enumerate(ours) if is_noise(cell) == noisy]
        news = [place for place, cell in enumerate(theirs) if is_noise(cell) == noisy]
        for i, j, moved in align([ours[place] for place in olds], [theirs[place] for place in news]):
            if i is not None and j is not None:
                partner[news[j]] = olds[i]
                if not moved and not noisy:
                    steady.add(news[j])
    revived: dict[int, int] = {}
    taken = set(partner.values())
    left = {cell.id: place for place, cell in enumerate(ours) if place not in taken and cell.id is not None}
    for place, cell in enumerate(theirs):
        if place not in partner and cell.id in left:
            pairs = partner if is_noise(cell) else revived
            pairs[place] = left.pop(cell.id)
    return partner, steady, revived


def _with_ids(slots: list[_Slot]) -> list[dict[str, Any]]:
    """The cells, each with an id of its own: chosen cells keep theirs, the others give way."""
    taken: set[str] = set()
    cells: dict[int, dict[str, Any]] = {}
    for place, slot in sorted(enumerate(slots), key=lambda item: not item[1].chosen):
        name = slot.cell.get("id")
        wishes = chain((name, slot.other_id), _fresh_ids(slot.cell))
        wish = next(wish for wish in wishes if isinstance(wish, str) and wish and wish not in taken)
        taken.add(wish)
        cells[place] = slot.cell if wish == name else {**slot.cell, "id": wish}
    return [cells[place] for place in range(len(slots))]


def _fresh_ids(cell: dict[str, Any]) -> Iterator[str]:
    """Ids made from the content, so that picking twice gives the same bytes."""
    content = _written(cell)
    number = 0
    while True:
        yield hashlib.sha256(b"%d\n%s" % (number, content)).hexdigest()[:8]
        number += 1


def _written(value: dict[str, Any]) -> bytes:
    """JSON as Jupyter writes it; a lone surrogate, which UTF-8 has no bytes for, as its escape."""
    import json

    try:
        text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True)
    except RecursionError:
        raise NotANotebook("the notebook nests too deeply to be written") from None
    return f"{text}\n".encode("utf-8", "backslashreplace")
