"""Holding back Ctrl+C from the moment a command counts until it has answered.

Blocking the signal would be no use in a kernel, which has other threads that take it; so the handler is swapped.
Only the main thread may do that; elsewhere KeyboardInterrupt is not raised anyway.

A front end gives each command a `Turn`: the first Ctrl+C ends the command, and further ones do not disturb it while
it cleans up. What is pressed once the command counts waits until the front end has shown the answer. Where a program
calls a verb itself there is no turn, and it is raised as soon as the command is done.

A child that is forked meanwhile, by another thread of a kernel say, starts without any of that.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType, TracebackType
    from typing import Any
else:
    try:
        import _signal as signal  # without the enumerations that `signal` makes of it, which take 1 ms
    except ImportError:
        import signal

_pending = False
_in_turn = False


class Turn:
    """One command of a front end, as a context manager. It leaves the handler as it found it."""

    def __init__(self) -> None:
        self._previous: Any = None

    def __enter__(self) -> None:
        global _in_turn
        found = signal.getsignal(signal.SIGINT)
        if found is _stop or found is _note:
            found = signal.default_int_handler  # a turn before was interrupted while it began or ended
        if found is None or found is signal.SIG_IGN:
            return
        try:
            signal.signal(signal.SIGINT, _stop if found is signal.default_int_handler else found)
        except ValueError:
            return  # not the main thread
        self._previous, _in_turn = found, True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _in_turn, _pending
        if self._previous is None:
            return
        try:
            _in_turn = False
            if kind is not None and issubclass(kind, KeyboardInterrupt):
                _pending = False  # whoever pressed it twice has what they wanted
        finally:
            signal.signal(signal.SIGINT, self._previous)


class Deferral:
    """SIGINT is noted instead of raised between `begin` and `end`; within a turn until that is over."""

    def __init__(self) -> None:
        self._previous: Any = None
        self._active = False

    def begin(self) -> None:
        """Start holding back. Harmless when called twice, outside the main thread, or where SIGINT is ignored."""
        if self._active or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            return
        try:
            self._previous = signal.signal(signal.SIGINT, _note)
        except ValueError:
            return  # not the main thread
        self._active = True

    def end(self) -> None:
        """Go back to the handler before; outside a turn it gets what was held back.

        Raises:
            KeyboardInterrupt: There was no turn, and Ctrl+C was pressed since `begin`.
        """
        if not self._active:
            return
        self._active = False
        if self._previous is _stop or self._previous is _note:
            return  # a turn, or another deferral, goes on
        self._restore()
        if _pending and not _in_turn:
            self._give_on()

    def cancel(self) -> None:
        """Nothing counts as yet: within a turn, too, what was held back is raised now, and the next one at once.

        Raises:
            KeyboardInterrupt: It was pressed since `begin`.
        """
        if not self._active:
            return
        self._active = False
        if self._previous is _note:
            return  # another deferral goes on
        self._restore()
        if _pending:
            self._give_on()

    def _give_on(self) -> None:
        """Call the handler before, as if it were pressed now."""
        global _pending
        _pending = False
        if not callable(self._previous):
            raise KeyboardInterrupt
        self._previous(signal.SIGINT, None)

    def _restore(self) -> None:
        signal.signal(signal.SIGINT, self._previous if self._previous is not None else signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _note)
    raise KeyboardInterrupt("nothing was recorded")


def _note(number: int, frame: FrameType | None) -> None:
    global _pending
    _pending = True


def pending() -> bool:
    """True when Ctrl+C was pressed while a command was finishing."""
    return _pending


def deliver() -> None:
    """Raise the KeyboardInterrupt that was held back, if there was one. Front ends call it after the answer.

    Raises:
        KeyboardInterrupt: Ctrl+C was pressed while the command was finishing.
    """
    global _pending
    if _pending:
        _pending = False
        raise KeyboardInterrupt("too late, the command is done")


def _start_over() -> None:
    """In a forked child: what was held back was not pressed for it, and nobody will give it the handler back."""
    global _pending, _in_turn
    _pending = _in_turn = False
    if signal.getsignal(signal.SIGINT) in (_stop, _note):
        signal.signal(signal.SIGINT, signal.default_int_handler)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
