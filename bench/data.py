"""What the contenders work on: the same bytes in every run, on every machine."""

from __future__ import annotations

import json
import os
import struct
import zlib
from base64 import b64encode
from datetime import datetime, timedelta
from functools import cache, lru_cache
from math import isqrt
from random import Random

#: Bytes in a text file.
FILE_SIZE = 2_000
#: Outputs in the notebook, and pixels along the side of each: 225 KB that no compressor makes smaller.
PLOTS, _SIDE = 20, 274

_STRIDE = 37
_RANDOM_BLOCK = 1 << 20
_SITES = ("north", "south", "harbour", "airport", "old town")
_WORDS = ("the", "value", "of", "mean", "column", "plot", "frame", "index", "data", "model", "fit", "score", "noise")


def name(at: int, count: int) -> str:
    """The path of one of `count` text files, from their folder: the square root of `count` in each sub-folder."""
    width = isqrt(count)
    return os.path.join(f"part{at // width:03}", f"file{at % width:03}.txt")


def write_files(folder: str, count: int) -> list[str]:
    """Fill a folder with text files, named as `name` says. Returns their paths."""
    paths = [os.path.join(folder, name(at, count)) for at in range(count)]
    for at, path in enumerate(paths):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, text(at))
    return paths


def change(number: int, count: int) -> tuple[int, bytes]:
    """Change `number` to `count` files: which of them gets what text. Each changes another file than the one before."""
    at = number * _STRIDE % count
    return at, text(at, number + 1)


def write(path: str, data: bytes) -> None:
    """Write a file as an editor does."""
    with open(path, "wb") as file:
        file.write(data)


def write_random(path: str, size: int, version: int = 0) -> None:
    """Write a file that no compressor makes smaller, in blocks."""
    random = Random(f"random {version}")
    with open(path, "wb") as file:
        for start in range(0, size, _RANDOM_BLOCK):
            file.write(random.randbytes(min(_RANDOM_BLOCK, size - start)))


def table(rows: int) -> bytes:
    """A CSV as an instrument writes it: 17,000 rows make 1 MB. More rows begin with the same bytes."""
    return b"".join(map(_table_row, range(rows)))


@cache
def _table_row(number: int) -> bytes:
    random = Random(f"row {number}")
    time = datetime(2026, 1, 1) + timedelta(minutes=5 * number, seconds=random.randrange(60))
    values = ",".join(f"{random.gauss(20, 5):.4f}" for _ in range(3))
    return f"{number:06},{time.isoformat()},{random.choice(_SITES)},{values}\n".encode()


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
