"""The tests can fail: every place that a promise rests on has a mutant, and every mutant a test that turns red."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from tests.crash import mutate
from tests.crash.mutants import Mutant, read
from tests.crash.mutate import CAUGHT, line, outcomes
from tests.crash.sites import EXCEPTIONS, Site, find, sites
from tests.environment import ROOT

MUTANTS = read()
#: So many are tried here; `make mutants` tries them all.
FEW = 6


@cache
def source(file: str) -> str:
    """The text of a file of the project."""
    return (ROOT / file).read_text("utf-8")


@cache
def lines_of(file: str) -> set[int]:
    """The lines of a file that some mutant takes out."""
    return set[int]().union(*(mutant.lines(source(file)) for mutant in MUTANTS if mutant.file == file))


def exceptions(site: Site) -> list[tuple[str, str]]:
    """The exceptions that are made for a place."""
    return [(file, text) for file, text in EXCEPTIONS if file == site.file and text in site.text]


def test_every_place_has_a_mutant_or_a_reason_to_have_none() -> None:
    without = [
        f"{site.file}:{site.first}: {site.text.strip()}"
        for site in sites()
        if lines_of(site.file).isdisjoint(range(site.first, site.last + 1)) and not exceptions(site)
    ]
    assert without == []


def test_no_exception_is_made_that_is_not_needed() -> None:
    bare = [site for site in sites() if lines_of(site.file).isdisjoint(range(site.first, site.last + 1))]
    needed = {one for site in bare for one in exceptions(site)}
    assert set(EXCEPTIONS) - needed == set()


PLACES = [
    *("os.fsync(fd)", "io.sync(fd)", "os.link(a, b)", "os.rename(a, b)", "new.replace(a)", "os.unlink(a)"),
    *("fcntl.flock(fd, how)", "held.acquire()", "syscalls.exchange(a, fd, b)", "flags = os.O_RDONLY | os.O_NOFOLLOW"),
    *("same = digest_of(a) == b", "same = a.write_id != b.write_id", "raise Damaged(a)", "if a:\n    raise Damaged(a)"),
    *("if folders.still(a, b):\n    pass", "self._check_base(a)", "x = [one for one in a if is_racy(one, now)]"),
]
NO_PLACES = [
    *("a = b", "link = store.link(a)", "text.replace(a, b)", "same = a == b", "call(fsync)", "raise Refused(a)"),
    "try:\n    pass\nexcept ValueError:\n    raise Damaged(a)",
]


@pytest.mark.parametrize("code", PLACES)
def test_what_is_a_place(code: str) -> None:
    last = code.count("\n") + (0 if code.endswith("pass") else 1)
    assert [(site.first, site.last) for site in find("x", code)] == [(1, last)]


@pytest.mark.parametrize("code", NO_PLACES)
def test_what_is_none(code: str) -> None:
    assert find("x", code) == []


def test_every_line_of_a_place_counts() -> None:
    """A call that is made on a condition is taken out with that."""
    (site,) = find("x", "a = b\nif a:\n    os.fsync(fd)\n")
    assert site == Site("x", 2, 3, "if a:\n    os.fsync(fd)")


def test_every_mutant_takes_something_out_once() -> None:
    for mutant in MUTANTS:
        text = source(mutant.file)
        assert mutant.in_place(text) != text, mutant.name


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(mutant.name for mutant in MUTANTS).items() if times > 1] == []


@pytest.mark.slow
def test_every_named_test_is_there() -> None:
    """With its parameters: pytest itself finds it."""
    words = ["-m", "pytest", "--collect-only", "-qq", "-m", "", *sorted({mutant.test for mutant in MUTANTS})]
    ran = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.timeout(180)
def test_a_few_of_them_turn_their_tests_red() -> None:
    few = MUTANTS[:: len(MUTANTS) // FEW][:FEW]
    assert [line(outcome) for outcome in outcomes(few) if outcome.verdict != CAUGHT] == []


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.timeout(180)
def test_what_harms_nothing_is_alive_and_what_is_nonsense_is_not_caught() -> None:
    test = "tests/core/base/test_names.py::test_bad_names"
    harmless = Mutant("harmless", "muse/core/base/names.py", ("-_MAX_BYTES = 255", "+_MAX_BYTES = 254 + 1"), test)
    nonsense = Mutant("nonsense", "muse/core/base/names.py", ("-_MAX_BYTES = 255", "+_MAX_BYTES = nothing"), test)
    assert [outcome.verdict for outcome in outcomes([harmless, nonsense])] == [mutate.ALIVE, mutate.BROKEN]
