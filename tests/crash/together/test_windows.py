"""Windows between two processes that chance would hit once in a year: one stands still in it, and others work.

`tests/core/operations/test_suspended.py` has those around the link of an entry; here are those around the files of the
folder, temporary files, settings, and commands that only look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import ops
from muse.core.packs import join
from muse.core.paths import Layout
from muse.core.system import locks
from muse.testing.repositories import damage, litter
from tests import kept, samples
from tests.commands import muse, ok, refused
from tests.crash.campaign import Row
from tests.suspending import suspended

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

IN_PLACE = "muse.core.folder.worktree:put_in_place:before:1"
HALF_IN_PLACE = "muse.core.folder.worktree:_change:before:2"
LINK = "muse.core.operations.entry:_link:before:1"
SEEN = "muse.core.commands.command:view_of:before:1"
SCANNED = "muse.core.folder.scan:scan:after:1"
FILES = 4

_ROW = Row("two at once", "stands still", 0, 0)


@pytest.fixture(autouse=True)
def row(rows: list[Row], request: pytest.FixtureRequest) -> Iterator[None]:
    """One line of the table for all of them."""
    failed = request.session.testsfailed
    yield
    others = [row for row in rows if row.command == _ROW.command]
    old = others[0] if others else _ROW
    rows[:] = [row for row in rows if row not in others]
    rows.append(old._replace(points=old.points + 1, violations=old.violations + request.session.testsfailed - failed))


@pytest.fixture
def repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two branches that differ in four files and a notebook, five commits; one operation is kept; nobody waits."""
    options = WorktreeLock.acquire.__kwdefaults__
    assert options is not None
    monkeypatch.setitem(options, "patience", 0.01)
    ok("init")
    with open(".muse/config.toml", "a") as config:
        config.write("[gc]\nkeep = 1\ndays = 0\n")
    write("main")
    ok("commit", "-m", "first")
    ok("checkout", "-b", "other")
    write("other")
    ok("commit", "-m", "on other")
    ok("checkout", "main")
    for number in range(3):
        Path("more.txt").write_text(f"{number}\n")
        ok("commit", "-m", f"more {number}")
    return folder


def write(word: str) -> None:
    """The files of a branch."""
    for number in range(FILES):
        Path(f"{number}.txt").write_text(f"{word} {number}\n" * 20)
    Path("analysis.ipynb").write_bytes(samples.notebook(samples.code(f"print({word!r})")))


def check() -> None:
    """All is whole, the folder is clean, and the next commands work."""
    kept.check(".")
    assert damage(".") == [] and litter(".") == []
    assert ok("fsck").startswith("No problem found")
    assert muse("status", "--json").json["clean"]
    ok("gc")
    assert kept.packs(".") == {ref.name for ref in kept.newest(".").packs}
    last = kept.newest(".")
    assert ops.numbers(Layout(".")) == [*range(last.oldest, last.number + 1)]


# The files of the folder


@pytest.mark.parametrize(("at", "ends"), [(IN_PLACE, True), (IN_PLACE, False), (HALF_IN_PLACE, False)])
def test_a_checkout_between_its_entry_and_the_last_file(repository: Path, at: str, ends: bool) -> None:
    """It counts: who only looks sees it, who needs the files waits; killed there, the next command finishes."""
    with suspended("checkout", "other", at=at) as mine:
        seen = muse("status", "--json").json
        assert seen["branch"] == "other"
        assert seen["notes"] == ["another muse command is changing the files of this folder"]
        for words in (["commit", "-m", "theirs"], ["checkout", "main"], ["undo"], ["add", "."], ["shelf", "push"]):
            assert "another muse command" in refused(*words, status=4)
        ok("tag", "theirs")
        assert "another muse command" not in ok("log")
        assert muse("show", "HEAD:0.txt").out == "other 0\n" * 20
        assert ok("fsck").startswith("No problem found")
        if ends:
            assert mine.end().status == 0
        else:
            mine.kill()
    notes = muse("status", "--json").json["notes"]
    assert notes == ([] if ends else [f"finished: checkout (operation {kept.newest('.').folder})"])
    assert Path("0.txt").read_text() == "other 0\n" * 20
    check()


