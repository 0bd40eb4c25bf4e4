"""Keeping packs few: which packs the next command's own pack takes in.

When packs of about one size pile up, they become one of the next size. Each byte is copied once for each size that
it passes through, so a thousand commits leave some twenty packs and write less than three times what they hold.
"""

from __future__ import annotations

from contextlib import suppress

from muse.core.errors import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.store import ObjectStore
    from muse.core.types import PackRef

#: Packs of one size that become one, the new one counted.
FAN = 8
#: Bytes that one command copies at most.
MOST = 8 << 20
#: Where the sizes end. A pack of the last or more is left alone.
_SIZES = (4 << 10, 32 << 10, 256 << 10, 2 << 20, MOST // 2)


def choose(refs: Iterable[PackRef], size: int) -> tuple[PackRef, ...]:
    """The packs that a new one of `size` bytes takes in, oldest first."""
    taken: list[PackRef] = []
    lower = 0
    for upper in _SIZES:
        fellows = [ref for ref in refs if lower <= ref.size < upper]
        lower = upper
        together = sum(ref.size for ref in fellows)
        if not fellows or (len(fellows) + 1 < FAN and together + together // len(fellows) <= MOST):
            continue
        for ref in fellows:
            if size + ref.size <= MOST:
                taken.append(ref)
                size += ref.size
    return tuple(taken)


def take_in(store: ObjectStore) -> tuple[PackRef, ...]:
    """Let the pack that is being written, if there is one, take in what has piled up.

    A pack with a damaged index stays as it is. So does one with an object of which there is another copy: nobody
    looks here which copy is good.

    Returns:
        The packs that it stands for now.

    Raises:
        PackGone: One was replaced meanwhile.
    """
    writer = store.writer
    joined: list[PackRef] = []
    if writer is not None and writer.size:
        for ref in choose(store.refs, writer.size):
            with suppress(Damaged):
                if writer.take_in(store.pack(ref)):
                    joined.append(ref)
    return tuple(joined)
