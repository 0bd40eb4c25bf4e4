"""Something else in the place of a file of ours: a clear answer at once, never a hang, never a write through it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.repo import Repo
from tests.bad_input.scenes import packs
from tests.commands import Answer, muse, ok, process
from tests.core import strange
from tests.core.strange import NOT_OURS

Strange = Callable[[Path], None]
Run = Callable[..., Answer]


@pytest.fixture(params=NOT_OURS)
def put(request: pytest.FixtureRequest) -> Strange:
    """What to put in the place of a file."""
    found: Strange = request.param
    return found


@pytest.fixture
def run(put: Strange) -> Run:
    """Types a command: in a process with little time and memory where it could hang or read without end."""

    def typed(*words: str) -> Answer:
        if put in (strange.folder, strange.a_socket, strange.link):
            answer = muse(*words)
        else:
            answer = process(*words, timeout=20, memory=1 << 30)
        assert "Traceback" not in answer.err and "mistake of its own" not in answer.err
        if answer.status > 1:
            assert answer.out == "" and len(answer.err.splitlines()) == 2, answer
        return answer

    return typed


def in_place_of(path: Path, put: Strange) -> None:
    """Put something strange where a file is; sockets need a short path."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        put(path)
    finally:
        os.chdir(here)


def test_a_pack(history: Repo, put: Strange, run: Run) -> None:
    gone = packs(history)[-1]
    in_place_of(gone, put)
    answer = run("log")
    assert answer.status == 3 and gone.name in answer.err
    assert run("op", "log").status == 0


def test_the_newest_operation(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(history.layout.operation(4)), put)
    answer = run("commit", "-m", "x")
    assert answer.status == 3 and "000000000004" in answer.err


def test_the_hint(history: Repo, put: Strange, run: Run) -> None:
    log = ok("log")
    in_place_of(Path(history.layout.head), put)
    assert run("log").out == log
    answer = run("branch", "next")
    assert answer.status == 0
    assert ("HEAD" in answer.out) == (put is strange.folder), "a folder cannot be replaced, which is said"
    assert ok("branch")


def test_how_far_the_folder_is(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(history.layout.applied), put)
    assert run("status").status == 0
    if put is strange.folder:
        answer = run("checkout", "HEAD~1")
        assert answer.status == 5 and "applied" in answer.err
        assert Path("a.txt").read_text().startswith("version 3")
    else:
        assert run("checkout", "HEAD~1").status == 0
        assert Path("a.txt").read_text().startswith("version 2")
        assert Path(history.layout.applied).read_text() == "5\n"


def test_the_settings(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(history.layout.config), put)
    Path("a.txt").write_text("version 4\n")
    answer = run("commit", "-m", "x")
    assert answer.status == 3 and "config.toml" in answer.err
    answer = run("config")
    assert answer.status == 3 and "config.toml" in answer.err
    assert run("log").status == run("status").status == 0


@pytest.mark.parametrize("name", ["stat", "config"])
def test_the_caches(history: Repo, put: Strange, run: Run, name: str) -> None:
    in_place_of(Path(history.layout.cache, name), put)
    Path("a.txt").write_text("version 4\n")
    assert "a.txt" in run("status").out
    assert run("commit", "-m", "commit 4").status == 0
    assert "clean" in run("status").out


def test_the_lock(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(history.layout.lock), put)
    Path("a.txt").write_text("version 4\n")
    answer = run("commit", "-m", "commit 4")
    assert answer.status in (0, 5)
    assert answer.status == 0 or "worktree.lock" in answer.err
    assert run("log").status == 0
    assert not Path(history.layout.muse, "target").exists() or not Path(history.layout.muse, "target").stat().st_size


@pytest.mark.parametrize("name", ["objects", "objects/pack", "ops", "cache", "restore", "journal"])
def test_a_folder_of_ours(history: Repo, put: Strange, run: Run, name: str) -> None:
    in_place_of(Path(history.layout.muse, name), put)
    Path("a.txt").write_text("version 4\n")
    for words in (("status",), ("commit", "-m", "commit 4"), ("checkout", "--force", "HEAD~1")):
        answer = run(*words)
        if (name, put) == ("ops", strange.folder):
            assert answer.status == 3 and "HEAD names operation" in answer.err
        else:
            assert answer.status == 0 or (answer.status in (3, 5) and ".muse" in answer.err), answer


def test_muse_itself(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(history.layout.muse), put)
    answer = run("status")
    assert answer.status == (0 if put is strange.folder else 2)
    answer = run("init")
    assert answer.status == (0 if put is strange.folder else 2), answer


def test_a_temporary_file(history: Repo, put: Strange, run: Run) -> None:
    for folder, name in (("cache", ".stat_cache_x.tmp"), ("ops", ".muse-tmp-x"), ("restore", "left")):
        in_place_of(Path(history.layout.muse, folder, name), put)
    assert run("status").status == 0
    assert run("checkout", "HEAD~1").status == 0
    assert os.listdir(history.layout.restore) in ([], ["target"])


def test_ignore_rules(history: Repo, put: Strange, run: Run) -> None:
    in_place_of(Path(".museignore"), put)
    assert run("status").status == 0


def test_settings_of_the_person(history: Repo, put: Strange, run: Run, environment: dict[str, str]) -> None:
    folder = Path(environment["XDG_CONFIG_HOME"], "muse")
    folder.mkdir(parents=True)
    in_place_of(folder / "config.toml", put)
    Path("a.txt").write_text("version 4\n")
    if put is strange.link:
        assert run("commit", "-m", "x").status == 0, "settings may be kept elsewhere and linked to"
    else:
        assert run("commit", "-m", "x").status == 2, "it is theirs: there is nothing that `doctor` could repair"
    assert run("log").status == 0
