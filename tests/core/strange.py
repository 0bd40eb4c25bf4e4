"""What may stand where a file of ours should."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path


def folder(path: Path) -> None:
    path.mkdir()


def fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link(path: Path) -> None:
    path.with_name("target").write_bytes(b"")
    path.symlink_to("target")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(6 << 30)


NOT_OURS: list[Callable[[Path], None]] = [folder, fifo, a_socket, device, link, sparse]
