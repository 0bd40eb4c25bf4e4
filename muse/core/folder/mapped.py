"""Files that this very process writes through its memory, as `numpy.memmap` does.

The system sets their times when a page first changes, and not when it changes again before it was written to the
disk: no signature tells whether such a file is as it was. Those of other processes cannot be seen.
"""

from __future__ import annotations

#: One line for each mapping: addresses, rights, offset, device, inode, path.
_MAPS = "/proc/self/maps"


def inodes() -> frozenset[int]:
    """The inodes of files that are mapped to be written and shared; none where the system does not tell."""
    try:
        with open(_MAPS, "rb") as file:
            found = [line.split(None, 5) for line in file]
    except OSError:
        return frozenset()
    return frozenset([int(fields[4]) for fields in found if fields[1][1:2] == b"w" and fields[1][3:4] == b"s"])
