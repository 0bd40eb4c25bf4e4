"""Commits from elsewhere that would write where no commit may: refused before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muse.core.base import codec
from muse.core.folder import twins
from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import LINK, Entry
from tests.bad_input.scenes import from_elsewhere, muse_files, raw_tree, tree
from tests.commands import ok, refused
from tests.core.folders import read
from tests.core.names_to_try import BAD


def unchanged(repo: Repo, *words: str, status: int = 3) -> str:
    """The command is refused, and not a file is another: none of the person's, none of ours, none beside."""
    before = read(repo.root), muse_files(repo), os.listdir(os.path.dirname(repo.root))
    said = refused(*words, status=status)
    assert (read(repo.root), muse_files(repo), os.listdir(os.path.dirname(repo.root))) == before
    return said


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_a_name_that_leads_out(history: Repo, name: str) -> None:
    from_elsewhere(history, {"good.txt": b"good", name: b"evil"})
    assert "outside the folder" in unchanged(history, "checkout", "theirs")
    unchanged(history, "checkout", "--force", "theirs")
    unchanged(history, "restore", "good.txt", "--from", "theirs")
    unchanged(history, "restore", ".", "--from", "theirs")
    assert ok("status") and ok("log")


@pytest.mark.parametrize("name", ["..", ".muse", ".MUSE", "/"], ids=ascii)
def test_a_folder_that_leads_out(history: Repo, name: str) -> None:
    from_elsewhere(history, {"good.txt": b"good", "deep": {name: {"HEAD": b"evil", "x": b"evil"}}})
    unchanged(history, "checkout", "theirs")
    unchanged(history, "restore", "deep", "--from", "theirs")


def test_an_error_shows_the_name_in_one_line(history: Repo) -> None:
    from_elsewhere(history, {"a/\n\x1b[31mred": b"evil"})
    assert "a/\\n\\x1b[31mred" in unchanged(history, "checkout", "theirs")


def test_a_name_twice(history: Repo) -> None:
    from_elsewhere(history, lambda store: raw_tree(store, ["x", "x"]))
    unchanged(history, "checkout", "theirs")


def test_a_link_and_a_folder_of_one_name(history: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Git was fooled once: a link named as a folder, and a file below that folder."""
    outside = tmp_path_factory.mktemp("outside")

    def build(store: ObjectStore) -> bytes:
        link = Entry(LINK, store.add(os.fsencode(outside)))
        below = Entry("d", tree(store, {"x": b"evil"}))
        return store.add(codec.pack(["tree", 1, ["d", "d"], "ld", link.digest + below.digest]))

    from_elsewhere(history, build)
    unchanged(history, "checkout", "theirs")
    assert os.listdir(outside) == []


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_through_a_link_in_the_folder(
    history: Repo, tmp_path_factory: pytest.TempPathFactory, force: tuple[str, ...]
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    from_elsewhere(history, {"a.txt": b"theirs", "d": {"x": b"evil"}})
    Path("d").symlink_to(outside)
    if force:
        ok("checkout", "theirs", *force)
        assert Path("d/x").read_bytes() == b"evil" and not Path("d").is_symlink()
    else:
        assert " d " in unchanged(history, "checkout", "theirs", status=4)
    ok("restore", "d", "--from", "theirs")
    assert os.listdir(outside) == []


def test_a_link_that_was_a_folder(history: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A commit makes `d` a link to elsewhere; the next one puts a file below `d`."""
    outside = tmp_path_factory.mktemp("outside")
    from_elsewhere(history, lambda store: tree(store, {"d": Entry(LINK, store.add(os.fsencode(outside)))}), "one")
    from_elsewhere(history, {"d": {"x": b"evil"}}, "two")
    ok("checkout", "one")
    assert Path("d").is_symlink()
    ok("checkout", "two")
    assert Path("d/x").read_bytes() == b"evil" and not Path("d").is_symlink()
    ok("checkout", "one")
    assert Path("d").is_symlink() and os.listdir(outside) == []


@pytest.mark.parametrize("target", [b"", b"nul\0x"])
def test_a_link_that_cannot_be(history: Repo, target: bytes) -> None:
    from_elsewhere(history, lambda store: tree(store, {"a": b"good", "l": Entry(LINK, store.add(target))}))
    unchanged(history, "checkout", "theirs")


@pytest.mark.parametrize(
    "names",
    [
        {"readme": b"1", "README": b"2"},
        {"é.txt": b"1", "e\u0301.txt": b"2"},
        {"d": {"x": b"1"}, "D": {"y": b"2"}},
        {"d": {"x": {"y": b"1"}}, "D": {"x": {"z": b"2"}}},
        {"d": b"1", "D": {"x": b"2"}},
        {"straße": b"1", "STRASSE": b"2"},
    ],
    ids=lambda names: "-".join(map(ascii, names)),
)
def test_twins(history: Repo, names: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    from_elsewhere(history, names)
    with monkeypatch.context() as patch:
        patch.setattr(twins, "folds_names", lambda root: True)
        assert "one name on this file system" in unchanged(history, "checkout", "theirs", status=4)
        unchanged(history, "restore", ".", "--from", "theirs", status=4)
    ok("checkout", "theirs")
    assert "clean" in ok("status")


def test_names_that_only_look_alike(history: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from_elsewhere(history, {"d": {"x": b"1", "y": b"2"}, "e": {"x": b"3"}, "muse": b"4", ".muser": b"5", "...": b"6"})
    monkeypatch.setattr(twins, "folds_names", lambda root: True)
    ok("checkout", "theirs")
    assert Path("...").read_bytes() == b"6"


@pytest.mark.parametrize("deep", [150, 1200, 5000])
def test_folders_in_folders(history: Repo, deep: int) -> None:
    """A tree for each level, and no path that any system can open: no stack may overflow."""

    def build(store: ObjectStore) -> bytes:
        digest = tree(store, {"x": b"deep"})
        for _ in range(deep):
            digest = tree(store, {"d": Entry("d", digest)})
        return digest

    from_elsewhere(history, build)
    if deep < 200:
        ok("checkout", "theirs")
        assert "clean" in ok("status")
        ok("undo")
    else:
        assert "nests" in unchanged(history, "checkout", "theirs")
        unchanged(history, "restore", "d", "--from", "theirs")
        refused("diff", "HEAD", "theirs", status=3)
        refused("show", "theirs", status=3)
    assert Path("a.txt").read_text().startswith("version 3")


def test_a_tree_that_is_none(history: Repo) -> None:
    for number, data in enumerate((b"", b"\xc1", b"text", b"\x93\xa4tree\x01\x90")):
        from_elsewhere(history, lambda store, data=data: store.add(data), f"theirs-{number}")  # type: ignore[misc]
        unchanged(history, "checkout", f"theirs-{number}")


def test_contents_that_are_missing(history: Repo) -> None:
    from_elsewhere(history, lambda store: tree(store, {"a.txt": b"there", "b.txt": Entry("f", b"\7" * 32)}))
    newest = ops.newest_number(history.layout)
    assert "sha256:0707" in unchanged(history, "checkout", "theirs")
    assert ops.newest_number(history.layout) == newest
