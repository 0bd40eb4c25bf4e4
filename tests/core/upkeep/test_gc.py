"""`upkeep.gc`: what is kept can be read and gone back to, what is not kept is gone, whatever the history."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from muse.core.base.codec import pack
from muse.core.base.errors import Damaged
from muse.core.commands.command import State, reading
from muse.core.commands.writing import Draft, writing
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.operations.view import Section, View
from muse.core.packs.pack import Pack
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import FILE, PackRef, digest_of
from muse.core.upkeep import gc
from muse.core.upkeep.gc import Retention
from muse.testing.repositories import damage, read_contents
from tests import kept
from tests.commands import muse, ok
from tests.core.stores import an_operation, new_repo, put_operation, write_pack

_START = datetime(2026, 3, 1, tzinfo=UTC)
_LINES = [f"line {number} of a file that is long enough to be held as what changed\n" for number in range(60)]

# A history is what people type, one step an hour.

_PATHS = ["a.txt", "b.txt", "deep/c.txt"]
_BEGIN: list[tuple[Any, ...]] = [("edit", path, 5) for path in _PATHS]
_BEGIN += [("commit", "-m", "one"), ("edit", "a.txt", 4), ("commit", "-m", "two")]
_ONE_LOST = [("reset", "--hard", "HEAD~1")]
_ONE_SAVED = [("edit", "a.txt", 3), ("reset", "--hard", "HEAD")]
_steps = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(_PATHS), st.integers(0, 5)),
    st.tuples(st.just("edit"), st.sampled_from(_PATHS), st.integers(0, 5)),
    st.tuples(st.just("remove"), st.sampled_from(_PATHS)),
    *(st.just(("commit", "-m", "more")) for _ in range(5)),
    st.sampled_from(
        [
            ("commit", "--amend"),
            ("undo",),
            ("undo",),
            ("redo",),
            ("add", "."),
            ("branch", "one"),
            ("tag", "t"),
            ("tag", "-d", "t"),
            ("checkout", "main", "--force"),
            ("checkout", "one", "--force"),
            ("checkout", "HEAD~1", "--force"),
            ("reset", "--hard", "HEAD~1"),
            ("shelf", "push"),
            ("shelf", "pop"),
            ("op", "restore", "3", "--force"),
            ("gc",),
        ]
    ),
)
histories = st.lists(_steps, min_size=12, max_size=30)
retentions = st.builds(Retention, st.integers(0, 9), st.sampled_from([0, 0, 0.25]), st.booleans())


def live(history: list[tuple[Any, ...]]) -> None:
    """Go through a history in the current folder. What muse refuses does not happen."""
    ok("init")
    Path(".muse/config.toml").write_text('durability = "off"\n[store]\npublish = "link"\n')
    os.mkdir("deep")
    for hour, step in enumerate([*_BEGIN, *history]):
        os.environ["MUSE_NOW"] = (_START + timedelta(hours=hour)).isoformat()
        if step[0] == "edit":
            os.makedirs(os.path.dirname(step[1]) or ".", exist_ok=True)
            number = step[2]
            lines = [*_LINES[:number], f"changed in hour {hour}\n", *_LINES[number + 1 :]]
            Path(step[1]).write_text("".join(lines) if number else "short\n")
        elif step[0] == "remove":
            Path(step[1]).unlink(missing_ok=True)
        else:
            answer = muse(*step)
            assert answer.status in (0, 1, 2, 4) and "Traceback" not in answer.err, (step, answer)


def collect(retention: Retention) -> gc.Plan:
    """Run gc with these settings in the current folder; before, look at what it would do."""
    ok("config", "gc.keep", str(retention.operations))
    repo = Repo.open()
    before = kept.files(".")
    looked, _ = reading(repo, lambda state: gc.plan(state, retention))
    assert kept.files(".") == before
    assert carry_out(repo, retention) == looked
    return looked


def carry_out(repo: Repo, retention: Retention) -> gc.Plan:
    """The whole command, with any retention."""

    def build(state: State) -> Draft[gc.Plan]:
        plan, keep = gc.plan(state, retention)
        if not plan.does_something:
            return Draft(lambda left: plan, None)
        gc.carry_out(plan, state.store, keep)
        assert state.operation is not None
        at, redo = state.operation.at, state.operation.redo
        answer = Draft(lambda left: plan, state.view, at=at, redo=redo, retires=plan.retires, oldest=plan.oldest)
        return answer

    return writing(repo, "gc", (), build)


def expected(operations: list[Operation], retention: Retention) -> set[int]:
    """Which operations stay, in the plainest words."""
    if retention.forget:
        return set()
    limit = datetime.fromisoformat(os.environ["MUSE_NOW"]) - timedelta(days=retention.days)

    def stays(operation: Operation) -> bool:
        since = [other for other in operations if other.number >= operation.number and other.verb != "gc"]
        return len(since) <= max(1, retention.operations) or datetime.fromisoformat(operation.time) > limit

    begin = min([operation.number for operation in operations if stays(operation)])
    return {operation.number for operation in operations if operation.number >= begin}


def seen() -> tuple[object, ...]:
    """All that a person can see, but the log of operations."""
    words = ("status", "branch", "tag", "shelf", "log --all", "diff --staged")
    return *(muse(*line.split(), "--json").out for line in words), read_contents(".")


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(history=histories, retention=retentions)
@example(history=_ONE_LOST, retention=Retention(0, 0, True))
@example(history=_ONE_LOST, retention=Retention(0, 0))
@example(history=_ONE_SAVED, retention=Retention(0, 0))
def test_whatever_the_history(history: list[tuple[Any, ...]], retention: Retention) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/one")
        with chdir(f"{folder}/one"):
            live(history)
            before, stay = kept.kept("."), expected(kept.kept("."), retention)
            entries = {number: Path(Layout(".").operation(number)).read_bytes() for number in stay}
            shutil.copytree(".", f"{folder}/other", symlinks=True)
            view = seen()
            plan = collect(retention)
            check_collected(plan, before, stay, entries)
            assert seen() == view
            assert not collect(retention).does_something
            if not retention.forget:
                check_steps(f"{folder}/other", plan.oldest)


def check_collected(
    plan: gc.Plan, before: list[Operation], stay: set[int], entries: dict[int, bytes]
) -> None:
    """What is reached can be read; what is not is nowhere; the log holds what is kept and nothing else."""
    last = kept.newest(".")
    assert sorted(kept.on_disk(".")) == sorted(kept.read_back("."))
    assert damage(".") == []
    assert kept.packs(".") == {ref.name for ref in last.packs}
    if not plan.does_something:
        assert last == before[-1]
        return
    numbers = ops.numbers(Layout("."))
    assert numbers == [*sorted(stay), before[-1].number + 1]
    assert (last.oldest, last.verb, last.view, last.at, last.redo) == (
        numbers[0], "gc", before[-1].view, before[-1].at, before[-1].redo,
    )
    assert {number: Path(Layout(".").operation(number)).read_bytes() for number in stay} == entries
    assert (plan.dropped, plan.kept) == (len(before) - len(stay), len(stay) or 1)


def check_steps(other: str, oldest: int) -> None:
    """Every step through the log leads where it would have led without gc, as far as it goes."""
    numbers = [operation.number for operation in kept.kept(".")]
    for words in [("undo",)] * 4 + [("redo",)] * 2 + [("op", "restore", str(number)) for number in numbers[:-1:3]]:
        here = muse(*words, "--force", "--json")
        if here.status == 1 and "kept" in muse(*words).out:
            continue
        with chdir(other):
            there = muse(*words, "--force", "--json")
            view = seen()
        # The newest there is not the newest here: that is gc's own.
        assert {here.status, there.status} <= {0, 1}, (words, here, there)
        assert seen() == view
        kept.check(".")


# Cases


@pytest.fixture
def repo(folder: Path) -> Repo:
    """A repository with four commits, operations 2 to 5."""
    ok("init")
    for number in range(4):
        Path("a.txt").write_text(f"{number}\n")
        ok("commit", "-m", str(number))
    return Repo.open()


def flip(path: str, at: int) -> None:
    """Alter a byte."""
    data = bytearray(Path(path).read_bytes())
    data[at] ^= 1
    Path(path).write_bytes(data)


@pytest.mark.parametrize("keep", [1, 2, 3, 9])
def test_an_operation_that_doctor_stood_in_for_is_no_hindrance(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, keep: int
) -> None:
    """Whether the one of `doctor` stays itself or goes."""
    flip(repo.layout.operation(3), -1)
    last = kept.newest(".")
    put_operation(repo.layout, last._replace(number=6, write_id=bytes(16), at=6, verb="doctor", lost=(3,)))
    Path("a.txt").write_text("more\n")
    ok("commit", "-m", "more")
    monkeypatch.setenv("MUSE_NOW", "2026-04-01T12:00:00+00:00")
    plan = carry_out(repo, Retention(keep, 0))
    assert plan.oldest == max(1, 8 - keep)
    assert ops.numbers(repo.layout) == ([*range(plan.oldest, 9)] if plan.dropped else [*range(1, 8)])


@pytest.mark.parametrize("damaged", [None, 0, 1])
def test_copies_become_one_and_a_good_one_stays(repo: Repo, damaged: int | None) -> None:
    data = b"3\n"
    second = write_pack(repo.layout, [data])
    last = kept.newest(".")
    holding = [*(ref for ref in last.packs if holds(repo, ref, data)), second]
    put_operation(repo.layout, last._replace(number=6, write_id=bytes(16), at=6, packs=(*last.packs, second)))
    if damaged is not None:
        spoil(repo, holding[damaged], data)
    plan = carry_out(repo, Retention(9, 9))
    assert (plan.dead, set(plan.copied)) == (1, set(holding))
    assert kept.on_disk(".").count(digest_of(data)) == 1
    kept.check(".")
    assert not carry_out(repo, Retention(9, 9)).does_something


def holds(repo: Repo, ref: PackRef, data: bytes) -> bool:
    pack = Pack(repo.layout.pack(ref.name), ref)
    found = pack.find(digest_of(data))
    pack.close()
    return found is not None


def spoil(repo: Repo, ref: PackRef, data: bytes) -> None:
    """Alter the last byte of what a pack holds for an object."""
    pack = Pack(repo.layout.pack(ref.name), ref)
    slot = pack.find(digest_of(data))
    pack.close()
    assert slot is not None
    flip(pack.path, slot.offset + slot.stored - 1)


def test_a_damaged_file_alone_stays_as_it_is(repo: Repo) -> None:
    """Contents are not read: what is damaged stays damaged, for `doctor` to see, and all else is collected."""
    (ref,) = [ref for ref in kept.newest(".").packs if holds(repo, ref, b"3\n")]
    spoil(repo, ref, b"3\n")
    assert carry_out(repo, Retention(1, 0, True)).does_something
    with pytest.raises(Damaged):
        kept.read_back(".")


@pytest.mark.parametrize("unknown", ["runs", "something"])
def test_a_section_of_a_newer_muse_stops_it(repo: Repo, unknown: str) -> None:
    """What it names must not be lost."""
    last = kept.newest(".")
    sections = {**last.view.sections, unknown: Section(b"\x81\xa1a\xa1b")}
    put_operation(
        repo.layout, last._replace(number=6, write_id=bytes(16), view=last.view._replace(sections=sections))
    )
    for retention in (Retention(1, 0), Retention(1, 0, True)):
        with pytest.raises(Damaged, match=f"a section {unknown}"):
            carry_out(repo, retention)
    assert len(ops.numbers(repo.layout)) == 6


@pytest.mark.parametrize(("whole", "dead", "left"), [(8, 0, 8), (9, 0, 1), (7, 1, 8), (8, 1, 1)])
def test_small_packs_become_one_when_there_are_many(folder: Path, whole: int, dead: int, left: int) -> None:
    """A new pack counts, too: a second gc finds nothing to do."""
    repo = new_repo(folder)
    contents = [b"%d" % number for number in range(whole + dead)]
    packs = [write_pack(repo.layout, [data]) for data in contents[:whole]]
    packs += [write_pack(repo.layout, [data, b"dead"]) for data in contents[whole:]]
    stage = {data.decode(): [FILE, digest_of(data)] for data in contents}
    view = View(sections={"stage": Section(pack(stage))})
    put_operation(repo.layout, an_operation(packs=tuple(packs), view=view))
    carry_out(repo, Retention(1, 0))
    assert len(kept.packs(folder)) == left
    assert kept.read_back(folder) == set(map(digest_of, contents)) == set(kept.on_disk(folder))
    assert not carry_out(repo, Retention(1, 0)).does_something


def test_only_packs_are_retired(repo: Repo) -> None:
    folder = Path(repo.layout.packs)
    (folder / ("a" * 32 + ".pack")).mkdir()
    (folder / "notes.pack").write_bytes(b"")
    (folder / ("b" * 32 + ".txt")).write_bytes(b"")
    assert carry_out(repo, Retention(9, 9)).unnamed == ()
    unnamed = write_pack(repo.layout, [b"nobody's"])
    assert carry_out(repo, Retention(9, 9)).unnamed == (unnamed,)
    assert len([name for name in os.listdir(folder) if name.startswith(("a" * 32, "notes", "b" * 32))]) == 3
