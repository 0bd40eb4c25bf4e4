"""A small repository, and what may happen to it, for the tests of `fsck` and `doctor`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import digest_of
from tests.commands import ok
from tests.core.stores import FAST

#: What `a.txt` holds, commit by commit: long enough for each version to be held against the one before.
VERSIONS = [b"".join(b"line %d\n" % line for line in range(20)) + b"version %d\n" % number for number in (1, 2, 3)]


def build(folder: Path) -> Repo:
    """A repository in the current folder: three commits that change `a.txt`, the first also holds `deep/b.txt`.

    Operation 1 is that of `init`, commit n is operation n + 1.
    """
    ok("init")
    repo = Repo(str(folder))
    Path(repo.layout.config).write_bytes(FAST)
    Path("deep").mkdir()
    Path("deep/b.txt").write_bytes(b"only once\n" * 20)
    for number, data in enumerate(VERSIONS, 1):
        Path("a.txt").write_bytes(data)
        ok("commit", "-m", f"commit {number}")
    return repo


def copy(repo: Repo, target: Path) -> Repo:
    """A copy to be damaged."""
    return Repo(str(shutil.copytree(repo.root, target, symlinks=True)))


def newest(repo: Repo) -> Operation:
    """The newest operation."""
    found = ops.newest(repo.layout)
    assert found is not None
    return found


def packs(repo: Repo) -> list[Path]:
    """The packs of the newest operation, oldest first."""
    return [Path(repo.layout.pack(ref.name)) for ref in newest(repo).packs]


def operation(repo: Repo, number: int) -> Path:
    """The file of an operation."""
    return Path(repo.layout.operation(number))


def flip(path: Path, at: int = -1) -> None:
    """Change one byte; the one in the middle when not said which."""
    data = bytearray(path.read_bytes())
    data[at if at >= 0 else len(data) // 2] ^= 0x41
    path.write_bytes(data)


def spoil(repo: Repo, data: bytes) -> Path:
    """Change a byte of an object where a pack holds it; gives the pack."""
    layout, refs = repo.layout, newest(repo).packs
    store = ObjectStore(layout, refs)
    try:
        for ref in reversed(refs):
            slot = store.pack(ref).find(digest_of(data))
            if slot is not None:
                path = Path(layout.pack(ref.name))
                flip(path, slot.offset + slot.stored - 1)
                return path
    finally:
        store.close()
    raise AssertionError("no pack holds it")


def each_byte(path: Path, step: int = 1) -> Iterator[int]:
    """Flip each byte of a file in turn, or each so many; the file is whole again afterwards."""
    whole = path.read_bytes()
    for at in range(0, len(whole), step):
        flip(path, at)
        yield at
        path.write_bytes(whole)


def each_length(path: Path, step: int = 1) -> Iterator[int]:
    """Cut a file short at every length, or each so many; it is whole again afterwards."""
    whole = path.read_bytes()
    for length in range(0, len(whole), step):
        path.write_bytes(whole[:length])
        yield length
    path.write_bytes(whole)


def files(layout: Layout) -> dict[str, bytes]:
    """Every file below `.muse/`, but caches."""
    found = (Path(folder, name) for folder, _, names in os.walk(layout.muse) for name in names)
    return {str(path): path.read_bytes() for path in found if not str(path).startswith(layout.cache)}
