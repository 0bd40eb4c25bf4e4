"""Names that are no text, as long as can be, or hold newlines: kept byte for byte, and shown on one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import muse, ok, process, refused
from tests.core.folders import Contents, file, put_all, read_files
from tests.core.names_to_try import NASTY


def try_all(root: str) -> Contents:
    """A file for every name, and one in a folder of that name; those that this file system takes."""
    contents = {}
    for number, name in enumerate(NASTY):
        for path in (name, f"in {number}/{name}"):
            contents[path] = file(os.fsencode(path))
    put_all(root, contents)
    return contents
