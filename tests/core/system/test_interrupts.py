"""`system.interrupts`: Ctrl+C is held back while a command counts, and never lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from muse.core.system import interrupts
from muse.core.system.interrupts import Deferral, Turn
from tests.core.faults import press


@pytest.fixture(autouse=True)
def handler() -> Iterator[object]:
    """The handler before the test, which is there again after it; nothing is pending."""
    before = signal.getsignal(signal.SIGINT)
    yield before
    signal.signal(signal.SIGINT, before)
    assert not interrupts.pending()


def test_it_is_held_back_and_delivered_once(handler: object) -> None:
    with Turn():
        deferral = Deferral()
        deferral.begin()
        press()
        press()
        deferral.end()
        press()
    assert interrupts.pending()
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(KeyboardInterrupt):
        interrupts.deliver()
    interrupts.deliver()


def test_nothing_is_delivered_when_nobody_pressed() -> None:
    deferral = Deferral()
    deferral.begin()
    deferral.end()
    interrupts.deliver()


def test_outside_it_is_raised_as_ever(handler: object) -> None:
    with pytest.raises(KeyboardInterrupt):
        press()
    deferral = Deferral()
    deferral.begin()
    deferral.end()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_beginning_twice_and_ending_twice_is_once(handler: object) -> None:
    deferral = Deferral()
    deferral.begin()
    deferral.begin()
    deferral.end()
    assert signal.getsignal(signal.SIGINT) is handler
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    deferral.end()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_a_command_that_did_not_count_is_interrupted_after_all(handler: object) -> None:
    deferral = Deferral()
    deferral.begin()
    press()
    with pytest.raises(KeyboardInterrupt):
        deferral.cancel()
    assert signal.getsignal(signal.SIGINT) is handler
    deferral.cancel()
    deferral.begin()
    deferral.cancel()
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("other", [signal.SIG_DFL, lambda number, frame: None])
def test_the_handler_of_others_comes_back(other: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, other)
    with Turn():
        deferral = Deferral()
        deferral.begin()
        press()
        deferral.end()
        assert signal.getsignal(signal.SIGINT) is other
    assert signal.getsignal(signal.SIGINT) is other
    with pytest.raises(KeyboardInterrupt):
        interrupts.deliver()


def test_without_a_turn_it_is_raised_at_the_end(handler: object) -> None:
    deferral = Deferral()
    deferral.begin()
    press()
    with pytest.raises(KeyboardInterrupt):
        deferral.end()
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("end", [Deferral.end, Deferral.cancel])
def test_without_a_turn_the_handler_of_others_is_called(end: Callable[[Deferral], None]) -> None:
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    deferral = Deferral()
    deferral.begin()
    press()
    assert heard == []
    end(deferral)
    assert heard == [signal.SIGINT]


def test_the_first_ends_a_turn_and_the_second_does_not_disturb_its_end(handler: object) -> None:
    cleaned: list[str] = []
    with pytest.raises(KeyboardInterrupt), Turn():
        try:
            press()
        finally:
            press()
            cleaned.append("up")
    assert cleaned == ["up"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_what_is_cancelled_within_a_turn_lets_the_next_one_end_it(handler: object) -> None:
    with pytest.raises(KeyboardInterrupt), Turn():
        deferral = Deferral()
        deferral.begin()
        deferral.cancel()
        press()
        raise AssertionError("not ended")
    assert signal.getsignal(signal.SIGINT) is handler


def test_within_a_turn_it_is_held_back_until_the_answer(handler: object) -> None:
    """The command is done, and the front end has not shown it yet."""
    with Turn():
        deferral = Deferral()
        deferral.begin()
        deferral.end()
        press()
        assert interrupts.pending()
    with pytest.raises(KeyboardInterrupt):
        interrupts.deliver()


def test_a_deferral_within_another_changes_nothing(handler: object) -> None:
    for leave in (Deferral.end, Deferral.cancel):
        with Turn():
            outer, inner = Deferral(), Deferral()
            outer.begin()
            inner.begin()
            press()
            leave(inner)
            press()
            outer.end()
        with pytest.raises(KeyboardInterrupt):
            interrupts.deliver()


def test_where_it_is_ignored_it_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    deferral = Deferral()
    deferral.begin()
    press()
    deferral.end()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    interrupts.deliver()


def test_other_threads_are_left_alone(handler: object) -> None:
    seen: list[object] = []

    def work() -> None:
        deferral = Deferral()
        deferral.begin()
        seen.append(signal.getsignal(signal.SIGINT))
        deferral.end()

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [handler]


def test_a_turn_that_was_interrupted_while_it_ended_does_not_make_the_next_one_deaf(handler: object) -> None:
    """Whatever of it stayed: the next turn ends with the first Ctrl+C, and leaves the handler of Python."""
    for stale in (interrupts._stop, interrupts._note):
        signal.signal(signal.SIGINT, stale)
        with pytest.raises(KeyboardInterrupt, match="nothing was recorded"), Turn():
            press()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("held_back", [False, True])
def test_a_forked_child_starts_over(held_back: bool) -> None:
    """Nobody ends in it what was begun here: it hears the first Ctrl+C, as any process, and none before that."""
    with Turn():
        deferral = Deferral()
        if held_back:
            deferral.begin()
            press()
        child = os.fork()
        if not child:
            status = 5
            try:
                status = _what_it_hears()
            finally:
                os._exit(status)
        deferral.end()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    if held_back:
        with pytest.raises(KeyboardInterrupt):
            interrupts.deliver()


def _what_it_hears() -> int:
    """0 for a Ctrl+C as in a process that never loaded muse."""
    try:
        if interrupts.pending() or interrupts._in_turn:
            return 2
        press()
    except KeyboardInterrupt as stopped:
        return 3 if stopped.args else 0
    return 4


def test_a_forked_child_keeps_the_handler_of_others() -> None:
    """A kernel between two cells, say, ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = os.fork()
    if not child:
        os._exit(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)
    assert os.waitpid(child, 0)[1] == 0
