"""How muse writes ids, times, sizes and counts: one rule each, everywhere."""

from __future__ import annotations

_SHORT = 10

#: How the program is called where its words are read: "muse" in a terminal, "%muse" in a notebook.
program = "muse"
_UNITS = ("KB", "MB", "GB", "TB")


def short_id(text: str) -> str:
    """The first ten digits of an id, enough to name a commit by hand."""
    return text.removeprefix("sha256:")[:_SHORT]


def when(rfc3339: str) -> str:
    """A time as its author's clock showed it, to the minute: "2026-11-22 14:03"."""
    return rfc3339[:16].replace("T", " ")


def size(n_bytes: int) -> str:
    """A size in decimal units, with a decimal below ten: "812 B", "4.5 KB", "45 KB"."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    amount = n_bytes / 1000
    for unit in _UNITS:
        if amount < 999.5 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:,.0f} {unit}"


def plural(n: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 cell", "2,000 cells". `many` is the plural where it does not end in "s"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def commands(text: str) -> str:
    """A text whose backquoted commands are written as they are typed here."""
    return text.replace("`muse ", f"`{program} ")
