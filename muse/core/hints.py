"""`HEAD` and `applied`: whether they say what they should. Nothing rests on the first; on the second, who finishes
the folder after a crash."""

from __future__ import annotations

from muse.core import io, ops
from muse.core.errors import Damaged, MuseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.ops import Operation
    from muse.core.paths import Layout


def is_stale(layout: Layout, newest: Operation) -> bool:
    """True when `HEAD` is there and is not what a command that made `newest` writes. That costs time at most."""
    try:
        return io.read_file(layout.head, 1 << 16) != ops.head(newest)
    except FileNotFoundError:
        return False
    except MuseError:
        return True


def hidden(layout: Layout, last: int) -> str:
    """What is wrong when commands do not find operation `last`, the highest: there is a gap behind the hint."""
    try:
        seen = ops.newest_number(layout)
    except MuseError as error:
        return error.message
    gap = f"{layout.head} hides the operations from {seen + 1} to {last}: there is a gap in the log"
    return gap if seen < last else ""


def wrong_applied(layout: Layout) -> str:
    """What is wrong with the file that says how far the folder is; empty when nothing is.

    Raises:
        SystemTrouble: It cannot be read.
    """
    try:
        digits = io.read_file(layout.applied, 64).strip()
    except FileNotFoundError:
        return ""
    except Damaged as error:
        return error.message
    if not digits.isdigit():
        return f"{layout.applied} does not hold a number"
    last = max(ops.numbers(layout), default=0)
    return f"{layout.applied} names operation {int(digits)}, and the newest is {last}" if int(digits) > last else ""
