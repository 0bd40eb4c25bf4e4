"""What the contenders work on: the same bytes in every run, on every machine."""

from __future__ import annotations

import json
import os
import struct
import zlib
from base64 import b64encode
from functools import cache, lru_cache
from math import isqrt
from random import Random

#: Bytes in a text file.
FILE_SIZE = 2_000
#: Outputs in the notebook, and pixels along the side of each: 225 KB that no compressor makes smaller.
PLOTS, _SIDE = 20, 274

_WORDS = ("the", "value", "of", "mean", "column", "plot", "frame", "index", "data", "model", "fit", "score", "noise")


def write_files(folder: str, count: int) -> list[str]:
    """Fill a folder with text files, the square root of `count` in each sub-folder. Returns their paths."""
    width = isqrt(count)
    paths = [os.path.join(folder, f"part{at // width:03}", f"file{at % width:03}.txt") for at in range(count)]
    for at, path in enumerate(paths):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, text(at))
    return paths


def write(path: str, data: bytes) -> None:
    """Write a file as an editor does."""
    with open(path, "wb") as file:
        file.write(data)


def text(number: int, version: int = 0) -> bytes:
    """A text of `FILE_SIZE` bytes, another one for each number and version."""
    start = Random(f"text {number} {version}").randrange(len(_soup()) - FILE_SIZE)
    return f"{number} {version}\n".encode().ljust(16) + _soup()[start : start + FILE_SIZE - 16]


@cache
def _soup() -> bytes:
    random = Random("soup")
    return " ".join(random.choice(_WORDS) + random.choice(" \n") * (not at % 9) for at in range(200_000)).encode()


def notebook(version: int, plots: int = PLOTS) -> bytes:
    """A notebook as Jupyter saves it: a heading, a cell and its plot, `plots` times.

    Args:
        version: Each differs from the one before in the source and the plot of one cell.
        plots: How many; 20 make 6 MB.
    """
    cells: list[dict[str, object]] = []
    for plot in range(plots):
        changes = (version + plots - plot - 1) // plots
        cells += _heading(plot), _code(plot, changes)
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    value = {"cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def source(plot: int, changes: int = 0) -> str:
    """The source of a cell that draws a plot."""
    lines = text(plot, changes)[16:500].decode().splitlines()
    return "\n".join([f"degree = {changes}", *(f"# {line.strip()}" for line in lines), f"plot({plot}, degree)"])


def _heading(plot: int) -> dict[str, object]:
    return {"cell_type": "markdown", "id": f"heading{plot}", "metadata": {}, "source": [f"## Plot {plot}"]}


def _code(plot: int, changes: int) -> dict[str, object]:
    image = b64encode(_png(plot, changes)).decode() + "\n"
    drawn = {"data": {"image/png": image, "text/plain": ["<Figure size 640x480 with 1 Axes>"]}}
    return {
        "cell_type": "code",
        "execution_count": plot + 1,
        "id": f"plot{plot}",
        "metadata": {},
        "outputs": [{**drawn, "metadata": {}, "output_type": "display_data"}],
        "source": source(plot, changes).splitlines(keepends=True),
    }


@lru_cache(maxsize=2 * PLOTS)
def _png(plot: int, changes: int) -> bytes:
    """A valid PNG of noise: what a plot is to a store, bytes that are compressed already."""
    random = Random(f"png {plot} {changes}")
    rows = b"".join(b"\0" + random.randbytes(3 * _SIDE) for _ in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
