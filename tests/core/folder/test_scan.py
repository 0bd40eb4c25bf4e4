"""`folder.scan` against a plain model of the folder."""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.folder import scan
from muse.core.folder.scan import Skipped
from muse.core.stat_cache import StatCache
from tests.core import faults
from tests.core.folders import FIFO, What, file, put, put_all, read, right_after, tick
from tests.core.names_to_try import BAD
from tests.core.scanning import Place, check, visible


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder."""
    return Place(tmp_path / "root")


# Few names, so that everything happens at the same places; contents of the same size, so that times must tell.
SEGMENTS = st.sampled_from(["a", "b", "__pycache__", os.fsdecode(b"\xff"), "a.b"])
LAST = SEGMENTS | st.sampled_from([".DS_Store", ".~a", "pyvenv.cfg", ".git"])
PATHS = st.tuples(st.lists(SEGMENTS, max_size=2), LAST).map(lambda parts: "/".join([*parts[0], parts[1]]))
WHATS = (
    st.builds(What, st.sampled_from("fffx"), st.sampled_from([b"1", b"2", b""]))
    | st.sampled_from([What("l", b"a"), What("l", b".."), What("d"), What(FIFO)])
    | st.none()
)
EDITS = st.lists(st.tuples(PATHS, WHATS), max_size=5)
STEPS = st.lists(
    st.tuples(EDITS, st.sampled_from(["", "", "commit", "reload"]), st.booleans()), min_size=1, max_size=5
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_a_scan_finds_exactly_what_differs(steps: list[tuple[list[tuple[str, What | None]], str, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.join(folder, "root"))
        for edits, then, settled in steps:
            tick(place.root)
            for path, what in edits:
                put(place.root, path, what)
            tick(place.root)
            check(place, place.scan(settled=settled))
            if then == "commit":
                place.commit_all()
                check(place, place.scan(settled=settled))
            elif then == "reload":
                place.reload()


@given(st.lists(st.sampled_from(["a", "b", "a/b", "a.b", "b/a/b"]), min_size=1), st.data())
def test_a_look_at_a_part_finds_what_differs_there(within: list[str], data: st.DataObject) -> None:
    """And what it remembers or has not read misleads no later look."""
    paths = ["f", "a/f", "a/b/f", "a.b/f", "ab", "b/f", "b/a/f", "b/a/b/f", "b/a/b/c/f"]
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.join(folder, "root"))
        put_all(place.root, dict.fromkeys(data.draw(st.sets(st.sampled_from(paths))), file(b"1")))
        if data.draw(st.booleans()):
            place.scan(settled=True)
        place.commit_all()
        tick(place.root)
        for path in data.draw(st.sets(st.sampled_from(paths))):
            put(place.root, path, data.draw(st.sampled_from([file(b"2"), None])))
        found = [change for change in place.scan(settled=True, within=within).changes]
        assert all(lies_in(path, within) for path in place.reads)
        everything = place.scan(settled=True)
        assert found == [change for change in everything.changes if lies_in(change.path, within)]
        check(place, place.scan(settled=True))


def lies_in(path: str, within: list[str]) -> bool:
    return any((path + "/").startswith(one + "/") for one in within)


@pytest.fixture
def large(place: Place) -> Place:
    """A committed folder of a few hundred files, which nobody has looked at yet."""
    for one, two in itertools.product("abcd", repeat=2):
        put_all(place.root, {f"{one}/{two}/f{three}": file(b"1") for three in range(20)})
    put_all(place.root, {"top": file(b"1"), "run": What("x", b"1"), "link": What("l", b"top")})
    place.commit_all()
    tick(place.root)
    return place


def test_a_second_scan_reads_nothing(large: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert large.scan(settled=True).changes == ()
    assert len(large.reads) == 323
    large.reload()
    large.store.reads.clear()
    monkeypatch.setattr(os, "scandir", None)
    monkeypatch.setattr(os, "listdir", None)
    assert large.scan(settled=True).changes == ()
    assert large.reads == []
    assert large.store.reads == []


def test_what_was_not_looked_at_is_not_forgotten(large: Place) -> None:
    large.scan(settled=True)
    large.scan(settled=True, within=["a/b"])
    large.reload()
    assert large.scan(settled=True).changes == ()
    assert large.reads == []


def test_only_what_changed_is_read(large: Place) -> None:
    large.scan(settled=True)
    tick(large.root)
    put(large.root, "a/b/f3", file(b"2"))
    put(large.root, "c/new", file(b"3"))
    put(large.root, "d/d/f1", None)
    changed = large.scan(settled=True).changes
    assert [change.path for change in changed] == ["a/b/f3", "c/new", "d/d/f1"]
    assert sorted(large.reads) == ["a/b/f3", "c/new"]
    assert large.scan(settled=True).changes == changed
    assert large.reads == []


def test_fresh_files_are_read_again_until_they_have_settled(place: Place) -> None:
    put(place.root, "f", file(b"1"))
    place.commit_all()
    with right_after(os.path.join(place.root, "f")):
        assert place.scan().changes == ()
        assert place.reads == ["f"]
    for reads in (["f"], []):
        assert place.scan(settled=True).changes == ()
        assert place.reads == reads


def test_a_new_file_right_after_a_scan_is_noticed(place: Place) -> None:
    for number in range(20):
        put(place.root, f"a/f{number}", file(b"1"))
        assert len(place.scan().changes) == number + 1
    place.commit_all()
    for number in range(20):
        put(place.root, f"a/g{number}", file(b"1"))
        assert len(place.scan().changes) == number + 1


@pytest.mark.parametrize("settled", [False, True])
def test_another_content_of_the_same_size_and_time_is_noticed(place: Place, settled: bool) -> None:
    put(place.root, "f", file(b"one"))
    place.commit_all()
    tick(place.root)
    assert place.scan(settled=settled).changes == ()
    if settled:
        tick(place.root)
    before = os.stat(os.path.join(place.root, "f"))
    with open(os.path.join(place.root, "f"), "r+b") as opened:
        opened.write(b"two")
    os.utime(opened.name, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(opened.name).st_mtime_ns == before.st_mtime_ns
    assert [change.path for change in place.scan(settled=settled).changes] == ["f"]


def test_racing_against_the_clock(place: Place) -> None:
    put(place.root, "f", file(b"00"))
    place.commit_all()
    for number in range(60):
        with open(os.path.join(place.root, "f"), "r+b") as opened:
            opened.write(b"%02d" % number)
        found = [change.after for change in place.scan().changes]
        assert found == ([file(b"%02d" % number).entry] if number else [])


@pytest.mark.parametrize("damage", [b"", b"rubbish", b"\x81" * 1000])
def test_a_damaged_cache_is_ignored(large: Place, damage: bytes) -> None:
    large.scan(settled=True)
    large.reload()
    Path(large.cache.path).write_bytes(damage)
    large.cache = StatCache(large.cache.path)
    put(large.root, "a/a/f0", file(b"2"))
    assert [change.path for change in large.scan().changes] == ["a/a/f0"]
    assert len(large.reads) == 323


def test_the_modes_of_files(place: Place) -> None:
    put_all(place.root, {"f": file(b"1"), "x": What("x", b"1"), "l": What("l", b"f")})
    place.commit_all()
    place.scan(settled=True)
    tick(place.root)
    os.chmod(os.path.join(place.root, "f"), 0o755)
    os.chmod(os.path.join(place.root, "x"), 0o644)
    put(place.root, "l", file(b"f"))
    modes = {change.path: change.after.mode for change in place.scan(settled=True).changes if change.after}
    assert modes == {"f": "x", "x": "f", "l": "f"}


def test_links_are_not_followed_out_of_the_folder(place: Place, tmp_path: Path) -> None:
    put(tmp_path, "outside/secret", file(b"1"))
    put_all(place.root, {"out": What("l", os.fsencode(tmp_path / "outside")), "self": What("l", b".")})
    assert [change.path for change in place.scan().changes] == ["out", "self"]


def test_a_link_that_takes_the_place_of_a_folder_is_not_entered(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the folder above was listed."""
    put(tmp_path, "outside/secret", file(b"1"))
    put(place.root, "a/f", file(b"1"))
    original = os.open

    def late(path: str, *arguments: int, **options: int) -> int:
        if path == "a":
            put(place.root, "a", What("l", os.fsencode(tmp_path / "outside")))
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "open", late)
    found = place.scan()
    assert found.changes == ()
    assert [trouble.message for trouble in found.troubles] == ["cannot open the folder a: Not a directory"]


