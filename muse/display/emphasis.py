"""Which words changed inside a changed line: what the eye looks for in a diff.

Each removed line is paired with an added line of the same run that resembles it; in a pair the words that
differ are marked. Lines that have little in common stay unmarked, as marking nearly all of them says
nothing. Long lines and long runs are left alone: this is an aid to the eye, and must not cost more than the
diff.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate

from muse.display.document import DiffLine
from muse.display.lines import edits_between

_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
_MAX_LENGTH = 500
_MAX_PAIRS = 64
_ALIKE = 0.5

#: Parts of a line that changed, as (start, end) in characters.
Ranges = list[tuple[int, int]]


def changed_words(lines: tuple[DiffLine, ...]) -> dict[int, Ranges]:
    """The changed parts of lines, by the index of the line; lines without an entry have nothing to mark."""
    result: dict[int, Ranges] = {}
    for removed, added in _runs(lines):
        for old, new, ranges in _pairs(lines, removed, added):
            result[old], result[new] = ranges
    return result


def _runs(lines: tuple[DiffLine, ...]) -> Iterator[tuple[list[int], list[int]]]:
    """The indices of removed lines and of the added lines that took their place."""
    removed: list[int] = []
    added: list[int] = []
    for index, (kind, _) in enumerate(lines):
        if kind == "-" and not added:
            removed.append(index)
        elif kind == "+":
            added.append(index)
        elif kind != "…":
            yield removed, added
            removed, added = [index] if kind == "-" else [], []
    yield removed, added


def _pairs(
    lines: tuple[DiffLine, ...], removed: list[int], added: list[int]
) -> Iterator[tuple[int, int, tuple[Ranges, Ranges]]]:
    """Lines that resemble each other, in order: each removed line takes the first free one that does."""
    if len(removed) * len(added) > _MAX_PAIRS and len(removed) != len(added):
        return
    words = {index: _words(lines[index].text) for index in (*removed, *added)}
    free = 0
    for place, old in enumerate(removed):
        candidates = [place] if len(removed) == len(added) else range(free, len(added))
        for candidate in candidates:
            ranges = _compared(words[old], words[added[candidate]])
            if ranges:
                yield old, added[candidate], ranges
                free = candidate + 1
                break


def _words(text: str) -> list[str]:
    return _WORD.findall(text) if len(text) <= _MAX_LENGTH else []


def _compared(old: list[str], new: list[str]) -> tuple[Ranges, Ranges] | None:
    """What changed on both sides, or None when the lines have too little in common to tell."""
    needed = _ALIKE * max(_weight(old), _weight(new))
    if not needed or _weight((Counter(old) & Counter(new)).elements()) < needed:
        return None
    edits = edits_between(old, new)
    if _weight(old) - sum(_weight(old[edit.i1 : edit.i2]) for edit in edits) < needed:
        return None
    return _ranges(old, [edit[:2] for edit in edits]), _ranges(new, [edit[2:] for edit in edits])


def _weight(words: Iterable[str]) -> int:
    """How much there is to read: characters that are not spaces."""
    return sum(len(word) for word in words if not word.isspace())


def _ranges(words: list[str], stretches: list[tuple[int, int]]) -> Ranges:
    """Stretches of words, in characters; those without any word are left out."""
    ends = list(accumulate(map(len, words), initial=0))
    return [(ends[start], ends[end]) for start, end in stretches if start < end]
