"""Progress in a notebook: a line that appears when work takes more than a second, and goes when it is done."""

from __future__ import annotations

from contextlib import contextmanager

from muse.core.base import progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.display import DisplayHandle


class _Line:
    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def show(self, text: str) -> None:
        from IPython.display import display

        data = {"text/plain": text}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)


@contextmanager
def watched() -> Iterator[None]:
    """Show the progress of the work inside."""
    line = _Line()
    progress.monitor = progress.Patient(line.show)
    try:
        yield
    finally:
        progress.monitor = None
        line.clear()
