"""`muse.core.repo`: finding a repository, and sweeping it whenever it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core import repo
from muse.core.base.errors import NotARepository, UsageProblem
from muse.core.repo import ROOT_VARIABLE, Repo, find_root, require_repo
from muse.core.system import sweep, temps
from tests.core.stores import new_repo
from tests.core.strange import NOT_OURS


@pytest.fixture
def place(folder: Path) -> Path:
    """The current folder: two repositories, one of them below the other, and folders in both."""
    sweep._memories.clear()
    for name in ("outer", "outer/inner", "other"):
        (folder / name).mkdir()
        new_repo(folder / name)
        (folder / name / "deep" / "er").mkdir(parents=True)
    return folder


def test_the_closest_repository_above_is_found(place: Path) -> None:
    for start, root in [
        ("outer", "outer"),
        ("outer/deep/er", "outer"),
        ("outer/inner", "outer/inner"),
        ("outer/inner/deep/er", "outer/inner"),
        ("outer/inner/..", "outer"),
        ("outer/.muse/objects", "outer"),
        ("other/nothing/there", "other"),
    ]:
        assert find_root(start) == find_root(place / start) == str(place / root)
        assert require_repo(start) == place / root


def test_a_folder_given_beats_the_variable_beats_the_current_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotARepository):
        find_root()
    monkeypatch.chdir(place / "outer" / "deep")
    assert find_root() == str(place / "outer")
    monkeypatch.setenv(ROOT_VARIABLE, str(place / "other"))
    assert find_root() == str(place / "other")
    assert find_root(place / "outer" / "inner") == str(place / "outer" / "inner")
    monkeypatch.setenv(ROOT_VARIABLE, "")
    assert find_root() == str(place / "outer")
    monkeypatch.setenv(ROOT_VARIABLE, str(place))
    with pytest.raises(NotARepository, match=rf"{place} is not in a muse repository"):
        find_root()


def test_the_variable_may_begin_with_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody expands it in the file of a container, or in `os.environ`."""
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv(ROOT_VARIABLE, "~/other")
    monkeypatch.chdir(place / "outer")
    assert find_root() == str(place / "other")
    assert find_root("~/outer/deep") == str(place / "outer")


def test_no_repository_ends_a_script_with_status_2(place: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        require_repo(place)
    assert stopped.value.code == 2


def test_a_current_folder_that_was_deleted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "gone").mkdir()
    monkeypatch.chdir(place / "gone")
    os.rmdir(place / "gone")
    with pytest.raises(NotARepository, match="the current folder was removed"):
        find_root()
    assert find_root(place / "outer") == str(place / "outer")


@pytest.mark.parametrize("make", NOT_OURS[1:])
def test_something_else_of_that_name_is_no_repository(place: Path, make: Callable[[Path], None]) -> None:
    (place / "odd").mkdir()
    os.chdir(place / "odd")
    make(place / "odd" / ".muse")
    with pytest.raises(NotARepository):
        find_root(place / "odd")


def test_a_link_to_a_repository_is_none(place: Path) -> None:
    (place / "linked").mkdir()
    (place / "linked" / ".muse").symlink_to(place / "other" / ".muse")
    with pytest.raises(NotARepository, match=rf"{place}/linked/\.muse is a link, and muse follows none there"):
        find_root(place / "linked")
    (place / "outer" / "odd").mkdir()
    (place / "outer" / "odd" / ".muse").symlink_to(place / "other" / ".muse")
    with pytest.raises(NotARepository, match="is a link"):
        find_root(place / "outer" / "odd")  # who is there does not mean the outer one


def test_a_bare_folder_is_a_repository(place: Path) -> None:
    (place / "bare" / ".muse").mkdir(parents=True)
    assert Repo.open(place / "bare").root == str(place / "bare")
    assert os.listdir(place / "bare" / ".muse") == []


def plant(root: Path) -> Path:
    path = root / ".muse" / "ops" / temps.new_name(temps.MUSE_TEMP)
    path.write_bytes(b"half")
    return path


def test_opening_sweeps(place: Path) -> None:
    opens: list[Callable[[Path], object]] = [require_repo, Repo.open, repo._startup_gc, lambda root: find_root(root)]
    for opening in opens:
        planted = plant(place / "outer")
        opening(place / "outer")
        assert planted.exists() == (opening is opens[-1])


def test_what_other_programs_may_call(place: Path) -> None:
    plant(place / "outer")
    assert repo._cleanup_muse_dir_temps(place / "outer" / ".muse") == 1
    assert set(repo._MUSE_TEMP_PREFIXES) == {temps.MUSE_TEMP, temps.STAT_CACHE_TEMP}
    assert {"", "ops", "cache", "commits", "refs/heads"} <= set(repo._MUSE_SWEEP_DIRS)


@pytest.mark.parametrize(
    ("config", "durable", "way"),
    [
        (b"", True, "link"),
        (b'durability = "full"\n', True, "link"),
        (b'durability = "off"\n[store]\npublish = "lock"\n', False, "lock"),
        (b'[store]\npublish = "rename"\n', True, "rename"),
    ],
)
def test_settings(tmp_path: Path, config: bytes, durable: bool, way: str) -> None:
    here = new_repo(tmp_path / "root", config)
    assert (here.durable, here.way) == (durable, way)


def test_a_setting_that_is_none_is_named(tmp_path: Path) -> None:
    here = new_repo(tmp_path / "root", b'durability = "sometimes"\n[store]\npublish = "prayer"\n')
    with pytest.raises(UsageProblem, match=r"durability .* is 'sometimes'"):
        assert here.durable
    with pytest.raises(UsageProblem, match=r"store\.publish .* is 'prayer'"):
        assert here.way


def test_settings_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    here = new_repo(tmp_path / "root")
    Path(here.layout.config).write_bytes(b'durability = "full"\n')
    assert here.durable
    Path(here.layout.config).write_bytes(b'durability = "off"\n')
    assert here.durable
    assert not Repo(here.root).durable
