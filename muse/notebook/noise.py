"""What in a notebook is noise, and what is left of it without.

Noise is what a notebook gains by running, or by being under version control: execution counts, kernel
versions and clocks (`volatile` takes those out as the file is read), how texts are split, cell ids, and cells
that are empty or hold only muse commands, with their outputs. The principle: two notebooks differ by noise
alone exactly when their cell diff is empty.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from muse.notebook.model import Cell, NotANotebook, Notebook, read

_MUSE_LINE = re.compile(
    r"""
      (?: [^\W\d]\w* \s* = \s* )? %muse (?: \s.* | [;?] )?
    | % (?: re | un )? load_ext \s+ muse \s* ;?
    | !muse (?: \s.* )?
    | import \s+ muse \s* ;? \s* (?: \#.* )?
    """,
    re.VERBOSE,
)
_MUSE_CELL = re.compile(r"\s*%%muse(?!\S)")


def is_muse_only(source: str) -> bool:
    """Whether a source holds muse commands and comments, at least one of the former, and nothing else."""
    if "muse" not in source:
        return False
    if _MUSE_CELL.match(source):
        return True
    lines = [line.strip() for line in source.splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]
    return bool(told) and all(map(_MUSE_LINE.fullmatch, told))


def is_noise(cell: Cell) -> bool:
    """Whether a cell is empty or, in code, holds only muse commands; its outputs do not count."""
    return not cell.source or cell.source.isspace() or (cell.kind == "code" and is_muse_only(cell.source))


def content_cells(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that are not noise, in order."""
    return [cell for cell in cells if not is_noise(cell)]


def essence(nb: Notebook) -> bytes:
    """A digest of everything in a notebook that is not noise: SHA-256, 32 bytes."""
    cells = content_cells(nb.cells)
    texts = [nb.metadata, nb.rest, str(len(cells))]
    for cell in cells:
        texts += cell.kind, cell.source, cell.rest, str(len(cell.outputs))
        for output in cell.outputs:
            texts += output.kind, output.name, output.rest, str(len(output.data))
            for mime in sorted(output.data):
                texts += mime, output.data[mime]
    told = "".join([f"{len(text)}:{text}" for text in texts])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()


def same_but_noise(a: bytes, b: bytes) -> bool:
    """Whether two files are the same, or are notebooks that differ by noise alone."""
    if a == b:
        return True
    try:
        return essence(read(a)) == essence(read(b))
    except NotANotebook:
        return False
