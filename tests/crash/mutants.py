"""What is taken out of muse to see a test turn red: a mutant for each place that a promise rests on.

They stand in `mutants.txt`, each as a change of a few lines and the test that must notice it. Lines are found by
their text, so that code may move. `tests.crash.sites` finds the places; `make mutants` tries every mutant.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("mutants.txt")
_FILE, _TEST, _KEPT, _OUT, _IN = "== ", "> ", " ", "-", "+"


class Mutant(NamedTuple):
    """One place, taken out.

    Attributes:
        name: What holds no longer.
        file: The file, from the root of the project.
        change: Lines that begin with " ", "-" or "+", as in a patch.
        test: The id of the test that turns red.
    """

    name: str
    file: str
    change: tuple[str, ...]
    test: str

    @property
    def old(self) -> str:
        """The text that is replaced."""
        return self._text(_OUT)

    @property
    def new(self) -> str:
        """The text that replaces it."""
        return self._text(_IN)

    def _text(self, mark: str) -> str:
        return "".join([line[1:] + "\n" for line in self.change if line[0] in (_KEPT, mark)])

    def in_place(self, source: str) -> str:
        """The source with the mutant in it.

        Raises:
            ValueError: The text is not there exactly once.
        """
        self._at(source)
        return ("\n" + source).replace("\n" + self.old, "\n" + self.new)[1:]

    def lines(self, source: str) -> set[int]:
        """The numbers of the lines that go, from 1. Raises as `in_place` does."""
        first = source.count("\n", 0, self._at(source)) + 1
        before = [line for line in self.change if line[0] != _IN]
        return {first + at for at, line in enumerate(before) if line[0] == _OUT}

    def _at(self, source: str) -> int:
        found = ("\n" + source).count("\n" + self.old)
        if found != 1:
            raise ValueError(f"{self.file} has the lines of the mutant {self.name!r} {found} times")
        return ("\n" + source).index("\n" + self.old)


def read() -> list[Mutant]:
    """Every mutant of the list.

    Raises:
        ValueError: A part of the list is none.
    """
    found: list[Mutant] = []
    file = ""
    for part in LIST.read_text("utf-8").strip().split("\n\n"):
        lines = [line for line in part.split("\n") if not line.startswith("#")]
        if lines and lines[0].startswith(_FILE):
            file = lines.pop(0).removeprefix(_FILE)
        if lines:
            found.append(_mutant(file, lines))
    return found


def _mutant(file: str, lines: list[str]) -> Mutant:
    name, *change, test = lines
    marks = {line[:1] for line in change}
    if not marks <= {_KEPT, _OUT, _IN} or _OUT not in marks or not test.startswith(_TEST):
        raise ValueError(f"not a mutant: {name!r}")
    return Mutant(name, file, tuple(change), test.removeprefix(_TEST))
