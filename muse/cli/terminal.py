"""Showing an answer in a terminal: colour and a pager where there is one, plain text where it is piped."""

from __future__ import annotations

import os
import sys

from muse.core.base import progress
from muse.core.base.errors import MuseError
from muse.display.document import Document, Hint, Notice, line
from muse.display.text import render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from muse.display.result import Result


def show(document: Document) -> None:
    """Print a document; page it when it is longer than the terminal."""
    if not sys.stdout.isatty():
        _print(render(document), sys.stdout)
        return
    size = os.get_terminal_size(sys.stdout.fileno())
    text = render(document, colour=_colour(), width=size.columns)
    if text.count("\n") < size.lines - 1 or not _page(text):
        _print(text, sys.stdout)


def pour(result: Result) -> bool:
    """Where the output is no terminal, write the file that an answer is, and nothing else; False when it is none."""
    stream = getattr(sys.stdout, "buffer", None)  # a caller's own stream may take text alone
    notes = result.write_raw(stream.write) if stream is not None and not sys.stdout.isatty() else None
    if notes:
        _print(render(tuple(map(Notice, notes))), sys.stderr)
    return notes is not None


def show_error(error: MuseError) -> None:
    """Print what happened and what to do next, on the error stream."""
    document: Document = (line(("error: ", "error"), error.message),)
    if error.hint:
        document += (Hint(error.hint),)
    _print(render(document, colour=sys.stderr.isatty() and _colour()), sys.stderr)


class Watched:
    """Shows on the error stream, if it is a terminal, how far the work inside is when it takes over a second."""

    def __enter__(self) -> None:
        self._monitor = progress.Patient(_over) if sys.stderr.isatty() else None
        if self._monitor is not None:
            progress.monitor = self._monitor

    def __exit__(self, *ending: object) -> None:
        if self._monitor is not None:
            progress.monitor = None
            if self._monitor.shown:
                _over("")


def _over(text: str) -> None:
    """Write over the line of the terminal that the cursor is in."""
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _colour() -> bool:
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _print(text: str, stream: TextIO) -> None:
    """Print, whatever the encoding of the stream can show."""
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def _page(text: str) -> bool:
    """Show a long text in the pager that the user's environment names; False when there is none."""
    import shlex
    import subprocess

    pager = shlex.split(os.environ.get("MUSE_PAGER") or os.environ.get("PAGER") or "less -FRX")
    if not pager or pager[0] == "cat":
        return False
    environment = {"LESS": "FRX", **os.environ}
    try:
        subprocess.run(pager, input=text + "\n", encoding="utf-8", errors="replace", env=environment, check=False)
    except OSError:
        return False
    return True
