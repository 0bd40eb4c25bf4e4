"""Which words changed inside a changed line: what the eye looks for in a diff.

Each removed line is paired with an added line of the same run that resembles it; in a pair the words that
differ are marked. Lines that have little in common stay unmarked, as marking nearly all of them says
nothing. Long lines and long runs are left alone: this is an aid to the eye, and must not cost more than the
diff.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from muse.display.document import DiffLine

_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
_MAX_LENGTH = 500
_MAX_PAIRS = 100
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
    free = 0
    for place, old in enumerate(removed):
        candidates = [place] if len(removed) == len(added) else range(free, len(added))
        for candidate in candidates:
            ranges = _compared(lines[old].text, lines[added[candidate]].text)
            if ranges:
                yield old, added[candidate], ranges
                free = candidate + 1
                break


def _compared(old: str, new: str) -> tuple[Ranges, Ranges] | None:
    """What changed on both sides, or None when the lines have too little in common to tell."""
    if max(len(old), len(new)) > _MAX_LENGTH:
        return None
    import difflib

    before, after = _WORD.findall(old), _WORD.findall(new)
    matches = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    common = sum(len("".join(before[i : i + n]).strip()) for i, _, n in matches)
    if common < _ALIKE * max(len(old.strip()), len(new.strip())):
        return None
    return _gaps(before, [(i, n) for i, _, n in matches]), _gaps(after, [(j, n) for _, j, n in matches])


def _gaps(words: list[str], equal: list[tuple[int, int]]) -> Ranges:
    """The stretches between the equal ones (start, number of words), in characters."""
    result: Ranges = []
    word = position = 0
    for start, n in equal:
        length = sum(map(len, words[word:start]))
        if length:
            result.append((position, position + length))
        position += length + sum(map(len, words[start : start + n]))
        word = start + n
    return result
