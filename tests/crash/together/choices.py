"""What the workers of the soak choose to do: the same for the same seed, whatever was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests import samples
from tests.crash.together.typist import SWEEP

#: Stands for the id of the last commit of the worker.
COMMIT = "{commit}"
_OWN, _SHARED = 4, 3
#: How many of the commands are processes of their own; these take a hundred times as long.
_APART = 0.015
_KEPT = 6


class Step(NamedTuple):
    """One thing to do.

    Attributes:
        words: The command.
        writes: The files that are written before it, with their bytes.
        apart: Whether it is typed as a process of its own.
        pause: Seconds to wait before it.
    """

    words: tuple[str, ...]
    writes: tuple[tuple[str, bytes], ...] = ()
    apart: bool = False
    pause: float = 0.0


def choices(seed: int, who: str) -> Iterator[Step]:
    """What a worker does, without end.

    Args:
        seed: Of the round.
        who: The name of the worker, which is also that of its folder.
    """
    person = _Person(Random(f"{seed} {who}"), who)
    kinds, weights = [*person.kinds], [weight for weight, _ in person.kinds.values()]
    random = person.random
    while True:
        step = person.kinds[random.choices(kinds, weights)[0]][1]()
        apart = random.random() < _APART and step.words[0] != SWEEP
        yield step._replace(apart=apart, pause=random.choice((0, 0, 0, 0.01, 0.03)))


class _Person:
    """What one worker may do, and the names that it has used."""

    def __init__(self, random: Random, who: str) -> None:
        self.random, self.who = random, who
        self.number = 0
        self.written: list[str] = [f"{who}/0.txt"]
        self.branches: list[str] = []
        self.tags: list[str] = []
        self.kinds: dict[str, tuple[float, Callable[[], Step]]] = {
            "commit": (34, self._commit),
            "commit what is staged": (2, lambda: Step(("commit", "-m", self._new("c"), "--staged"))),
            "amend": (2, lambda: Step(("commit", "-m", self._new("c"), "--amend"), self._files(1))),
            "add": (2, self._add),
            "branch": (7, self._branch),
            "branch -d": (4, lambda: Step(("branch", "-d", self._old(self.branches)))),
            "tag": (6, self._tag),
            "tag -d": (4, lambda: Step(("tag", "-d", self._old(self.tags)))),
            "checkout": (7, self._checkout),
            "undo": (5, lambda: Step(("undo",))),
            "redo": (4, lambda: Step(("redo",))),
            "reset": (1, lambda: Step(random.choice((("reset", "--hard", "HEAD~1"), ("reset", "HEAD~1"))))),
            "restore": (1, lambda: Step(("restore", self._path()), self._files(1))),
            "shelf push": (3, lambda: Step(("shelf", "push", "-m", self._new("s")), self._files(2))),
            "shelf pop": (3, lambda: Step(("shelf", "pop"))),
            "shelf drop": (0.5, lambda: Step(("shelf", "drop"))),
            "status": (5, lambda: Step(("status",), self._files(random.randrange(2)))),
            "log": (4, lambda: Step(random.choice((("log", "-n", "40"), ("log", "--all"), ("log", self._path()))))),
            "diff": (3, lambda: Step(random.choice((("diff",), ("diff", "HEAD~1", "HEAD"), ("diff", COMMIT))))),
            "show": (5, lambda: Step(("show", f"{COMMIT}:{self._path()}"))),
            "op log": (1, lambda: Step(("op", "log"))),
            "lists": (2, lambda: Step(random.choice((("branch",), ("tag",), ("shelf",))))),
            "sweep": (4, lambda: Step((SWEEP,))),
            "gc": (0.8, lambda: Step(("gc",))),
            "gc --forget": (0.2, lambda: Step(("gc", "--forget", "--yes"))),
            "fsck": (1.5, lambda: Step(("fsck",))),
            "doctor": (0.4, lambda: Step(("doctor",))),
        }

    def _commit(self) -> Step:
        return Step(("commit", "-m", self._new("c")), self._files(self.random.choice((0, 1, 1, 1, 2, 3))))

    def _add(self) -> Step:
        files = self._files(1)
        return Step(("add", files[0][0]), files)

    def _branch(self) -> Step:
        self.branches.append(self._new("b"))
        return Step(("branch", self.branches[-1], *self.random.choice(((), (), ("HEAD~1",), (COMMIT,)))))

    def _tag(self) -> Step:
        self.tags.append(self._new("t"))
        return Step(("tag", self.tags[-1], *self.random.choice(((), (), (COMMIT,)))))

    def _checkout(self) -> Step:
        name = self.random.choice(("main", "main", *self.branches[-_KEPT:]))
        return Step(("checkout", name, *self.random.choice(((), ("--force",)))))

    def _new(self, kind: str) -> str:
        self.number += 1
        return f"{kind}-{self.who}-{self.number}"

    def _old(self, names: list[str]) -> str:
        """A name to delete: mostly the oldest that is left."""
        if not names:
            return self._new("none")
        return names.pop(0) if len(names) > _KEPT else self.random.choice(names)

    def _path(self) -> str:
        """A file that was written before."""
        return self.random.choice(self.written)

    def _files(self, count: int) -> tuple[tuple[str, bytes], ...]:
        """Files to write: the worker's own, and sometimes one that all write."""
        random = self.random
        paths = {f"{self.who}/{random.randrange(_OWN)}.txt" for _ in range(count)}
        if count and random.random() < 0.2:
            paths.add(f"shared/{random.randrange(_SHARED)}.txt")
        if count and random.random() < 0.2:
            paths.add(f"{self.who}/analysis.ipynb")
        self.written += [path for path in sorted(paths) if path not in self.written]
        return tuple((path, self._content(path)) for path in sorted(paths))

    def _content(self, path: str) -> bytes:
        self.number += 1
        mark = f"{self.who} {self.number} {self.random.getrandbits(64):x}"
        if path.endswith(".ipynb"):
            return samples.notebook(samples.text(f"# {mark}"), samples.code(f"print({self.number})"))
        return "".join(f"{mark} {line}\n" for line in range(self.random.randrange(1, 80))).encode()
