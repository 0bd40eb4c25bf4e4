"""Commands that stand still while others work, gc among them: whoever goes on does it right, or says no.

A laptop lid, Ctrl+Z or a container that is paused can hold any process at any point for any time. Here real processes
stop at the points that matter, others drop and remove what they can, and then the first ones go on.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import chdir
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from muse.core.folder.worktree_lock import WorktreeLock
from muse.core.operations import ops
from muse.core.packs.join import MANY
from muse.core.paths import Layout
from muse.testing.repositories import damage, litter
from tests import kept
from tests.commands import Answer, muse, ok
from tests.suspending import suspended

pytestmark = pytest.mark.slow

PACKS = "muse.core.packs.pack_writer:PackWriter.finish:after:1"
LINK = "muse.core.operations.entry:_link:before:1"
LINKED = "muse.core.operations.entry:_check_base:before:1"
RECORDED = "muse.core.commands.writing:_Writing._tell:before:1"
REMOVED = "muse.core.operations.ops:write_head:before:1"
HEAD = "muse.core.operations.ops:drop:before:1"

#: What others do meanwhile; "keep" leaves one operation beside gc's own.
MEANWHILE = {
    "gc": ["gc"],
    "forget": ["gc --forget --yes"],
    "commit": ["commit"],
    "commits and gc": ["commit", "commit", "gc", "commit"],
    "commits and forget": ["commit", "commit", "commit", "gc --forget --yes"],
    "forget twice": ["commit", "gc --forget --yes", "commit", "reset HEAD~1", "gc --forget --yes"],
    "one after the other": ["commit", "gc", "commit", "gc", "commit", "gc"],
}


MOST = ["forget", "commits and gc", "commits and forget", "forget twice"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where repositories are prepared, once each."""
    return tmp_path_factory.mktemp("prepared")


def build(root: Path, commits: int) -> None:
    """Commits on main and one that only `other` has, a tag, and a commit that was undone; one command is kept."""
    root.mkdir()
    with chdir(root):
        ok("init")
        Path(".muse/config.toml").write_text(
            'durability = "off"\n[gc]\nkeep = 1\ndays = 0\n[store]\npublish = "link"\n'
        )
        for number in range(commits):
            Path("a.txt").write_text("".join(f"line {line} of {number}\n" for line in range(200)))
            Path(f"{number % 3}.txt").write_text(f"{number}\n")
            ok("commit", "-m", f"commit {number}")
            if number == 2:
                ok("tag", "t")
                ok("branch", "other")
        Path("a.txt").write_text("not wanted\n")
        ok("commit", "-m", "not wanted")
        ok("reset", "--hard", "HEAD~1")


