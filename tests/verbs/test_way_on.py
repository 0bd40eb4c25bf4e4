"""`muse.verbs._way_on`: what `doctor` names last works when it is typed as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.commands import commit_id, muse, ok, refused, short
from tests.core import damaged
from tests.core.damaged import VERSIONS
from tests.verbs import losing


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits."""
    return damaged.build(folder)


def named() -> list[list[str]]:
    """The commands that doctor names."""
    answer = muse("doctor")
    assert answer.status == 3 and answer.lines[-1].startswith("without one: "), answer.out
    return [command.split() for command in re.findall(r"`muse ([^`]+)`", answer.lines[-1])]


def test_the_stage_is_lost(repo: Repo) -> None:
    losing.stage(repo)
    for words in (["add", "a.txt"], ["commit", "-m", "x"], ["restore", "--staged", "many"], ["reset", "--soft"]):
        assert "muse doctor" in refused(*words, status=3)
    assert named() == [["reset"]]
    ok("reset")
    assert len(muse("status", "--json").json["added"]) == 100, "the files stay"
    ok("add", "many")
    ok("commit", "-m", "many")
    assert muse("status", "--json").json["clean"]


def test_the_stage_is_lost_before_the_first_commit(repository: Path) -> None:
    losing.stage(Repo(str(repository)))
    assert named() == [["op", "restore", "1"]]
    ok("op", "restore", "1")
    ok("commit", "-m", "many")


@pytest.mark.parametrize("part", ["tags", "shelf"])
def test_the_tags_or_the_shelf_are_lost(repo: Repo, part: str) -> None:
    """Work goes on at the commit that is checked out."""
    getattr(losing, part)(repo)
    tip = commit_id()
    assert "muse doctor" in refused(part.removesuffix("s"), status=3)
    back, forth = named()
    assert back[:2] == ["op", "restore"] and forth == ["reset", short()]
    ok(*back)
    ok(*forth)
    assert commit_id() == tip
    assert Path("a.txt").read_text() == "later\n"
    assert ok(part.removesuffix("s"))


def test_on_another_branch_than_then(repo: Repo) -> None:
    """The stage and the tags are lost: the answer leads to where both can be read, and back to this commit."""
    losing.tags(repo)
    ok("checkout", "-b", "side")
    losing.stage(repo)
    tip = commit_id()
    back, forth, names = named()
    assert (forth, names) == (["checkout", short()], ["branch", "NAME", "ID"])
    assert muse("doctor").lines[-1].endswith(f" names again what was made since: main {short()}, side {short()}")
    ok(*back)
    ok(*forth)
    assert commit_id() == tip


def test_a_list_of_files_is_lost(repo: Repo) -> None:
    """Only who goes back there, and gc, must do without."""
    losing.files(repo)
    assert "muse doctor" in refused("gc", status=3)
    assert named() == [["gc"], ["gc", "--forget"]]
    Path("a.txt").write_text("more\n")
    ok("commit", "-m", "more")
    ok("gc", "--forget", "--yes")
    assert muse("doctor").status == 0
    ok("gc")


@pytest.mark.parametrize("lose", [losing.stage, losing.tags, losing.shelf])
def test_what_is_lost_is_forgotten(repo: Repo, lose: Callable[[Repo], None]) -> None:
    """Once nothing of now needs it, the answer says how to be rid of what does."""
    lose(repo)
    for words in named():
        ok(*words)
    assert named() == [["gc"], ["gc", "--forget"]]
    ok("gc", "--forget", "--yes")
    assert muse("doctor").status == 0


def test_only_a_file_is_lost(repo: Repo) -> None:
    """There is nothing to be led past."""
    Path("a.txt").unlink()
    damaged.spoil(repo, VERSIONS[2])
    assert muse("doctor").lines[-1] == "a copy of `.muse` may still hold what is missing"
