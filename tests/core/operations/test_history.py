"""`operations.history`: the log is read whatever is damaged in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import Damaged, Refused, TooNew
from muse.core.operations import history, ops
from muse.core.operations.history import Step, Tally
from muse.core.paths import Layout
from muse.core.types import digest_of
from tests.core.damaged import flip
from tests.core.stores import an_operation, new_repo, put_operation


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Five operations, each following the one before."""
    layout = new_repo(tmp_path).layout
    for number in range(1, 6):
        previous = ops.digest(layout, number - 1) if number > 1 else b""
        put_operation(layout, an_operation(number, previous=previous))
    return layout


def told(layout: Layout, oldest: int = 1) -> list[tuple[int, int, bool, str]]:
    """Each step: its numbers, whether there is an operation, and what is wrong."""
    steps = history.steps(layout, oldest)
    return [(step.first, step.number, step.operation is not None, step.message) for step in steps]


def test_what_is_whole(layout: Layout) -> None:
    found = history.ends(layout)
    assert (found.operation and found.operation.number, found.last, found.whole, found.unsure) == (5, 5, True, None)
    assert told(layout) == [(number, number, True, "") for number in range(1, 6)]
    assert [number for number, *_ in told(layout, 3)] == [3, 4, 5]


def test_what_is_dropped_after_it_was_listed(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has listed the log looks again, for there is a newer operation now."""
    numbers = ops.numbers
    previous = ops.digest(layout, 5)

    def late(layout: Layout, oldest: int = 1) -> list[int]:
        found = numbers(layout, oldest)
        if found[-1] == 5:
            put_operation(layout, an_operation(6, previous=previous, oldest=6))
            ops.drop(layout, 6)
        return found

    monkeypatch.setattr(ops, "numbers", late)
    found = history.ends(layout)
    assert (found.operation and found.operation.number, found.last, found.whole) == (6, 6, True)


def test_what_is_dropped_whenever_it_was_listed(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "numbers", lambda layout: [7])
    with pytest.raises(Refused, match="others keep dropping operations") as refused:
        history.ends(layout)
    assert refused.value.kind == "busy"


def test_an_empty_log(tmp_path: Path) -> None:
    layout = new_repo(tmp_path).layout
    assert history.ends(layout) == (None, 0, None)
    assert history.ends(layout).whole
    assert told(layout) == []


def test_the_end_is_damaged(layout: Layout) -> None:
    for number in (4, 5):
        flip(Path(layout.operation(number)))
    found = history.ends(layout)
    assert (found.operation and found.operation.number, found.last, found.whole) == (3, 5, False)
    assert [(number, there) for number, _, there, _ in told(layout)] == [(1, 1), (2, 1), (3, 1), (4, 0), (5, 0)]


def test_the_end_is_of_a_newer_muse(layout: Layout) -> None:
    path = Path(layout.operation(5))
    head = path.read_bytes()[:8] + b"\0\0\0\2" + path.read_bytes()[12:-32]
    path.write_bytes(head + digest_of(head))
    found = history.ends(layout)
    assert found.operation is not None and found.operation.number == 4
    assert isinstance(found.unsure, TooNew)


def test_what_follows_a_damaged_one_is_not_blamed(layout: Layout) -> None:
    flip(Path(layout.operation(2)))
    assert [message != "" for *_, message in told(layout)] == [False, True, False, False, False]


def test_what_does_not_follow(layout: Layout) -> None:
    put_operation(layout, an_operation(3))
    wrong = {first: message for first, _, there, message in told(layout) if message and there}
    assert wrong == {3: "operation 3 does not follow operation 2", 4: "operation 4 does not follow operation 3"}


def test_gaps(layout: Layout) -> None:
    for number in (1, 3, 4):
        Path(layout.operation(number)).unlink()
    assert told(layout) == [
        (1, 1, False, "operation 1 is missing from the log"),
        (2, 2, True, ""),
        (3, 4, False, "operations 3 to 4 are missing from the log"),
        (5, 5, True, ""),
    ]


def test_a_gap_of_any_size_costs_nothing(layout: Layout) -> None:
    put_operation(layout, an_operation(999_999_999_999))
    assert len(told(layout)) == 7


@given(st.lists(st.integers(1, 20), max_size=6), st.sets(st.integers(1, 20)))
def test_what_doctor_stood_in_for(firsts: list[int], lost: set[int]) -> None:
    tally = Tally()
    steps = [Step(first, first + 2, None, Damaged("x")) for first in firsts]
    for step in steps:
        tally.add(step)
    tally.add(Step(99, 99, an_operation(99, lost=tuple(lost))))
    assert tally.closed == [step for step in steps if {step.first, step.first + 1, step.number} <= lost]
    assert [*tally.open, *tally.closed] == sorted(steps, key=lambda step: step in tally.closed)
