"""How far the files of the folder are: what every command asks first.

`applied` holds the number of the operation up to which the folder is done; what a dead command left to be put in place
lies below `restore/`.
"""

from __future__ import annotations

import os

from muse.core import io
from muse.core.base.errors import MuseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.operations.ops import Operation
    from muse.core.paths import Layout


def applied(layout: Layout) -> int | None:
    """The number up to which the folder is done; None when nobody wrote it yet."""
    try:
        digits = io.read_file(layout.applied, 64).strip()
    except (FileNotFoundError, MuseError):
        return None
    return int(digits) if digits.isdigit() else None


def is_told(layout: Layout, last: int) -> bool:
    """True when `applied` holds the number of an operation that there is, and not of one that is gone."""
    done = applied(layout)
    return done is not None and done <= last


def set_applied(layout: Layout, number: int, *, durable: bool) -> None:
    """Record that the folder is done up to operation `number`."""
    io.write_atomic(layout.applied, b"%d\n" % number, durable=durable)


def is_behind(layout: Layout, operation: Operation | None) -> bool:
    """True when a command died between its entry and the last of its files."""
    if operation is None or not operation.folder:
        return False
    done = applied(layout)
    return done is not None and done < operation.folder


def is_unfinished(layout: Layout, operation: Operation | None) -> bool:
    """True when a command died on its way through the folder, or left contents below `.muse/restore/`."""
    return is_behind(layout, operation) or bool(leftovers(layout))


def leftovers(layout: Layout) -> list[str]:
    """The names below `.muse/restore/`; none when that is a link to somewhere else."""
    try:
        return os.listdir(layout.restore) if not os.path.islink(layout.restore) else []
    except OSError:
        return []
