"""Small repositories for the tests of the store."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.operations.view import View
from muse.core.packs.pack_writer import PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import FILE, Entry, PackRef, digest_of

FAST = b'durability = "off"\n[store]\npublish = "link"\n'


class MemoryStore(ObjectStore):
    """Objects in a dictionary: for laws about records, which do not care where objects are."""

    def __init__(self) -> None:
        super().__init__(Layout(""), ())
        self.objects: dict[bytes, bytes] = {}
        self.reads: list[bytes] = []

    def __contains__(self, digest: bytes) -> bool:
        return digest in self.objects

    def read(self, digest: bytes, most: int | None = None) -> bytes:
        """The bytes; notes that they were asked for."""
        self.reads.append(digest)
        return self.objects[digest]

    def size(self, digest: bytes) -> int:
        """How many bytes."""
        return len(self.objects[digest])

    def pieces(self, digest: bytes) -> Iterator[bytes]:
        """The bytes, in two pieces."""
        data = self.read(digest)
        yield data[:1]
        yield data[1:]

    def add(self, data: bytes, digest: bytes | None = None, like: bytes | None = None) -> bytes:
        """Keep bytes."""
        digest = digest_of(data)
        self.objects[digest] = data
        return digest

    def file(self, data: bytes, mode: str = FILE) -> Entry:
        """Keep bytes as a file."""
        return Entry(mode, self.add(data))


def new_repo(root: str | os.PathLike[str], settings: bytes = FAST) -> Repo:
    """A repository without history; it does not wait for the disk unless the settings say so."""
    layout = Layout(os.fspath(root))
    for folder in (layout.packs, layout.ops, layout.cache, layout.restore, layout.journal):
        os.makedirs(folder)
    Path(layout.config).write_bytes(settings)
    Path(layout.applied).write_bytes(b"0\n")
    return Repo(layout.root)


def write_pack(layout: Layout, objects: Iterable[bytes], way: str = "link") -> PackRef:
    """A pack with these objects."""
    writer = PackWriter(layout, durable=False, way=way)
    for data in objects:
        writer.add(digest_of(data), data)
    (ref,) = writer.finish()
    return ref


def writable(layout: Layout, refs: Iterable[PackRef] = ()) -> ObjectStore:
    """A store that takes new objects."""
    return ObjectStore(layout, tuple(refs), PackWriter(layout, durable=False, way="link"))


def an_operation(number: int = 1, **fields: Any) -> Operation:
    """An operation with nothing in it but what is given."""
    plain = Operation(
        number=number,
        write_id=os.urandom(16),
        previous=b"",
        host="here",
        user="ada",
        verb="commit",
        args=("-m", "first look"),
        time="2026-03-14T12:00:00+00:00",
        view=View(),
        packs=(),
        at=number,
    )
    return plain._replace(**fields)


def put_operation(layout: Layout, operation: Operation) -> Operation:
    """Write an entry as a command would have."""
    Path(layout.operation(operation.number)).write_bytes(ops.encode(operation))
    return operation
