"""What a power cut may leave of a real run, worked out from its recording."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from muse.testing import faults
from muse.testing.power import Loss, losses, materialise
from muse.testing.recording import Recording, record
from muse.testing.repositories import Contents, read_contents, write_contents
from tests.environment import absent

_BEFORE: Contents = {"a": ("f", b"old"), "below": ("d", b""), "below/run": ("x", b"#!"), "link": ("l", b"a")}
_SAFE = """
import os
folder, fd = os.open(".", os.O_RDONLY), os.open("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
os.write(fd, b"new"); {first}
os.rename("new", "a"); {second}
"""


def recorded(folder: Path, program: str) -> Recording:
    """Record a program in a folder with some files."""
    if reason := faults.missing():
        absent(reason)
    write_contents(str(folder), _BEFORE)
    return record([sys.executable, "-S", "-E", "-c", program], cwd=str(folder), env=os.environ)


def found(folder: Path, first: str = "pass", second: str = "pass", most: int = 999) -> list[Loss]:
    """What may be left of replacing a file."""
    return losses(recorded(folder, _SAFE.format(first=first, second=second)), most=most, seed=1)


def held(cuts: list[Loss]) -> set[bytes]:
    """What the file may hold."""
    return {loss.contents["a"][1] for loss in cuts}


def test_a_file_that_is_replaced_as_one_should_is_old_or_new(folder: Path) -> None:
    cuts = found(folder, "os.fsync(fd)", "os.fsync(folder)")
    assert held(cuts) == {b"old", b"new"}
    assert [loss.contents["a"][1] for loss in cuts if loss.ended] == [b"new"]


def test_without_waiting_for_the_data_the_name_may_come_first(folder: Path) -> None:
    assert held(found(folder, "pass", "os.fsync(folder)")) == {b"old", b"new", b"", b"\0\0\0", b"n"}


def test_without_waiting_for_the_name_the_old_file_may_be_there_at_the_end(folder: Path) -> None:
    cuts = found(folder, "os.fsync(fd)")
    assert held([loss for loss in cuts if loss.ended]) == {b"old", b"new"}


def test_the_latest_comes_first_and_nothing_twice(folder: Path) -> None:
    cuts = found(folder)
    assert [loss.point for loss in cuts] == sorted((loss.point for loss in cuts), reverse=True)
    assert len({frozenset(loss.contents.items()) for loss in cuts}) == len(cuts)
    assert [loss.ended for loss in cuts] == [loss.point == cuts[0].point for loss in cuts]
    assert cuts[0].contents == read_contents(str(folder))
    assert str(cuts[0]) == "power cut after step 3, rename new a"


def test_what_nothing_changes_leaves_one_state(folder: Path) -> None:
    (loss,) = losses(recorded(folder, "open('a').read()"), most=1, seed=1)
    assert (loss.contents, loss.ended, str(loss)) == (_BEFORE, True, "power cut after step 0, nothing")


@pytest.mark.parametrize("share", [5, 20])
def test_of_many_states_some_are_taken_always_the_same(folder: Path, share: int) -> None:
    """Among them all, nothing, names without bytes, bytes without names."""
    program = "import os\nfor n in range(12): open(f'below/{n}', 'w').write('text')"
    recording = recorded(folder, program)
    most = share * (len(recording.steps) + 1)
    cuts = losses(recording, most=most, seed=1)
    last = [loss.contents for loss in cuts if loss.ended]
    assert len(last) <= share
    assert losses(recording, most=most, seed=1) == cuts
    assert losses(recording, most=most, seed=2) != cuts
    empty = {f"below/{n}": ("f", b"") for n in range(12)}
    assert read_contents(str(folder)) in last
    assert _BEFORE | empty in last
    assert _BEFORE in [loss.contents for loss in cuts]


def test_what_is_left_can_be_looked_at(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    loss = Loss(0, False, "nothing", _BEFORE)
    place = str(tmp_path_factory.mktemp("left") / "over")
    assert materialise(loss, place) == place
    assert read_contents(place) == _BEFORE
