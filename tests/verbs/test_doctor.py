"""`muse doctor`: what it says, and how it ends."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.types import blob_id
from tests.commands import muse, ok, refused, short
from tests.core import damaged
from tests.core.damaged import VERSIONS, flip, newest, operation, spoil


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


def test_nothing_to_repair(repo: Repo) -> None:
    assert ok("doctor") == "Nothing to repair.\n"
    assert ops.numbers(repo.layout) == [1, 2, 3, 4]


def test_everything_can_be_had(repo: Repo) -> None:
    spoil(repo, VERSIONS[2])
    assert ok("doctor") == "Recorded as operation 5\nCopied 3 objects\nTook 1 damaged pack out of use\n"
    assert muse("fsck").status == 0
    assert " doctor " in ok("op", "log", "-n", "1")


def test_something_is_lost(repo: Repo) -> None:
    Path("a.txt").unlink()
    third = short()
    pack = spoil(repo, VERSIONS[2])
    answer = muse("doctor")
    assert (answer.status, answer.err) == (3, "")
    assert answer.lines == [
        "Recorded as operation 5",
        "Copied 2 objects",
        "Took 1 damaged pack out of use",
        f"Set one aside, as it may hold more: .muse/objects/pack/{pack.stem}.damaged",
        "1 problem cannot be repaired:",
        f"  blob  {blob_id(VERSIONS[2])} is missing from the repository",
        "Commits that cannot be had whole:",
        f"  {third}  commit 3",
        "    a.txt",
        "",
        "a copy of `.muse` may still hold what is missing",
    ]
    assert muse("doctor").lines == answer.lines[4:]
    assert muse("doctor").status == 3


@pytest.mark.parametrize("words", [["commit", "-m", "x"], ["undo"], ["branch", "b"], ["checkout", "HEAD~1"], ["gc"]])
def test_nothing_is_recorded_where_a_later_operation_was(repo: Repo, words: list[str]) -> None:
    """The next would take its number, and gc its pack."""
    third = short()
    operation(repo, 4).unlink()
    os.utime(repo.layout.head, (0, 0))
    gone = f"{repo.layout.head} names operation 4, and the newest is 3: what came after that is gone"
    assert refused(*words, status=3).splitlines() == [
        f"error: {gone}",
        "Nothing was changed. While it is being synced, wait; else `muse doctor` goes on, and looks for it.",
    ]
    for look in (["status"], ["log"], ["op", "log"]):
        assert ok(*look).splitlines()[0] == f"! {gone}; `muse doctor` looks for it"
    assert "gc" not in muse("fsck").out
    answer = muse("doctor")
    assert (answer.status, answer.lines[0]) == (3, "Operation 4, which HEAD named, is gone")
    ok("branch", "found", third)
    ok("gc")
    assert ok("log", "found").split()[0] == third


def test_the_newest_operation_is_lost(repo: Repo) -> None:
    third = short()
    flip(operation(repo, 4))
    refused("log", status=3)
    answer = muse("doctor")
    assert answer.status == 3
    assert answer.lines == [
        "Went back to operation 3, the newest that is whole; recorded as operation 5",
        "1 operation cannot be had: 4",
        "Copied 3 objects",
        "Commits that only a lost operation named; `muse gc` drops those that nothing names:",
        f"  {third}",
        "",
        f"`muse branch found {third}` keeps that commit",
    ]
    assert ok("doctor") == "Nothing to repair.\n"
    ok("branch", "found", third)
    ok("checkout", "--force", "found")
    assert Path("a.txt").read_bytes() == VERSIONS[2]


def test_hints(repo: Repo) -> None:
    Path(repo.layout.head).write_text("operation 77\n")
    Path(repo.layout.applied).write_text("junk")
    answer = muse("doctor")
    assert answer.lines == ["Operation 77, which HEAD named, is gone", "Wrote `applied` anew", "Wrote HEAD anew"]
    assert answer.status == 3, "it may have been there"
    assert ok("doctor") == "Nothing to repair.\n"
    assert ok("fsck").count("\n") == 1
    assert newest(repo).number == 4


def test_finishing_what_another_machine_began(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("checkout", "HEAD~1")
    put = newest(repo)._replace(host="elsewhere")
    operation(repo, 5).write_bytes(ops.encode(put))
    folder_state.set_applied(repo.layout, 4, durable=False)
    Path("a.txt").write_bytes(VERSIONS[2])
    with monkeypatch.context() as patch:
        patch.setattr("muse.core.folder.worktree_lock.is_network", lambda fd: True)
        assert "elsewhere" in refused("checkout", "main", status=4)
        assert "finished: checkout (operation 5)" in ok("doctor", "--resume")
    assert Path("a.txt").read_bytes() == VERSIONS[1]
    assert ok("doctor", "--resume") == "Nothing to finish.\n"
    assert ops.numbers(repo.layout) == [1, 2, 3, 4, 5]


def test_nothing_to_finish_where_something_is_damaged(repo: Repo) -> None:
    """That is not looked at."""
    flip(operation(repo, 2))
    assert ok("doctor", "--resume") == "Nothing to finish.\n"


def test_a_pack_that_only_a_lost_operation_knew(repo: Repo) -> None:
    Path("a.txt").write_bytes(b"shelved\n")
    ok("shelf", "push")
    stray = damaged.packs(repo)[-1].stem
    flip(operation(repo, 5))
    aside = "Set 1 pack aside, as .muse/objects/pack/….damaged"
    assert muse("doctor").lines == [
        "Went back to operation 4, the newest that is whole; recorded as operation 6",
        "1 operation cannot be had: 5",
        f"{aside}: what a lost operation staged, shelved or saved may be in it",
    ]
    assert Path(repo.layout.pack_aside(stray)).exists()
    assert ok("doctor") == "Nothing to repair.\n"


def test_a_pack_that_only_a_lost_operation_knew_for_programs(repo: Repo) -> None:
    Path("a.txt").write_bytes(b"shelved\n")
    ok("shelf", "push")
    stray = damaged.packs(repo)[-1].stem
    operation(repo, 5).unlink()
    answer = muse("doctor", "--json").json
    assert (answer["gone"], answer["set_aside"], answer["retired"]) == (5, [stray], [])


def test_a_gap_that_is_too_large(repo: Repo) -> None:
    """The answer says how to go on, and that works."""
    operation(repo, 4).rename(operation(repo, 500_000))
    assert "`muse gc --forget` drops all operations but the last" in muse("doctor").lines[-1]
    ok("gc", "--forget", "--yes")
    assert ok("doctor") == "Nothing to repair.\n"


def test_a_file_in_place_of_the_caches(repo: Repo) -> None:
    shutil.rmtree(repo.layout.cache)
    Path(repo.layout.cache).write_text("a file")
    assert ok("doctor") == "Threw away the cache folder\n"
    assert ok("doctor") == "Nothing to repair.\n"


def test_no_operation_is_whole(repo: Repo) -> None:
    """The answer says how to work on, and that works."""
    tip = short("HEAD")
    for number in (1, 2, 3, 4):
        flip(operation(repo, number))
    answer = muse("doctor")
    assert answer.status == 3, "four operations cannot be had"
    assert f"  {tip}  found" in answer.lines
    assert answer.lines[-2:] == [
        "`muse reset found` goes on from there; the files stay as they are",
        "what was staged or shelved is in the old packs; `muse gc --forget` removes these",
    ]
    assert "Set 3 packs aside, as .muse/objects/pack/….damaged" in answer.lines
    assert ok("reset", "found") and muse("status", "--json").json["clean"]


def test_no_commit_is_left(repo: Repo) -> None:
    for path in damaged.packs(repo):
        path.unlink()
    for path in list(Path(repo.layout.ops).iterdir()):
        path.unlink()
    answer = muse("doctor")
    assert (answer.status, answer.lines[-1]) == (3, "No operation was left, and no commit in the packs.")


def test_the_way_on_is_that_of_the_branch(repo: Repo) -> None:
    before = short("HEAD~1")
    ok("branch", "other", "HEAD~2")
    ok("checkout", "other")
    Path("b.txt").write_text("elsewhere\n")
    ok("commit", "-m", "elsewhere")
    ok("checkout", "main")
    lose(repo, 2)
    assert f"`muse reset {before}` goes to the last commit here" in muse("doctor").lines[-1]


def lose(repo: Repo, number: int) -> None:
    """The pack of a commit is gone."""
    damaged.packs(repo)[number].unlink()


def test_the_commit_that_is_checked_out_is_lost(repo: Repo) -> None:
    """The answer says how to work on, and that works."""
    second = short("HEAD~1")
    lose(repo, 2)
    answer = muse("doctor")
    assert answer.status == 3
    assert f"`muse reset {second}` goes to the last commit here that is whole" in answer.lines[-1]
    assert second in ok("op", "log")
    ok("reset", second)
    assert ok("log").startswith(second)
    assert Path("a.txt").read_bytes() == VERSIONS[2]
    assert not [line for line in muse("doctor").lines if "muse reset" in line]


def test_all_commits_are_lost(repo: Repo) -> None:
    for number in range(3):
        lose(repo, number)
    assert muse("doctor").lines[-1].startswith("without one: move `.muse` away, and `muse init` starts anew")
