"""A recording holds every operation of a real process, or there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from muse.testing import faults
from muse.testing.disk import Chmod, Rename, Resize, Sync, Write
from muse.testing.recording import Recording, record
from muse.testing.repositories import read_contents, write_contents
from muse.testing.traced import Unrecorded
from tests.environment import absent

_BEFORE = {"a": ("f", b"old a"), "d": ("d", b""), "d/b": ("f", b"old b"), "link": ("l", b"a")}
_START = """
import ctypes, mmap, os, threading
folder, R, W, C = os.open('d', os.O_RDONLY), os.O_RDWR, os.O_WRONLY, os.O_CREAT
"""


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    if reason := faults.missing():
        absent(reason)
    write_contents(str(folder), _BEFORE)


def recorded(program: str, status: int = 0) -> Recording:
    """Record a program in the current folder."""
    command = [sys.executable, "-S", "-E", "-c", _START + program]
    return record(command, cwd=os.getcwd(), env=os.environ, status=status)


def replayed(program: str) -> dict[str, tuple[str, bytes]]:
    """What a recording of a program leads to."""
    recording = recorded(program)
    for step in recording.steps:
        for effect in step.effects:
            recording.before.apply(effect)
    return recording.before.contents()


@pytest.mark.parametrize(
    "program",
    [
        "open('new', 'wb').write(bytes(range(256)) * 40)",
        "open('a', 'ab', buffering=0).write(b'more')",
        "open('a', 'r+b', buffering=0).write(b'NEW')",
        "open('a', 'w').close()",
        "fd = os.open('a', W); os.pwrite(fd, b'X', 9); os.write(fd, b'Y')",
        "fd = os.open('a', W); os.lseek(fd, 2, 0); other = os.dup(fd); os.write(other, b'Y'); os.write(fd, b'Z')",
        "fd = os.open('a', W); os.writev(fd, [b'one', b'two']); os.pwrite(fd, b'12', 1)",
        "os.truncate('a', 2); fd = os.open('d/b', W); os.ftruncate(fd, 9)",
        "os.mkdir('e'); os.mkdir('f', dir_fd=folder); os.rmdir('e')",
        "os.rename('a', 'b'); os.rename('b', 'c', dst_dir_fd=folder); os.rename('d', 'e')",
        "os.replace('a', 'd/b')",
        "os.link('a', 'a2'); os.rename('a', 'a2'); os.unlink('a'); os.unlink('b', dir_fd=folder)",
        "os.link('a', 'd/a'); open('a', 'w').write('both')",
        "os.symlink('../up', 'up'); os.symlink(b'\\xff', 'c', dir_fd=folder)",
        "os.chmod('a', 0o755); fd = os.open('d/b', W); os.fchmod(fd, 0o700); os.chmod('d', 0o700)",
        "os.close(os.open('run', W | C, 0o777)); os.close(os.open('walk', W | C, 0o666))",
        "fd = os.open('d', R | os.O_TMPFILE); os.write(fd, b'x'); os.link(f'/proc/self/fd/{fd}', 'x', src_dir_fd=0)",
        "fd = os.open(os.path.abspath('d'), R | os.O_TMPFILE); os.write(fd, b'never named')",
        "ctypes.CDLL(None).renameat2(-100, b'a', folder, b'b', 2)",
        "ctypes.CDLL(None).renameat2(-100, b'a', folder, b'c', 1)",
        "fd = os.open('a', W); os.close(fd); r, w = os.pipe(); os.write(w, b'not to a'); open('link').read()",
        "all = [threading.Thread(target=open, args=(f'd/{n}', 'w')) for n in range(9)]; [t.start() for t in all]",
    ],
)
def test_what_is_recorded_gives_what_lies_there(folder: Path, program: str) -> None:
    assert replayed(program) == read_contents(str(folder))


def test_a_step_is_one_call_with_its_data_in_order() -> None:
    recording = recorded("fd = os.open('new', W | C); os.write(fd, b'data'); os.fsync(fd); os.rename('new', 'd/b')")
    calls = [(step.call, step.about, [type(effect) for effect in step.effects][-1]) for step in recording.steps]
    assert calls == [
        ("openat", ("new",), Rename),
        ("write", (), Write),
        ("fsync", (), Sync),
        ("rename", ("new", "b"), Rename),
    ]
    (write,) = recording.steps[1].effects
    assert isinstance(write, Write)
    assert (write.offset, write.data) == (0, b"data")


def test_every_way_to_wait_for_the_disk_is_recorded() -> None:
    program = "fd = os.open('a', W); os.fdatasync(fd); os.sync(); ctypes.CDLL(None).syncfs(folder)"
    effects = [effect for step in recorded(program).steps for effect in step.effects]
    assert [isinstance(effect, Sync) and effect.node is None for effect in effects] == [False, True, True]


def test_what_fails_changes_nothing() -> None:
    libc = "ctypes.CDLL(None)"
    failing = ["mkdir(b'd', 0)", "unlink(b'none')", "rename(b'none', b'a')", "rmdir(b'd')", "write(99, b'a', 1)"]
    assert recorded("; ".join(f"{libc}.{call}" for call in failing)).steps == ()


def test_what_is_as_it_was_is_no_step() -> None:
    assert recorded("open('a').read(); open('d/b', 'rb').read(); os.listdir('d'); os.stat('link')").steps == ()


def test_kinds_of_change() -> None:
    steps = recorded("os.truncate('a', 1); os.chmod('a', 0o755)").steps
    assert [type(effect) for step in steps for effect in step.effects] == [Resize, Chmod]


@pytest.mark.parametrize(
    "program",
    [
        "os.fork() or os._exit(0)",
        "os.chdir('d')",
        "fd = os.open('a', R); m = mmap.mmap(fd, 5); m[0:1] = b'X'",
        "fd = os.open('a', R); os.posix_fallocate(fd, 0, 99)",
        "fd, to = os.open('a', R), os.open('d/b', R); os.copy_file_range(fd, to, 3)",
        "fd, to = os.open('a', R), os.open('d/b', R); os.sendfile(to, fd, 0, 3)",
        "fd = os.open('a', W); os.pwritev(fd, [b'1', b'2'], 1)",
        "os.utime('a', (1, 1))",
        "os.chown('a', os.getuid(), os.getgid())",
        "os.mkfifo('fifo')",
        "os.truncate('d/../a', 1)",
        "open('link', 'w').write('through it')",
        "os.symlink('d', 'to'); open('to/b', 'w').write('through it')",
        "os.rename('a', folder_elsewhere := os.environ['HOME'] + '/a')",
        "open('a', 'wb', buffering=0).write(bytes(5 << 20))",
    ],
)
def test_what_cannot_be_recorded_fails(program: str) -> None:
    with pytest.raises(Unrecorded):
        recorded(program)


def test_what_is_overlooked_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muse.testing.traced.DATA", set())
    with pytest.raises(Unrecorded, match=r"does not give what lies there: \['a'\]"):
        recorded("open('a', 'w').write('new')")


def test_a_program_that_fails_is_not_recorded() -> None:
    with pytest.raises(CalledProcessError):
        recorded("os._exit(3)")
    assert recorded("os._exit(3)", status=3).steps == ()
