"""`muse.verbs._sides`: sizes cost no reading, and what is too large is not read."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.errors import SystemTrouble
from muse.core.folder.folders import Folders
from muse.core.packs.store import ObjectStore
from muse.core.types import Change, digest_of
from muse.verbs import _sides
from muse.verbs._sides import InFolder, Side
from tests.commands import muse, ok
from tests.verbs.file_diffs import Held, change

MiB = 1 << 20


@given(st.integers(0, 200 * MiB), st.integers(0, 200 * MiB), st.sampled_from(["a.csv", "a.ipynb"]))
def test_both_sides_are_read_or_none(old_size: int, new_size: int, path: str) -> None:
    old, new = Held(b"old", old_size), Held(b"new", new_size)
    found = _sides.sides(change(path, b"old", b"new"), old, new)
    readable = max(old_size, new_size) <= (100 * MiB if path == "a.ipynb" else 8 * MiB)
    assert old.reads == new.reads == readable
    assert found == ((Side(3, b"old"), Side(3, b"new")) if readable else (Side(old_size), Side(new_size)))


def test_what_is_not_there_has_no_side() -> None:
    held = Held(b"data")
    assert _sides.sides(change("a", None, b"data"), Held(None), held) == (None, Side(4, b"data"))
    assert _sides.sides(change("a", b"data", None), held, Held(None)) == (Side(4, b"data"), None)


def test_in_the_folder(folder: Path) -> None:
    Path("a.txt").write_bytes(b"four")
    Path("link").symlink_to("there")
    here = change("a.txt", None, b"four").after
    assert here is not None
    with Folders(str(folder)) as folders:
        place = InFolder(folders)
        assert (place.size("a.txt", here), place.read("a.txt", here)) == (4, b"four")
        assert place.size("link", here) == 5
        Path("a.txt").unlink()
        with pytest.raises(SystemTrouble, match=r"a\.txt changed while it was read"):
            _sides.sides(Change("a.txt", None, here), Held(None), place)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Bytes that were read: of objects, and of files as a whole."""
    counts: Counter[str] = Counter()
    of_object, of_file = ObjectStore.read, Folders.read

    def read_object(store: ObjectStore, digest: bytes, most: int | None = None) -> bytes:
        data = of_object(store, digest, most)
        counts["store"] += len(data)
        return data

    def read_file(folders: Folders, path: str) -> bytes:
        data = of_file(folders, path)
        counts["folder"] += len(data)
        return data

    monkeypatch.setattr(ObjectStore, "read", read_object)
    monkeypatch.setattr(Folders, "read", read_file)
    return counts


def test_of_a_large_file_nothing_is_read(repository: Path, read: Counter[str]) -> None:
    Path("big.csv").write_bytes(os.urandom(MiB) * 20)
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    with Path("big.csv").open("ab") as file:
        file.write(b"more")
    Path("a.txt").write_text("two\n")
    read.clear()
    assert ok("diff").endswith("big.csv\n  too large to show, 21 MB → 21 MB\n")
    assert (read["store"] < MiB, read["folder"]) == (True, len("two\n"))
    ok("commit", "-m", "second look")
    for words in (["diff", "HEAD~1", "HEAD"], ["diff", "HEAD~1", "--stat"], ["show"], ["show", "HEAD:big.csv"]):
        read.clear()
        shown = muse(*words, "--json").json
        assert "blob_id" in shown or [file["new_size"] for file in shown["files"]] == [4, 20 * MiB + 4]
        assert read["store"] + read["folder"] < MiB, words


def test_a_large_file_is_still_told_by_its_content(repository: Path) -> None:
    Path("big.csv").write_bytes(bytes(9 * MiB))
    ok("commit")
    Path("big.csv").write_bytes(bytes(9 * MiB - 1) + b"x")
    (found,) = muse("diff", "--json").json["files"]
    assert (found["kind"], found["old_size"], found["new_size"]) == ("large", 9 * MiB, 9 * MiB)
    assert muse("show", "HEAD:big.csv", "--json").json["blob_id"] == f"sha256:{digest_of(bytes(9 * MiB)).hex()}"