@pytest.fixture
def repository(prepared: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of some ten packs, which is the current folder; others wait for no lock."""
    return fresh(prepared, folder, 8, monkeypatch)


@pytest.fixture
def full(prepared: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with so many packs that the next commit joins them."""
    return fresh(prepared, folder, MANY - 1, monkeypatch)


def fresh(prepared: Path, folder: Path, commits: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = prepared / str(commits)
    if not source.exists():
        half = Path(tempfile.mkdtemp(dir=prepared), "half")
        build(half, commits)
        half.rename(source)
    shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True)
    options = WorktreeLock.acquire.__kwdefaults__
    assert options is not None
    monkeypatch.setitem(options, "patience", 0.01)
    return folder


def wait_a_day() -> None:
    """What was recent is not any more."""
    os.environ["MUSE_NOW"] = (datetime.fromisoformat(os.environ["MUSE_NOW"]) + timedelta(days=1)).isoformat()


def meanwhile(what: str) -> list[str]:
    """Let others work; the messages of the commits that they made, and did not take back."""
    made: list[str] = []
    for line in MEANWHILE[what]:
        wait_a_day()
        if line == "commit":
            made.append(f"theirs {len(made)}")
            Path("theirs.txt").write_text(f"{made[-1]}\n" * 50)
            ok("commit", "-m", made[-1])
        else:
            ok(*line.split())
            if line.startswith("reset"):
                made.pop()
    return made


def messages() -> list[str]:
    return [one["message"] for one in muse("log", "--json").json]


def check_all() -> None:
    """Every verb works, every object can be read, and nothing is left that nobody names."""
    kept.check(".")
    assert damage(".") == [] and litter(".") == []
    for line in ("status", "log --all", "branch", "tag", "op log", "show", "diff HEAD~1 HEAD", "log a.txt", "shelf"):
        ok(*line.split())
    Path("last.txt").write_text("last\n")
    ok("commit", "-m", "last")
    ok("undo")
    ok("redo")
    assert messages()[0] == "last"
    ok("checkout", "other")
    ok("checkout", "main")
    wait_a_day()
    assert muse("gc").status == 0
    assert sorted(kept.on_disk(".")) == sorted(kept.read_back("."))
    assert kept.packs(".") == {ref.name for ref in kept.newest(".").packs}
    last = kept.newest(".")
    assert ops.numbers(Layout(".")) == [*range(last.oldest, last.number + 1)]
    ok("gc", "--forget", "--yes")
    assert set(kept.on_disk(".")) == kept.read_back(".")
    ok("status")


def refused(answer: Answer) -> bool:
    """Whether a command said no, clearly."""
    if answer.status == 0:
        return False
    assert answer.status in (4, 5) and answer.out == "" and len(answer.err.splitlines()) == 2, answer
    return True


# A writer


@pytest.mark.parametrize("what", MEANWHILE)
@pytest.mark.parametrize("at", [PACKS, LINK])
def test_a_commit_before_its_link(repository: Path, at: str, what: str) -> None:
    """It loses, or its number is free again though what it rests on is gone: it runs again, and is whole."""
    Path("mine.txt").write_text("mine\n" * 100)
    with suspended("commit", "-m", "mine", at=at) as mine:
        os.rename("mine.txt", "mine.aside")
        theirs = meanwhile(what)
        os.rename("mine.aside", "mine.txt")
        answer = mine.end()
    assert answer.status == 0, answer
    last = kept.newest(".")
    assert ops.numbers(Layout(".")) == [*range(last.oldest, last.number + 1)]
    assert messages()[: len(theirs) + 1] == ["mine", *reversed(theirs)]
    assert muse("show", "HEAD:mine.txt").out == "mine\n" * 100
    check_all()


@pytest.mark.parametrize("what", MOST)
@pytest.mark.parametrize(
    "words", ["branch new HEAD~2", "tag new", "commit --amend -m amended", "reset --soft HEAD~1", "tag -d t"]
)
def test_other_writers_before_their_link(repository: Path, words: str, what: str) -> None:
    """Done, or refused with the name of who was faster."""
    with suspended(*words.split(), at=LINK) as mine:
        theirs = meanwhile(what)
        answer = mine.end()
    done = not refused(answer)
    assert done or theirs, answer
    after = {
        "branch new HEAD~2": lambda: "new" in ok("branch"),
        "tag new": lambda: "new" in ok("tag"),
        "commit --amend -m amended": lambda: messages()[0] == "amended",
        "reset --soft HEAD~1": lambda: messages()[0] == "commit 6",
        "tag -d t": lambda: "t\n" not in ok("tag") and not muse("tag", "--json").json["tags"],
    }
    assert after[words]() == done
    check_all()


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_large_file_before_its_link(repository: Path, what: str) -> None:
    """It is kept for the next try only when nobody retired it."""
    large = os.urandom(17 << 20)
    Path("large.bin").write_bytes(large)
    with suspended("commit", "-m", "mine", at=LINK) as mine:
        os.rename("large.bin", "../large.aside")
        meanwhile(what)
        os.rename("../large.aside", "large.bin")
        answer = mine.end()
    assert answer.status == 0, answer
    Path("large.bin").unlink()
    ok("restore", "large.bin")
    assert Path("large.bin").read_bytes() == large
    check_all()


@pytest.mark.parametrize("what", MEANWHILE)
@pytest.mark.parametrize("at", [LINKED, RECORDED, REMOVED])
def test_a_commit_after_its_link(repository: Path, at: str, what: str) -> None:
    """It counts: others build on it. If its own entry is gone when it goes on, it may not know."""
    Path("mine.txt").write_text("mine\n" * 100)
    with suspended("commit", "-m", "mine", at=at) as mine:
        theirs = meanwhile(what)
        answer = mine.end()
    assert answer.status == 0 or (at == LINKED and "may have been recorded" in answer.err), answer
    assert messages()[: len(theirs) + 1] == [*reversed(theirs), "mine"]
    check_all()


def test_a_commit_that_one_dropped_up_to(repository: Path) -> None:
    """gc went exactly as far as the operation before it: its entry stays, though that one is gone."""
    Path("mine.txt").write_text("mine\n")
    with suspended("commit", "-m", "mine", at=LINKED) as mine:
        number = kept.newest(".").number
        wait_a_day()
        ok("gc")
        assert kept.newest(".").oldest == number
        answer = mine.end()
    assert answer.status == 0, answer
    assert messages()[0] == "mine"
    assert ops.numbers(Layout("."))[0] == number
    check_all()


@pytest.mark.parametrize("last", [-1, 0])
def test_a_commit_while_its_entry_is_being_dropped(
    repository: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """A gc has come to the one before it, or to itself: others rest on it, and on its packs."""
    Path("mine.txt").write_text("mine\n" * 100)
    with suspended("commit", "-m", "mine", at=LINKED) as mine:
        upto, drop = kept.newest(".").number + last, ops.drop
        meanwhile("commit")
        with monkeypatch.context() as patch:
            patch.setattr(ops, "drop", lambda layout, oldest: drop(layout, upto + 1))
            assert muse("gc", "--forget", "--yes").status == 5
        assert ops.numbers(Layout("."))[0] == upto + 1
        answer = mine.end()
    assert answer.status == 0, answer
    assert messages()[:2] == ["theirs 0", "mine"]
    check_all()


# Entries on what is gone


def test_an_entry_that_is_about_to_be_taken_back_is_nobodys_newest(repository: Path) -> None:
    """Also for those whose hint leads to it."""
    Path("mine.txt").write_text("mine\n")
    with suspended("commit", "-m", "mine", at=[LINK, LINKED]) as mine:
        os.rename("mine.txt", "mine.aside")
        number = kept.newest(".").number + 1
        theirs = meanwhile("commits and forget")
        mine.go_on()
        assert ops.numbers(Layout("."))[0] == number
        Path(".muse/HEAD").write_text(f"operation {number}\n")
        assert messages()[:3] == [*reversed(theirs)]
        theirs += meanwhile("commit")
        Path(".muse/HEAD").write_text(f"operation {number}\n")
        os.rename("mine.aside", "mine.txt")
        answer = mine.end()
    assert answer.status == 0, answer
    assert messages()[0] == "mine" and messages().count("mine") == 1
    check_all()


@pytest.mark.parametrize("what", ["status", "commit", "gc"])
def test_an_entry_that_was_never_taken_back(repository: Path, what: str) -> None:
    """Its writer was killed: it is nobody's newest, and the next gc removes it."""
    with suspended("tag", "mine", at=[LINK, LINKED]) as mine:
        number = kept.newest(".").number + 1
        theirs = meanwhile("commits and forget")
        mine.go_on()
        mine.kill()
    Path(".muse/HEAD").write_text(f"operation {number}\n")
    if what == "commit":
        theirs += meanwhile("commit")
    else:
        ok(what)
    assert messages()[0] == theirs[-1]
    assert "mine" not in ok("tag")
    check_all()


def test_nobody_rests_on_an_entry_that_is_about_to_be_taken_back(repository: Path) -> None:
    """A second writer, whose number is free again too, finds another entry below its own than it had read."""
    with suspended("tag", "first", at=[LINK, LINKED]) as first:
        ok("branch", "between")
        with suspended("tag", "second", at=LINK) as second:
            meanwhile("commits and forget")
            first.go_on()
            assert second.end().status == 0
        assert first.end().status == 0
    assert {one["name"] for one in muse("tag", "--json").json["tags"]} == {"t", "first", "second"}
    check_all()


def test_the_first_operation_of_all(folder: Path) -> None:
    """It rests on none; when others have been here and forgotten, it is taken back all the same."""
    with suspended("init", at=LINK) as mine:
        ok("init")
        Path("a.txt").write_text("theirs\n")
        ok("commit", "-m", "theirs")
        ok("gc", "--forget", "--yes")
        answer = mine.end()
    assert answer.status == 0 or refused(answer)
    assert messages() == ["theirs"]
    assert len(ops.numbers(Layout("."))) == 1
    kept.check(".")


# gc itself


@pytest.mark.parametrize("what", ["commit", *MOST[2:]])
@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize(
    "at",
    [
        *("muse.core.damage.health:packs_in_folder:before:1", "muse.core.upkeep.gc:_reach:before:1"),
        *("muse.core.upkeep.gc:carry_out:before:1", LINK),
    ],
)
def test_gc_before_its_link(repository: Path, at: str, forget: bool, what: str) -> None:
    """It starts over: nothing that others need goes."""
    with suspended("gc", *(["--forget", "--yes"] if forget else []), at=at) as mine:
        theirs = meanwhile(what)
        answer = mine.end()
    assert answer.status == 0, answer
    assert messages()[: len(theirs)] == [*reversed(theirs)]
    check_all()


@pytest.mark.parametrize("what", MOST)
@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("at", [LINKED, RECORDED, HEAD, "muse.core.operations.ops:io.remove_quietly:before:3"])
def test_gc_after_its_link(repository: Path, at: str, forget: bool, what: str) -> None:
    """It removes what it said, and no more: what others wrote meanwhile stays."""
    with suspended("gc", *(["--forget", "--yes"] if forget else []), at=at) as mine:
        theirs = meanwhile(what)
        assert muse("undo").status in (1, 4)  # it holds a lock, so nobody changes files
        answer = mine.end()
    assert answer.status == 0 or (at == LINKED and "may have been recorded" in answer.err), answer
    assert messages()[: len(theirs)] == [*reversed(theirs)]
    check_all()


def test_gc_and_a_checkout_wait_for_each_other(repository: Path) -> None:
    """One that stands still with some packs open is not disturbed."""
    with suspended("checkout", "other", at="muse.core.folder.worktree:put_in_place:before:1") as mine:
        answer = muse("gc", "--forget", "--yes")
        assert refused(answer) and "another muse command" in answer.err
        assert mine.end().status == 0
    assert muse("status", "--json").json["branch"] == "other"
    check_all()


# Packs that are joined


@pytest.mark.parametrize("what", MOST)
@pytest.mark.parametrize("at", [LINK, LINKED, RECORDED])
def test_a_commit_that_joins(full: Path, at: str, what: str) -> None:
    """What it took in is in its own pack, whatever becomes of the others; if it loses, they stay."""
    Path("mine.txt").write_text("mine\n" * 100)
    before = kept.packs(".")
    with suspended("commit", "-m", "mine", at=at) as mine:
        assert (len(kept.newest(".").packs) < MANY) == (at != LINK)
        assert before <= kept.packs(".")
        os.rename("mine.txt", "mine.aside")
        assert messages()[0] == (f"commit {MANY - 2}" if at == LINK else "mine")
        theirs = meanwhile(what)
        os.rename("mine.aside", "mine.txt")
        answer = mine.end()
    assert answer.status == 0 or (at == LINKED and "may have been recorded" in answer.err), answer
    assert messages().count("mine") == 1
    place = messages().index("mine")
    assert place == (0 if at == LINK else len(theirs))
    assert muse("show", f"HEAD~{place}:mine.txt").out == "mine\n" * 100
    assert len(kept.newest(".").packs) < MANY
    check_all()


# Readers


READERS = ["log --all", "log a.txt", "diff t HEAD", "show t", "show HEAD~6:"]


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize(
    ("words", "others"),
    [
        *((words, others) for words in READERS for others in ("gc", "gc --forget --yes", "add theirs.txt")),
        ("branch x HEAD~9", "gc"),
        ("branch x HEAD~9", "gc --forget --yes"),
    ],
)
def test_a_command_with_some_packs_open(full: Path, words: str, others: str, nth: int) -> None:
    """It goes on with those, finds that others are gone, starts over, and answers right."""
    Path("theirs.txt").write_text("theirs\n")
    shutil.copytree(".", "../before")
    with chdir("../before"):
        wanted = muse(*words.split(), "--json")
    shutil.rmtree("../before")
    before = kept.packs(".")
    wait_a_day()
    with suspended(*words.split(), "--json", at=f"muse.core.packs.store:Pack:before:{nth}") as reader:
        ok(*others.split())
        assert len(before - kept.packs(".")) > 1
        assert reader.end() == wanted
    check_all()


@pytest.mark.parametrize("at", ["hinted:after:1", "_stands:after:1", "_stands:after:2", "_end:after:1"])
@pytest.mark.parametrize("words", ["status", "tag mine", "gc"])
def test_a_command_that_looks_for_the_newest(repository: Path, words: str, at: str) -> None:
    """What it was about to read is dropped meanwhile: it looks again."""
    with suspended(*words.split(), at=f"muse.core.operations.ops:{at}") as mine:
        meanwhile("commits and forget")
        assert mine.end().status == 0
    assert messages()[0] == "theirs 2"
    check_all()


@pytest.mark.parametrize("words", ["op log", "show @{2026-01-01}", "op restore 8", "gc --dry-run"])
def test_a_command_that_goes_back_in_the_log(repository: Path, words: str) -> None:
    """Operations that are dropped meanwhile are as if they had been dropped before."""
    with suspended(*words.split(), "--json", at="muse.core.operations.ops:read:before:4") as mine:
        wait_a_day()
        forgotten = muse("gc", "--forget", "--yes")
        answer = mine.end()
    assert refused(forgotten) == words.startswith("op restore")
    assert answer.status == (2 if words.startswith("show") else 0), answer
    check_all()
