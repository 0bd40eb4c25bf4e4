"""Which item of one sequence belongs to which of another: by equal value, in nearly linear time.

Used for cells of notebooks and for outputs of cells. What occurs once on each side is matched first, then
equal neighbours of what is matched, then what is left of each value in order: so a repeated `plt.show()` goes
with the cell beside it, not with the first of its like.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence


class Matching:
    """Pairs of places in an old and a new sequence, as far as they are known.

    Attributes:
        new_of: For each old place its new one, or -1.
        old_of: For each new place its old one, or -1.
    """

    def __init__(self, olds: int, news: int) -> None:
        self.new_of = [-1] * olds
        self.old_of = [-1] * news

    def pair(self, old: int, new: int) -> None:
        """Say that two places belong together; both must be free."""
        self.new_of[old] = new
        self.old_of[new] = old

    def are_free(self, old: int, new: int) -> bool:
        """Whether neither place has a partner."""
        return self.new_of[old] < 0 and self.old_of[new] < 0

    def pair_equal(self, olds: Sequence[Hashable], news: Sequence[Hashable]) -> None:
        """Match free places of equal value; `olds` and `news` give a value for every place."""
        for old, new in self._candidates(olds, news):
            if len(old) == len(new) == 1:
                self.pair(old[0], new[0])
        self._extend(olds, news, 1)
        self._extend(olds, news, -1)
        for old, new in self._candidates(olds, news):
            for one, other in zip(old, new, strict=False):
                self.pair(one, other)

    def unmoved(self) -> list[tuple[int, int]]:
        """The longest run of pairs that stand in the same order on both sides; the other pairs have moved."""
        pairs = [(old, new) for old, new in enumerate(self.new_of) if new >= 0]
        return [pairs[place] for place in _rising([new for _, new in pairs])]

    def gaps(self) -> Iterator[tuple[list[int], list[int]]]:
        """The free old and new places between neighbouring unmoved pairs, where there are any of both."""
        last_old = last_new = -1
        for old, new in [*self.unmoved(), (len(self.new_of), len(self.old_of))]:
            olds = [place for place in range(last_old + 1, old) if self.new_of[place] < 0]
            news = [place for place in range(last_new + 1, new) if self.old_of[place] < 0]
            if olds and news:
                yield olds, news
            last_old, last_new = old, new

    def _candidates(self, olds: Sequence[Hashable], news: Sequence[Hashable]) -> Iterator[tuple[list[int], list[int]]]:
        """For each value that is free on both sides its places there, in order."""
        places: dict[Hashable, tuple[list[int], list[int]]] = {}
        for side, values, partner in ((0, olds, self.new_of), (1, news, self.old_of)):
            for place, value in enumerate(values):
                if partner[place] < 0:
                    places.setdefault(value, ([], []))[side].append(place)
        return ((old, new) for old, new in places.values() if old and new)

    def _extend(self, olds: Sequence[Hashable], news: Sequence[Hashable], step: int) -> None:
        """Match equal neighbours of matched places in one direction; the ends count as matched."""
        places = range(len(olds)) if step > 0 else range(len(olds) - 1, -1, -1)
        start = (-1, -1) if step > 0 else (len(olds), len(news))
        self._match_beside(start, step, olds, news)
        for old in places:
            if (new := self.new_of[old]) >= 0:
                self._match_beside((old, new), step, olds, news)

    def _match_beside(
        self, pair: tuple[int, int], step: int, olds: Sequence[Hashable], news: Sequence[Hashable]
    ) -> None:
        old, new = pair[0] + step, pair[1] + step
        inside = 0 <= old < len(olds) and 0 <= new < len(news)
        if inside and self.are_free(old, new) and olds[old] == news[new]:
            self.pair(old, new)


def _rising(values: Sequence[int]) -> list[int]:
    """The places of one longest rising subsequence of distinct values."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(value)
            ends.append(place)
        else:
            tails[length], ends[length] = value, place
    chain: list[int] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]
