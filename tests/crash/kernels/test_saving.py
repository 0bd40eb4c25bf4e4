"""The server saves the notebook while a commit reads it: the commit holds one save, whole, or says that it does not."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from muse.verbs import _saving
from tests.commands import Answer, muse, ok
from tests.core import faults
from tests.crash.campaign import Campaign, Row
from tests.crash.checks import check_whole, check_words
from tests.crash.kernels.projects import NOTEBOOK, check_error, held
from tests.crash.kernels.saving import WAYS, Saver, save
from tests.crash.points import Sampling
from tests.magics.kernels import Kernel

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]


class Moment:
    """When a server takes its steps: some at one call of the commit, the others at another, or when it is over."""

    def __init__(self, way: str, begins: int, steps: int, ends: int) -> None:
        self.way, self.begins, self.steps, self.ends = way, begins, steps, ends

    def __str__(self) -> str:
        return f"saved {self.way}: {self.steps} steps at call {self.begins}, the others at call {self.ends}"


_READS = ("open", "read", "fstat", "stat", "lstat", "close")


def commit_while(saver: Saver, moment: Moment) -> Answer:
    """Commit, with the server's steps at their calls."""

    def begin() -> None:
        saver.go(moment.steps)

    def end() -> None:
        saver.go()

    with faults.tripping(moment.begins, begin, names=_READS), faults.tripping(moment.ends, end, names=_READS):
        return muse("commit", "-m", "while it is saved")


#: What a commit says of a notebook that was still being saved when it had waited long enough.
_AS_IT_STOOD = "is being saved, and was taken as it stood"


def check_saves(answer: Answer, before: bytes, after: bytes) -> None:
    """The commit holds one save, whole; or it says that it cannot, or took the notebook as it stood."""
    check_words(answer.err)
    if answer.status == 5:
        assert "chang" in answer.err, f"refused: {answer.err}"
    else:
        assert answer.status in (0, 1), answer
    assert _AS_IT_STOOD in answer.out or held() in (before, after), f"committed: {held()[-40:]!r}"


@pytest.mark.parametrize("way", WAYS)
def test_saved_while_it_is_read(
    way: str, project: Path, usual: Sampling, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the server begins, stops and goes on: the commit holds the bytes of one save, or says otherwise."""
    monkeypatch.setattr(_saving, "_SAVING_SECONDS", 0.03)
    with faults.tripping(-1, Exception(), names=_READS) as calls:
        ok("commit", "--amend", "-m", "counted")
    number = len(calls)
    moments = [
        Moment(way, begins, steps, min(begins + gap, number * 9))
        for begins in range(number)
        for steps in (1, 2, 4)
        for gap in (1, 3, 9, number * 9)
    ]
    saves = iter(range(1, 10**6))

    def check(moment: Moment) -> None:
        before = Path(NOTEBOOK).read_bytes()
        after = save(next(saves) % 7)
        saver = Saver(WAYS[way], NOTEBOOK, after)
        answer = commit_while(saver, moment)
        saver.go()
        check_saves(answer, before, after)
        assert muse("commit", "-m", "saved").status in (0, 1)
        assert held() == after, "what was saved cannot be committed"

    step = random.Random(8).sample(moments, len(moments))
    Campaign(f"commit while saved {way}", rows).run_each("server saves", usual.every(24, step), check)
    check_whole(str(project))


@pytest.mark.parametrize("way", WAYS)
def test_saved_all_the_time(way: str, pair: list[Kernel], project: Path, rows: list[Row]) -> None:
    """A second of saves as fast as a disk takes them, and a kernel that commits."""
    saves = [save(number) for number in range(1, 30)]
    over = threading.Event()

    def serve() -> None:
        chance = random.Random(way)
        for number in range(100_000):
            saver = Saver(WAYS[way], str(project / NOTEBOOK), saves[number % len(saves)])
            while saver.go(1) and not over.wait(chance.random() / 500):
                pass
            if over.is_set():
                saver.go()
                return

    kernel = pair[0]
    kernel.arrange("import muse.verbs._saving; muse.verbs._saving._SAVING_SECONDS = 0.05")
    server = threading.Thread(target=serve)
    server.start()
    try:
        answers = [kernel.run(f"%muse commit -m {number}") for number in range(20)]
    finally:
        over.set()
        server.join()
    for answer in answers:
        if answer.status != "ok":
            assert "chang" in check_error(answer)
    told = sum(_AS_IT_STOOD in answer.text for answer in answers)
    commits = [entry["commit_id"] for entry in muse("log", "--json").json]
    rows.append(Row(f"commit while saved {way}", "at random", len(answers), 0))
    assert sum(held(commit) not in (save(0), *saves) for commit in commits) <= told
    kernel.run("%muse commit -m last")
    assert held() == Path(NOTEBOOK).read_bytes()
    check_whole(str(project))
