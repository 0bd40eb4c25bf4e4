"""Faults strike the call that was asked for, and no other."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from muse.testing import faults
from muse.testing.faults import Call, Fault
from tests.environment import absent

_PROGRAM = """
import os
with open("kept", "w") as file:
    file.write("text")
os.rename("kept", "moved")
folder = os.open("below", os.O_RDONLY)
os.rename("moved", "last", dst_dir_fd=folder)
print("done")
"""
_COMMAND = [sys.executable, "-S", "-E", "-c", _PROGRAM]
_THREADED = """
import os, threading
for name in "abc":
    open(name, "w").close()
os.unlink("a")
thread = threading.Thread(target=lambda: (os.unlink("b"), os.unlink("c")))
thread.start()
thread.join()
"""


@pytest.fixture(autouse=True)
def below(folder: Path) -> Iterator[Path]:
    """The folder that the program needs."""
    if reason := faults.missing():
        absent(reason)
    (folder / "below").mkdir()
    yield folder / "below"


def trace(folder: Path) -> list[Call]:
    """The calls of the program; what it made is removed again."""
    calls = faults.trace(_COMMAND, cwd=str(folder), env=os.environ).main
    (folder / "below" / "last").unlink()
    return calls


def second_rename(folder: Path) -> Call:
    """The last change that the program makes."""
    return [call for call in trace(folder) if call.name.startswith("rename")][1]


def run(folder: Path, what: str) -> faults.Outcome:
    """Run the program with a fault at its second rename."""
    fault = Fault(second_rename(folder), what)
    outcome = faults.run(_COMMAND, fault, cwd=str(folder), env=os.environ)
    assert outcome.hit == fault.call
    return outcome


def test_a_trace_tells_what_changes_what(folder: Path) -> None:
    calls = trace(folder)
    ours = [call.paths for call in calls if call.changes and not call.paths[-1].startswith("pipe")]
    assert ours == [("kept",), ("kept",), ("kept", "moved"), ("moved", "below/last")]
    assert not next(call for call in calls if call.paths == ("below",)).changes
    assert [call.nth for call in calls if call.name == "openat"][:3] == [1, 2, 3]


def test_a_trace_of_what_fails_is_none(folder: Path) -> None:
    (folder / "below").rmdir()
    with pytest.raises(CalledProcessError):
        faults.trace(_COMMAND, cwd=str(folder), env=os.environ)


def test_a_kill_comes_before_the_call(folder: Path) -> None:
    outcome = run(folder, "signal=SIGKILL")
    assert (outcome.status, outcome.out, outcome.err) == (-signal.SIGKILL, "", "")
    assert sorted(os.listdir(folder)) == ["below", "moved"]


def test_a_refused_call_is_not_carried_out(folder: Path) -> None:
    outcome = run(folder, "error=ENOSPC")
    assert outcome.status == 1
    assert "No space left" in outcome.err
    assert sorted(os.listdir(folder)) == ["below", "moved"]


def test_an_interrupted_call_is_carried_out(folder: Path, below: Path) -> None:
    outcome = run(folder, "signal=SIGINT")
    assert "KeyboardInterrupt" in outcome.err
    assert os.listdir(below) == ["last"]


def test_a_fault_may_never_strike(folder: Path) -> None:
    late = second_rename(folder)._replace(nth=7)
    outcome = faults.run(_COMMAND, Fault(late, "signal=SIGKILL"), cwd=str(folder), env=os.environ)
    assert (outcome.status, outcome.out, outcome.hit) == (0, "done\n", None)


def threaded(folder: Path, fault: Fault) -> faults.Outcome:
    """Run the program that removes three files, two of them in a thread of its own."""
    command = [sys.executable, "-S", "-E", "-c", _THREADED]
    return faults.run(command, fault, cwd=str(folder), env=os.environ)


def test_the_calls_of_other_threads_are_told_apart(folder: Path) -> None:
    command = [sys.executable, "-S", "-E", "-c", _THREADED]
    main, others = faults.trace(command, cwd=str(folder), env=os.environ, names=("unlink",))
    assert [(call.nth, call.paths) for call in main] == [(1, ("a",))]
    assert [(call.nth, call.paths) for call in others] == [(1, ("b",)), (2, ("c",))]


def test_any_thread_can_be_killed(folder: Path) -> None:
    second = Call("unlink", 2, ("c",), frozenset())
    outcome = threaded(folder, Fault(second, "signal=SIGKILL", anywhere=True))
    assert (outcome.status, outcome.hit) == (-signal.SIGKILL, second)
    assert sorted(os.listdir(folder)) == ["below", "c"]


def test_other_threads_are_not_struck_unasked(folder: Path) -> None:
    outcome = threaded(folder, Fault(Call("unlink", 2, ("c",), frozenset()), "signal=SIGKILL"))
    assert (outcome.status, outcome.hit) == (0, None)


def test_what_only_reads_can_be_traced_too(folder: Path) -> None:
    (folder / "kept").write_text("text")
    command = [sys.executable, "-S", "-E", "-c", 'open("kept").read(); raise SystemExit(3)']
    calls = faults.trace(command, cwd=str(folder), env=os.environ, names=faults.READS, status=3).main
    ours = [call for call in calls if call.paths == ("kept",)]
    assert {call.name for call in ours} == {"openat", "read"}
    assert not any(call.changes for call in ours)


def test_random_names_are_one(folder: Path) -> None:
    program = "import os; os.mkdir(os.urandom(16).hex())"
    command = [sys.executable, "-S", "-E", "-c", program]
    first, second = (faults.trace(command, cwd=str(folder), env=os.environ).main[-1] for _ in range(2))
    assert first == second
    assert (first.name, first.paths) == ("mkdir", ("#",))


def test_a_fault_says_in_one_line_what_it_is() -> None:
    call = Call("rename", 3, ("one", "below/other"), frozenset())
    assert str(Fault(call, "error=EIO")) == "EIO at rename 3 (one below/other)"


def test_without_strace_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert faults.missing() == "no strace: apt install strace"
