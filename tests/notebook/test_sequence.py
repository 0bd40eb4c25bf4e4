"""Matching by value pairs what is equal, each place once, and keeps the longest run in order."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from muse.notebook.sequence import Matching

values = st.lists(st.integers(0, 5), max_size=10)


def matched(old: list[int] | str, new: list[int] | str) -> Matching:
    """Both sequences, matched."""
    matching = Matching(len(old), len(new))
    matching.pair_equal(old, new)
    return matching


@given(old=values, new=values)
def test_as_many_equal_ones_as_there_are(old: list[int], new: list[int]) -> None:
    """Both directions agree, partners are equal, and no equal pair is left."""
    matching = matched(old, new)
    for place, other in enumerate(matching.new_of):
        if other >= 0:
            assert matching.old_of[other] == place
            assert old[place] == new[other]
    for value in range(6):
        count = sum(old[place] == value for place, other in enumerate(matching.new_of) if other >= 0)
        assert count == min(old.count(value), new.count(value))


@given(order=st.permutations(range(7)))
def test_unmoved_is_the_longest_run(order: list[int]) -> None:
    """Checked against all runs."""
    matching = matched(list(range(7)), order)
    run = matching.unmoved()
    assert run == sorted(run)
    assert [new for _, new in run] == sorted(new for _, new in run)
    rising = (
        size
        for size in range(8)
        for chosen in combinations(range(7), size)
        if [order.index(value) for value in chosen] == sorted(order.index(value) for value in chosen)
    )
    assert len(run) == max(rising)


def test_a_repeated_value_goes_with_its_neighbour() -> None:
    """A `plt.show()` in front leaves the others with the cells that they follow."""
    assert matched("axbx", "xaxbx").new_of == [1, 2, 3, 4]
    assert matched("xaxb", "xaxbx").new_of == [0, 1, 2, 3]
    assert matched("cxax", "xdxa").new_of == [-1, 2, 3, 0]
    assert matched("xx", "xxx").new_of == [0, 1]


def test_gaps_lie_between_unmoved_pairs() -> None:
    """Only where there is something free on both sides."""
    assert list(matched("1a2bc3d", "1A2B3").gaps()) == [([1], [1]), ([3, 4], [3])]
    assert list(matched("abc", "cab").gaps()) == []
    assert list(matched("ab", "xyz").gaps()) == [([0, 1], [0, 1, 2])]
