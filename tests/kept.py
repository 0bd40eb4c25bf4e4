"""What a repository keeps, and what lies on its disk: all of it, read anew and compared."""

from __future__ import annotations

import os
from pathlib import Path

from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.packs.pack import Pack
from muse.core.packs.store import ObjectStore
from muse.core.paths import MUSE, Layout
from muse.core.types import PackRef
from muse.core.upkeep.reach import Reach, roots

Root = str | os.PathLike[str]


def newest(root: Root) -> Operation:
    """The newest operation of a repository that has one."""
    found = ops.newest(Layout(os.fspath(root)))
    assert found is not None
    return found


def kept(root: Root) -> list[Operation]:
    """Every operation that counts, oldest first."""
    layout, last = Layout(os.fspath(root)), newest(root)
    return [ops.read(layout, number) for number in range(last.oldest, last.number + 1)]


def read_back(root: Root) -> set[bytes]:
    """Read every object that any operation which counts reaches, and check it; their digests."""
    layout, last = Layout(os.fspath(root)), newest(root)
    store = ObjectStore(layout, last.packs)
    try:
        reach = Reach(store)
        for operation in kept(root):
            for one in roots(operation, store):
                reach.add(one)
        found = reach.blobs | reach.trees | reach.commits | reach.sections
        for digest in found:
            for _ in store.pieces(digest):
                pass
        return found
    finally:
        store.close()


def on_disk(root: Root) -> list[bytes]:
    """The digest of every object in every pack in the folder, named or not, as often as it is there."""
    layout = Layout(os.fspath(root))
    found: list[bytes] = []
    for name in packs(root):
        path = layout.pack(name)
        pack = Pack(path, PackRef(name, os.path.getsize(path)))
        found += [digest for digest, _ in pack.slots()]
        pack.close()
    return found


def packs(root: Root) -> set[str]:
    """The packs in the folder."""
    return {name.removesuffix(".pack") for name in os.listdir(Layout(os.fspath(root)).packs) if name.endswith(".pack")}


def files(root: Root, *, caches: bool = True) -> dict[str, bytes]:
    """Every file below `.muse`, with its bytes."""
    muse = Path(root, MUSE)
    found = {path.relative_to(muse): path for path in sorted(muse.rglob("*")) if path.is_file()}
    return {str(name): path.read_bytes() for name, path in found.items() if caches or name.parts[0] != "cache"}


def check(root: Root) -> None:
    """All that counts can be read back, and every pack that is named is there."""
    read_back(root)
    assert {ref.name for ref in newest(root).packs} <= packs(root)
