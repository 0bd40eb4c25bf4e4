"""Holding back Ctrl+C from the moment a command counts until it has answered.

Blocking the signal would be no use in a kernel, which has other threads that take it; so the handler is swapped.
Only the main thread may do that; elsewhere KeyboardInterrupt is not raised anyway.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType
    from typing import Any
else:
    try:
        import _signal as signal  # without the enumerations that `signal` makes of it, which take 1 ms
    except ImportError:
        import signal

_pending = False


class Deferral:
    """SIGINT is noted instead of raised between `begin` and `end`."""

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
        """Go back to the handler before."""
        if self._active:
            self._active = False
            signal.signal(signal.SIGINT, self._previous if self._previous is not None else signal.SIG_DFL)

    def cancel(self) -> None:
        """The command did not count after all: as `end`, and a Ctrl+C that was held back is raised now.

        Raises:
            KeyboardInterrupt: It was pressed since `begin`.
        """
        if self._active:
            self.end()
            deliver()


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
        raise KeyboardInterrupt
