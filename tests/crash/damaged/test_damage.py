"""Every file below `.muse/` is damaged in every way: nothing dies, hangs or lies, and what is whole stays so."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from muse.testing.damage import KINDS
from tests.crash.apart import apart, become
from tests.crash.batches import tried
from tests.crash.campaign import Row
from tests.crash.damaged.damage_checks import Trial
from tests.crash.damaged.damage_points import Point, points
from tests.crash.damaged.sample import Sample, build, shrink
from tests.crash.points import Sampling

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]

#: Of the points one in so many is tried by default: of the many alike, and of the others.
_MANY, _OTHERS = 23, 5
_NOBODY = 65534
_SHOWN = 12


@pytest.fixture(scope="module")
def memory() -> Iterator[str]:
    """A folder that every user can come to, in memory where there is such."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="muse-crash-", dir=where) as folder:
        os.chmod(folder, 0o711)
        yield folder


@pytest.fixture(scope="module")
def samples_made(memory: str) -> list[Sample]:
    """A repository that is settled, and one in which a checkout died."""
    return []


def _made(folder: str) -> list[Sample]:
    shrink()
    return [build(os.path.join(folder, name), behind=behind) for name, behind in (("settled", False), ("died", True))]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged(kind: str, memory: str, samples_made: list[Sample], usual: Sampling, rows: list[Row]) -> None:
    """Whatever is read is right or refused; fsck names it, doctor repairs it, the next commit heals it."""
    samples_made += [] if samples_made else apart(lambda: _made(memory))
    settled, died = samples_made
    found = [point for point in (*points(settled, died), *points(died, settled)) if point.damage.kind == kind]
    found = [*usual.every(_MANY if kind in ("cut", "flipped") else _OTHERS, found)]
    wrong = [words for words in tried(found, lambda: _trials(memory, other=kind == "unreadable")) if words]
    rows.append(Row("damage", kind, len(found), len(wrong)))
    assert found, "no point was tried"
    assert not wrong, "\n".join([f"{len(wrong)} of {len(found)} points:", *wrong[:_SHOWN]])


def _trials(memory: str, *, other: bool) -> Callable[[Point], str]:
    """What tries a point. What is unreadable hinders another user alone, where we may read everything."""
    shrink()
    folder = tempfile.mkdtemp(dir=memory)
    os.environ.update(HOME=folder, XDG_CONFIG_HOME=folder)
    if other and not os.getuid():
        os.chown(folder, _NOBODY, _NOBODY)
        become(_NOBODY, _NOBODY)
    numbers = count()

    def trial(point: Point) -> str:
        place = os.path.join(folder, str(next(numbers)))
        os.mkdir(place)
        return Trial(point, place).run()

    return trial
