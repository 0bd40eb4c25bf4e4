"""`muse gc`: what is old and what nothing needs goes; it says so before; and what is forgotten is gone for good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import muse as api
from muse.core.base.errors import SystemTrouble
from muse.core.commands.writing import _Writing
from muse.core.folder import worktree
from muse.core.object_store import has_object, read_object, write_object
from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import digest_of, id_of
from tests import kept
from tests.commands import commit_id, muse, ok, refused
from tests.core.small_commands import raising
from tests.core.stores import new_repo

SECRET = hashlib.sha256(b"a password").digest()


def write(path: str, data: bytes | str) -> None:
    Path(path).write_bytes(data if isinstance(data, bytes) else data.encode())


def commit(data: bytes | str, path: str = "a.txt") -> None:
    """Commit a file; the message is its content where that is short."""
    write(path, data)
    ok("commit", "-m", data if isinstance(data, str) and len(data) < 40 else "more")


@pytest.fixture
def three(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three commits on main, operations 2 to 4, two days old; one command is kept."""
    ok("config", "gc.keep", "1")
    ok("config", "gc.days", "1")
    for content in ("one", "two", "three"):
        commit(content)
    monkeypatch.setenv("MUSE_NOW", "2026-03-16T12:00:00+00:00")
    return repository


@contextmanager
def dying(patch: pytest.MonkeyPatch, where: object, name: str) -> Iterator[None]:
    """The command at hand dies when it comes to that function."""

    class Dead(BaseException):
        pass

    def die(*arguments: object, **options: object) -> None:
        raise Dead

    with patch.context() as inner, pytest.raises(Dead):
        inner.setattr(where, name, die)
        yield


# What it says


def test_nothing_to_collect(repository: Path) -> None:
    commit("one")
    before = kept.files(".", caches=False)
    assert ok("gc") == ok("gc", "--dry-run") == "Nothing to collect: 2 operations, 3 objects.\n"
    assert kept.files(".", caches=False) == before


def test_without_history(folder: Path) -> None:
    new_repo(folder)
    for words in ([], ["--dry-run"], ["--forget"], ["--forget", "--yes"]):
        assert ok("gc", *words) == "Nothing to collect: 0 operations, 0 objects.\n"
    assert ops.numbers(Layout(".")) == []


def test_what_would_be_and_what_was_done(three: Path) -> None:
    ok("reset", "--hard", "HEAD~1")
    Path(Layout(".").pack("0" * 32)).write_bytes(b"half")
    before = kept.files(".", caches=False)
    looked = api.gc(dry_run=True)
    assert str(looked) == (
        "Would drop 4 operations, keep 1\n"
        "Would drop 2 objects of 189 B, keep 7\n"
        "Would remove 1 pack of 4 B that dead commands left"
    )
    assert kept.files(".", caches=False) == before
    done = api.gc()
    assert (done.plan, done.done, looked.done) == (looked.plan, True, False)
    assert str(done) == (
        "Dropped 4 operations, kept 1\n"
        "Dropped 2 objects of 189 B, kept 7\n"
        "Removed 1 pack of 4 B that dead commands left"
    )
    assert ok("gc") == ok("gc", "--dry-run") == "Nothing to collect: 2 operations, 7 objects.\n"


def test_json(three: Path) -> None:
    ok("reset", "--hard", "HEAD~1")
    value = muse("gc", "--json").json
    assert value["operations"] == {"dropped": 4, "kept": 1, "oldest": 5}
    assert (value["objects"]["dropped"], value["objects"]["kept"], value["done"]) == (2, 7, True)


def test_forgetting_is_not_done_at_once(three: Path) -> None:
    before = kept.files(".", caches=False)
    answer = muse("gc", "--forget")
    assert answer.status == 1
    assert answer.out == (
        "! this cannot be undone: what only older operations hold would be gone for good\n"
        "Would drop 4 operations, keep 1\n"
        "Would drop 0 objects of 0 B, keep 9\n"
        "`muse gc --forget --yes` does it\n"
    )
    assert muse("gc", "--forget", "--dry-run") == answer
    assert kept.files(".", caches=False) == before
    assert ok("gc", "--forget", "--yes").startswith("Dropped 4 operations, kept 1\n")
    assert ok("gc", "--forget") == ok("gc", "--forget", "--yes") == "Nothing to collect: 1 operation, 9 objects.\n"


