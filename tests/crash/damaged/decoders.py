"""Everything that turns bytes of ours into values, with bytes that are good: for whoever tries it with bad ones.

A decoder returns a value or raises its `MuseError`, and nothing else. Where a checksum stands in the way of what is
behind it, there is a second one that puts a right checksum on whatever it is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

from muse.core.base import codec
from muse.core.base.errors import Missing, MuseError
from muse.core.commands import hints
from muse.core.commits import records
from muse.core.commits.graph import Graph
from muse.core.commits.path_filter import Probe, make
from muse.core.commits.records import Author, Commit
from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.operations.shelf import Shelved, shelved, with_shelf
from muse.core.operations.view import Section, View, decode_changes, encode_changes
from muse.core.packs import pack
from muse.core.packs.pack import Link, Pack
from muse.core.packs.pack_writer import Base
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.settings import toml
from muse.core.settings.config import Settings
from muse.core.stat_cache import StatCache
from muse.core.system import sweep
from muse.core.types import FILE, Change, Entry, PackRef, digest_of
from muse.core.upkeep.reach import roots
from tests.core.stores import MemoryStore, an_operation, new_repo, writable

_DIGEST = digest_of(b"a file")
_ENTRY = Entry(FILE, _DIGEST)
_TEXTS = [b"".join(b"line %d\n" % line for line in range(120)) + b"version %d\n" % number for number in range(3)]
#: As many objects of a pack are read.
_FEW = 20
#: What a frame may say it holds.
_SIZES = (0, 9, len(_TEXTS[0]), 1 << 20)


class Decoder(NamedTuple):
    """Something that takes bytes.

    Attributes:
        name: What they should be.
        good: Some that are.
        decode: Takes any; raises nothing but a `MuseError`.
    """

    name: str
    good: tuple[bytes, ...]
    decode: Callable[[bytes], object]


class _Empty(MemoryStore):
    """Objects that nobody has."""

    def read(self, digest: bytes, most: int | None = None) -> bytes:
        raise Missing("there is none")


def decoders(folder: str) -> list[Decoder]:
    """All of them. What is read from a file is put into one below `folder`, which must be empty."""
    layout = new_repo(os.path.join(folder, "root")).layout
    return [*_of_packs(layout), *_of_operations(), *_of_records(), *_of_caches(layout), *_of_small_files(layout)]


def _put(path: str, data: bytes) -> str:
    with open(path, "wb") as file:
        file.write(data)
    return path


def _of_packs(layout: Layout) -> list[Decoder]:
    store = writable(layout)
    assert store.writer is not None
    store.writer.add(digest_of(_TEXTS[0]), _TEXTS[0])
    for number in (1, 2):
        base = Base(digest_of(_TEXTS[0]), _TEXTS[0], number)
        store.writer.add(digest_of(_TEXTS[number]), _TEXTS[number], base)
    (ref,) = store.writer.finish()
    with open(layout.pack(ref.name), "rb") as file:
        whole = file.read()
    slots = dict(Pack(layout.pack(ref.name), ref).slots())
    link = whole[(slot := slots[digest_of(_TEXTS[2])]).offset :][: slot.stored]
    frame = whole[(slot := slots[digest_of(_TEXTS[0])]).offset :][: slot.stored]
    index = whole[_index_at(whole) : -pack.FOOTER.size - pack.BUCKET.size]

    def read(data: bytes) -> None:
        """Open it, and read what its index names."""
        ref = PackRef("0" * 32, len(data))
        _put(layout.pack(ref.name), data)
        held = ObjectStore(layout, [ref], None, lambda: True)
        try:
            for digest, slot in list(held.pack(ref).slots([]))[:_FEW]:
                assert held.pack(ref).find(digest) is not None or slot
                try:
                    assert digest_of(held.read(digest)) == digest
                except MuseError:
                    continue
        finally:
            held.close()

    return [
        Decoder("pack", (whole,), read),
        Decoder("index of a pack", (index,), lambda data: read(_indexed(whole[: _index_at(whole)], data))),
        Decoder("link", (link,), lambda data: _unlink(Link.decode(data))),
        Decoder("frame", (frame,), _unframe),
        Decoder("frame in pieces", (frame,), lambda data: sum(map(len, codec.decompress_stream([data], "it")))),
    ]


def _index_at(whole: bytes) -> int:
    """Where the index of a pack with one bucket begins."""
    index: int = pack.FOOTER.unpack(whole[-pack.FOOTER.size :])[0]
    return index


def _indexed(data: bytes, index: bytes) -> bytes:
    """A pack with an index that says what it likes, under right checksums."""
    count = len(index) // pack.ENTRY.size
    entries = index[: count * pack.ENTRY.size]
    table = pack.BUCKET.pack(count, crc32(entries))
    fields = pack.FOOTER.pack(len(data), count, 0, 0, pack.END)[:-12]
    return data + entries + table + fields + crc32(table + fields).to_bytes(4, "big") + pack.END


def _unlink(link: Link) -> None:
    _unframe(link.frame, _TEXTS[0])


def _unframe(frame: bytes, base: bytes | None = None) -> None:
    """Take it for a frame of one size after the other."""
    for size in _SIZES:
        try:
            codec.decompress(frame, size, "it", base)
        except MuseError:
            continue


def _of_operations() -> list[Decoder]:
    view = View("main", _DIGEST, {"main": _DIGEST}, None, {"stage": Section(codec.pack({"a": [FILE, _DIGEST]}))})
    changes = Section(encode_changes([Change("a/b", None, _ENTRY), Change("c", _ENTRY, None)]))
    packs = (PackRef("ab" * 16, 999),)
    entry = ops.encode(an_operation(3, view=view, packs=packs, retires=packs, worktree=changes, folder=3, redo=(1,)))

    def read(data: bytes) -> None:
        """Decode it, and look at all that others look at."""
        operation = ops.decode(data, "it")
        assert operation.command and ops.head(operation)
        list(roots(operation, _Empty(), None, lambda error: None))

    def sealed(body: bytes) -> None:
        head = ops._HEADER.pack(ops.MAGIC, ops.VERSION, len(body)) + body
        read(head + digest_of(head))

    return [Decoder("operation", (entry,), read), Decoder("record of an operation", (entry[16:-32],), sealed)]


def _of_records() -> list[Decoder]:
    tree = records.encode_tree({"a": _ENTRY, "b.ipynb": _ENTRY, "c": Entry("d", _DIGEST)})
    commit = Commit(_DIGEST, (_DIGEST,), Author("Ada", "ada@example.org"), "2026-03-14T12:00:00+00:00", "first\n")
    changes = (Change("a/b", None, _ENTRY), Change("c", _ENTRY, None))
    work = Shelved("later", commit.time, "main", _DIGEST, {"a": _ENTRY, "b": None}, changes)
    store: Any = MemoryStore()
    shelf = with_shelf(View(), store, [work]).sections["shelf"].inline or b""

    def section(name: str, data: bytes) -> View:
        return View(sections={name: Section(data)})

    return [
        Decoder("tree", (tree,), lambda data: records.decode_columns(data, "it").entries()),
        Decoder("commit", (records.encode_commit(commit),), lambda data: records.decode_commit(data, "it").subject),
        Decoder("list of changes", (encode_changes(changes),), decode_changes),
        Decoder("stage", (codec.pack({"a": [FILE, _DIGEST]}),), lambda data: section("stage", data).stage(store)),
        Decoder("tags", (codec.pack({"a": _DIGEST}),), lambda data: sorted(section("tags", data).tags(store).items())),
        Decoder("shelf", (shelf,), lambda data: [one.subject for one in shelved(section("shelf", data), store)]),
        Decoder("path filter", (make(["a", "b/c"]),), lambda data: Probe(["b/c", "x"]).may_be_in(data or b"\0")),
    ]


def _of_caches(layout: Layout) -> list[Decoder]:
    stat, graph, kept = layout.stat_cache, layout.graph_cache, os.path.join(layout.cache, "sweep")
    bodies = {
        "stat cache": codec.pack({"folders": {"": _a_folder()}, "essences": {_DIGEST: b""}}),
        "graph cache": codec.pack(_a_graph()),
        "sweep cache": codec.pack({"clean": {"ops": [1, 2]}, "large": {"ops": [1, 2, 3]}, "shards": ["ab"]}),
    }
    reads: dict[str, Callable[[bytes], object]] = {
        "stat cache": lambda data: [StatCache(_put(stat, data)).get(folder) for folder in ("", "a")],
        "graph cache": lambda data: Graph(_put(graph, data)).find(_DIGEST),
        "sweep cache": lambda data: _sweep(layout, _put(kept, data)),
    }
    versions = {"stat cache": 2, "graph cache": 1, "sweep cache": 1}

    def sealed(name: str, body: bytes) -> bytes:
        return codec.pack({"version": versions[name], "check": crc32(body), "body": body})

    whole = [Decoder(name, (sealed(name, body),), reads[name]) for name, body in bodies.items()]
    inside = [
        Decoder(f"body of the {name}", (body,), lambda data, name=name: reads[name](sealed(name, data)))  # type: ignore[misc]
        for name, body in bodies.items()
    ]
    return [*whole, *inside]


def _sweep(layout: Layout, kept: str) -> None:
    memory = sweep.Memory(layout.muse)
    assert os.path.exists(kept)
    memory.load()
    memory.is_clean("ops", (1, 2), 3)
    memory.save()


def _a_folder() -> bytes:
    listing = [["a.txt"], ["d"], [], [], [], []]
    return codec.pack([[1, 2, 3], b"r", listing, ["a.txt"], [[1, 2, 3, 4, 5]], "f", _DIGEST, b"", [b""]])


def _a_graph() -> dict[str, object]:
    return {
        **{"digests": _DIGEST, "trees": _DIGEST, "parents": [[]], "generations": [1], "authors": [["Ada", ""]]},
        **{"author": [0], "times": [""], "seconds": [1.0], "messages": ["first"], "filters": [b""]},
    }


def _of_small_files(layout: Layout) -> list[Decoder]:
    def applied(data: bytes) -> None:
        _put(layout.applied, data)
        folder_state.applied(layout)
        hints.wrong_applied(layout)

    def head(data: bytes) -> None:
        _put(layout.head, data)
        hints.ahead(layout, 3)
        assert ops.hinted(layout) >= 0

    def settings(data: bytes) -> None:
        Settings(toml.read(_put(layout.config, data)), {}).text("durability")

    text = b'durability = "full"\n[author]\nname = "Ada"  # me\n[store]\npublish = "link"\n'
    return [
        Decoder("HEAD", (b"operation 12\nbranch main\ncommit sha256:" + b"0" * 64 + b"\n",), head),
        Decoder("applied", (b"12\n",), applied),
        Decoder("settings", (text,), settings),
    ]
