"""Which older version a new one is held against: skip chains.

Version g of a file rests on the version whose number is g with the lowest set bit cleared. So a version is put
together from few frames, however many versions there are, and most differences are small.
"""

from __future__ import annotations

from muse.core.base.errors import MuseError, blames_the_process
from muse.core.packs.pack import LARGE
from muse.core.packs.pack_writer import Base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.packs.store import ObjectStore

#: Frames that are read for one version. A version that would need more begins a new chain.
DEEPEST = 8
#: Contents below this size are not worth a base.
SMALLEST = 128
_LAST = (1 << 32) - 1


def base_for(store: ObjectStore, like: bytes, size: int) -> Base | None:
    """What the version after `like` is held against; None when it is better held whole.

    Args:
        store: Where `like` is.
        like: Digest of the version before.
        size: Bytes of the new version.
    """
    if not SMALLEST <= size <= LARGE:
        return None
    try:
        link = store.link(like)
        generation = (link.generation if link is not None else 0) + 1
        if generation.bit_count() > DEEPEST or generation > _LAST:
            return None
        base, wanted = like, generation & (generation - 1)
        for _ in range(DEEPEST):
            if link is None or link.generation <= wanted:
                break
            base = link.base
            link = store.link(base)
        if not SMALLEST <= store.size(base) <= LARGE:
            return None
        return Base(base, store.read(base), generation)
    except MuseError as error:
        if blames_the_process(error):
            raise
        return None  # the new version is held whole, and the damage ends here
