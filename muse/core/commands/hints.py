"""The small files of `.muse/`: whether they say what they should.

Nothing rests on `HEAD`; on `applied`, who finishes the folder after a crash; on the settings and on the lock, whether
anything can be written at all.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from muse.core import io
from muse.core.base.errors import Damaged, MuseError
from muse.core.operations import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muse.core.operations.ops import Operation
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


def gone(layout: Layout, last: int) -> int:
    """The operation that `HEAD` names above `last`, the highest that there is; 0 when it does not name such.

    A command writes its entry before it writes the hint: so an entry is gone, or the hint is damaged.
    """
    hint = ops.hinted(layout)
    return hint if hint > last and not os.path.lexists(layout.operation(hint)) else 0


def ahead(layout: Layout, last: int) -> str:
    """What is wrong when an operation is `gone`, in words; empty when none is."""
    hint = gone(layout, last)
    return told(layout, hint, last) if hint else ""


def told(layout: Layout, hint: int, last: int) -> str:
    """What is wrong when operation `hint`, which `HEAD` names, is not there."""
    return f"{layout.head} names operation {hint}, and the newest is {last}: what came after that is gone"


def grown(layout: Layout, newest: Operation) -> Iterator[str]:
    """The files of packs and operations that something was appended to. It is passed over, and harms nothing."""
    for name, size in newest.packs:
        with suppress(OSError):
            if os.lstat(layout.pack(name)).st_size > size:
                yield layout.pack(name)
    for number in ops.numbers(layout, newest.oldest):
        with suppress(OSError, MuseError):
            if os.lstat(layout.operation(number)).st_size > len(ops.stored(layout, number)):
                yield layout.operation(number)


def check_settings(layout: Layout) -> None:
    """Look whether commands can use the settings of the repository.

    Raises:
        UsageProblem: They are not TOML, or a value is none that the key can have.
        MuseError: They cannot be read.
    """
    from muse.core.settings import toml
    from muse.core.settings.config import KNOWN, Settings

    settings = Settings(toml.read(layout.config), {})
    for key, known in KNOWN.items():
        if known.whole:
            settings.number(key)
        elif known.choices:
            settings.text(key)


def check_lock(layout: Layout) -> None:
    """Look whether the lock on the files of the folder can be had; its bytes mean nothing.

    Raises:
        Damaged: Something else than a file stands there.
        SystemTrouble: It cannot be opened.
    """
    try:
        fd, _ = io.open_regular(layout.lock, 1 << 62)
    except FileNotFoundError:
        return
    os.close(fd)


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


def remove_strange(path: str) -> bool:
    """Remove what stands in the place of a file of ours and is none: a link, a FIFO, a socket, an empty folder.

    Returns:
        False when a regular file stands there, or nothing, or a folder with something in it.
    """
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISREG(mode):
            return False
        if stat.S_ISDIR(mode):
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError:
        return False
    return True
