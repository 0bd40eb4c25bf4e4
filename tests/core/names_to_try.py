"""Names of files: what the file system may hold, and what nobody may smuggle in."""

from __future__ import annotations

import os

from hypothesis import strategies as st

#: Names that could leave the folder, reach into `.muse`, or stand nowhere.
BAD = [
    "", ".", "..", "a/b", "/", "../x", "/etc/passwd", "a\0", "\0",
    ".muse", ".MUSE", ".Muse", ".muse.", ".muse ", ".muse. .", ".MUSE..",
    ".m\u200buse", "\u200d.muse", ".muse\ufeff", ".mu\u00adse", ".\u202dmuse", ".mu\u2060se",
    "\uff0emuse", ".\uff4duse", ".mu\u017fe", ".\uff2d\uff35\uff33\uff25", "\u2024muse",
    "\u2024\u2024", "..\u200b", ". .", "....", " ",
    "x" * 256, "\u00e4" * 128, os.fsdecode(b"\xff" * 256),
]  # fmt: skip

#: Names that look odd and are kept byte for byte.
ODD = [
    "...", "\u2026", "a b", " a", "a ", "a.", "-", "--help", "a\nb", "a\tb", "\x1b[31m", "\\", "a\\b", "C:", "nul", "*",
    "~", ".museum", "muse", ".muse-tmp-1", ".mus", "..muse", ".muse.x", ".git", "\u00e4", "a\u0308", "\u200b",
    "x" * 255, "\u00e4" * 127, "\U0001f600", os.fsdecode(b"caf\xe9.csv"), os.fsdecode(b"\xff\xfe"), "\u202etxt.exe",
]  # fmt: skip

#: Any name that a file system hands out, apart from the bad ones.
NAMES = st.sampled_from(ODD) | st.binary(min_size=1, max_size=12).filter(
    lambda name: not {0, ord("/")} & set(name) and name.strip(b". ") != b""
).map(os.fsdecode)
