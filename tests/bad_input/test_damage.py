"""Files of ours that are cut short or altered: named in one line, and everything else can still be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.base.errors import Damaged
from muse.core.object_store import object_path, read_object, write_object
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.types import blob_id
from tests.bad_input.scenes import DAMAGE, cut, flip, packs
from tests.commands import commit_id, muse, ok, refused

Damage = Callable[[Path], None]
damages = pytest.mark.parametrize("damage", DAMAGE)


@damages
def test_a_pack(history: Repo, damage: Damage) -> None:
    first = commit_id("HEAD~2")
    middle, at = packs(history)[1], commit_id("HEAD~1")
    damage(middle)
    said = refused("show", at, status=3)
    assert middle.name in said or "sha256:" in said
    refused("checkout", at, status=3)
    listed = muse("log")
    assert (listed.status, listed.err) == (3, "") and "commit 3" in listed.lines[0] and at[7:17] in listed.lines[1]
    assert Path("a.txt").read_text() == "version 3\n" * 100
    assert ok("status").endswith("Nothing to commit, the folder is clean.\n")
    assert "commit 1" in ok("show", first)
    ok("checkout", first)
    assert Path("a.txt").read_text() == "version 1\n" * 100
    ok("undo")
    Path("a.txt").write_text("version 4\n")
    assert "commit 4" in ok("commit", "-m", "commit 4")


@damages
def test_the_pack_of_the_newest_commit(history: Repo, damage: Damage) -> None:
    damage(packs(history)[-1])
    for words in (("log",), ("show",), ("status",), ("diff",)):
        refused(*words, status=3)
    assert "commit -m" in ok("op", "log")
    assert ok("undo")
    assert "commit 2" in ok("log")


def test_a_pack_that_is_gone(history: Repo) -> None:
    gone = packs(history)[1]
    gone.unlink()
    assert gone.name in refused("show", "HEAD~1", status=3)
    assert gone.name in refused("checkout", "HEAD~2", status=3)
    assert ok("op", "log") and ok("log", "-n", "1"), "what other packs hold is still readable"


@damages
def test_the_newest_operation(history: Repo, damage: Damage) -> None:
    damage(Path(history.layout.operation(4)))
    for words in (("status",), ("log",), ("commit", "-m", "x"), ("undo",), ("checkout", "HEAD~1"), ("add", "a.txt")):
        assert "operation 4 " in refused(*words, status=3)
    assert ops.numbers(history.layout) == [1, 2, 3, 4]
    assert Path("a.txt").read_text() == "version 3\n" * 100


@damages
def test_an_older_operation(history: Repo, damage: Damage) -> None:
    damage(Path(history.layout.operation(3)))
    assert "operation 3 " in refused("undo", status=3)
    assert "operation 3 " in refused("op", "restore", "3", status=3)
    assert "commit 1" in ok("log")
    Path("a.txt").write_text("version 4\n")
    assert ok("commit", "-m", "commit 4")
    assert ok("undo")


@damages
def test_an_older_operation_in_the_list(history: Repo, damage: Damage) -> None:
    damage(Path(history.layout.operation(3)))
    listed = muse("op", "log")
    assert (listed.status, listed.err) == (3, "") and "1 operation cannot be had: 3" in listed.lines
    assert [line.split()[0] for line in listed.lines[:3]] == ["4", "2", "1"]
    assert len(ok("op", "log", "-n", "1").splitlines()) == 1


@damages
def test_a_single_object(repository: Repo, damage: Damage) -> None:
    data = b"one object\n" * 20
    name = blob_id(data)
    write_object(repository.root, name, data)
    path = Path(object_path(repository.root, name))
    damage(path)
    with pytest.raises(Damaged, match=name):
        read_object(repository.root, name)
    assert write_object(repository.root, name, data), "the next write of the same bytes heals it"
    assert read_object(repository.root, name) == data


def test_a_single_object_is_not_needed_where_a_pack_holds_it(history: Repo) -> None:
    data = b"version 1\n" * 100
    write_object(history.root, blob_id(data), data)
    cut(Path(object_path(history.root, blob_id(data))))
    assert read_object(history.root, blob_id(data)) == data


def test_the_same_bytes_again_replace_a_damaged_object(history: Repo) -> None:
    damaged = packs(history)[0]
    flip(damaged)
    Path("c.txt").write_text("b\n" * 100)
    Path("d.txt").write_text("version 1\n" * 100)
    Path("b.txt").unlink()
    ok("commit", "-m", "the same bytes")
    Path("c.txt").unlink()
    ok("restore", "c.txt")
    assert Path("c.txt").read_text() == "b\n" * 100


@pytest.mark.parametrize("name", ["stat", "config"])
@damages
def test_caches_are_thrown_away(history: Repo, damage: Damage, name: str) -> None:
    ok("status")
    cache = Path(history.layout.cache, name)
    if not cache.exists():
        cache.write_bytes(b"old" * 50)
    before = ok("status")
    damage(cache)
    assert ok("status") == before
    Path("a.txt").write_text("version 4\n")
    assert "a.txt" in ok("status")
    assert ok("commit", "-m", "commit 4")


@damages
def test_the_hint_is_only_a_hint(history: Repo, damage: Damage) -> None:
    before = ok("log"), ok("status")
    damage(Path(history.layout.head))
    assert (ok("log"), ok("status")) == before
    assert ok("branch", "next")
    assert Path(history.layout.head).read_text().startswith("operation 5\n")


@pytest.mark.parametrize("number", ["1", "999", "-1", "9999999999999", "x", ""])
def test_a_hint_that_is_wrong(history: Repo, number: str) -> None:
    before = ok("log")
    Path(history.layout.head).write_text(f"operation {number}\nbranch main\n")
    assert ok("log") == before


@damages
def test_how_far_the_folder_is(history: Repo, damage: Damage) -> None:
    ok("checkout", "HEAD~1")
    damage(Path(history.layout.applied))
    assert ok("status")
    assert ok("checkout", "main")
    assert Path("a.txt").read_text() == "version 3\n" * 100
    assert Path(history.layout.applied).read_text() == "6\n"


@pytest.mark.parametrize("data", [b"[store\n", b"\xff", bytes(40), b"<<<<<<< HEAD\n"])
def test_settings_that_are_no_toml(history: Repo, data: bytes) -> None:
    """A person wrote them, so this is wrong usage and no damage: the line is named."""
    config = Path(history.layout.config)
    config.write_bytes(data)
    Path("a.txt").write_text("version 4\n")
    for words in (("commit", "-m", "x"), ("checkout", "HEAD~1"), ("config",), ("config", "author.name", "Ada")):
        assert str(config) in refused(*words, status=2)
    assert "commit 3" in ok("log")
    assert "a.txt" in ok("status")
    config.unlink()
    assert ok("commit", "-m", "commit 4")


def test_settings_that_nest(history: Repo) -> None:
    Path(history.layout.config).write_text("a = " + "[" * 100_000)
    refused("commit", "-m", "x", status=2)
    assert ok("log")


def test_names_in_the_log_that_do_not_count(history: Repo) -> None:
    before = ok("log")
    for name in ("000000000099 (conflicted copy)", "99", "0000000000099", "٠٠٠٠٠٠٠٠٠٠٩٩", ".DS_Store"):
        Path(history.layout.ops, name).write_bytes(b"junk")
    Path(history.layout.head).unlink()
    assert ok("log") == before
    assert ok("branch", "next")


def test_a_folder_of_ours_that_is_gone(history: Repo) -> None:
    for name in ("cache", "restore", "journal"):
        folder = Path(history.layout.muse, name)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink()
        os.rmdir(folder)
    assert ok("status")
    Path("a.txt").write_text("version 4\n")
    assert ok("commit", "-m", "commit 4")
    assert ok("checkout", "HEAD~1")
