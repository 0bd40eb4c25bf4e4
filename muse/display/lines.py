"""The difference between two texts, line by line.

Whatever the texts are, the answer is right (the lines marked " " and "-" are the old text, those marked " "
and "+" the new one) and comes soon. What both begin and end with is cut first. Lines that occur once in
each text then hold the rest together (the patience diff), so that matching line by line, which takes
quadratic time, has only the gaps between them to do; a gap that is still too large becomes one block of
removed and one of added lines.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from muse.core.base.named import NamedTuple
from muse.display.document import DiffLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.display.document import DiffKind

NO_NEWLINE = "no newline at end"

#: The largest gap that is matched line by line: old lines times new lines, and pairs of equal lines.
_MAX_AREA = 4_000_000
_MAX_PAIRS = 1_000_000


class Edit(NamedTuple):
    """`new[j1:j2]` took the place of `old[i1:i2]`."""

    i1: int
    i2: int
    j1: int
    j2: int


def line_diff(old: str, new: str, context: int = 3) -> tuple[DiffLine, ...]:
    """The changed lines with `context` equal lines around them; empty when the texts are equal.

    A hunk starts with an "@" line that says where it stands, unless it starts at the top of both texts.
    """
    if old == new:
        return ()
    before, after = _lines(old), _lines(new)
    result: list[DiffLine] = []
    for hunk in _hunks(edits_between(before, after), context):
        result.extend(_hunk_lines(hunk, before, after, context))
    return tuple(result)


def stat(old: str, new: str) -> tuple[int, int]:
    """How many lines were added and how many removed."""
    edits = edits_between(_lines(old), _lines(new))
    return sum(edit.j2 - edit.j1 for edit in edits), sum(edit.i2 - edit.i1 for edit in edits)


def ended(text: str) -> str:
    """The text with a newline at its end, for texts where a missing one is not worth a remark."""
    return text if not text or text.endswith("\n") else text + "\n"


def edits_between(old: list[str], new: list[str]) -> list[Edit]:
    """The edits that lead from one list of lines (or words) to another, in order, never touching."""
    whole = _cut(old, new, Edit(0, len(old), 0, len(new)))
    result: list[Edit] = []
    i, j = whole.i1, whole.j1
    for next_i, next_j in [*_anchors(old, new, whole), (whole.i2, whole.j2)]:
        result.extend(_matched(old, new, _cut(old, new, Edit(i, next_i, j, next_j))))
        i, j = next_i + 1, next_j + 1
    return result


def _lines(text: str) -> list[str]:
    """Lines with their newline. Only "\\n" ends one, so that nothing else in the text is lost."""
    parts = text.split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def _cut(old: list[str], new: list[str], edit: Edit) -> Edit:
    """The edit less the lines that both sides begin or end with."""
    i1, i2, j1, j2 = edit
    while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
        i1, j1 = i1 + 1, j1 + 1
    while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
        i2, j2 = i2 - 1, j2 - 1
    return Edit(i1, i2, j1, j2)


def _anchors(old: list[str], new: list[str], edit: Edit) -> list[tuple[int, int]]:
    """Equal lines that occur once on each side: the longest list of them that ascends on both."""
    seen_old, seen_new = Counter(old[edit.i1 : edit.i2]), Counter(new[edit.j1 : edit.j2])
    place = {new[j]: j for j in range(edit.j1, edit.j2) if seen_new[new[j]] == 1}
    once = (i for i in range(edit.i1, edit.i2) if seen_old[old[i]] == 1)
    pairs = [(i, place[old[i]]) for i in once if old[i] in place]
    # lowest[k]: the lowest line of `new` that can end a list of k + 1 pairs; ends[k]: the pair it ends with.
    lowest: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        k = bisect_left(lowest, j)
        lowest[k : k + 1], ends[k : k + 1] = [j], [number]
        before.append(ends[k - 1] if k else -1)
    result: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        result.append(pairs[number])
        number = before[number]
    return result[::-1]


def _matched(old: list[str], new: list[str], gap: Edit) -> list[Edit]:
    """The edits of one gap, by matching line by line where that is worth its time."""
    before, after = old[gap.i1 : gap.i2], new[gap.j1 : gap.j2]
    if not before and not after:
        return []
    counts = Counter(before)
    pairs = sum(counts[line] for line in after)
    if not pairs or pairs > _MAX_PAIRS or len(before) * len(after) > _MAX_AREA:
        return [gap]
    import difflib

    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        Edit(gap.i1 + i1, gap.i1 + i2, gap.j1 + j1, gap.j1 + j2)
        for tag, i1, i2, j1, j2 in opcodes
        if tag != "equal"
    ]


def _hunks(edits: list[Edit], context: int) -> Iterator[list[Edit]]:
    """Changes that are so near that their context would overlap belong together."""
    hunk: list[Edit] = []
    for edit in edits:
        if hunk and edit.i1 - hunk[-1].i2 > 2 * context:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _hunk_lines(hunk: list[Edit], old: list[str], new: list[str], context: int) -> Iterator[DiffLine]:
    first, last = hunk[0], hunk[-1]
    before = min(context, first.i1)
    position, end = first.i1 - before, min(last.i2 + context, len(old))
    new_start, new_end = first.j1 - before, last.j2 + end - last.i2
    if position or new_start:
        yield DiffLine("@", f"@@ -{_range(position, end)} +{_range(new_start, new_end)} @@")
    for i1, i2, j1, j2 in hunk:
        yield from _marked(" ", old[position:i1])
        yield from _marked("-", old[i1:i2])
        yield from _marked("+", new[j1:j2])
        position = i2
    yield from _marked(" ", old[position:end])


def _range(start: int, end: int) -> str:
    """First line (from 1) and number of lines as in patches; an empty range names the line before it."""
    count = end - start
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


def _marked(kind: DiffKind, lines: list[str]) -> Iterator[DiffLine]:
    for line in lines:
        yield DiffLine(kind, line.removesuffix("\n"))
        if not line.endswith("\n"):
            yield DiffLine("…", NO_NEWLINE)
