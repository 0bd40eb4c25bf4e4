"""What every verb returns: plain data that knows how to show itself.

A result is a NamedTuple, so that Python code can take it apart, and a `Result`, so that a terminal, a
notebook and `--json` can show it:

    class _Fields(NamedTuple):
        branch: str

    class StatusResult(Result, _Fields):
        __slots__ = ()
        def blocks(self) -> Iterable[Block]: ...
        def json(self) -> object: ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from muse.display import text
from muse.display.document import Block, Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

#: A notebook keeps what it displays, so it gets the beginning of a long answer; `str` gives the whole.
_MAX_LINES = 1_000
_MAX_CHARACTERS = 100_000


class Result(ABC):
    """The answer of a verb. Stands before the NamedTuple in the bases, so that its `__repr__` wins."""

    __slots__ = ()

    @property
    def exit_status(self) -> int:
        """0 when it is done, 1 when the answer is no, 3 when the answer is what is damaged."""
        return 0

    def write_raw(self, write: Callable[[bytes], object]) -> tuple[str, ...] | None:
        """Write the file that this answer is: what a pipe gets in place of the document.

        Returns:
            Warnings, which do not belong into the file; None, with nothing written, when the answer is no file.
        """
        return None

    @abstractmethod
    def blocks(self) -> Iterable[Block]:
        """The answer for people, piece by piece."""

    def document(self) -> Document:
        """The answer for people."""
        return tuple(self.blocks())

    @abstractmethod
    def json(self) -> object:
        """The answer for programs: what `--json` prints."""

    def __repr__(self) -> str:
        return text.render(self.document())

    def __str__(self) -> str:
        return repr(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a front end may choose from, by MIME type."""
        wanted = set(include or ("text/plain", "text/html")) - set(exclude or ())
        bundle: dict[str, str] = {}
        if "text/plain" in wanted:
            bundle["text/plain"] = _beginning(repr(self))
        if "text/html" in wanted:
            from muse.display import html

            bundle["text/html"] = html.render(self.document())
        return bundle


def _beginning(whole: str) -> str:
    lines = whole[:_MAX_CHARACTERS].split("\n")[:_MAX_LINES]
    shown = "\n".join(lines)
    return whole if len(shown) == len(whole) else f"{shown}\n… the rest is too long for a notebook"
