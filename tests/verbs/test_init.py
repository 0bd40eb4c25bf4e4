"""`muse init`: where it starts a repository, what it says, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import muse as api
from muse.core.repo import Repo
from tests.commands import muse, ok, refused


def test_it_starts_a_repository_in_the_current_folder(folder: Path) -> None:
    assert ok("init") == f'Started a repository in {folder}.\n`muse commit -m "first look"` records what is there now\n'
    assert (folder / ".muse" / ".gitignore").read_text() == "*\n"
    assert (folder / ".muse" / "applied").read_text() == "0\n"
    assert os.listdir(folder / ".muse" / "ops") == ["000000000001"]


def test_a_second_time_nothing_changes(folder: Path) -> None:
    ok("init")
    (folder / ".muse" / "config.toml").write_text('[author]\nname = "Grace"\n')
    assert ok("init") == f"There is a repository in {folder} already.\n"
    assert (folder / ".muse" / "config.toml").read_text() == '[author]\nname = "Grace"\n'
    assert os.listdir(folder / ".muse" / "ops") == ["000000000001"]


def test_json(folder: Path) -> None:
    assert muse("init", "--json").json == {"root": str(folder), "created": True, "notes": []}
    assert muse("init", "--json").json == {"root": str(folder), "created": False, "notes": []}


def test_a_hint_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / ".muse" / "HEAD" / "in the way").mkdir(parents=True)
    warning = f"done, but cannot write {folder}/.muse/HEAD: Is a directory"
    assert ok("init").startswith(f"! {warning}\nStarted a repository in {folder}.\n")
    shutil.rmtree(folder / ".muse" / "ops")
    assert muse("init", "--json").json["notes"] == [warning]


def test_in_another_folder(folder: Path) -> None:
    (folder / "thesis").mkdir()
    ok("init", "thesis")
    assert (folder / "thesis" / ".muse").is_dir()
    assert not (folder / ".muse").exists()


def test_the_folder_must_be_there(folder: Path) -> None:
    assert refused("init", "thesis", status=2) == (
        f"error: there is no folder {folder}/thesis\nMake it first, or name another.\n"
    )


def test_the_environment_says_where(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "thesis").mkdir()
    monkeypatch.setenv("MUSE_REPO_ROOT", str(folder / "thesis"))
    ok("init")
    assert (folder / "thesis" / ".muse").is_dir()


def test_a_repository_in_a_repository_is_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ok("init")
    (folder / "thesis").mkdir()
    monkeypatch.chdir(folder / "thesis")
    note = f"{folder} is a repository, too; what is new in this folder is left out there"
    assert ok("init").startswith(f"! {note}\nStarted a repository in {folder}/thesis.\n")
    assert muse("init", "--json").json["notes"] == []
    assert muse("status", "--json").json["commit_id"] is None
    assert Repo.open().root == str(folder / "thesis")


def test_a_bare_folder_of_that_name_is_a_repository_without_history(folder: Path) -> None:
    (folder / ".muse").mkdir()
    assert ok("status") == "On branch main, no commit yet\nNothing here to commit yet.\n"
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert ok("log").endswith("first look  (HEAD → main)\n")


def test_something_else_of_that_name_is_in_the_way(folder: Path) -> None:
    (folder / ".muse").write_text("mine")
    assert refused("init", status=2) == (
        f"error: {folder}/.muse is not a folder\nMove it away; then `muse init` starts a repository.\n"
    )
    assert (folder / ".muse").read_text() == "mine"


@pytest.mark.parametrize("below", ["", "deep"])
def test_a_link_to_a_repository_is_told_by_every_verb(folder: Path, below: str) -> None:
    """It was moved to a larger disk, say."""
    (folder / "larger").mkdir()
    (folder / "deep").mkdir()
    ok("init", "larger")
    (folder / ".muse").symlink_to("larger/.muse")
    said = (
        f"error: {folder}/.muse is a link, and muse follows none there\n"
        "Remove the link, or put the folder that it leads to in its place; a mount will do, too.\n"
    )
    assert refused("init", status=2) == said
    os.chdir(folder / below)
    assert refused("status", status=2) == refused("commit", status=2) == said


def test_a_dangling_link_is_in_the_way(folder: Path) -> None:
    (folder / ".muse").symlink_to("nowhere")
    assert "/.muse is a link" in refused("init", status=2)
    assert os.listdir(folder) == [".muse"]


def test_a_file_of_that_name_is_no_business_of_other_folders(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / ".muse").write_text("of some other program")
    os.chdir("deep")
    assert "/deep is not in a muse repository" in refused("status", status=2)


@pytest.mark.parametrize("where", [".muse", ".muse/ops"])
def test_what_belongs_to_muse_is_no_place_for_a_repository(folder: Path, where: str) -> None:
    ok("init")
    said = f"error: {folder}/{where} belongs to muse itself\nThe repository is in {folder}.\n"
    assert refused("init", where, status=2) == said
    os.chdir(where)
    assert refused("init", status=2) == said
    assert not os.path.lexists(".muse")


def test_from_python(folder: Path) -> None:
    result = api.init(folder)
    assert (result.root, result.created) == (str(folder), True)
    assert repr(result).splitlines()[0] == f"Started a repository in {folder}."
    assert not api.init(repo=Repo(str(folder))).created
