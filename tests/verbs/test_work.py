"""`muse.verbs._work`: the folder against the commit, noise told apart, and notebooks that are being saved."""

from __future__ import annotations

import json
import os
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from muse.core import stat_cache
from muse.core.base.errors import SystemTrouble
from muse.core.commands import command, writing
from muse.core.commands.command import State
from muse.core.folder.files import signature
from muse.core.folder.folders import Folders
from muse.core.operations import ops
from muse.core.repo import Repo
from muse.core.types import Change, Entry, digest_of
from muse.verbs import _saving, _work
from tests.commands import muse, ok, refused
from tests.samples import code, notebook

ONE, AGAIN, TWO, THREE = (
    notebook(code(source, count=count)) for source, count in (("x = 1", 1), ("x = 1", 2), ("x = 2", 1), ("x = 3", 1))
)


def look() -> _work.Work:
    return command.reading(Repo.open(), _work.look)


def paths(changes: tuple[Change, ...]) -> list[str]:
    return [change.path for change in changes]


@pytest.fixture
def committed(repository: Path) -> Path:
    """A commit with a notebook and a text."""
    Path("nb.ipynb").write_bytes(ONE)
    Path("a.txt").write_text("one\n")
    ok("commit")
    return repository


def test_work_and_noise(committed: Path) -> None:
    Path("nb.ipynb").write_bytes(AGAIN)
    Path("a.txt").write_text("two\n")
    work = look()
    assert (paths(work.changes), paths(work.noise)) == (["a.txt"], ["nb.ipynb"])
    Path("nb.ipynb").write_bytes(TWO)
    assert paths(look().changes) == ["a.txt", "nb.ipynb"]


def test_a_verdict_is_remembered_for_these_very_contents(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("nb.ipynb").write_bytes(AGAIN)
    assert paths(look().noise) == ["nb.ipynb"]
    stat_cache._live.clear()
    with monkeypatch.context() as patched:
        patched.setattr(_work, "essence_of", lambda raw: pytest.fail("looked again"))
        assert paths(look().noise) == ["nb.ipynb"]
    Path("nb.ipynb").write_bytes(TWO)
    assert paths(look().noise) == []


def test_what_is_no_notebook_is_never_noise(committed: Path) -> None:
    for broken in (b"{", b"{}", b"", b"[]"):
        Path("nb.ipynb").write_bytes(broken)
        assert paths(look().changes) == ["nb.ipynb"]
    ok("commit")
    Path("nb.ipynb").write_bytes(b"{}")
    assert paths(look().changes) == ["nb.ipynb"]


def test_only_what_is_called_a_notebook_has_noise(repository: Path) -> None:
    Path("nb.json").write_bytes(ONE)
    ok("commit")
    Path("nb.json").write_bytes(AGAIN)
    assert paths(look().changes) == ["nb.json"]


def test_storing_keeps_what_changed_and_not_the_noise(committed: Path) -> None:
    Path("nb.ipynb").write_bytes(AGAIN)
    Path("a.txt").write_text("two\n")
    held: list[bool] = []

    def work(state: State) -> writing.Draft[None]:
        _work.look(state, storing=True)
        held.extend(digest_of(content) in state.store for content in (b"two\n", AGAIN))
        return writing.Draft(lambda left: None, None)

    writing.writing(Repo.open(), "look", (), work)
    assert held == [True, False]


def test_a_notebook_that_is_being_saved_is_waited_for(committed: Path) -> None:
    Path("nb.ipynb").write_bytes(b"")
    os.utime("a.txt", (1e9, 1e9))
    Path(".~nb.ipynb").write_bytes(ONE)
    os.utime(".~nb.ipynb", (1e9, 1e9))  # the server gives the copy the times of the notebook

    def finish() -> None:
        Path("nb.ipynb").write_bytes(TWO)
        Path(".~nb.ipynb").unlink()

    saving = threading.Timer(0.1, finish)
    saving.start()
    try:
        (change,) = look().changes
    finally:
        saving.join()
    assert change.after == Entry("f", digest_of(TWO))


def test_it_is_not_waited_for_without_end(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.1)
    Path("nb.ipynb").write_bytes(TWO[:40])
    Path(".~nb.ipynb").write_bytes(ONE)
    assert look().warnings == ("nb.ipynb is being saved, and was taken as it stood",)
    assert ok("commit").splitlines()[0] == "! nb.ipynb is being saved, and was taken as it stood"


@pytest.mark.parametrize("left", [b"", TWO[:40], TWO[:-2], json.dumps(json.loads(TWO)).encode()[:-1]])
def test_a_notebook_that_was_cut_a_moment_ago_is_waited_for(
    committed: Path, monkeypatch: pytest.MonkeyPatch, left: bytes
) -> None:
    """Not every server keeps a copy beside it; an earlier command may have seen it cut."""
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.1)
    Path("nb.ipynb").write_bytes(left)
    ok("status")
    assert ok("commit").splitlines()[0] == "! nb.ipynb is being saved, and was taken as it stood"
    Path("nb.ipynb").unlink()
    ok("restore", "nb.ipynb")
    assert Path("nb.ipynb").read_bytes() == left


HUGE = b'{"nbformat": ' + b"9" * 5000 + b"}"


