"""What is no file is left out with one line; what cannot be read is named, and no commit leaves it out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from muse.core.folder import files
from muse.core.repo import Repo
from tests.commands import muse, ok, process, refused
from tests.core.faults import failing
from tests.core.strange import a_socket, fifo

_NOBODY = 65534

#: Types a command; gives the exit status and all that was said.
Typed = Callable[..., tuple[int, str]]


def device(path: Path) -> None:
    """A device that anybody may make: the mark for "nothing here" of layered file systems."""
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(0, 0))
    except PermissionError:
        pytest.skip("no devices can be made here")


@pytest.mark.parametrize("put", [fifo, a_socket, device])
def test_what_is_no_file(repository: Repo, put: Callable[[Path], None]) -> None:
    Path("a.txt").write_text("one\n")
    Path("d").mkdir()
    put(Path("odd"))
    put(Path("d/odd.ipynb"))
    lines = ["left out: d/odd.ipynb (not a file)", "left out: odd (not a file)"]
    answer = process("status", timeout=20)
    assert sorted(line for line in answer.lines if "odd" in line) == lines
    answer = process("commit", "-m", "first look", timeout=20)
    assert answer.status == 0 and sorted(line for line in answer.lines if "odd" in line) == lines
    refused("add", "odd", status=2)
    assert process("add", ".", timeout=20).status == 0
    assert "left out" in ok("status")


def test_a_file_that_became_no_file(repository: Repo) -> None:
    Path("a.txt").write_text("one\n")
    Path("b.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    Path("a.txt").unlink()
    os.mkfifo("a.txt")
    Path("b.txt").write_text("two\n")
    said = process("status", timeout=20).out
    assert "deleted  a.txt" in said and "left out: a.txt (not a file)" in said
    ok("commit", "-m", "second look")
    assert "a.txt" in refused("checkout", "HEAD~1", status=4)
    assert "a.txt" in refused("checkout", "--force", "HEAD~1", status=4)
    assert stat.S_ISFIFO(os.lstat("a.txt").st_mode)


def give_away(root: str) -> None:
    """Let the user without rights own everything here, and be let in."""
    for folder, folders, names in os.walk(root):
        for name in (".", *folders, *names):
            os.chown(os.path.join(folder, name), _NOBODY, _NOBODY, follow_symlinks=False)


def as_nobody(root: str, *words: str) -> tuple[int, str]:
    """Type a command as a user without rights, in a child of this process; exit status and all that it said."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        status = 99
        try:
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.chdir(root)
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
            answer = muse(*words)
            os.write(writer, (answer.out + answer.err).encode())
            status = answer.status
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


@pytest.fixture
def typed(repository: Repo) -> Typed:
    """Types a command as somebody who may not read everything, whoever runs the tests."""

    def plainly(*words: str) -> tuple[int, str]:
        answer = process(*words)
        return answer.status, answer.out + answer.err

    def without_rights(*words: str) -> tuple[int, str]:
        give_away(repository.root)
        return as_nobody(repository.root, *words)

    if os.getuid() != 0:
        return plainly
    for folder in Path(repository.root).parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    return without_rights


@pytest.mark.parametrize("path", ["secret.txt", "d/secret.ipynb", "closed"])
def test_what_cannot_be_read(repository: Repo, typed: Typed, path: str) -> None:
    Path("a.txt").write_text("one\n")
    Path("d").mkdir()
    Path("closed").mkdir()
    for name in ("secret.txt", "d/secret.ipynb", "closed/x.txt"):
        Path(name).write_text("secret\n")
    Path(path).chmod(0)
    try:
        status, said = typed("status")
        assert status == 0 and path in said and "clean" not in said
        for words in (("commit", "-m", "x"), ("add", "."), ("add", path)):
            status, said = typed(*words)
            assert status == 5 and path in said and "Permission denied" in said and len(said.splitlines()) == 2, said
        status, said = typed("log")
        assert status in (0, 1) and "x" not in said.split()
    finally:
        Path(path).chmod(0o700)
    assert typed("commit", "-m", "all of it")[0] == 0


def test_a_disk_that_cannot_read_a_file(repository: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk with a bad block: the commit is not made, and nothing else is lost."""
    Path("good.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    Path("bad.txt").write_text("bad\n")
    with monkeypatch.context() as patch:
        patch.setattr(files, "_bytes_and_digest", failing(5))
        assert "cannot read bad.txt: Input/output error" in refused("commit", "-m", "x", status=5)
        assert "bad.txt" in ok("status")
    assert ok("commit", "-m", "second look")
