"""`muse.verbs._paths`: what a person types names one path of the repository, or is refused."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muse.core.base.errors import UsageProblem
from muse.verbs._paths import is_below, is_under, quoted, to_repository

names = st.sampled_from(["a", "b.txt", "...", "caf\u00e9", "with space", "#1", "\udc80", "-n", "x" * 255])
steps = st.lists(st.one_of(names, st.sampled_from([".", ""])), min_size=1, max_size=4)


@given(st.lists(names, min_size=1, max_size=4), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_however_a_path_is_written_it_is_the_same(folder: Path, path: list[str], data: st.DataObject) -> None:
    typed = []
    for name in path:
        typed += data.draw(st.sampled_from([[name], [".", name], ["detour", "..", name], ["", name]]))
    written = "./" * data.draw(st.integers(0, 1)) + "/".join(typed).lstrip("/")
    expected = "/".join(path)
    assert to_repository(str(folder), written) == expected
    assert to_repository(str(folder), f"{folder}/{expected}") == expected


@pytest.mark.parametrize("typed", [".", "./", "a/..", "a/b/../.."])
def test_the_root(folder: Path, typed: str) -> None:
    assert to_repository(str(folder), typed) == ""
    assert to_repository(str(folder), str(folder)) == ""


def test_from_a_folder_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d/e").mkdir(parents=True)
    monkeypatch.chdir("d/e")
    for typed, path in [("x", "d/e/x"), ("../x", "d/x"), ("../..", ""), (".", "d/e"), (str(folder / "x"), "x")]:
        assert to_repository(str(folder), typed) == path


def test_from_elsewhere_paths_count_from_the_root(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert to_repository(str(folder), "d/x") == "d/x"


def test_from_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert to_repository(str(folder), "~/x") == "x"


def test_links_on_the_way_are_followed_and_the_last_is_not(folder: Path) -> None:
    Path("d").mkdir()
    Path("link").symlink_to("d")
    assert to_repository(str(folder), "link/x") == "d/x"
    assert to_repository(str(folder), "link") == "link"


def test_a_repository_that_is_reached_through_a_link(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path_factory.mktemp("links") / "here"
    link.symlink_to(folder)
    monkeypatch.chdir(link)
    for root in (folder, link):
        assert to_repository(str(root), "x") == "x"
        assert to_repository(str(root), f"{link}/x") == "x"
        assert to_repository(str(root), f"{folder}/x") == "x"
        assert to_repository(str(root), str(link)) == ""


@pytest.mark.parametrize("typed", ["..", "../x", "a/../../x", "/", "/etc/passwd"])
def test_outside(folder: Path, typed: str) -> None:
    with pytest.raises(UsageProblem, match=f"{typed} is not in this repository") as found:
        to_repository(str(folder), typed)
    assert found.value.hint == f"Its folder is {folder}."


def test_outside_through_a_link(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    Path("link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(UsageProblem, match="link/x is not in this repository"):
        to_repository(str(folder), "link/x")


@pytest.mark.parametrize(
    "typed",
    [".muse", ".muse/config.toml", ".MUSE/x", "d/.Muse", ".mu\u017fe", ".mus\u200ce", "a\0b", "a\0b/c", "x" * 256],
)
def test_what_cannot_be_versioned(folder: Path, typed: str) -> None:
    with pytest.raises(UsageProblem, match="is not a path that can be versioned"):
        to_repository(str(folder), typed)


def test_nothing_at_all_is_no_path(folder: Path) -> None:
    """An empty variable of a shell does not stand for the whole folder."""
    with pytest.raises(UsageProblem, match="an empty text is no path"):
        to_repository(str(folder), "")


def test_from_a_folder_that_was_removed(folder: Path) -> None:
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir(folder / "gone")
    with pytest.raises(UsageProblem, match="the current folder was removed"):
        to_repository(str(folder), "a")


def test_below_and_under() -> None:
    assert is_below("/r/a", "/r") and is_below("/r", "/r") and is_below("/a", "/")
    assert not is_below("/ra", "/r")
    assert is_under("d/x", "d") and is_under("d", "d") and is_under("anything", "")
    assert not is_under("dx", "d")
    assert os.sep == "/"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from(" '\"$`~*"), min_size=1))
def test_what_a_hint_tells_to_type_is_one_word(word: str) -> None:
    assert shlex.split(quoted(word)) == [word]


def test_quotes_only_where_they_are_needed() -> None:
    assert quoted("HEAD~1:größe/x-1.csv") == "HEAD~1:größe/x-1.csv"
    assert quoted("my data") == "'my data'"
    assert quoted("~/x") == "'~/x'"
    assert quoted("") == "''"
