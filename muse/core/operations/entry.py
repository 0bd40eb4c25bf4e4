"""The commit point: creating the next entry of the log, if its number is free.

Before the link nothing has happened; after it everything has. What the caller may clean up depends on how far this
came, so every outcome has an exception of its own.
"""

from __future__ import annotations

import os

from muse.core import io
from muse.core.base.errors import MuseError, Unconfirmed, from_os_error
from muse.core.operations import ops
from muse.core.system import publish, sweep
from muse.core.types import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from muse.core.operations.ops import Operation
    from muse.core.paths import Layout


class Lost(Exception):
    """Somebody else was faster: that entry was read whole and is not ours, or the one it rests on was dropped."""


def append(
    layout: Layout, operation: Operation, before_link: Callable[[], None], *, durable: bool, way: str
) -> None:
    """Create the entry of `operation`, durably.

    Args:
        layout: The repository.
        operation: The whole record.
        before_link: Called when everything is ready and only the deciding step is left.
        durable: Whether to wait for the disk.
        way: How a name is created only if it is free, see `muse.core.system.publish`.

    Raises:
        Lost: The number was taken by somebody else.
        SystemTrouble: The system refused before the link, or refused the link.
        Unconfirmed: The entry may stand, or stands and may not survive a power cut.
    """
    path = layout.operation(operation.number)
    before = sweep.signature(layout.ops)
    try:
        new = io.NewFile(layout.ops, durable=durable, way=way)
    except OSError as error:
        raise from_os_error(error, "cannot write", path) from error
    with new:
        try:
            new.write(ops.encode(operation))
            new.sync()
        except OSError as error:
            raise from_os_error(error, "cannot write", path) from error
        before_link()
        _link(new, path, layout, operation)
        _check_base(path, layout, operation)
        after = sweep.signature(layout.ops)
        try:
            new.sync_folder()
        except OSError as error:
            raise Unconfirmed(
                f"recorded as operation {operation.number}, but the disk did not confirm it "
                f"({os.strerror(error.errno or 0)})",
                "Check the disk, then look at `muse op log`.",
            ) from error
    sweep.carry(layout.ops, before, after)  # the sweep need not list the log again for what we put there


def _link(new: io.NewFile, path: str, layout: Layout, operation: Operation) -> None:
    try:
        new.link(path)
        return
    except FileExistsError:
        pass  # over a network a link can succeed and say that it failed
    except BaseException as error:
        if isinstance(error, OSError) and not os.path.lexists(path):
            raise publish.refusal(error, path, new.way, layout.muse) from error
        raise _unconfirmed(operation) from error
    try:
        theirs = ops.read(layout, operation.number)
    except (MuseError, OSError) as error:
        raise _unconfirmed(operation) from error
    if theirs.write_id != operation.write_id:
        raise Lost


def _check_base(path: str, layout: Layout, operation: Operation) -> None:
    """Take the entry back when a gc went past it, so that its number was free again.

    The one that it rests on is gone then, or another stands there for a moment. The first has none. But an entry that
    counted can be dropped, too, before this looks: only one that others do not rest on, and that is still there, is
    known for a stray. Nothing may be removed on a guess: others may have built on it, and name its packs.
    """
    try:
        if _rests_on_previous(layout, operation):
            return
        newest = ops.newest(layout)
        if newest is not None and newest.oldest <= operation.number:
            return
        if _has_successor(layout, operation):
            return
        os.unlink(path)
    except (MuseError, OSError) as error:
        raise _unconfirmed(operation) from error
    raise Lost


def _has_successor(layout: Layout, operation: Operation) -> bool:
    """Whether the next entry rests on this one. Where there is none, this one is gone or never counted."""
    try:
        return ops.read(layout, operation.number + 1).previous == digest_of(ops.encode(operation))
    except FileNotFoundError:
        return False


def _rests_on_previous(layout: Layout, operation: Operation) -> bool:
    try:
        return operation.number > 1 and ops.digest(layout, operation.number - 1) == operation.previous
    except FileNotFoundError:
        return False


def _unconfirmed(operation: Operation) -> Unconfirmed:
    return Unconfirmed(
        f"the command may have been recorded as operation {operation.number}",
        "Look at `muse op log` before trying again.",
    )