def test_what_is_typed_wrong(three: Path) -> None:
    assert "--yes goes with --forget" in refused("gc", "--yes", status=2)
    for value in ("-1", "many", "1.5"):
        Path(".muse/config.toml").write_text(f'[gc]\nkeep = "{value}"\n')
        assert "gc.keep" in refused("gc", status=2)
    assert len(muse("op", "log", "--json").json) == 4


# What stays


def test_days(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than so many days; what came after something recent stays, whatever its clock said."""
    ok("config", "gc.days", "30")
    commit("four")
    for now, oldest in (
        ("2026-04-13T11:59:59+00:00", 1),
        ("2026-04-13T14:00:00+02:00", 5),
        ("2027-01-01T12:00:00+00:00", 5),
    ):
        monkeypatch.setenv("MUSE_NOW", now)
        ok("gc")
        assert kept.newest(".").oldest == oldest


@pytest.mark.parametrize("year", ["1970", "2099"])
def test_a_clock_that_was_wrong(three: Path, monkeypatch: pytest.MonkeyPatch, year: str) -> None:
    """One that was ahead keeps what came after; one that was behind hides nothing that is recent."""
    monkeypatch.setenv("MUSE_NOW", f"{year}-01-01T00:00:00+00:00")
    commit("four")
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T13:00:00+00:00")
    commit("five")
    monkeypatch.setenv("MUSE_NOW", "2026-03-15T12:30:00+00:00")
    ok("gc")
    assert kept.newest(".").oldest == {"1970": 6, "2099": 5}[year]
    kept.check(".")


def test_single_objects_stay(three: Path) -> None:
    data = b"written by somebody through the functions of the store"
    name = id_of(digest_of(data))
    write_object(".", name, data)
    ok("gc")
    ok("gc", "--forget", "--yes")
    assert has_object(".", name) and read_object(".", name) == data


def test_what_is_not_ours_stays(three: Path) -> None:
    """Only files that are named as packs are, and that no operation names, go."""
    folder, ours = Path(Layout(".").packs), "0123456789abcdef" * 2
    foreign = [f"{name}.pack" for name in ("G" * 32, "AB" * 16, "é" * 16, "x")]
    foreign += [f"{ours}.damaged", f"{ours}.pack.bak"]
    for name in (*foreign, f"{ours}.pack"):
        (folder / name).write_bytes(b"half")
    (folder / f"{'1' * 32}.pack").mkdir()
    (folder / f"{'2' * 32}.pack").symlink_to("nowhere")
    named = kept.packs(".") - {name.removesuffix(".pack") for name in foreign} - {ours}
    assert muse("gc", "--json").json["packs"]["unnamed"] == 1
    assert {name.removesuffix(".pack") for name in os.listdir(folder)} == {
        *named, *(name.removesuffix(".pack") for name in foreign), "1" * 32, "2" * 32,
    }
    assert ok("gc").startswith("Nothing to collect")


def test_a_version_whose_base_went(repository: Path) -> None:
    """It was held as what changed; now it is held whole."""
    lines = [hashlib.sha256(bytes([number])).hexdigest() + "\n" for number in range(200)]
    old, new = "".join(lines), "".join([*lines[:100], "changed\n", *lines[100:]])
    commit(old)
    commit(new)
    last = kept.newest(".")
    store = ObjectStore(Layout("."), last.packs)
    link = store.link(digest_of(new.encode()))
    store.close()
    assert link is not None and link.base == digest_of(old.encode())
    ok("op", "restore", "1")
    ok("commit", "-m", "only the new one")
    ok("gc", "--forget", "--yes")
    assert digest_of(old.encode()) not in kept.on_disk(".")
    kept.check(".")
    ok("restore", "a.txt", "--from", "HEAD")
    assert Path("a.txt").read_text() == new


def test_packs_get_few(repository: Path) -> None:
    """Three hundred commits leave a few packs, and every commit in them."""
    Path(".muse/config.toml").write_text('durability = "off"\n')
    for number in range(300):
        commit(hashlib.shake_128(bytes([number % 256, number // 256])).digest(200 + 40 * (number % 50)))
    reached = kept.read_back(".")
    ok("gc")
    assert len(kept.packs(".")) <= 8
    assert kept.read_back(".") == set(kept.on_disk(".")) == reached
    assert ok("gc").startswith("Nothing to collect")
    commit("one more")
    assert len(kept.packs(".")) <= 9


def test_a_large_file_is_not_copied(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pack stays as it is, until nothing needs it."""
    large = hashlib.shake_128(b"large").digest(17 << 20)
    commit(large, "large.bin")
    commit("four")
    (pack,) = [name for name in kept.packs(".") if os.path.getsize(Layout(".").pack(name)) > len(large)]
    before = os.stat(Layout(".").pack(pack))
    monkeypatch.setenv("MUSE_NOW", "2026-03-26T12:00:00+00:00")
    ok("reset", "--soft", "HEAD~1")
    ok("gc", "--forget", "--yes")
    assert os.stat(Layout(".").pack(pack)) == before
    kept.check(".")
    ok("restore", "large.bin")
    ok("reset", "--hard", "HEAD~1")
    ok("gc")
    assert pack in kept.packs(".")
    ok("gc", "--forget", "--yes")
    assert pack not in kept.packs(".") and digest_of(large) not in kept.on_disk(".")


# What is forgotten


@pytest.mark.parametrize(
    "back",
    [
        [["undo"]],
        [["reset", "--hard", "HEAD~1"]],
        [["reset", "--soft", "HEAD~1"], ["restore", "--staged", "."]],
        [["rm"], ["commit", "--amend"]],
        [["checkout", "HEAD~1"], ["branch", "-d", "main"], ["checkout", "-b", "main"]],
        [["tag", "t"], ["reset", "--hard", "HEAD~1"], ["tag", "-d", "t"]],
        [["reset", "--soft", "HEAD~1"], ["shelf", "push"], ["shelf", "drop"]],
    ],
    ids=lambda back: back[0][0] + back[-1][0],
)
def test_a_secret_is_gone_for_good(three: Path, back: list[list[str]]) -> None:
    """Its bytes are in no file below `.muse`, and its digest neither, but for caches."""
    commit(SECRET, "password")
    assert anywhere(SECRET)
    for words in back:
        if words == ["rm"]:
            Path("password").unlink()
        else:
            ok(*words)
    Path("password").unlink(missing_ok=True)
    assert anywhere(SECRET)
    ok("gc", "--forget", "--yes")
    assert not anywhere(SECRET)
    assert digest_of(SECRET) not in kept.on_disk(".")
    assert ok("gc", "--forget").startswith("Nothing to collect")
    kept.check(".")
    ok("status")


def test_a_message_is_gone_for_good(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the entry of the command and from the cache of the log, too."""
    monkeypatch.setattr("muse.core.commits.graph._FEW", 0)
    write("a.txt", "four")
    ok("commit", "-m", "a word that nobody should see")
    ok("log")
    assert b"nobody should see" in kept.files(".")["cache/graph"]
    ok("reset", "--hard", "HEAD~1")
    ok("gc", "--forget", "--yes")
    assert not anywhere(b"nobody should see")
    assert len(muse("log", "--json").json) == 3


def anywhere(data: bytes) -> bool:
    return any(data in held for held in kept.files(".").values())


def test_what_the_view_needs_is_not_forgotten(three: Path) -> None:
    """Branches, tags, the stage, the shelf, and a commit that is checked out on no branch."""
    contents = {name: hashlib.sha256(name.encode()).digest() for name in ("branch", "tag", "stage", "shelf", "away")}
    for name in ("branch", "tag"):
        ok("checkout", "-b", f"on-{name}")
        commit(contents[name], name)
        ok("tag", f"at-{name}") if name == "tag" else None
        ok("checkout", "main")
    ok("branch", "-d", "on-tag")
    write("shelf", contents["shelf"])
    ok("shelf", "push")
    write("stage", contents["stage"])
    ok("add", "stage")
    ok("checkout", "HEAD~1")
    ok("gc", "--forget", "--yes")
    assert {digest_of(contents[name]) for name in ("branch", "tag", "stage", "shelf")} <= set(kept.on_disk("."))
    kept.check(".")
    ok("checkout", "main")
    ok("shelf", "pop")
    assert Path("shelf").read_bytes() == contents["shelf"]
    ok("commit", "--staged", "-m", "staged")
    assert Path("stage").read_bytes() == contents["stage"]


def test_what_is_checked_out_is_not_forgotten(three: Path) -> None:
    """Though no branch leads to it."""
    third = commit_id()
    ok("reset", "--hard", "HEAD~1")
    ok("checkout", third)
    ok("gc", "--forget", "--yes")
    kept.check(".")
    assert [one["message"] for one in muse("log", "--json").json] == ["three", "two", "one"]


# What the system does not let go


def holding(patch: pytest.MonkeyPatch, *endings: str) -> None:
    """The system does not let files with such endings be removed."""
    unlink = os.unlink

    def refuse(path: str, **options: int) -> None:
        if str(path).endswith(endings):
            raise PermissionError(1, "Operation not permitted", path)
        unlink(path, **options)

    patch.setattr(os, "unlink", refuse)


def test_what_could_not_go_is_told(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not count any more, and the next one takes it."""
    ok("reset", "--hard", "HEAD~1")
    pack = Layout(".").pack("0" * 32)
    write(pack, "half")
    with monkeypatch.context() as patch:
        holding(patch, ".pack", "000000000002")
        done = api.gc()
    assert done.exit_status == 0
    assert {os.path.abspath(path) for path in (pack, Layout(".").operation(2))} < {*done.left}
    assert str(done).splitlines()[1:] == [
        "Retired 4 operations, kept 1",
        "Retired 2 objects of 189 B, kept 7",
        "Retired 1 pack of 4 B that dead commands left",
    ]
    others = f" and {len(done.left) - 1} other files"
    assert str(done).splitlines()[0].endswith(f"{done.left[0]}{others} could not be removed; `muse gc` tries again")
    assert muse("gc", "--json").json["left"] == []
    assert not any(map(os.path.lexists, done.left))
    kept.check(".")


@pytest.mark.parametrize("ending", [".pack", "000000000005", ".damaged"])
def test_what_is_not_forgotten_is_no_success(three: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    commit(SECRET, "password")
    ok("reset", "--hard", "HEAD~1")
    write(Layout(".").pack_aside("0" * 32), SECRET)
    with monkeypatch.context() as patch:
        holding(patch, ending)
        answer = muse("gc", "--forget", "--yes")
        assert answer.status == 5
        assert "not forgotten: what was dropped can still be read there" in answer.lines[0]
        assert "Dropped" not in answer.out and "Removed" not in answer.out
    assert muse("gc", "--forget", "--yes").status == 0
    assert not anywhere(SECRET)


def test_what_nobody_can_look_at_is_not_forgotten_for_sure(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is recorded all the same, and that is said."""
    drop = ops.drop

    def and_fail(layout: Layout, oldest: int) -> None:
        drop(layout, oldest)
        monkeypatch.setattr(ops, "numbers", raising(SystemTrouble("cannot list")))

    monkeypatch.setattr(ops, "drop", and_fail)
    answer = muse("gc", "--forget", "--yes", "--json")
    assert (answer.status, answer.json["left"]) == (5, [os.path.abspath(Layout(".").ops)])


def test_messages_that_are_not_forgotten(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is to be forgotten, and the cache of the log can be neither emptied nor removed."""
    ok("gc", "--forget", "--yes")
    cache = Path(Layout(".").graph_cache)
    cache.unlink()
    cache.write_bytes(b"a word that nobody should see")
    with monkeypatch.context() as patch:
        holding(patch, "graph")
        patch.setattr("muse.core.commits.graph.io.write_atomic", raising(SystemTrouble("the disk is full")))
        answer = muse("gc", "--forget", "--yes", "--json")
    assert (answer.status, answer.json["left"]) == (5, [os.path.abspath(cache)])


# Who died, and who is still there


def test_what_does_not_count_is_not_seen(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Died after its entry: what it dropped is still there, and nobody sees it; the next gc takes it."""
    with dying(monkeypatch, _Writing, "_tell"):
        api.gc()
    assert ops.numbers(Layout(".")) == [1, 2, 3, 4, 5]
    assert [one["number"] for one in muse("op", "log", "--json").json] == [5, 4]
    assert "kept" in muse("undo").out and muse("undo").status == 1
    refused("op", "restore", "3", status=2)
    monkeypatch.setenv("MUSE_NOW", "2026-03-17T12:00:00+00:00")
    refused("show", "@{2026-03-14 11:00}", status=2)
    ok("show", "@{2026-03-14 12:30}")
    kept.check(".")
    assert ok("gc").startswith("Dropped 3 operations, kept 2\n")
    assert ops.numbers(Layout(".")) == [4, 5, 6]
    assert ok("gc").startswith("Nothing to collect")


def test_packs_that_it_left(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Died after its entry, before it removed the packs: the next one takes them."""
    ok("reset", "--hard", "HEAD~1")
    ok("checkout", "-b", "other")
    monkeypatch.setenv("MUSE_NOW", "2026-03-20T12:00:00+00:00")
    with dying(monkeypatch, _Writing, "_tell"):
        api.gc()
    left = kept.packs(".") - {ref.name for ref in kept.newest(".").packs}
    assert left
    assert muse("gc", "--json").json["packs"]["unnamed"] == len(left)
    assert kept.packs(".") == {ref.name for ref in kept.newest(".").packs}
    kept.check(".")


def test_a_checkout_that_died_half_way_is_finished_first(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list of files is needed until then."""
    with dying(monkeypatch, worktree, "put_in_place"):
        api.checkout("HEAD~2")
    assert Path("a.txt").read_text() == "three"
    answer = muse("gc", "--forget", "--yes", "--json")
    assert answer.json["notes"] == ["finished: checkout (operation 5)"]
    assert Path("a.txt").read_text() == "one"
    kept.check(".")
    assert muse("status", "--json").json["clean"]


# Damage


def flip(path: str, at: int) -> None:
    data = bytearray(Path(path).read_bytes())
    data[at] ^= 1
    Path(path).write_bytes(data)


def place(digest: bytes) -> tuple[str, int]:
    """Where the last byte of an object lies."""
    store = ObjectStore(Layout("."), kept.newest(".").packs)
    try:
        for ref in store.refs:
            slot = store.pack(ref).find(digest)
            if slot is not None:
                return Layout(".").pack(ref.name), slot.offset + slot.stored - 1
    finally:
        store.close()
    raise KeyError(digest)


@pytest.mark.parametrize("what", ["operation", "missing", "commit", "tree", "index", "pack"])
def test_what_must_be_read_and_cannot_be(three: Path, what: str) -> None:
    """Nothing goes: it could name what would be lost."""
    ok("config", "gc.keep", "3")
    ok("reset", "--hard", "HEAD~2")
    layout, commit = Layout("."), bytes.fromhex(commit_id().removeprefix("sha256:"))
    if what in ("operation", "missing"):
        flip(layout.operation(4), -1) if what == "operation" else os.unlink(layout.operation(4))
    elif what == "pack":
        os.unlink(place(commit)[0])
    else:
        digest = bytes.fromhex(muse("show", "HEAD", "--json").json["commit_id"][7:]) if what == "commit" else tree()
        path, at = place(digest)
        flip(path, os.path.getsize(path) - 60 if what == "index" else at)
    before = kept.files(".", caches=False)
    refused("gc", status=3)
    if what not in ("operation", "missing"):
        refused("gc", "--forget", "--yes", status=3)
    assert kept.files(".", caches=False) == before


def tree() -> bytes:
    """The tree of the commit that is checked out."""
    from muse.core.commits.records import read_commit

    last = kept.newest(".")
    store = ObjectStore(Layout("."), last.packs)
    assert last.view.commit is not None
    found = read_commit(store, last.view.commit).tree
    store.close()
    return found
