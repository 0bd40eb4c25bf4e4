"""`muse fsck`: what it says, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

import muse as api
from muse.core.repo import Repo
from muse.core.types import blob_id
from tests.commands import muse, ok, refused, short
from tests.core import damaged
from tests.core.damaged import VERSIONS, flip, operation, spoil


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


def test_nothing_is_wrong(repo: Repo) -> None:
    assert ok("fsck") == "No problem found: 11 objects, 3 commits, 4 operations\n"
    assert api.fsck().clean
    assert api.fsck().exit_status == 0


def test_no_commit_yet(folder: Path) -> None:
    ok("init")
    assert ok("fsck") == "No problem found: 0 objects, 0 commits, 1 operation\n"


def test_what_is_worth_knowing_comes_after_the_first_line(repo: Repo) -> None:
    Path(repo.layout.packs, "0" * 32 + ".pack").write_bytes(b"x" * 1500)
    assert ok("fsck").splitlines()[1:] == ["1 pack of 1,500 bytes named by no operation: `muse gc` removes such"]


def test_what_is_lost(repo: Repo) -> None:
    third = short()
    pack = spoil(repo, VERSIONS[2])
    answer = muse("fsck")
    assert (answer.status, answer.err) == (3, "")
    assert answer.lines == [
        "1 problem found: 11 objects, 3 commits, 4 operations",
        f"  object  {blob_id(VERSIONS[2])} cannot be decompressed (ZstdError), in {pack}",
        "1 commit of 3 cannot be had whole:",
        f"  {third}  commit 3",
        "    a.txt",
        "",
        "`muse doctor` repairs what can be repaired; a copy of `.muse` may hold the rest",
    ]


def test_all_commits_can_be_had(repo: Repo) -> None:
    flip(operation(repo, 2))
    answer = muse("fsck")
    assert answer.status == 3
    assert answer.lines[1] == f"  operation  operation 2 ({operation(repo, 2)}) is damaged"
    assert answer.lines[2] == "All commits can be had whole: 3"


def test_much_is_lost(folder: Path) -> None:
    ok("init")
    for number in range(30):
        Path(f"{number:02}.txt").write_text(f"{number}\n" * 40)
    ok("commit", "-m", "many")
    many = short()
    for number in range(30):
        spoil(Repo(str(folder)), f"{number}\n".encode() * 40)
    lines = muse("fsck").lines
    assert lines[0].startswith("30 problems found")
    assert lines[21] == "  and 10 more; --json lists all"
    assert lines[22:31] == [
        "1 commit of 1 cannot be had whole:",
        f"  {many}  many",
        *(f"    {number:02}.txt" for number in range(5)),
        "    and 25 more",
        "",
    ]
    value = muse("fsck", "--json").json
    assert (len(value["problems"]), len(value["broken"][0]["paths"]), value["broken"][0]["total"]) == (30, 30, 30)


def test_a_newest_operation_that_is_damaged(repo: Repo) -> None:
    flip(operation(repo, 4))
    answer = muse("fsck")
    assert (answer.status, answer.err) == (3, "")
    assert "operation 4 " in answer.lines[1]
    assert "`muse doctor`" in muse("status").err


def test_settings_are_mended_by_hand_first(repo: Repo) -> None:
    """Without them doctor does not know how to write."""
    Path(repo.layout.config).write_text("durability = \n")
    assert muse("fsck").lines[-1].startswith("mend config.toml by hand; then `muse doctor` repairs ")
    assert refused("doctor", status=2).splitlines()[1].startswith("Correct that line by hand")


def test_in_a_notebook_it_is_shown_and_not_raised(repo: Repo) -> None:
    pytest.importorskip("IPython")
    from muse.magics.magic import muse as magic

    flip(operation(repo, 2))
    result = magic("fsck")
    assert "1 problem found" in repr(result)
    assert getattr(result, "exit_status") == 3  # noqa: B009 - of whatever class
    assert magic("fsck --json")["clean"] is False  # type: ignore[index]