@pytest.mark.parametrize(
    ("words", "at"), [("status", SCANNED), ("diff", SCANNED), ("status", SEEN), ("diff HEAD~1", SEEN)]
)
def test_who_looks_at_the_folder_while_it_changes(repository: Path, words: str, at: str) -> None:
    """The answer is that of before or of after, never of the one's view and the other's files."""
    for file in ("analysis.ipynb", "1.txt"):
        Path(file).write_bytes(Path(file).read_bytes().replace(b"main", b"edit"))
    with suspended(*words.split(), "--json", at=at) as reader:
        ok("checkout", "other", "--force")
        answer = reader.end()
    assert answer == muse(*words.split(), "--json")
    check()


def test_who_looks_at_a_file_that_a_program_writes(repository: Path) -> None:
    """It is looked at again."""
    notebook = Path("analysis.ipynb")
    notebook.write_bytes(notebook.read_bytes().replace(b"main", b"one"))
    with suspended("status", "--json", at=SCANNED) as reader:
        notebook.write_bytes(notebook.read_bytes().replace(b"one", b"another"))
        assert reader.end() == muse("status", "--json")
    ok("restore", "analysis.ipynb")
    check()


# Readers


@pytest.mark.parametrize(
    "words", ["log", "fsck", "diff HEAD~2 HEAD", "checkout other", "status", "shelf push", "doctor"]
)
def test_who_has_read_the_newest_operation_while_all_is_forgotten(repository: Path, words: str) -> None:
    """It starts over: nothing is missing."""
    Path("new.txt").write_text("new\n")
    ends = "muse.core.operations.history:ops.numbers:after:1" if words in ("fsck", "doctor") else SEEN
    with suspended(*words.split(), "--json", at=ends) as mine:
        forgotten = muse("gc", "--forget", "--yes")
        assert forgotten.status == (4 if words in ("checkout other", "shelf push") else 0)
        answer = mine.end()
    assert (answer.status == 0 and '"problems": []' in answer.out) or words not in ("fsck", "doctor"), answer
    assert answer.status == 0, answer
    Path("new.txt").unlink(missing_ok=True)
    check()


# gc


@pytest.mark.parametrize("forget", [False, True])
def test_gc_before_its_link_while_others_record(repository: Path, forget: bool) -> None:
    """It starts over, and keeps what they named."""
    with suspended("gc", *(["--forget", "--yes"] if forget else []), at=LINK) as mine:
        ok("tag", "theirs", "HEAD~1")
        ok("branch", "theirs/too", "HEAD~2")
        ok("branch", "-d", "other")
        refused("shelf", "push", status=4)
        assert mine.end().status == 0
    assert {one["name"] for one in muse("tag", "--json").json["tags"]} == {"theirs"}
    assert {one["name"] for one in muse("branch", "--json").json["branches"]} == {"main", "theirs/too"}
    ok("show", "theirs:more.txt")
    check()


def test_a_join_that_has_removed_half_of_its_packs(repository: Path) -> None:
    """gc takes the rest, whoever comes first."""
    while len(kept.newest(".").packs) < join.MANY:
        Path("more.txt").write_text(f"{kept.newest('.').number}\n" * 20)
        ok("commit", "-m", "again")
    Path("more.txt").write_text("mine\n")
    with suspended("commit", "-m", "mine", at="muse.core.io:remove_quietly:before:4") as mine:
        assert kept.newest(".").retires
        assert len(kept.packs(".")) > len(kept.newest(".").packs)
        ok("gc")
        assert kept.packs(".") == {ref.name for ref in kept.newest(".").packs}
        assert mine.end().status == 0
    check()


# Temporary files


def named(folder: Path) -> None:
    """Let entries and packs have a temporary name from the start, as where a system knows no other way."""
    config = folder / ".muse/config.toml"
    config.write_text(config.read_text().replace('publish = "link"', 'publish = "rename"'))
    cache = folder / ".muse/cache/config"
    while not cache.exists() or cache.stat().st_mtime_ns < config.stat().st_mtime_ns:
        ok("config")  # until the settings are known, so that the next command makes no file for that


