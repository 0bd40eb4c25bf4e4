"""`system.publish`: a name is created by one process only."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from muse.core.base.errors import SystemTrouble
from muse.core.system import locks, publish
from tests.core import faults, processes


@pytest.mark.parametrize("way", processes.WAYS)
def test_a_free_name_is_taken(tmp_path: Path, way: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    publish.create(str(source), str(target), way)
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("way", processes.WAYS)
@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_a_taken_name_is_left_alone(tmp_path: Path, way: str, kind: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    if kind == "file":
        target.write_bytes(b"old")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    before = os.lstat(target)
    with pytest.raises(FileExistsError):
        publish.create(str(source), str(target), way)
    assert os.lstat(target).st_ino == before.st_ino
    assert source.read_bytes() == b"new"


@pytest.mark.parametrize("way", processes.WAYS)
def test_of_racing_processes_each_name_goes_to_one(tmp_path: Path, way: str) -> None:
    won = processes.race(processes.create_names, str(tmp_path), way, 60, processes=3)
    assert sorted(number for numbers in won for number in numbers) == list(range(60))
    for who, numbers in enumerate(won):
        for number in numbers:
            assert (tmp_path / str(number)).read_text() == str(who)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
def test_a_file_without_a_name_gets_one(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDWR | os.O_TMPFILE, 0o666)
    os.write(fd, b"whole")
    assert os.listdir(tmp_path) == []
    publish.link_nameless(fd, str(tmp_path / "name"))
    assert (tmp_path / "name").read_bytes() == b"whole"
    with pytest.raises(FileExistsError):
        publish.link_nameless(fd, str(tmp_path / "name"))


def test_find_way_prefers_the_hard_link_and_leaves_nothing(tmp_path: Path) -> None:
    assert publish.find_way(str(tmp_path)) == publish.LINK
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", ["close", "link", "unlink"])
def test_find_way_leaves_nothing_when_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    done = getattr(os, call)

    def interrupted(*arguments: Any) -> None:
        faults.press()
        done(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, call, interrupted)
        publish.find_way(str(tmp_path))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_find_way_takes_the_next_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    faults.without_ways(monkeypatch, missing)
    if missing < len(publish.WAYS):
        assert publish.find_way(str(tmp_path)) == publish.WAYS[missing]
    else:
        with pytest.raises(SystemTrouble) as refused:
            publish.find_way(str(tmp_path))
        assert refused.value.kind == "no-exclusive-create"
    assert set(os.listdir(tmp_path)) <= {"publish.lock"}


def test_a_rename_under_a_lock_waits_for_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"")
    clock = iter([0.0, 5.0, 11.0])
    with processes.elsewhere(processes.lock, str(tmp_path / "publish.lock")), monkeypatch.context() as patch:
        patch.setattr("time.monotonic", lambda: next(clock))
        with pytest.raises(OSError, match="another process keeps the lock"):
            publish.create(str(source), str(target), publish.LOCK)
    assert not target.exists()
    publish.create(str(source), str(target), publish.LOCK)
    assert target.exists()


def test_a_child_that_lives_on_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"")
    rename = os.rename
    with ExitStack() as children, monkeypatch.context() as patch:

        def forking(source: str, target: str) -> None:
            children.enter_context(processes.forked())
            rename(source, target)

        patch.setattr(os, "rename", forking)
        publish.create(str(tmp_path / "one"), str(tmp_path / "first"), publish.LOCK)
        patch.setattr(os, "rename", rename)
        patch.setattr(locks, "PATIENCE", 0.0)
        publish.create(str(tmp_path / "two"), str(tmp_path / "second"), publish.LOCK)
    assert sorted(os.listdir(tmp_path)) == ["first", "publish.lock", "second"]


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_refusal_names_a_way_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    """Where a repository came from another file system. Where its own way works, it is as any other error."""
    faults.without_ways(monkeypatch, missing)
    trouble = publish.refusal(OSError(errno.EPERM, "no"), "new", publish.LINK, str(tmp_path))
    assert ("no hard links" in trouble.message) == (missing in (1, 2))
    if missing in (1, 2):
        assert f"`muse config store.publish {publish.WAYS[missing]}`" in trouble.hint
    assert (trouble.kind == "no-exclusive-create") == (missing > 0)
    full = publish.refusal(OSError(errno.ENOSPC, "full"), "new", publish.LINK, str(tmp_path))
    assert "The disk is full" in full.hint


def test_a_refusal_where_no_file_can_be_made(tmp_path: Path) -> None:
    trouble = publish.refusal(OSError(errno.EPERM, "no"), "new", publish.LINK, str(tmp_path / "nowhere"))
    assert "cannot write new: No such file or directory" in trouble.message


def test_on_a_full_disk_nothing_is_said_about_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", faults.failing(errno.ENOSPC))
    with pytest.raises(OSError) as full:
        publish.find_way(str(tmp_path))
    assert full.value.errno == errno.ENOSPC


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.EROFS])
def test_a_link_that_fails_once_is_no_reason_to_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "link", faults.failing(code))
    with pytest.raises(OSError) as refused:
        publish.find_way(str(tmp_path))
    assert refused.value.errno == code
    assert os.listdir(tmp_path) == []


def test_a_rename_under_a_lock_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", faults.failing(errno.ENOLCK))
    (tmp_path / "source").write_bytes(b"new")
    with pytest.raises(OSError) as refused:
        publish.create(str(tmp_path / "source"), str(tmp_path / "target"), publish.LOCK)
    assert refused.value.errno == errno.ENOLCK and not (tmp_path / "target").exists()


def test_a_sweep_that_takes_the_probe_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create, swept = publish.create, iter([True, True, False])

    def late(temp: str, path: str, way: str) -> None:
        if next(swept):
            os.unlink(temp)
        create(temp, path, way)

    monkeypatch.setattr(publish, "create", late)
    assert publish.find_way(str(tmp_path)) == publish.LINK
    assert os.listdir(tmp_path) == []
