"""Keeping packs few: which packs the next command's own pack takes in.

Packs pile up until there are many, and then the smallest of them become one. Few bytes are copied for each pack that
goes, so a thousand commits leave less than thirty packs and write less than three times what they hold.
"""

from __future__ import annotations

from operator import attrgetter

from muse.core.base.errors import Damaged, SystemTrouble, blames_the_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from muse.core.packs.store import ObjectStore
    from muse.core.types import PackRef

#: Packs that there may be. A quarter of them may be small, however many large ones there are.
MANY = 28
#: Bytes that one command copies at most.
MOST = 8 << 20
#: A pack of this size or more is left alone.
SMALL = MOST // 2


def choose(refs: Sequence[PackRef], size: int) -> tuple[PackRef, ...]:
    """The packs that a new one of `size` bytes takes in, oldest first.

    How many of the smallest those are, is what makes the bytes to copy least against the cube of their number.
    The power is for the future: the more packs go now, the longer it is until a large one must be copied again.
    """
    small = sorted([ref for ref in refs if ref.size < SMALL], key=attrgetter("size"))
    large = len(refs) - len(small)
    if len(small) < max(MANY // 4, MANY - large):
        return ()
    taken, least = 0, float("inf")
    for number, ref in enumerate(small, 1):
        size += ref.size
        if size > MOST:
            break
        if size / number**3 <= least:
            taken, least = number, size / number**3
    chosen = set(small[:taken])
    return tuple([ref for ref in refs if ref in chosen])


def take_in(store: ObjectStore) -> tuple[PackRef, ...]:
    """Let the pack that is being written, if there is one, take in what has piled up.

    A pack stays as it is when it cannot be read, or when its index is damaged. So does one with an object that the
    new pack holds already: nobody looks here which copy is good.

    Returns:
        The packs that it stands for now.

    Raises:
        PackGone: One was replaced meanwhile.
    """
    writer = store.writer
    joined: list[PackRef] = []
    if writer is not None and writer.size:
        for ref in choose(store.refs, writer.size):
            try:
                if writer.take_in(store.pack(ref)):
                    joined.append(ref)
            except (Damaged, SystemTrouble) as error:
                # Such a pack stays. What could not be written of ours is told when the pack is finished.
                if blames_the_process(error):
                    raise
    return tuple(joined)