def test_a_sweep_and_a_writer_that_has_just_made_its_file(repository: Path) -> None:
    """The writer's file has a name and no lock yet; the sweep locks it first. One of them gives way."""
    named(repository)
    with ExitStack() as stack:
        writer = stack.enter_context(suspended("tag", "mine", at=["muse.core.io:_is_ours:before:1", LINK]))
        sweep = stack.enter_context(suspended("branch", at="muse.core.system.stale:os.unlink:before:1"))
        writer.go_on()
        assert sweep.end().status == 0
        answer = writer.end()
    assert answer.status == 0, answer
    check()


def test_a_sweep_between_its_list_and_the_removal(repository: Path) -> None:
    """What has come since is not touched, what its writer has named since neither."""
    named(repository)
    with ExitStack() as stack:
        first = stack.enter_context(suspended("tag", "first", at=LINK))
        sweep = stack.enter_context(suspended("branch", at="muse.core.system.stale:remove_dead:before:1"))
        second = stack.enter_context(suspended("tag", "second", at=LINK))
        assert first.end().status == 0
        assert sweep.end().status == 0
        assert second.end().status == 0
    assert {one["name"] for one in muse("tag", "--json").json["tags"]} == {"first", "second"}
    check()


# Two of a kind


def test_two_doctors(repository: Path) -> None:
    """The one repairs, the other finds nothing left to do."""
    stored = max(Path(".muse/objects/pack").iterdir(), key=os.path.getsize)
    whole = bytearray(stored.read_bytes())
    whole[40] ^= 1
    stored.chmod(0o644)
    stored.write_bytes(whole)
    assert muse("fsck").status == 3
    with ExitStack() as stack:
        first = stack.enter_context(suspended("doctor", at="muse.core.upkeep.doctor:WorktreeLock:before:1"))
        second = stack.enter_context(suspended("doctor", at=LINK))
        ok("tag", "theirs")
        answers = [second.end(), first.end()]
    assert [answer.status for answer in answers] == [0, 0], answers
    ok("gc", "--forget", "--yes")
    check()


@pytest.mark.parametrize("nth", [1, 3])
def test_init_twice_at_once(folder: Path, nth: int) -> None:
    """The slow one changes nothing: neither the settings, nor how far the folder is."""
    with suspended("init", at=f"muse.core.commands.create:_create:before:{nth}") as slow:
        ok("init")
        ok("config", "author.name", "Somebody")
        Path("a.txt").write_text("old\n")
        ok("commit", "-m", "old")
        Path("a.txt").write_text("new\n")
        ok("commit", "-m", "new")
        ok("checkout", "HEAD~1")
        Path("a.txt").write_text("new\n")
        assert slow.end().status == 0
    assert "Somebody" in ok("config", "author.name")
    assert muse("status", "--json").json["changed"] == ["a.txt"]
    assert Path("a.txt").read_text() == "new\n"


def test_two_settings_at_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are there, or one is told to try again."""
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    with suspended("config", "author.name", "Somebody", at="muse.core.settings.toml:io.write_atomic:before:1") as mine:
        theirs = muse("config", "author.email", "somebody@example.org")
        assert mine.end().status == 0
    assert theirs.status == 4 and "another process is changing" in theirs.err, theirs
    ok("config", "author.email", "somebody@example.org")
    assert "Somebody" in ok("config", "author.name")


@pytest.mark.parametrize("words", ["undo", "redo"])
def test_the_last_command_is_another_though_the_view_is_the_same(repository: Path, words: str) -> None:
    """What undo takes back is what it saw, or it says who was faster."""
    ok("tag", "mine")
    if words == "redo":
        ok("undo")
    with suspended(words, at=LINK) as mine:
        ok("branch", "theirs")
        ok("branch", "-d", "theirs")
        answer = mine.end()
    assert answer.status == 4 and "branch -d theirs" in answer.err, answer
    assert [one["name"] for one in muse("branch", "--json").json["branches"]] == ["main", "other"]
    check()


