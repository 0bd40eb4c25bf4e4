"""Four processes and four kernels in one repository, for as long as it takes: `make soak`.

Each does what a seeded generator says, writes down what it is about to do and what was acknowledged, and may be
killed or stopped at any moment, from a seeded schedule. What is left must hold all that was acknowledged.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from muse.core.base.errors import MuseError
from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.packs import join
from muse.core.paths import Layout
from muse.core.repo import ROOT_VARIABLE
from tests.crash.harness import type_in
from tests.crash.together import aftermath, ledger
from tests.crash.together.choices import COMMIT, Step, choices
from tests.crash.together.hands import Hand, Killed, Notebook, Room, Shell
from tests.crash.together.ledger import Ledger, Record
from tests.crash.together.witness import Witness
from tests.environment import scrubbed

#: Where rounds take place: in memory, where there is such a folder.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_KEEP = 40
_SETTINGS = f"[gc]\nkeep = {_KEEP}\ndays = 0\n"
_PATIENCE = 120
#: Seconds between two looks at the log.
_TICK = 0.003
#: Seconds between two blows, and for which one that is stopped stands still.
_EVERY, _STILL = (0.1, 0.9), (0.01, 0.3)


class Blow(NamedTuple):
    """What happens to a worker, and when: seconds from the start, and from the last blow on."""

    after: float
    victim: int
    kills: bool
    still: float


def blows(seed: int, workers: int, *, kills: bool) -> Iterator[Blow]:
    """When whom to kill, or to stop for a while, without end. A kernel, which starts slowly, is killed more rarely."""
    rng = random.Random(f"{seed} blows")
    while True:
        victim = rng.randrange(workers)
        deadly = kills and rng.random() < (0.7 if victim < workers // 2 else 0.2)
        yield Blow(rng.uniform(*_EVERY), victim, deadly, rng.uniform(*_STILL))


class Worker(threading.Thread):
    """Drives one hand, and keeps its ledger.

    Args:
        who: Its name, and that of its folder.
        hand: What types.
        seed: Of the round.
        stop: Set when the time is over.

    Attributes:
        ready: Set when it begins to type.
        kills: How often it was struck.
        trouble: A stack trace, when it ended by a mistake of the test.
    """

    def __init__(self, who: str, hand: Hand, seed: int, stop: threading.Event) -> None:
        super().__init__(name=who)
        self.who, self.hand, self.stop = who, hand, stop
        self.path = os.path.join(hand.room.place, f"{who}.jsonl")
        self.trouble = ""
        self.kills = 0
        self._steps = choices(seed, who)
        self._ledger = Ledger(self.path, who)
        self._commit = "HEAD"
        self.ready = threading.Event()

    def run(self) -> None:
        """Work until the time is over."""
        try:
            self.hand.start()
            self.ready.set()
            for step in self._steps:
                if self.stop.wait(step.pause):
                    break
                self._do(step)
        except Exception:
            self.trouble = traceback.format_exc()
        finally:
            self._ledger.close()
            self.hand.end()

    def _do(self, step: Step) -> None:
        words = [word.replace(COMMIT, self._commit) for word in step.words]
        since = self._settled()
        writes = {path: self._write(path, data) for path, data in step.writes}
        own = {path: digest for path, digest in writes.items() if path.startswith(f"{self.who}/")}
        self._ledger.intend(words, own, since)
        try:
            said = self.hand.type_apart(words) if step.apart else self.hand.type(words)
        except Killed:
            self.kills += 1
            if not (step.apart or self.stop.is_set()):
                self.hand.end()
                self.hand.start()
            return
        self._ledger.said(said)
        if words[0] == "commit" and said.status == 0:
            self._commit = said.value["commit_id"]

    def _settled(self) -> int:
        """The newest operation, when the folder is as it says; else 0."""
        try:
            newest = ops.newest(Layout(self.hand.room.root))
        except MuseError:
            return 0  # told by the witness
        behind = newest is None or folder_state.is_behind(Layout(self.hand.room.root), newest)
        return 0 if newest is None or behind else newest.number

    def _write(self, path: str, data: bytes) -> str:
        """Put a file in place in one step, as an editor does; its folder may go at any moment."""
        room = self.hand.room
        temporary, place = os.path.join(room.place, f"{self.who}.tmp"), os.path.join(room.root, path)
        with open(temporary, "wb") as file:
            file.write(data)
        while True:
            with suppress(FileExistsError):
                os.makedirs(os.path.dirname(place), exist_ok=True)
            with suppress(FileNotFoundError):
                os.replace(temporary, place)
                return hashlib.sha256(data).hexdigest()


class Round(NamedTuple):
    """What came of a round."""

    seed: int
    records: list[Record]
    kills: int
    stops: int
    joins: int
    unseen: int
    violations: list[str]

    @property
    def commands(self) -> int:
        """How many commands were typed."""
        return len(self.records)

    def table(self) -> Iterator[str]:
        """The counts, as lines."""
        verbs: Counter[str] = Counter()
        kinds: Counter[tuple[str, str]] = Counter()
        for record in self.records:
            verbs[record.words[0]] += 1
            kind = ledger.verdict(record.words, record.said) if record.said is not None else "killed"
            kinds[record.words[0], kind.split(" ")[0] if kind.startswith("VIOLATION") else kind] += 1
        for verb, count in verbs.most_common():
            answers = ", ".join(f"{kind} {n}" for (of, kind), n in kinds.most_common() if of == verb)
            yield f"  {verb:<12} {count:>6}  {answers}"
        commits = sum(1 for record in self.records if record.words[0] == "commit" and ledger.recorded(record))
        yield f"  {self.commands} commands, {commits} acknowledged commits, {self.joins} joins, {self.kills} kills, "
        yield f"  {self.stops} stops, {self.unseen} operations unseen, {len(self.violations)} violations"


def play(seed: int, seconds: float, place: str, *, kills: bool, kernels: int = 4, shells: int = 4) -> Round:
    """A round: all work for so many seconds, and then all is checked.

    Args:
        seed: Of what they choose, and of the kills.
        place: An empty folder.
        kills: Whether workers are killed.
    """
    room = _room(place)
    stop = threading.Event()
    hands: list[Hand] = [Shell(room, named=number % 2 == 1) for number in range(shells)]
    hands += [Notebook(room) for _ in range(kernels)]
    workers = [Worker(f"w{number}", hand, seed, stop) for number, hand in enumerate(hands)]
    witness = Witness(room.root, _KEEP)
    for worker in workers:
        worker.start()
    try:
        _wait(lambda: all(worker.ready.is_set() or not worker.is_alive() for worker in workers), witness)
        stops = _strike(workers, blows(seed, len(workers), kills=kills), witness, seconds)
    finally:
        stop.set()
        hung = _join(workers, witness)
    records = [record for worker in workers for record in ledger.read(worker.path, worker.who)]
    violations = [f"{worker.who}: {worker.trouble}" for worker in workers if worker.trouble]
    violations += [f"{who} hangs" for who in hung]
    violations += aftermath.check(room, records, witness)
    joins = sum(1 for one in witness.seen.values() if one.retires and one.verb != "gc")
    return Round(seed, records, sum(w.kills for w in workers), stops, joins, witness.unseen, violations)


def _room(place: str) -> Room:
    """A repository whose next commit joins packs."""
    root, home = os.path.join(place, "repository"), os.path.join(place, "home")
    os.mkdir(root)
    os.mkdir(home)
    env = scrubbed(Path(home)) | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    room = Room(root, env, place)
    for number in range(60):
        Path(root, f"{number}.txt").write_text(f"{number}\n" * 20)
    type_in(root, "init", root)
    with open(Layout(root).config, "a") as config:
        config.write(_SETTINGS)
    for number in range(join.MANY - 1):  # packs are joined from the beginning
        Path(root, "0.txt").write_text(f"first {number}\n")
        type_in(root, "commit", "-m", f"first {number}")
    return room


def _strike(workers: Sequence[Worker], schedule: Iterator[Blow], witness: Witness, seconds: float) -> int:
    """Kill and stop workers, and read the log, until the time is over; how many were stopped."""
    end = time.monotonic() + seconds
    due, stops = time.monotonic(), 0
    waiting: list[tuple[float, int]] = []
    while time.monotonic() < end:
        witness.look()
        now = time.monotonic()
        for moment, pid in [one for one in waiting if one[0] <= now]:
            waiting.remove((moment, pid))
            _signal(pid, signal.SIGCONT)
        if now >= due:
            blow = next(schedule)
            due = now + blow.after
            pid = workers[blow.victim].hand.pid
            if pid and blow.kills:
                _signal(pid, signal.SIGKILL)
            elif pid:
                _signal(pid, signal.SIGSTOP)
                waiting.append((now + blow.still, pid))
                stops += 1
        time.sleep(_TICK)
    for _, pid in waiting:
        _signal(pid, signal.SIGCONT)
    return stops


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait(done: Callable[[], bool], witness: Witness) -> None:
    """Read the log until something is done, or has taken too long."""
    end = time.monotonic() + _PATIENCE
    while not done() and time.monotonic() < end:
        witness.look()
        time.sleep(_TICK)
    witness.look()


def _join(workers: Sequence[Worker], witness: Witness) -> list[str]:
    """Wait until all have ended what they were doing; who had to be killed for that."""
    _wait(lambda: not any(worker.is_alive() for worker in workers), witness)
    hung = [worker for worker in workers if worker.is_alive()]
    for worker in hung:
        worker.hand.signal(signal.SIGKILL)
        worker.join(_PATIENCE)
    return [worker.who for worker in hung]


def main(typed: Sequence[str] | None = None) -> int:
    """Play rounds with and without kills in turn, and print a table for each; 1 when anything was violated."""
    os.environ.pop(ROOT_VARIABLE, None)
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=60, help="how many (60)")
    parser.add_argument("--seconds", type=float, default=60, help="how long each takes (60)")
    parser.add_argument("--seed", type=int, help="play the round of this seed, with kills and without")
    options = parser.parse_args(typed)
    seeds = [options.seed] * 2 if options.seed is not None else [random.getrandbits(32) for _ in range(options.rounds)]
    failed = 0
    for number, seed in enumerate(seeds, 1):
        kills = number % 2 == 0
        print(f"round {number} of {len(seeds)}: seed {seed}, {'with' if kills else 'without'} kills", flush=True)
        with tempfile.TemporaryDirectory(prefix="muse-soak-", dir=MEMORY) as place:
            one = play(seed, options.seconds, place, kills=kills)
        print("\n".join([*one.table(), *one.violations]), flush=True)
        failed += len(one.violations)
    print(f"{len(seeds)} rounds, {failed} violations")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