def test_ignored_folders_are_not_entered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ["data/deep/f", "env/pyvenv.cfg", "env/lib/f", "f", "other/.git/f", "other/f"]
    put_all(place.root, {".gitignore": file(b"data/\n*.cfg\n"), **dict.fromkeys(paths, file(b"1"))})
    opened: list[str] = []
    original = os.open

    def counted(path: str, flags: int, *arguments: int, **options: int) -> int:
        opened.append(path)
        return original(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", counted)
    result = place.scan()
    assert [change.path for change in result.changes] == [".gitignore", "f"]
    assert result.skipped == (Skipped("other", "repository"),)
    assert not {"data", "deep", "lib", ".git"} & set(opened)


def test_rules_are_for_untracked_files_only(place: Place) -> None:
    put_all(place.root, {"data/f": file(b"1"), "log": file(b"1"), ".gitignore": file(b"data/\nlog\nnew\n")})
    place.commit(visible(read(place.root), {}))
    put_all(place.root, {"data/f": file(b"2"), "data/g": file(b"1"), "log": file(b"2"), "new": file(b"1")})
    assert [change.path for change in place.scan().changes] == ["data/f", "log"]


FOLDERS = ["__pycache__", "a", "a/__pycache__"]
INSIDE = ["f", "deep/f", "deep/deep/f", "deep/.museignore", "pyvenv.cfg", ".git/config", "deep/.git"]


@settings(max_examples=40)
@given(
    names=st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(INSIDE)), min_size=2),
    reload=st.booleans(),
    data=st.data(),
)
def test_of_a_folder_that_is_left_alone_nothing_but_what_is_tracked_is_seen(
    names: set[tuple[str, str]], reload: bool, data: st.DataObject
) -> None:
    """Ignored, marked, or both; committed or staged. And what is remembered of it misleads no later look."""
    paths = sorted("/".join(name) for name in names)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.join(folder, "root"))
        put_all(place.root, dict.fromkeys(paths, file(b"!*\n")))
        tracked = data.draw(st.sets(st.sampled_from(paths)))
        place.commit(dict.fromkeys(tracked, file(b"!*\n").entry))
        check(place, place.scan(settled=True))
        if reload:
            place.reload()
        check(place, place.scan(settled=True))
        assert not tracked & set(place.reads)
        staged = data.draw(st.sets(st.sampled_from(paths)))
        seen = {change.path for change in place.scan(settled=True, staged=staged).changes}
        assert seen == visible(read(place.root), dict.fromkeys(tracked | staged, file(b"").entry)).keys() - tracked
        tick(place.root)
        for path in data.draw(st.sets(st.sampled_from(paths))):
            put(place.root, path, data.draw(st.sampled_from([file(b"2"), None])))
        put_all(place.root, dict.fromkeys(["a/new", "a/deep/new", "__pycache__/deep/new"], file(b"1")))
        check(place, place.scan(settled=True))


