"""What other processes do in the tests of the core. Light to import, as each process imports it."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

from muse.core import io
from muse.core.base.errors import Refused
from muse.core.operations import entry, ops
from muse.core.packs import join
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.system import locks, publish, sweep
from tests.core.small_commands import record
from tests.core.stores import an_operation

CONTEXT = multiprocessing.get_context("forkserver")
PATIENCE = 30
#: The ways of creating a name only if it is free that this system can have.
WAYS = publish.WAYS if sys.platform == "linux" else (publish.LINK, publish.LOCK)


def race(work: Callable[..., Any], *arguments: Any, processes: int = 2) -> list[Any]:
    """Run the same work in several processes that start it at the same moment; what each returned."""
    start = CONTEXT.Event()
    answers: Queue[Any] = CONTEXT.Queue()
    ready = [CONTEXT.Event() for _ in range(processes)]
    started = [
        CONTEXT.Process(target=_run, args=(number, ready[number], start, answers, work, arguments), daemon=True)
        for number in range(processes)
    ]
    for process in started:
        process.start()
    for event in ready:
        assert event.wait(PATIENCE)
    start.set()
    found = [answers.get(timeout=PATIENCE) for _ in started]
    for process in started:
        process.join(PATIENCE)
    return [answer for _, answer in sorted(found, key=lambda pair: int(pair[0]))]


def _run(
    number: int, ready: Event, start: Event, answers: Queue[Any], work: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    ready.set()
    start.wait(PATIENCE)
    answers.put((number, work(number, *arguments)))


@contextmanager
def elsewhere(hold: Callable[..., Any], *arguments: Any) -> Iterator[ForkServerProcess]:
    """A process that holds something until it is killed, or the block ends; it does so when the block begins."""
    holding = CONTEXT.Event()
    process = CONTEXT.Process(target=_hold, args=(holding, hold, arguments), daemon=True)
    process.start()
    assert holding.wait(PATIENCE)
    try:
        yield process
    finally:
        process.kill()
        process.join(PATIENCE)


def _hold(holding: Event, hold: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    held = hold(*arguments)
    holding.set()
    CONTEXT.Event().wait()
    del held


@contextmanager
def forked() -> Iterator[None]:
    """A child that has open what this process has open now, does nothing, and lives on until the block ends."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(writing)
            os.read(reading, 1)
        finally:
            os._exit(0)
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def lock(path: str, shared: bool = False) -> int:
    """Lock a file, which is made where it is missing."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    assert locks.try_lock(fd, shared=shared)
    return fd


def begin_files(folder: str, prefixes: tuple[str, ...]) -> list[io.NewFile]:
    """Begin a file of each family, with a name from the start, and write to it."""
    io._NAMELESS = 0
    files = [io.NewFile(folder, prefix) for prefix in prefixes]
    for file in files:
        file.write(b"half")
        file.flush()
    return files


def create_names(who: int, folder: str, way: str, names: int) -> list[int]:
    """Try to create every name; the numbers of those that this process got."""
    won = []
    for number in range(names):
        temp = os.path.join(folder, f"temp-{who}-{number}")
        with open(temp, "w") as file:
            file.write(str(who))
        try:
            publish.create(temp, os.path.join(folder, str(number)), way)
            won.append(number)
        except FileExistsError:
            pass
    return won


def replace_and_read(who: int, path: str, times: int) -> int:
    """Replace a file by bytes of one kind, again and again; how often it was seen torn."""
    torn = 0
    for _ in range(times):
        io.write_atomic(path, bytes([who + 1]) * 20_000, durable=False)
        seen = io.read_file(path)
        torn += len(seen) != 20_000 or len(set(seen)) != 1
    return torn


def append_operations(who: int, root: str, way: str, times: int) -> list[int]:
    """Append that many operations to the log; their numbers."""
    layout = Layout(root)
    won: list[int] = []
    while len(won) < times:
        number = ops.newest_number(layout) + 1
        previous = ops.read_with_digest(layout, number - 1)[1] if number > 1 else b""
        try:
            entry.append(
                layout,
                an_operation(number, user=str(who), previous=previous),
                lambda: None,
                durable=False,
                way=way,
            )
            won.append(number)
        except entry.Lost:
            continue
    return won


def write_or_sweep(who: int, root: str, times: int) -> int:
    """The last of three processes sweeps for as long as the others write files that need a name from the start."""
    layout, done = Layout(root), os.path.join(root, "done")
    if who == 2:
        while sum(name.startswith("done") for name in os.listdir(root)) < 2:
            sweep.sweep(layout)
        return 0
    io._NAMELESS = 0
    for number in range(times):
        io.write_atomic(os.path.join(layout.journal, f"{who}-{number}"), b"whole", durable=False)
    os.close(os.open(f"{done}-{who}", os.O_CREAT))
    return sum(io.read_file(os.path.join(layout.journal, f"{who}-{number}")) == b"whole" for number in range(times))


def record_branches(who: int, root: str, prefix: str, times: int) -> list[str]:
    """Record that many branches; the names of those that were acknowledged."""
    repo, done = Repo(root), []
    for number in range(times):
        with suppress(Refused):
            done.append(record(repo, f"{prefix}-{who}-{number}"))
    return done


def record_branches_joining(who: int, root: str, prefix: str, times: int) -> list[str]:
    """The same, and each joins packs as soon as there are four."""
    join.MANY = 4
    return record_branches(who, root, prefix, times)
