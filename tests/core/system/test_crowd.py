"""`system.crowd`: every item once, by several threads when there are many."""

from __future__ import annotations

from threading import Thread, get_ident

import pytest

from muse.core.system import crowd


@pytest.mark.parametrize("count", [0, 1, crowd.MANY - 1, crowd.MANY, 1000])
def test_every_item_is_worked_on_once(count: int) -> None:
    assert sorted(crowd.share(lambda item: item * 2, range(count))) == [item * 2 for item in range(count)]


@pytest.mark.parametrize(("count", "several"), [(crowd.MANY - 1, False), (crowd.MANY, True)])
def test_threads_are_for_many(count: int, several: bool) -> None:
    own = get_ident()
    assert any(ident != own for ident in crowd.share(lambda item: get_ident(), range(count))) == several


@pytest.mark.parametrize("allowed", [0, 3])
def test_where_no_more_threads_can_be_had_it_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    start = Thread.start
    started: list[Thread] = []

    def limited(thread: Thread) -> None:
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(Thread, "start", limited)
    assert sorted(crowd.share(lambda item: item * 2, range(1000))) == [item * 2 for item in range(1000)]
    assert len(started) == allowed