@pytest.mark.parametrize("tracked", [[], ["sub/deep/f"]])
def test_a_repository_of_its_own_is_named_each_time(place: Place, tracked: list[str]) -> None:
    put_all(place.root, dict.fromkeys(["sub/deep/f", "sub/deep/g", "sub/g", "sub/.git/config"], file(b"1")))
    place.commit(dict.fromkeys(tracked, file(b"1").entry))
    for _ in range(3):
        assert place.scan(settled=True) == scan.Scan((), (Skipped("sub", "repository"),), ())
    tick(place.root)
    put(place.root, "sub/deep/f", file(b"2"))
    assert [change.path for change in place.scan(settled=True).changes] == tracked


def test_an_environment_that_a_rule_brings_back_is_open(place: Place) -> None:
    put_all(place.root, {".museignore": file(b"!env/\n"), "env/pyvenv.cfg": file(b"1"), "env/f": file(b"1")})
    for _ in range(2):
        assert [change.path for change in place.scan().changes] == [".museignore", "env/f", "env/pyvenv.cfg"]
        place.commit({"env/pyvenv.cfg": file(b"2").entry})


@pytest.mark.parametrize("settled", [True, False])
def test_other_rules_change_the_verdict_at_once(place: Place, settled: bool) -> None:
    def found() -> list[str]:
        with right_after(os.path.join(place.root, "a")):
            return [change.path for change in place.scan(settled=settled).changes]

    put_all(place.root, {"a/f": file(b"1"), "a/g": file(b"1")})
    assert found() == ["a/f", "a/g"]
    tick(place.root)
    put(place.root, ".museignore", file(b"f\n"))
    assert found() == [".museignore", "a/g"]
    tick(place.root)
    put(place.root, "a/.museignore", file(b"!f\n"))
    assert found() == [".museignore", "a/.museignore", "a/f", "a/g"]


def test_what_is_staged_counts_as_tracked(place: Place) -> None:
    put_all(place.root, {"data/deep/f": file(b"1"), "data/g": file(b"1"), ".gitignore": file(b"data/\n")})
    place.commit({".gitignore": file(b"data/\n").entry})
    for settled in (True, True):
        assert place.scan(settled=settled).changes == ()
    found = place.scan(staged=["data/deep/f"], settled=True).changes
    assert [change.path for change in found] == ["data/deep/f"]
    assert place.scan(settled=True).changes == ()


def test_new_large_files_are_left_out_and_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LARGE", 4)
    put_all(place.root, {"old": file(b"1"), "new": file(b"12345"), "small": file(b"1234")})
    place.commit({"old": file(b"1").entry})
    put(place.root, "old", file(b"123456"))
    for _ in range(2):
        result = place.scan(settled=True)
        assert [change.path for change in result.changes] == ["old", "small"]
        assert result.skipped == (Skipped("new", "large", 5),)
    assert [change.path for change in place.scan(staged=["new"]).changes] == ["new", "old", "small"]


