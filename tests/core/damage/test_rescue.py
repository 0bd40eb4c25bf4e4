"""`damage.rescue`: an object is found wherever it still is, and never taken for another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged, Missing
from muse.core.damage import rescue
from muse.core.damage.rescue import Everywhere, stream
from muse.core.object_store import write_object
from muse.core.packs.pack import LARGE
from muse.core.packs.pack_writer import PackWriter
from muse.core.paths import Layout
from muse.core.types import blob_id, digest_of
from tests.core.damaged import flip
from tests.core.stores import new_repo, write_pack

DATA = b"wanted " * 30


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


def read(layout: Layout, data: bytes = DATA, *, folder: bool = False) -> bytes:
    """What is found."""
    everywhere = Everywhere(layout)
    try:
        if folder:
            everywhere.look_in_folder({digest_of(data): None})
        return everywhere.read(digest_of(data))
    finally:
        everywhere.close()


def test_nowhere(layout: Layout) -> None:
    with pytest.raises(Missing):
        read(layout, folder=True)


def test_in_a_pack_that_nothing_names(layout: Layout) -> None:
    write_pack(layout, [b"other"])
    write_pack(layout, [DATA])
    assert read(layout) == DATA


def test_in_a_pack_that_was_set_aside(layout: Layout) -> None:
    ref = write_pack(layout, [b"other", DATA])
    os.rename(layout.pack(ref.name), layout.pack_aside(ref.name))
    assert read(layout) == DATA


def test_as_a_single_object(layout: Layout) -> None:
    write_object(layout.root, blob_id(DATA), DATA)
    assert read(layout) == DATA
    flip(Path(layout.shard_file(digest_of(DATA))))
    with pytest.raises(Damaged):
        read(layout)


@pytest.mark.parametrize("path", ["x", "deep/in a/folder", ".hidden", ".git/x"])
def test_among_the_files_of_the_folder(layout: Layout, path: str) -> None:
    place = Path(layout.root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(DATA)
    assert read(layout, folder=True) == DATA
    place.write_bytes(DATA[:-1])
    with pytest.raises(Missing):
        read(layout, folder=True)


def test_a_link_is_its_target(layout: Layout) -> None:
    target = Path(layout.root, "target")
    target.mkdir()
    Path(layout.root, "link").symlink_to("target")
    assert read(layout, b"target", folder=True) == b"target"


def test_what_is_no_file_is_passed_over(layout: Layout) -> None:
    os.mkfifo(Path(layout.root, "fifo"))
    Path(layout.root, "dangling").symlink_to("nowhere")
    Path(layout.root, "loop").symlink_to(".")
    Path(layout.root, "x").write_bytes(DATA)
    assert read(layout, folder=True) == DATA


def test_only_files_of_a_size_that_is_wanted_are_read(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    contents = rescue._contents

    def noted(path: str) -> Iterator[bytes]:
        opened.append(os.path.basename(path))
        return contents(path)

    monkeypatch.setattr(rescue, "_contents", noted)
    for name, data in (("same", DATA), ("longer", DATA + b"x"), ("other", b"x" * len(DATA))):
        Path(layout.root, name).write_bytes(data)
    everywhere = Everywhere(layout)
    everywhere.look_in_folder({digest_of(DATA): len(DATA)})
    assert sorted(opened) == ["other", "same"]
    assert {*everywhere.files} == {digest_of(DATA)}


def test_streams_are_held_against_the_digest(layout: Layout) -> None:
    writer = PackWriter(layout, durable=False, way="link")
    assert not stream(digest_of(DATA), [DATA, b"x"], writer)
    assert digest_of(DATA) not in writer
    assert stream(digest_of(DATA), [DATA[:9], DATA[9:]], writer)
    assert digest_of(DATA) in writer
    writer.discard()


@pytest.mark.parametrize("size", [10, LARGE])
def test_what_is_fetched_is_held_against_the_digest(layout: Layout, size: int) -> None:
    data = bytes(size) + DATA
    write_object(layout.root, blob_id(data), data)
    writer, everywhere = PackWriter(layout, durable=False, way="link"), Everywhere(layout)
    assert everywhere.fetch(digest_of(data), writer)
    writer.discard()
    flip(Path(layout.shard_file(digest_of(data))))
    assert not everywhere.fetch(digest_of(data), writer)
    assert digest_of(data) not in writer
    writer.discard()
