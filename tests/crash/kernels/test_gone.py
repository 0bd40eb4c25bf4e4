"""The notebook, its folder or `.muse` goes away under a running kernel: what is so is said in two lines."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest

from muse.testing import repositories
from tests.commands import muse, ok
from tests.core import faults
from tests.crash.campaign import Campaign, Row
from tests.crash.checks import check_whole, check_words
from tests.crash.kernels.projects import NOTEBOOK, check_error, held, open_notebook
from tests.crash.kernels.saving import save
from tests.crash.points import Sampling
from tests.magics.kernels import Kernel

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]


def test_the_notebook_is_deleted_while_open(pair: list[Kernel], project: Path) -> None:
    """Every command says what is so, and `restore` brings it back."""
    kernel = pair[0]
    open_notebook(kernel, project / NOTEBOOK)
    Path(NOTEBOOK).unlink()
    assert f"  deleted  {NOTEBOOK}" in kernel.run("%muse status").lines
    assert kernel.run("%muse diff").lines[0].startswith(NOTEBOOK)
    assert kernel.run("%muse commit -m gone").lines[1] == "1 file: 1 deleted"
    assert held() == b""
    assert kernel.run(f"%muse restore {NOTEBOOK} --from HEAD~1").status == "ok"
    assert Path(NOTEBOOK).read_bytes() == save(0)
    Path(NOTEBOOK).unlink()
    assert NOTEBOOK in check_error(kernel.run(f"%muse restore {NOTEBOOK}"))
    assert kernel.run(f"%muse restore {NOTEBOOK} --from HEAD~1").status == "ok"
    assert kernel.run("%muse commit -m back").lines[-1] == "1 file: 1 added"
    assert held() == save(0)


def test_the_notebook_is_renamed_while_open(pair: list[Kernel], project: Path) -> None:
    """The kernel was told the old name."""
    kernel = pair[0]
    open_notebook(kernel, project / NOTEBOOK)
    Path(NOTEBOOK).rename("final.ipynb")
    status = kernel.run("%muse status").lines
    assert {"  added    final.ipynb", f"  deleted  {NOTEBOOK}"} <= {*status}, status
    assert kernel.run("%muse commit -m renamed").lines[-1] == "2 files: 1 added, 1 deleted"
    assert (held(path="final.ipynb"), held()) == (save(0), b"")
    Path("final.ipynb").write_bytes(save(1))
    assert kernel.run("%muse commit -m more").lines[-1] == "1 file: 1 changed"


WRITING = ("status", "diff", "log", "add .", "commit -m x", "undo", "tag x", "gc", "restore .", "init")


@pytest.mark.parametrize("words", WRITING)
def test_the_folder_is_gone(words: str, pair: list[Kernel], project: Path) -> None:
    """Two lines, and the kernel goes on."""
    kernel = pair[0]
    open_notebook(kernel, project / NOTEBOOK)
    shutil.rmtree(project)
    check_error(kernel.run(f"%muse {words}"))
    assert kernel.run("1 + 1").text == "2"
    kernel.arrange("os.chdir('/')")


def test_the_folder_is_moved(pair: list[Kernel], project: Path) -> None:
    """The kernel moves with it."""
    kernel = pair[0]
    open_notebook(kernel, project / NOTEBOOK)
    moved = project.with_name("moved")
    project.rename(moved)
    (moved / NOTEBOOK).write_bytes(save(1))
    assert kernel.run("%muse commit -m moved").lines[-1] == "1 file: 1 changed"
    moved.rename(project)
    assert held() == save(1)


@pytest.mark.parametrize("words", WRITING[:-1])
def test_the_repository_is_gone(words: str, pair: list[Kernel], project: Path) -> None:
    """Two lines that say so; the files are as they were, and one can start anew."""
    kernel = pair[0]
    open_notebook(kernel, project / NOTEBOOK)
    kernel.run("%muse status")
    shutil.rmtree(".muse")
    files = repositories.read_contents(".")
    assert "is not in a muse repository" in check_error(kernel.run(f"%muse {words}"))
    assert not os.path.lexists(".muse")
    kernel.run("%muse init")
    assert kernel.run("%muse commit -m anew").status == "ok"
    assert repositories.read_contents(".") == files
    check_whole(str(project))


_CALLS = (*faults.CALLS, "stat", "lstat", "listdir", "scandir")


@pytest.mark.parametrize("words", ["commit -m second", "add .", "checkout start", "gc"])
def test_the_repository_goes_away_at_any_moment(
    words: str, project: Path, usual: Sampling, rows: list[Row]
) -> None:
    """Done, or two lines; the files are whole; there is no half a repository that hides the loss."""
    ok("branch", "start")
    Path(NOTEBOOK).write_bytes(save(1))
    Path("a.txt").write_text("new\n")
    ok("commit", "-m", "more")
    if "commit" in words or "add" in words:
        Path("b.txt").write_text("newer\n")
    prepared = tempfile.mkdtemp(dir=project.parent)
    repositories.copy(str(project), prepared + "/copy")

    def check(number: int) -> None:
        root = os.path.join(tempfile.mkdtemp(dir=prepared), "copy")
        repositories.copy(prepared + "/copy", root)
        with chdir(root):
            with faults.tripping(number, lambda: os.rename(".muse", "../away"), names=_CALLS) as calls:
                answer = muse(*words.split())
            assert len(calls) > number, "the repository is still there"
            check_words(answer.err)
            assert (answer.err or answer.out) and "mistake" not in answer.err, answer
            assert not os.path.lexists(".muse"), f"made anew: {os.listdir('.muse')}"
            for path, what in repositories.read_contents(".").items():
                assert what[1] in (save(0), save(1), b"new\n", b"newer\n"), path
            answer = muse("init")
            assert answer.status == 0 and not answer.err, answer
            assert muse("commit", "-m", "anew").status in (0, 1)
            check_whole(root)

    root = prepared + "/counted"
    repositories.copy(prepared + "/copy", root)
    with chdir(root), faults.tripping(-1, Exception(), names=_CALLS) as calls:
        ok(*words.split())
    number = len(calls)
    Campaign(f"muse {words}", rows).run_each(".muse is moved away", usual.every(6, range(number)), check)
    shutil.rmtree(prepared)
