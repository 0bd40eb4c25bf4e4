"""A small repository with everything in it, to be damaged file by file; and what is known of it while it is whole.

Damage is tried at every few bytes, so every file is small: what counts as large, and as many, is made small too.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from muse.core.commands.command import State
from muse.core.commands.writing import Draft, writing
from muse.core.commits import graph
from muse.core.folder import folder_state
from muse.core.object_store import write_object
from muse.core.operations import ops
from muse.core.packs import join, pack
from muse.core.packs.pack import ZSTD_PREFIX
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.system import sweep
from muse.core.types import EXECUTABLE, FILE, LINK, blob_id
from muse.testing.repositories import Contents, read_contents, write_contents
from tests import samples
from tests.commands import commit_id, ok
from tests.core.stores import write_pack
from tests.kept import newest, read_back

if TYPE_CHECKING:
    from collections.abc import Iterable

    from muse.core.types import PackRef

#: What is looked at, and must never be wrong.
READS = (("status", "--json"), ("log",), ("diff",), ("show",), ("op", "log"), ("branch",), ("tag",), ("shelf", "list"))

_LARGE, _MANY = 2 << 10, 8
_SETTINGS = b'durability = "off"\n[author]\nname = "Ada Example"\n[gc]\nkeep = "2"\ndays = "0"\n'
#: How trees, commits, and the sections and lists of operations begin; no content here does.
_RECORDS = (b"\x95\xa4tree", b"\x97\xa6commit", b"\xde", b"\xdc", b"\x91", b"\x92")
_LOST = b"nobody needs this, a writer died\n" * 9


class Copy(NamedTuple):
    """Where an object lies: the pack, the bytes from where to where, and what it rests on."""

    pack: str
    start: int
    end: int
    base: bytes | None


class Sample(NamedTuple):
    """A repository that is whole.

    Attributes:
        name: Whether a command died in the middle of its files.
        root: Where it is; every trial gets a copy.
        newest: The number of its newest operation.
        folder: The number of the newest operation that changed files.
        objects: All that any operation reaches, by digest.
        records: Those of them that are no contents: commits, trees, sections.
        copies: Where each lies.
        later: The objects that lie in packs which the operation before the newest does not name.
        answers: What each of `READS` says now, and what it said before the newest operation.
        first: The id of the first commit, and the files that it holds.
        files: The user's files once the folder is finished.
    """

    name: str
    root: str
    newest: int
    folder: int
    objects: dict[bytes, bytes]
    records: frozenset[bytes]
    copies: dict[bytes, list[Copy]]
    later: frozenset[bytes]
    answers: dict[tuple[str, ...], tuple[str, str]]
    first: tuple[str, Contents]
    files: Contents


def shrink() -> None:
    """Let a file of 2 KiB be large, and eight packs many: in this process, for good."""
    usual = pack.LARGE
    for name, module in [*sys.modules.items()]:
        if name.startswith("muse.core.") and getattr(module, "LARGE", 0) == usual:
            setattr(module, "LARGE", _LARGE)  # noqa: B010 - of any module
    join.MANY, join.SMALL, graph._FEW = _MANY, _LARGE, 1


def build(root: str, *, behind: bool) -> Sample:
    """Make a repository. The process must have called `shrink`.

    Args:
        root: Where; it must not exist.
        behind: Whether a checkout died half-way through its files.
    """
    os.mkdir(root)
    layout = Layout(root)
    with chdir(root):
        first = _history(root)
        _fill_caches(root)
        before = _answers()
        if behind:
            _die_in_a_checkout(root)
        else:
            ok("add", "staged.txt")
    answers, files = _answers_of_a_copy(root)
    last = newest(root)
    earlier = {ref.name for ref in ops.read(layout, last.number - 1).packs}
    copies, objects = _copies(layout, last.packs), _objects(root)
    return Sample(
        name="a checkout died" if behind else "settled",
        root=root,
        newest=last.number,
        folder=last.folder,
        objects=objects,
        records=frozenset(digest for digest, data in objects.items() if data.startswith(_RECORDS)),
        copies=copies,
        later=frozenset(digest for digest in objects if not {copy.pack for copy in copies[digest]} & earlier),
        answers={words: (answers[words], before[words]) for words in READS},
        first=first,
        files=files,
    )


def _history(root: str) -> tuple[str, Contents]:
    """Commits, branches, tags, work on the shelf, a joined pack, a large one, single objects, and more."""
    ok("init")
    Path(".muse/config.toml").write_bytes(_SETTINGS)
    contents: Contents = {
        "notes.md": (FILE, b"# Notes\n" * 20),
        "analysis.ipynb": (FILE, _notebook("first")),
        "data/table.csv": (FILE, _table(0)),
        "data/deep/er.txt": (FILE, b"deep down\n" * 30),
        "run.sh": (EXECUTABLE, b"#!/bin/sh\n"),
        "latest": (LINK, b"data/table.csv"),
        "large.bin": (FILE, hashlib.shake_128(b"large").digest(_LARGE + 200)),
        "large.txt": (FILE, b"".join(b"line %d\n" % number for number in range(400))),
    }
    _commit(root, contents, "first")
    first = commit_id(), dict(contents)
    ok("branch", "old")
    ok("tag", "dropped")
    ok("gc")
    for number in range(1, 6):
        contents["data/table.csv"] = (FILE, _table(number))
        contents["analysis.ipynb"] = (FILE, _notebook(f"look {number}"))
        _commit(root, contents, f"commit {number}")
    _tag_much(root)
    write_contents(root, contents | {"notes.md": (FILE, b"# Shelved\n" * 20)})
    ok("shelf", "push", "-m", "for later")
    ok("checkout", "old")
    write_contents(root, read_contents(root) | {"theirs.txt": (FILE, b"on the other branch\n" * 9)})
    ok("commit", "-m", "on the other branch")
    ok("checkout", "main")
    for data in (_table(2), b"a single object\n" * 9):
        write_object(root, blob_id(data), data)
    write_pack(Layout(root), [_LOST])
    Path("scratch.txt").write_bytes(b"never committed\n")
    Path("staged.txt").write_bytes(b"only staged\n" * 12)
    Path("run.sh").chmod(0o644)
    return first


def _die_in_a_checkout(root: str) -> None:
    """One file is as it was, one is not there yet, and contents wait below `restore/`."""
    before, number = read_contents(root), newest(root).number
    ok("checkout", "--force", "old")
    write_contents(root, read_contents(root) | {"data/table.csv": before["data/table.csv"]})
    os.unlink("theirs.txt")
    Path(".muse/restore/0123456789abcdef-0").write_bytes(b"on its way\n" * 9)
    folder_state.set_applied(Layout(root), number, durable=False)


def _commit(root: str, contents: Contents, message: str) -> None:
    write_contents(root, contents)
    ok("commit", "-m", message)


def _tag_much(root: str) -> None:
    """So many tags at once that they become an object of their own."""

    def build(state: State) -> Draft[None]:
        tags = {f"release of week {number} of a long year": state.view.commit for number in range(120)}
        return Draft(lambda left: None, state.view.with_section(state.store, "tags", tags))

    writing(Repo(root), "tag", ("--many",), build)


def _table(number: int) -> bytes:
    rows = (b"%d,%d\n" % (row, row * row) for row in range(60))
    return b"".join(rows) + b"%d,changed\n" % number


def _notebook(seed: str) -> bytes:
    return samples.notebook(samples.text(f"# {seed}"), samples.code(f"plot({seed!r})", samples.printed(seed * 9)))


def _fill_caches(root: str) -> None:
    """Whatever is remembered between commands lies on the disk."""
    os.utime(".muse/config.toml", (time.time() - 60,) * 2)
    for words in (("status",), ("log",), ("log", "notes.md"), ("config",)):
        ok(*words)
    sweep._memories[Layout(root).muse].save()


def said(words: tuple[str, ...], answer: str) -> str:
    """An answer without the notes that it begins with."""
    if "--json" in words:
        value = json.loads(answer)
        value.pop("notes")
        return json.dumps(value, sort_keys=True)
    return answer


def _answers() -> dict[tuple[str, ...], str]:
    return {words: said(words, ok(*words)) for words in READS}


def _answers_of_a_copy(root: str) -> tuple[dict[tuple[str, ...], str], Contents]:
    """The answers, and the files, once the folder is finished."""
    copy = shutil.copytree(root, root + "-read", symlinks=True)
    with chdir(copy):
        found = _answers(), read_contents(copy)
    shutil.rmtree(copy)
    return found


def _copies(layout: Layout, refs: Iterable[PackRef]) -> dict[bytes, list[Copy]]:
    """Where every object lies."""
    store, found = ObjectStore(layout, tuple(refs)), dict[bytes, list[Copy]]()
    for ref in store.refs:
        held = store.pack(ref)
        for digest, slot in held.slots():
            base = held.link(slot).base if slot.kind == ZSTD_PREFIX else None
            found.setdefault(digest, []).append(Copy(ref.name, slot.offset, slot.offset + slot.stored, base))
    store.close()
    return found


def _objects(root: str) -> dict[bytes, bytes]:
    store = ObjectStore(Layout(root), newest(root).packs)
    try:
        return {digest: store.read(digest) for digest in read_back(root)}
    finally:
        store.close()
