"""A pack whose end is damaged, for who looks everywhere (see `rescue.py`): its objects are found all the same.

Nothing is taken on trust for that. Whoever reads an object holds it against its digest, so an index may be read as far
as it goes: a wrong entry leads to nothing, and hides no right one.
"""

from __future__ import annotations

from muse.core.packs.pack import BUCKET, END, ENTRY, FOOTER, HEADER, RAW, Pack, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muse.core.base.errors import MuseError

#: The footer is looked for in so many bytes at the end: something may have been appended to it.
_TAIL = 8 << 10
_MOST_BITS = 16
#: An index is in memory as a whole. One above this many bytes is that of more than a million objects.
_LARGEST_INDEX = 64 << 20


class Salvaged(Pack):
    """A pack as `Pack`, without the checksums of footer and index.

    Raises:
        PackGone: There is no such file (any more).
        Damaged: Nobody can tell where its index is.
    """

    def _read_footer(self, size: int) -> None:
        size = min(size, self.ref.size)
        start = max(0, size - _TAIL)
        tail = self._pread(start, size - start)
        tail = tail[: tail.rfind(END) + len(END)] if END in tail else tail
        if len(tail) < FOOTER.size:
            raise self._damaged("is cut short")
        end = start + len(tail) - FOOTER.size
        self._found: dict[bytes, Slot] = {}
        fields = FOOTER.unpack(tail[-FOOTER.size :])
        for index, count in _guesses(fields[0], fields[1], fields[2], end):
            if HEADER.size <= index and 0 < count * ENTRY.size <= min(end - index, _LARGEST_INDEX):
                entries = ENTRY.iter_unpack(self._pread(index, count * ENTRY.size))
                self._found.update({digest: _as_stored(Slot(*where)) for digest, *where in entries})
        if not self._found:
            raise self._damaged("has no index")

    def find(self, digest: bytes) -> Slot | None:
        """Where the object lies, or None."""
        return self._found.get(digest)

    def slots(self, trouble: list[MuseError] | None = None) -> Iterator[tuple[bytes, Slot]]:
        """Every object that the index names, and where it should lie."""
        yield from self._found.items()


def _as_stored(slot: Slot) -> Slot:
    """What is stored as it is has the size that is stored."""
    return slot._replace(size=slot.stored) if slot.kind == RAW else slot


def _guesses(index: int, count: int, bits: int, end: int) -> set[tuple[int, int]]:
    """Where the entries may begin, and how many there may be, if one of the three is wrong.

    Args:
        index, count, bits: What the footer says.
        end: Where the table of buckets ends, which lies behind the entries.
    """
    table = end - (BUCKET.size << min(bits, _MOST_BITS))
    return {(index, count), (index, (table - index) // ENTRY.size), (table - count * ENTRY.size, count)}
