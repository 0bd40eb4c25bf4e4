"""What is loaded on the way to a verb: start-up is a feature."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from muse.core.folder.files import is_racy
from tests.commands import ok

HEAVY = {
    *("IPython", "asyncio", "concurrent.futures", "ctypes", "dataclasses", "difflib", "inspect", "ipywidgets", "json"),
    *("jsonschema", "logging", "nbformat", "pathlib", "pathspec", "rich", "secrets", "subprocess", "tempfile"),
    *("tomllib", "typer", "urllib", "urllib.parse"),
}

# What `status` did without when this was written, each a millisecond or more.
SPARED = {
    *("_hashlib", "argparse", "backports.zstd", "compression.zstd", "contextlib", "enum", "gettext", "hashlib"),
    *("heapq", "importlib", "locale", "re", "shutil", "signal", "typing"),
}
# Of muse: how changes are recorded, how differences are shown.
NOT_ASKED_FOR = {
    *("muse.core.commands.finish", "muse.core.commands.writing", "muse.core.folder.worktree_lock"),
    *("muse.display.html", "muse.notebook.diff", "muse.notebook.model", "muse.verbs._files"),
}
#: Modules of muse that a clean `status` loads; each takes at least 0.1 ms.
MOST_MODULES = 55

VERB = """
import sys
from muse.cli.main import main
assert main({words!r}) == 0
print("loaded", *sys.modules)
"""

PACKAGE = """
import sys
import muse
print("loaded", *(name for name in sys.modules if name.partition(".")[0] == "muse"))
"""


def loaded(code: str) -> set[str]:
    """The modules that are loaded after some code has run in a process of its own."""
    # -S: without the .pth files of other packages, which load what they like.
    path = f"import sys; sys.path[:0] = {[entry for entry in sys.path if entry]!r}"
    ran = subprocess.run([sys.executable, "-S", "-c", f"{path}\n{code}"], check=True, capture_output=True, text=True)
    return set(ran.stdout.splitlines()[-1].split()[1:])


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository with a commit, a new file, rules, and a change."""
    ok("init")
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("one\n")
    (folder / ".museignore").write_text("*.log\ndata/\n")
    (folder / "x.log").write_text("")
    ok("commit", "-m", "first")
    (folder / "a.txt").write_text("two\n")
    (folder / "c.txt").write_text("new\n")
    return folder


def test_status_loads_nothing_heavy(repository: Path) -> None:
    assert loaded(VERB.format(words=["status"])) & HEAVY == set()


@pytest.mark.parametrize("words", [["log"], ["commit", "-m", "second"], ["checkout", "-b", "other"]])
def test_nor_do_other_verbs(repository: Path, words: list[str]) -> None:
    """Settings that were edited a moment ago are parsed: they may have changed again."""
    assert loaded(VERB.format(words=words)) & HEAVY <= {"tomllib"}


@pytest.fixture
def clean(repository: Path) -> Path:
    """The same, with everything committed and nothing in doubt."""
    ok("commit", "-m", "second")
    newest = max(path.stat().st_ctime_ns for path in (repository, *repository.iterdir()))
    while is_racy((newest + 1, 0, 0, 0, 0), time.time_ns()):
        pass
    ok("status")
    return repository


def test_a_clean_status_loads_what_it_needs(clean: Path) -> None:
    found = loaded(VERB.format(words=["status"]))
    assert found & (SPARED | NOT_ASKED_FOR) == set()
    ours = {name for name in found if name.partition(".")[0] == "muse"}
    assert len(ours) <= MOST_MODULES, sorted(ours)


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["log"], ["undo"]])
def test_a_verb_alone_needs_no_parser(repository: Path, words: list[str]) -> None:
    assert "argparse" not in loaded(VERB.format(words=words))


def test_words_need_one(repository: Path) -> None:
    assert "argparse" in loaded(VERB.format(words=["log", "-n", "1"]))


def test_the_package_alone_loads_nothing_of_itself() -> None:
    assert loaded(PACKAGE) == {"muse"}
