"""`folder.mapped`: what this process writes through its memory, and what a scan makes of it."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muse.core.folder import mapped
from tests.core.folders import file, put, put_all
from tests.core.scanning import Place, check

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="the system does not tell")


@contextmanager
def mapping(path: str | os.PathLike[str], access: int = mmap.ACCESS_WRITE) -> Iterator[mmap.mmap]:
    with open(path, "r+b") as opened, mmap.mmap(opened.fileno(), 0, access=access) as found:
        yield found


@pytest.mark.parametrize(
    ("access", "counts"), [(mmap.ACCESS_WRITE, True), (mmap.ACCESS_READ, False), (mmap.ACCESS_COPY, False)]
)
def test_what_is_mapped_to_be_written_and_shared(tmp_path: Path, access: int, counts: bool) -> None:
    path = tmp_path / "new\nline and spaces"
    path.write_bytes(b"1")
    inode = path.stat().st_ino
    with mapping(path, access):
        assert (inode in mapped.inodes()) == counts
    assert inode not in mapped.inodes()


def test_where_the_system_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"1")
    monkeypatch.setattr(mapped, "_MAPS", str(tmp_path / "nothing"))
    with mapping(path):
        assert mapped.inodes() == frozenset()


@pytest.fixture(params=["disk", "memory"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A folder on a disk, and one in memory, whose pages are never written back."""
    if request.param == "disk":
        yield Place(tmp_path / "root")
        return
    if not os.path.isdir("/dev/shm"):
        pytest.skip("there is no file system in memory")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Place(os.path.join(folder, "root"))


@pytest.mark.parametrize("beside", [b"0", b"9"])
def test_a_file_that_is_mapped_is_looked_at_again(place: Place, beside: bytes) -> None:
    """Whatever its times say. What is beside it is not read again, be it as committed or not."""
    put_all(place.root, {"d/f": file(b"0"), "d/g": file(b"0")})
    place.commit_all()
    put(place.root, "d/g", file(beside))
    others = [] if beside == b"0" else ["d/g"]
    place.scan(settled=True)
    path = os.path.join(place.root, "d", "f")
    with mapping(path) as memory:
        for number in (b"1", b"2", b"3"):
            memory[:] = number
            found = place.scan(settled=True)
            check(place, found)
            assert [change.path for change in found.changes] == ["d/f", *others]
            assert place.reads == ["d/f"]
        memory[:] = b"4"
    for reads in (["d/f"], []):
        check(place, place.scan(settled=True))
        assert place.reads == reads


@pytest.mark.parametrize("beside", [b"0", b"9"])
def test_what_another_process_remembers_of_it_is_not_trusted(
    place: Place, monkeypatch: pytest.MonkeyPatch, beside: bytes
) -> None:
    """It does not see what we map. Our next change of the same page shows in no time."""
    put_all(place.root, {"d/f": file(b"0"), "d/g": file(b"0")})
    with mapping(os.path.join(place.root, "d", "f")) as memory:
        memory[:] = b"1"
        place.commit_all()
        put(place.root, "d/g", file(beside))
        with monkeypatch.context() as patch:
            patch.setattr(mapped, "inodes", frozenset)
            place.scan(settled=True)
        place.reload()
        memory[:] = b"2"
        check(place, place.scan(settled=True))
        assert place.reads == ["d/f"]


def test_what_is_mapped_is_not_asked_for_in_vain(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place.root, "f", file(b"0"))
    monkeypatch.delitem(sys.modules, "mmap")
    monkeypatch.setattr(mapped, "inodes", None)
    check(place, place.scan())