@pytest.mark.parametrize("left", [b"[" + TWO[:40], b"no notebook", json.dumps(json.loads(TWO)).encode(), HUGE])
def test_what_is_no_beginning_of_a_notebook_is_not_waited_for(committed: Path, left: bytes) -> None:
    Path("nb.ipynb").write_bytes(left)
    assert not ok("commit").startswith("!")


def test_a_new_notebook_without_anything_in_it_is_not_waited_for(committed: Path) -> None:
    Path("empty.ipynb").touch()
    assert not ok("commit").startswith("!")


def test_a_notebook_that_was_cut_long_ago_is_not_waited_for(committed: Path) -> None:
    Path("nb.ipynb").write_bytes(TWO[:40])
    os.utime("nb.ipynb", (1e9, 1e9))
    ok("commit")


def test_what_a_dead_server_left_is_not_waited_for(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("nb.ipynb").write_bytes(TWO)
    Path(".~nb.ipynb").write_bytes(ONE)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 61 * 10**9)
    assert look().warnings == ()


def test_what_changed_since_it_was_seen_is_not_read_as_it_was(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    seen = Entry("f", digest_of(b"one\n"))
    with Folders(str(repository)) as folders:
        assert _work.read_as(folders, "a.txt", seen) == b"one\n"
        for change in (lambda: Path("a.txt").write_text("two\n"), Path("a.txt").unlink, lambda: os.mkfifo("a.txt")):
            change()
            with pytest.raises(SystemTrouble, match=r"a\.txt changed while it was read"):
                _work.read_as(folders, "a.txt", seen)


def changed_unseen(path: Path, data: bytes) -> None:
    """Change a file as through memory: its times, as the stat cache has them, stay as they are."""
    path.write_bytes(data)
    cache = stat_cache.StatCache(Repo.open().layout.stat_cache)
    folder, name = os.path.split(path)
    record = cache.get(folder)
    assert record is not None
    stats = dict(zip(record.names, record.stats, strict=True)) | {name: signature(os.stat(path))}
    cache.put(folder, record._replace(stats=tuple(stats.values())))
    assert cache.save()


@pytest.fixture(params=["d/data.bin", "d/nb.ipynb"])
def wrong(committed: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A file that the cache takes for `TWO`, and which is `THREE`."""
    path = Path(request.param)
    path.parent.mkdir()
    path.write_bytes(ONE)
    ok("commit")
    path.write_bytes(TWO)
    later = time.time_ns() + 10**10
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: later)
        ok("status")
    changed_unseen(path, THREE)
    stat_cache._live.clear()
    return path


def test_what_the_cache_holds_wrongly_is_forgotten(wrong: Path) -> None:
    """Where it was not found out in time, the next command is right, in another process, too."""
    if not _work.is_notebook(wrong.name):  # the end of a notebook is looked at, and then it is read again
        changed = "error: d/data.bin changed while it was read\nNothing was changed; try again.\n"
        assert refused("commit", status=5) == changed
        stat_cache._live.clear()
    ok("commit")
    wrong.unlink()
    ok("restore", str(wrong))
    assert wrong.read_bytes() == THREE


@pytest.mark.parametrize("staged", [False, True])
def test_what_keeps_changing_is_told_as_it_is_read(
    committed: Path, monkeypatch: pytest.MonkeyPatch, staged: bool
) -> None:
    """A notebook that is saved again whenever somebody looks at it. Nothing is remembered of that."""
    if staged:
        Path("nb.ipynb").write_bytes(TWO)
        ok("add", "nb.ipynb")
    Path("nb.ipynb").write_bytes(AGAIN)
    reads, read = count(), Folders.read

    def and_save(folders: Folders, path: str) -> bytes:
        Path(path).write_bytes(notebook(code(f"y = {next(reads)}")))
        return read(folders, path)

    with monkeypatch.context() as patch:
        patch.setattr(Folders, "read", and_save)
        assert "changed  nb.ipynb" in ok("status")
        assert "y = " in ok("diff")
    assert next(reads) >= 2 * ops.TRIES
    if not staged:
        Path("nb.ipynb").write_bytes(AGAIN)
        assert muse("status", "--json").json["noise"] == ["nb.ipynb"]


def test_what_differs_by_noise_alone() -> None:
    one, again, two = (notebook(code(source, count=n)) for source, n in (("x = 1", 1), ("x = 1", 2), ("x = 2", 3)))
    assert _work.same_but_noise("nb.ipynb", lambda: one, lambda: again)
    assert not _work.same_but_noise("nb.ipynb", lambda: one, lambda: two)
    assert not _work.same_but_noise("nb.json", lambda: pytest.fail("read"), lambda: pytest.fail("read"))


def test_patience_is_for_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is still being saved uses it up."""
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.05)
    patience, looks = _saving.Patience(), count()
    assert _saving.once_saved(lambda: next(looks), lambda n: [] if n else ["a"], patience) == (1, [])
    assert 0 < patience.left < 0.05
    warned = ["a is being saved, and was taken as it stood"]
    assert _saving.once_saved(lambda: 1, lambda n: ["a"], patience) == (1, warned)
    began = next(looks)
    assert _saving.once_saved(lambda: next(looks), lambda n: ["a"], patience)[1] == warned
    assert next(looks) == began + 2, "it was waited for once more"
