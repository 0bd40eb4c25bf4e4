"""What Jupyter does to kernels: it kills and restarts them, and runs two of them in one repository."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import muse, ok
from tests.crash.campaign import Row
from tests.crash.checks import check_whole
from tests.crash.kernels.projects import NOTEBOOK, held
from tests.crash.kernels.saving import save
from tests.magics import kernels
from tests.magics.kernels import Kernel
from tests.magics.test_killed import LINKED, STOP

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture
def doomed(project: Path, environment: dict[str, str], place: str) -> Iterator[Kernel]:
    """A kernel that does not live long."""
    with kernels.start(project, environment, Path(tempfile.mkdtemp(dir=place))) as kernel:
        yield kernel


def check_goes_on(kernel: Kernel, project: Path, messages: list[str]) -> None:
    """In a new kernel the first command works, and all that was acknowledged is there."""
    status = kernel.run("%muse status")
    assert (status.status, status.err) == ("ok", "")
    assert [entry["message"] for entry in muse("log", "--json").json] == messages
    check_whole(str(project))
    Path("new.txt").write_text("new\n")
    assert kernel.run("%muse commit -m again").status == "ok"
    assert kernel.run("%muse status").lines[1:] == ["Nothing to commit, the folder is clean."]
    ok("gc")
    check_whole(str(project))


PRINTING = """
import muse, os
for number in range(10**6):
    with open("own.txt", "w") as file:
        file.write(str(number))
    muse.commit(message=str(number))
    print("committed", number, flush=True)
    for _ in range(50):
        print("x" * 80)
"""


def test_killed_while_it_prints(doomed: Kernel, pair: list[Kernel], project: Path, rows: list[Row]) -> None:
    """What it had said is recorded; perhaps one more."""
    running = doomed.submit(PRINTING)
    running.until_printed("committed 5")
    doomed.kill()
    messages = [entry["message"] for entry in muse("log", "--json").json]
    last = int(messages[0])
    assert last >= 5 and messages == [*(str(number) for number in range(last, -1, -1)), "first"]
    check_goes_on(pair[0], project, messages)
    rows.append(Row("muse.commit() in a loop", "kernel killed", 1, 0))


IN_A_THREAD = """
import muse, threading
thread = threading.Thread(target=lambda: muse.commit(message="second"))
thread.start()
thread.join()
"""


@pytest.mark.parametrize(
    ("when", "where", "messages"),
    [
        ("before", "/objects/pack/", ["first"]),
        ("after", "/objects/pack/", ["first"]),
        ("before", "/ops/", ["first"]),
        ("after", "/ops/", ["second", "first"]),
    ],
)
def test_killed_while_a_thread_commits(
    when: str, where: str, messages: list[str], doomed: Kernel, pair: list[Kernel], project: Path, rows: list[Row]
) -> None:
    """A thread is no main thread: nothing holds back what ends it."""
    Path(NOTEBOOK).write_bytes(save(1))
    doomed.run(STOP + LINKED.format(when=when, folder=where))
    doomed.submit(IN_A_THREAD).until_printed("stopped")
    doomed.kill()
    check_goes_on(pair[0], project, messages)
    rows.append(Row("muse.commit() in a thread", f"kernel killed {when} a link in {where}", 1, 0))


def test_restarted_between_two_magics(doomed: Kernel, project: Path) -> None:
    """What was staged is staged."""
    Path("a.txt").write_text("staged\n")
    Path("b.txt").write_text("not staged\n")
    doomed.run("%load_ext muse\n%muse add a.txt")
    doomed.restart()
    assert doomed.run("%load_ext muse\n%muse commit -m staged").status == "ok"
    assert (held(path="a.txt"), held(path="b.txt")) == (b"staged\n", b"")
    check_whole(str(project))


# Two notebooks, two kernels, one repository


def test_two_kernels_in_turn(pair: list[Kernel], project: Path) -> None:
    """Each sees what the other has done."""
    for number in range(6):
        Path(f"{number % 2}.ipynb").write_bytes(save(number))
        answer = pair[number % 2].run(f"%muse commit -m {number}")
        assert answer.status == "ok" and answer.lines[1].startswith("1 file: 1 "), answer
    assert [entry["message"] for entry in muse("log", "--json").json] == [*"543210", "first"]
    check_whole(str(project))


COMMITTING = """
import json
done = []
for number in range(20):
    with open("{name}.txt", "w") as file:
        file.write(f"{name} {{number}}")
    made = get_ipython().run_line_magic("muse", f"commit -m {name}-{{number}} --json")
    done.append(made["commit_id"])
display({{"application/json": done}}, raw=True)
"""


def test_two_kernels_at_once(pair: list[Kernel], project: Path, rows: list[Row]) -> None:
    """All that they acknowledge is in the history, which is one line; nothing of either is lost."""
    running = [kernel.submit(COMMITTING.format(name=name)) for kernel, name in zip(pair, "ab", strict=True)]
    answers = [one.answer() for one in running]
    assert [answer.status for answer in answers] == ["ok", "ok"], answers
    made = [commit for answer in answers for commit in answer.shown[-1]["application/json"] if commit]
    log = muse("log", "--json").json
    assert {*made} == {entry["commit_id"] for entry in log[:-1]} and len(made) == len({*made}) == len(log) - 1
    assert (held(path="a.txt"), held(path="b.txt")) == (b"a 19", b"b 19")
    assert muse("status", "--json").json["clean"]
    check_whole(str(project))
    rows.append(Row("%muse commit", "in two kernels at once", len(made), 0))
