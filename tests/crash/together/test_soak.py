"""Four processes and four kernels work in one repository at once, killed or not; `make soak` does it for longer."""

from __future__ import annotations

import os
import tempfile
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from muse.core.operations import ops
from muse.core.paths import Layout
from tests.commands import commit_id, ok
from tests.crash.campaign import Row
from tests.crash.points import Sampling
from tests.crash.together import soak
from tests.crash.together.choices import Step, choices
from tests.crash.together.ledger import Ledger, Record, read, recorded, verdict
from tests.crash.together.typist import BROKEN, Said
from tests.crash.together.witness import Witness

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

_SECONDS, _ALL = 8.0, 60.0


@pytest.mark.parametrize("kills", [False, True], ids=["no kills", "kills"])
def test_soak(kills: bool, place: str, usual: Sampling, rows: list[Row]) -> None:
    """Whatever was acknowledged is there, nobody is disturbed by what others do, and nothing lies about."""
    seed = Random().getrandbits(32)
    seconds = _ALL if usual.all else _SECONDS
    one = soak.play(seed, seconds, tempfile.mkdtemp(dir=place), kills=kills)
    rows.append(Row("soak", "kills" if kills else "no kills", one.commands, len(one.violations)))
    print(f"seed {seed}", *one.table(), sep="\n")
    assert not one.violations, "\n".join(one.violations)
    assert one.commands > seconds
    assert bool(one.kills) == kills


# What is checked can fail


def steps(seed: int, who: str) -> list[Step]:
    """The first choices of a worker."""
    return list(islice(choices(seed, who), 300))


def test_the_same_seed_makes_the_same_choices() -> None:
    """Another seed, and another worker, others."""
    assert steps(1, "w0") == steps(1, "w0")
    assert steps(1, "w0") != steps(2, "w0")
    assert {step.words for step in steps(1, "w0") if step.writes} != {s.words for s in steps(1, "w1") if s.writes}
    schedule = [list(islice(soak.blows(seed, 8, kills=True), 50)) for seed in (1, 1, 2)]
    assert schedule[0] == schedule[1] != schedule[2]
    assert not any(blow.kills for blow in islice(soak.blows(1, 8, kills=False), 50))


def test_what_a_killed_worker_had_set_out_to_do_is_known(folder: Path) -> None:
    """An intent without an answer."""
    said = Said(0, {"commit_id": "sha256:00", "notes": []})
    book = Ledger("w0.jsonl", "w0")
    book.intend(["commit", "-m", "first"], {"w0/0.txt": "ab"}, 3)
    book.said(said)
    book.intend(["undo"], {}, 4)
    book.close()
    first, second = read("w0.jsonl", "w0")
    assert first == Record("w0", ("commit", "-m", "first"), {"w0/0.txt": "ab"}, 3, said)
    assert second == Record("w0", ("undo",), {}, 4, None)
    assert (recorded(first), recorded(second)) == (True, None)


def error(kind: str, message: str) -> dict[str, object]:
    """An error as `--json` has it."""
    return {"error": {"kind": kind, "message": message, "hint": ""}}


@pytest.mark.parametrize(
    ("words", "said", "kind"),
    [
        (["commit"], Said(0, {"notes": ["finished: checkout (operation 3)"]}), "done"),
        (["commit"], Said(1, {"notes": []}), "no"),
        (["status"], Said(1, {"notes": []}), "VIOLATION"),
        (["tag", "-d", "t"], Said(2, error("usage", "there is no tag t")), "no such name"),
        (["commit"], Said(2, error("usage", "what is that")), "VIOLATION"),
        (["undo"], Said(4, error("changed", "somebody ran `tag t` at the same time")), "changed"),
        (["commit"], Said(5, error("changing", "a.txt changed while it was read")), "changing"),
        (["status"], Said(5, error("changing", "a.txt changed while it was read")), "VIOLATION"),
        (["log"], Said(3, error("missing", "sha256:00 is missing")), "VIOLATION"),
        (["fsck"], Said(3, {"problems": ["a pack is missing"]}), "VIOLATION"),
        (["gc"], Said(0, {"notes": ["done, but no"]}), "VIOLATION"),
        (["gc"], Said(BROKEN, None, "Traceback"), "VIOLATION"),
    ],
)
def test_what_a_command_may_answer(words: list[str], said: Said, kind: str) -> None:
    """And what it may not."""
    assert verdict(words, said).split(" ", 1)[0] == kind.split(" ", 1)[0]


@pytest.fixture
def history(folder: Path) -> Layout:
    """A repository with a commit on each of two branches, a tag, and a branch that is gone."""
    for words in (["init"], ["commit", "-m", "c-w0-1"], ["branch", "b"], ["tag", "t"], ["branch", "c"]):
        Path("a.txt").write_text(str(words))
        ok(*words)
    ok("branch", "-d", "c")
    ok("undo")
    return Layout(".")


def test_a_witness_is_content_with_what_commands_do(history: Layout) -> None:
    """Nothing is wrong, and the commit is kept."""
    witness = Witness(".")
    witness.look()
    assert witness.problems == [] and witness.unseen == 0
    assert {commit.hex() for commit in witness.kept()} == {commit_id().removeprefix("sha256:")}


def test_a_witness_sees_what_is_lost(history: Layout) -> None:
    """An entry that drops another's branch or tag, or that undoes too much, is told."""
    last = ops.newest(history)
    assert last is not None
    wrong = {
        "other branches": last._replace(verb="branch", args=("d",)),
        "it changes {'tags'}": last._replace(verb="gc", args=(), view=last.view._replace(sections={})),
        "nobody typed that": last._replace(verb="doctor"),
        "it drops operations below 4": last._replace(verb="gc", args=(), oldest=4),
        "something else is checked out": last._replace(verb="tag", args=("u",), view=last.view._replace(branch="b")),
        "its view is not that of": last._replace(verb="undo", args=(), view=last.view._replace(branch="b")),
    }
    for why, operation in wrong.items():
        before = ops.read(history, last.number - 1) if operation.verb in ("undo", "branch") else last
        after = operation._replace(number=before.number + 1)
        if operation.verb == "branch":
            after = after._replace(view=before.view._replace(branches={}))
        witness = Witness(".", keep=9)
        witness.look()
        assert why in witness._wrong(before, after), (why, witness._wrong(before, after))


def test_a_witness_counts_what_it_could_not_see(history: Layout) -> None:
    """Dropped operations are not taken for missing ones."""
    Path(".muse/config.toml").write_text("[gc]\nkeep = 1\ndays = 0\n")
    ok("gc")
    witness = Witness(os.curdir)
    witness.look()
    assert witness.unseen > 0 and witness.problems == []
