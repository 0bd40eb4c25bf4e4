"""The log as it stands, damage and all: what `fsck` tells of it, and what `doctor` goes back to.

Everybody else reads the newest operation, and stops when that is damaged.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged, MuseError, Refused, TooNew
from muse.core.base.named import NamedTuple
from muse.core.operations import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muse.core.operations.ops import Operation
    from muse.core.paths import Layout


class Ends(NamedTuple):
    """Where the log ends.

    Attributes:
        operation: The newest operation that is whole; None when there is none.
        last: The highest number that there is, whole or not; 0 for an empty log.
        unsure: Why one above `operation` may be whole: a newer muse wrote it, or the system did not let it be read.
    """

    operation: Operation | None
    last: int
    unsure: MuseError | None = None

    @property
    def whole(self) -> bool:
        """True when the newest operation is."""
        return (self.operation.number if self.operation is not None else 0) == self.last


class Step(NamedTuple):
    """A place in the log: the operation, what is wrong with it, or both. `first` to `number` are missing in a row."""

    first: int
    number: int
    operation: Operation | None
    trouble: MuseError | None = None

    @property
    def message(self) -> str:
        """What is wrong, in words."""
        return self.trouble.message if self.trouble is not None else ""

    def is_in(self, numbers: set[int]) -> bool:
        """True when all of it is among these numbers."""
        return self.number - self.first < len(numbers) and numbers.issuperset(range(self.first, self.number + 1))


class Tally:
    """What is wrong with the log, and for what of it `doctor` has stood in already."""

    def __init__(self) -> None:
        self._wrong: list[Step] = []
        self._lost: set[int] = set()

    def add(self, step: Step) -> None:
        """Take the next step."""
        if step.operation is not None:
            self._lost.update(step.operation.lost)
        else:
            self._wrong.append(step)

    @property
    def open(self) -> list[Step]:
        """What is damaged or missing."""
        return [step for step in self._wrong if not step.is_in(self._lost)]

    @property
    def closed(self) -> list[Step]:
        """What was, and does not matter any more."""
        return [step for step in self._wrong if step.is_in(self._lost)]


def is_damage(error: MuseError) -> bool:
    """True for bytes that are wrong; False for what a newer muse wrote, or what the system does not let us read."""
    return isinstance(error, Damaged) and error.kind != TooNew.kind


def ends(layout: Layout) -> Ends:
    """Look for the newest operation that is whole.

    Raises:
        Refused: Others drop operations faster than they can be read.
    """
    for _ in range(ops.TRIES):
        try:
            return _ends(layout, ops.numbers(layout))
        except FileNotFoundError:
            continue  # a gc has dropped it since it was listed, and a newer one is there
    raise Refused("others keep dropping operations of this repository", "Try again.", kind="busy")


def _ends(layout: Layout, numbers: list[int]) -> Ends:
    unsure: MuseError | None = None
    for number in reversed(numbers):
        try:
            return Ends(ops.read(layout, number), numbers[-1], unsure)
        except MuseError as error:
            unsure = unsure if is_damage(error) else error
    return Ends(None, numbers[-1] if numbers else 0, unsure)


def steps(layout: Layout, oldest: int) -> Iterator[Step]:
    """Every operation from `oldest` on, in order, each read once; and what is wrong with the log between them."""
    expected, previous = oldest, b""
    for number in ops.numbers(layout, oldest):
        if number > expected:
            yield _missing(expected, number - 1)
            previous = b""
        step, digest = _read(layout, number)
        operation = step.operation
        if operation is not None and previous and operation.previous != previous:
            step = step._replace(trouble=Damaged(f"operation {number} does not follow operation {number - 1}"))
        yield step
        expected, previous = number + 1, digest


def _read(layout: Layout, number: int) -> tuple[Step, bytes]:
    """An operation, and the digest of its entry; of one that is damaged there is none to hold the next against."""
    try:
        operation, digest = ops.read_with_digest(layout, number)
    except FileNotFoundError:
        return _missing(number, number), b""
    except MuseError as error:
        return Step(number, number, None, error), b""
    return Step(number, number, operation), digest


def _missing(first: int, last: int) -> Step:
    which = f"operation {first} is" if first == last else f"operations {first} to {last} are"
    return Step(first, last, None, Damaged(f"{which} missing from the log", kind="missing"))
