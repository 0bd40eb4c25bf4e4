"""The places in `muse/core` that a promise rests on, found by what they do.

A place is a call that waits for the disk, gives or takes a name, or takes a lock; a comparison of digests, checksums
or signatures; a check that raises; a flag that keeps an `open` from being fooled. An exception that is only turned
into another is no check.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.environment import ROOT

#: Functions that wait for the disk, that give or take a name, that lock, and that look before something is done.
CALLS = {
    *("fsync", "fcntl", "sync", "syncfs", "sync_names"),
    *("sync_folder", "sync_file_system", "_sync_file", "_sync_folders"),
    *("link", "link_nameless", "rename", "rename_noreplace", "exchange", "replace", "_renameat2", "symlink"),
    *("make_folder", "unlink", "rmdir", "remove_quietly", "write_atomic", "set_applied", "write_head", "drop"),
    *("flock", "try_lock", "wait_for_lock", "acquire", "_is_ours", "begin", "cancel"),
    *("still", "is_racy", "S_ISREG", "first_bad", "holds_whole", "is_whole", "refuse_twins"),
}
#: So do these, by the beginnings of their names.
CHECKS = ("_check", "check_")
#: A comparison of these is one of contents.
COMPARED = ("digest", "crc32", "checksum", "blob_id", "write_id", "previous", "signature", "seen", ".entry ")
#: What a check raises.
RAISED = {
    *("Damaged", "_damaged", "_TooDeep", "TooNew", "Missing", "PackGone", "Lost", "Blocked", "NotAFile", "_Changed"),
    *("ValueError", "TypeError"),
}
FLAGS = {"O_NOFOLLOW", "O_NONBLOCK", "O_EXCL"}

#: A call of the same name that is something else: how one object is held against another; a part of a text.
NO_CALLS = {"store.link", "pack.link", "self.store.link"}
_SIMPLE = (ast.Expr, ast.Assign, ast.Raise, ast.Return)
#: Files whose checks keep nothing safe: times, named tuples, ids as people write them.
NO_FILES = {"muse/core/base/clock.py", "muse/core/base/named.py", "muse/core/types.py"}

#: Places without a mutant, by a text in them, and why.
EXCEPTIONS = {
    ("muse/core/io.py", "fcntl.fcntl(fd, full)"): "macOS has it alone",
    ("muse/core/io.py", "publish.link_nameless(self.fd, path)"): "without it the fallback does the same",
    ("muse/core/io.py", "publish.link_nameless(self.fd, self.temp)"): "without it the fallback does the same",
    ("muse/core/system/publish.py", "os.O_EXCL"): "the name is random, and only tries what the system can do",
    ("muse/core/folder/scan.py", "content.entry != before"): "spares work: what is added twice is held once",
    ("muse/core/packs/store.py", "which cannot be had"): "no check: what is left to say when nothing was found",
    ("muse/core/folder/worktree.py", "os.O_EXCL"): "the name is random and lies below `.muse/restore/`",
    ("muse/core/folder/worktree.py", "os.O_NOFOLLOW"): "the name is random and lies below `.muse/restore/`",
}


class Site(NamedTuple):
    """A place: its file, its first and last line, and the text of these."""

    file: str
    first: int
    last: int
    text: str


@cache
def sites() -> tuple[Site, ...]:
    """Every place, in order."""
    files = [(str(path.relative_to(ROOT)), path) for path in sorted(ROOT.glob("muse/core/**/*.py"))]
    return tuple(site for name, path in files if name not in NO_FILES for site in find(name, path.read_text("utf-8")))


def find(file: str, source: str) -> list[Site]:
    """The places in a source."""
    lines = source.split("\n")
    return [
        Site(file, first, last, "\n".join(lines[first - 1 : last]))
        for first, last in sorted(set(_spans(ast.parse(source))))
    ]


def _spans(node: ast.AST, above: ast.AST | None = None, first: int = 0) -> Iterator[tuple[int, int]]:
    """First and last line of each place. What is done on a condition goes with it: there it begins."""
    if isinstance(node, ast.stmt):
        first = node.lineno
        if isinstance(above, ast.If) and isinstance(node, _SIMPLE) and node in above.body:
            first = above.lineno
    if isinstance(node, ast.expr) and _counts(node):
        yield min(first, node.lineno), node.end_lineno or node.lineno
    elif isinstance(node, ast.Raise) and _raised(node) in RAISED and not isinstance(above, ast.ExceptHandler):
        yield first, node.end_lineno or node.lineno
    for child in ast.iter_child_nodes(node):
        yield from _spans(child, node, first)


def _counts(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        name, text = _last(node.func), ast.unparse(node.func)
        if name == "replace":
            return len(node.args) == 1  # of a text there are two
        return (name in CALLS or name.startswith(CHECKS)) and text not in NO_CALLS
    if isinstance(node, ast.Compare):
        equal = any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops)
        return equal and any(word in ast.unparse(node) for word in COMPARED)
    return isinstance(node, ast.Attribute) and node.attr in FLAGS


def _raised(node: ast.Raise) -> str:
    return _last(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)


def _last(node: ast.expr | None) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
