"""The stop button in the middle of a commit: before it counts it is gone, after that it also answers."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from tests.commands import muse, ok
from tests.magics.kernels import Kernel
from tests.magics.test_killed import LINKED, WRITING, temporaries

pytestmark = pytest.mark.slow

#: Says where it is, and stays until the signal has arrived, whether that raises or is held back.
STOP = """
import os, threading
from muse.core.system import interrupts
def stop():
    print("stopped", flush=True)
    while not interrupts.pending():
        threading.Event().wait(0.01)
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """A repository with one commit, and work that takes more than one write to record."""
    (folder / "first.txt").write_text("first\n")
    ok("init")
    ok("commit", "-m", "first look")
    for number in range(4):
        (folder / f"{number}.bin").write_bytes(os.urandom(2 << 20))
    return folder


def messages() -> list[str]:
    """The messages of all commits, newest first."""
    return [entry["message"] for entry in muse("log", "--json").json]


@pytest.mark.parametrize(
    "hook",
    [
        pytest.param(WRITING, id="the pack has no name"),
        pytest.param(LINKED.format(when="after", folder="/objects/pack/"), id="the pack has its name"),
    ],
)
def test_before_it_counts(hook: str, start: Callable[[], Kernel], project: Path) -> None:
    """Nothing is recorded and nothing is left; the kernel goes on."""
    kernel = start()
    kernel.run(STOP + hook + "\n%load_ext muse")
    packs = sorted(os.listdir(project / ".muse/objects/pack"))
    running = kernel.submit("%muse commit -m second")
    running.until_printed("stopped")
    kernel.interrupt()
    answer = running.answer()
    assert (answer.status, answer.error[0], answer.shown) == ("error", "KeyboardInterrupt", ())
    assert messages() == ["first look"]
    assert sorted(os.listdir(project / ".muse/objects/pack")) == packs
    assert temporaries(project) == []
    assert kernel.run("%muse status").lines[1:3] == ["Changed", "  added    0.bin"]
    kernel.run("stop = lambda: None")
    assert kernel.run("%muse commit -m again").status == "ok"
    assert messages() == ["again", "first look"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("end", ["", ";"])
def test_after_it_counts(when: str, end: str, kernel: Kernel, project: Path) -> None:
    """The commit is made and says so, even when it was asked to be silent; then the interrupt is raised."""
    kernel.arrange("import os; given = os.link")
    kernel.run(STOP + LINKED.format(when=when, folder="/ops/"))
    running = kernel.submit(f"%muse commit -m second{end}")
    running.until_printed("stopped")
    kernel.interrupt()
    answer = running.answer()
    kernel.arrange("os.link = given")
    assert (answer.status, answer.error[0]) == ("error", "KeyboardInterrupt")
    assert answer.lines[0].endswith("] second")
    assert messages() == ["second", "first look"]
    assert kernel.run("%muse status").lines[1:] == ["Nothing to commit, the folder is clean."]


def test_an_error_takes_the_interrupt_along(
    shell: InteractiveShell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the command fails after it counted, that is said; the next cell is not interrupted for it."""
    link = os.link

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:

        def interrupted(source: str, path: str, **options: Any) -> None:
            link(source, path, **options)
            if "/ops/" in path:
                signal.raise_signal(signal.SIGINT)
                patch.setattr(os, "fsync", fail)

        patch.setattr(os, "link", interrupted)
        error = shell.run_cell("%muse commit -m second").error_in_exec
    assert type(error) is UsageError
    assert "but the disk did not confirm it" in str(error)
    shell.run_cell("x = %muse log").raise_error()
    assert [entry.commit.message for entry in shell.user_ns["x"]] == ["second", "first look"]