MUSE_LIKE = [name for name in BAD if name.startswith(".mu") and name.lower() != ".muse"]


@pytest.mark.parametrize("name", MUSE_LIKE, ids=ascii)
def test_names_that_no_tree_may_hold_are_named(place: Place, name: str) -> None:
    put_all(place.root, {f"a/{name}/f": file(b"1"), "b": file(b"1")})
    result = place.scan()
    assert [change.path for change in result.changes] == ["b"]
    assert result.skipped == (Skipped(f"a/{name}", "name"),)


def refusing(monkeypatch: pytest.MonkeyPatch, call: str, wanted: str) -> None:
    """One call fails for one name."""
    original = getattr(os, call)

    def refuse(path: str, *arguments: int, **options: int) -> object:
        if path == wanted:
            faults.failing(errno.EACCES)()
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, call, refuse)


@pytest.mark.parametrize(
    ("call", "name", "message"),
    [
        ("open", "f", "cannot read a/f: Permission denied"),
        ("stat", "f", "cannot look at a/f: Permission denied"),
        ("open", "a", "cannot open the folder a: Permission denied"),
    ],
)
@pytest.mark.parametrize("tracked", [True, False])
def test_what_cannot_be_read_is_named_and_not_taken_for_deleted(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str, name: str, message: str, tracked: bool
) -> None:
    put_all(place.root, {"a/f": file(b"1"), "a/g": file(b"1"), "b": file(b"1")})
    if tracked:
        place.commit_all()
    put(place.root, "b", file(b"2"))
    with monkeypatch.context() as patch:
        refusing(patch, call, name)
        for _ in range(2):
            result = place.scan(settled=True)
            assert [trouble.message for trouble in result.troubles] == [message]
            assert all(change.after is not None for change in result.changes)
            assert "b" in [change.path for change in result.changes]
    result = place.scan(settled=True)
    assert result.troubles == ()
    assert [change.path for change in result.changes] == (["b"] if tracked else ["a/f", "a/g", "b"])


@pytest.mark.parametrize(("call", "name"), [("open", "f"), ("stat", "f"), ("open", "a")])
def test_what_cannot_be_read_elsewhere_is_no_trouble(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str, name: str
) -> None:
    put_all(place.root, {"a/f": file(b"1"), "f": file(b"1"), "b/g": file(b"1")})
    refusing(monkeypatch, call, name)
    result = place.scan(within=["b"])
    assert result.troubles == ()
    assert [change.path for change in result.changes] == ["b/g"]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="disks know no such times")
@pytest.mark.parametrize("old", ["d", "d/f"])
def test_what_is_from_the_year_1601_is_seen_like_anything_else(old: str) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        place = Place(os.path.join(folder, "root"))
        put_all(place.root, {"d/f": file(b"1"), "g": file(b"1")})
        long_ago = -11_644_473_600 * 10**9
        os.utime(os.path.join(place.root, old), ns=(long_ago, long_ago))
        for _ in range(2):
            assert [change.path for change in place.scan(settled=True).changes] == ["d/f", "g"]
        place.commit_all()
        for _ in range(2):
            check(place, place.scan(settled=True))


def test_a_folder_that_cannot_be_listed_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place.root, "a/f", file(b"1"))
    place.commit_all()
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", faults.failing(errno.EIO))
        result = place.scan()
    assert [trouble.message for trouble in result.troubles] == ["cannot list the folder .: Input/output error"]
    assert result.changes == ()


def test_too_deep_is_named(place: Place) -> None:
    at = place.root
    for _ in range(210):
        os.mkdir(os.path.join(at, "d"))
        at = os.path.join(at, "d")
        Path(at, "f").write_bytes(b"")
    result = place.scan()
    assert len(result.changes) == 201
    assert [trouble.message.endswith("is nested too deep") for trouble in result.troubles] == [True]


def test_no_descriptor_is_left_open(large: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(os.listdir("/dev/fd"))
    large.scan()
    refusing(monkeypatch, "stat", "f0")
    large.scan()
    assert len(os.listdir("/dev/fd")) == before


def test_files_and_folders_change_places(large: Place) -> None:
    large.scan(settled=True)
    tick(large.root)
    put_all(large.root, {"a": file(b"now a file"), "top/f": file(b"now a folder"), "b/a": What("l", b".")})
    changes = large.scan(settled=True).changes
    assert {change.path for change in changes if change.after is not None} == {"a", "top/f", "b/a"}
    gone = {change.path for change in changes if change.after is None}
    assert gone == {path for path in large.committed if path.startswith(("a/", "b/a/"))} | {"top"}
