"""The benchmarks can be trusted: who takes turns when, what a goal is held against, what tables and plots say."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from subprocess import CalledProcessError
from xml.etree import ElementTree

import pytest

import muse
from bench import data, growth, history, many, plot, report, script, sizes
from bench.measure import Contenders, Outcome, Sample, Workload, peak, ready, run, timed_commands
from bench.repositories import Git, Muse
from bench.workloads import NAMES
from muse.core.repo import Repo
from tests.environment import ROOT, program

TIME, CPU = "s", 0.5


def workload(**fields: object) -> Workload:
    """A row whose contenders nobody calls."""
    row = Workload("a row", "git", ready(Contenders(lambda _: Sample(0))), 3)
    return row._replace(**fields)  # type: ignore[arg-type]


def outcome(row: Workload, muse: float, other: float | None = None, cpu: float | None = None) -> Outcome:
    """What was measured: muse's value and its CPU seconds; those of the other are `CPU`."""
    others = [] if other is None else [Sample(other, CPU)]
    return Outcome(row, [Sample(muse, cpu)], others)


def cells(line: str) -> list[str]:
    """The cells of a line in Markdown."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_file_is_a_row_and_every_row_a_file() -> None:
    files = {path.stem for path in (ROOT / "bench/workloads").glob("*.py")} - {"__init__"}
    assert files == set(NAMES) and len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_a_row_describes_itself(name: str) -> None:
    whole, quick = (import_module(f"bench.workloads.{name}").workload(wanted) for wanted in (False, True))
    for row in (whole, quick):
        assert row.title and row.rounds >= 1 and row.warm_ups >= 0
        assert row.goal is None or row.goal > 0
    assert whole.goal == quick.goal
    assert name in (ROOT / "docs/performance.md").read_text(encoding="utf-8")


def test_contenders_take_turns_and_the_first_turns_do_not_count() -> None:
    turns: list[tuple[str, int]] = []

    def contender(who: str) -> Callable[[int], Sample]:
        def take(number: int) -> Sample:
            turns.append((who, number))
            return Sample(number)

        return take

    made = Contenders(contender("muse"), contender("git"))
    found = run(workload(contenders=ready(made), warm_ups=1), "", 2)
    assert turns == [(who, number) for number in range(3) for who in ("muse", "git")]
    assert [sample.value for sample in found.muse] == [1, 2]
    assert found.durable == []


def test_muse_may_be_measured_alone() -> None:
    made = Contenders(lambda number: Sample(7))
    found = run(workload(contenders=ready(made), goal=6, unit="packs"), "", 1)
    assert found.ratio is None and found.cpu_ratio is None and found.judged == 7 and found.missed


@pytest.mark.parametrize(
    ("row", "measured", "missed", "goal"),
    [
        (workload(), (1.0, 2.0), False, ""),
        (workload(goal=0.5), (1.0, 2.0), False, "≤ 0.5"),
        (workload(goal=0.4), (1.0, 2.0), True, "≤ 0.4, missed"),
        (workload(goal=1.4, judged="cpu"), (9.0, 2.0, 1.4 * CPU), False, "≤ 1.4 CPU"),
        (workload(goal=1.4, judged="cpu"), (1.0, 2.0, 1.5 * CPU), True, "≤ 1.4 CPU, missed"),
        (workload(goal=0.001), (0.0009,), False, "≤ 1 ms"),
        (workload(goal=200, unit="MiB"), (201.0,), True, "≤ 200 MiB, missed"),
        (workload(goal=2_000, unit="B"), (1_999.0,), False, "≤ 2 KB"),
    ],
)
def test_a_goal_is_held_against_what_it_is_about(
    row: Workload, measured: tuple[float, ...], missed: bool, goal: str
) -> None:
    found = outcome(row, *measured)
    assert found.missed is missed
    assert report.goal(found) == goal


def test_a_table_says_what_was_measured() -> None:
    outcomes = [
        outcome(workload(title="`muse log`", goal=0.3), 0.0041, 0.082, 0.004),
        outcome(workload(title="packs", against="", unit="packs", goal=30), 21),
    ]
    head, rule, log, packs = map(cells, report.markdown(outcomes).splitlines())
    assert head == ["work", "muse", "against", "ratio", "CPU", "core.fsync=all", "goal"]
    assert rule == ["---", "---:", "---", *["---:"] * 4]
    assert log == ["`muse log`", "4.1 ms", "git: 82 ms", "0.050", "0.008", "", "≤ 0.3"]
    assert packs == ["packs", "21 packs", "", "", "", "", "≤ 30 packs"]


def test_a_plain_table_stands_in_columns() -> None:
    head, *rows = report.plain([outcome(workload(title=title), 1.0, 2.0) for title in ("`a`", "longer")]).splitlines()
    assert [row.index("1 s") for row in rows] == [head.index("muse") + 1] * 2
    assert rows[0].startswith("a  ")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2.5, "s", "2.5 s"), (0.9999, "s", "1 s"), (0.0123, "s", "12.3 ms"), (4e-5, "s", "40 µs"),
        (999, "B", "999 B"), (2_040, "B", "2.04 KB"), (94e6, "B", "94 MB"), (-150, "B", "-150 B"),
        (1_030, "MiB", "1,030 MiB"), (28, "packs", "28 packs"), (0, "B", "0 B"),
    ],
)  # fmt: skip
def test_quantities_are_told_in_the_size_that_suits_them(value: float, unit: str, said: str) -> None:
    assert report.amount(value, unit) == said


def test_what_a_command_says_is_shown_only_when_it_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    says = [sys.executable, "-c", "import sys; sys.stderr.write('well'); sys.exit(len(sys.argv) - 1)"]
    assert timed_commands(str(tmp_path), says).value > 0
    assert capfd.readouterr().err == ""
    with pytest.raises(CalledProcessError):
        timed_commands(str(tmp_path), [*says, "more"])
    assert "well" in capfd.readouterr().err


def test_the_peak_is_that_of_the_commands_alone(tmp_path: Path) -> None:
    own = bytearray(os.urandom(1 << 20) * 100)
    small = [sys.executable, "-c", "pass"]
    large = [sys.executable, "-c", "bytearray(b'x' * (64 << 20))"]
    assert peak(str(tmp_path), small).value < len(own) / 2**20
    assert 64 < peak(str(tmp_path), small, large, small).value < 200


def test_sizes_count_what_is_there(tmp_path: Path) -> None:
    for name in ("a", "cache/b", "part/cache/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 5_000)
    assert sizes.contents(str(tmp_path)) == 15_000
    assert sizes.contents(str(tmp_path), without=["cache"]) == 10_000
    assert sizes.blocks(str(tmp_path)) >= 15_000


def test_data_are_the_same_in_every_run(tmp_path: Path) -> None:
    table = data.table(17_000)
    assert 990_000 < len(table) < 1_050_000
    assert data.table(17_001).startswith(table) and data.table(17_001).count(b"\n") == 17_001
    for name in ("one", "two"):
        data.write_random(str(tmp_path / name), (1 << 20) + 5)
    assert (tmp_path / "one").stat().st_size == (1 << 20) + 5
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_both_histories_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program("git")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada Example")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    files, commits = 9, 5
    pair = Muse(str(tmp_path / "muse")), Git(str(tmp_path / "git"))
    for repository in pair:
        history.build(repository, files, commits)
    texts = [{name: (tmp_path / who / name).read_bytes() for name in names(files)} for who in ("muse", "git")]
    assert texts[0] == texts[1]
    repo = Repo.open(pair[0].folder)
    assert [entry.commit.message for entry in muse.log(repo=repo)] == [f"commit {at}" for at in (4, 3, 2, 1, 0)]
    assert clean(repo) and repo.durable
    assert git_says(pair[1], "log", "--format=%s") == "".join(f"commit {at}\n" for at in (4, 3, 2, 1, 0))
    assert git_says(pair[1], "status", "--porcelain") == ""
    for repository in pair:
        history.change(repository, files, commits)
        assert repository.commit().value > 0


def clean(repo: Repo) -> bool:
    """Whether muse finds nothing to commit."""
    said = muse.status(repo=repo).json()
    assert isinstance(said, dict)
    return bool(said["clean"])


def names(count: int) -> list[str]:
    """The paths of the text files."""
    return [data.name(at, count) for at in range(count)]


def git_says(git: Git, *words: str) -> str:
    """What git prints."""
    import subprocess

    return subprocess.run(["git", *words], cwd=git.folder, check=True, capture_output=True, text=True).stdout


def test_a_script_takes_stock_of_its_packs(tmp_path: Path) -> None:
    made, commits = Muse(str(tmp_path)), 31
    assert len(script.run(made, commits)) == commits
    left, held, written = script.packs(made)
    assert 1 <= left < commits, "nothing was joined"
    assert commits * 150_000 < held < written < 3 * held


def test_only_steps_that_muse_has_are_taken() -> None:
    steps = (many.Step("status"), many.Step("juggle"), many.Step("status", ("edit", "juggle")))
    assert list(many.known(steps)) == [steps[0]]
    assert len(list(many.known())) >= 10


def test_a_step_measures_its_command_alone(tmp_path: Path) -> None:
    made = many.Script(str(tmp_path), 3)
    before = len(muse.log(repo=Repo.open(str(tmp_path))))
    sample = made.take(many.Step("add FILE", ("edit",), ("commit -m staged",)))
    assert sample.value > 0
    assert len(muse.log(repo=Repo.open(str(tmp_path)))) == before + 1
    assert clean(Repo.open(str(tmp_path)))


def grown(value: float) -> tuple[tuple[growth.Axis, ...], growth.Outcomes]:
    """Outcomes in which nothing ever grows."""
    axes = growth.axes(quick=True)
    found = outcome(workload(), value, 2 * value)
    return axes, {(title, size): found for title, _ in growth.WORKS for axis in axes for size in axis.sizes}


def test_the_table_of_growth_has_two_lines_for_each_work() -> None:
    head, *rows = growth.rows(*grown(0.004))
    assert head == ["work", "who", "100 files", "1,000 files", "20 commits", "200 commits"]
    assert rows[:2] == [["status", "muse", *["4 ms"] * 4], ["", "git", *["8 ms"] * 4]]
    assert len(rows) == 2 * len(growth.WORKS)


@pytest.mark.parametrize("value", [0.001, 0.004, 1.0, 3e-7])
def test_a_plot_is_well_formed_also_where_all_values_are_equal(value: float) -> None:
    axes, outcomes = grown(value)
    equal = {key: outcome(workload(), value, value) for key in outcomes}
    panels = growth.panels(axes, equal)
    drawn = ElementTree.fromstring(plot.svg("a <title> & more", panels, len(growth.WORKS)))
    assert drawn.findtext("{*}title") == "a <title> & more"
    assert len(drawn.findall(".//{*}polyline")) == 2 * len(panels) == 16
    places = [float(place) for line in drawn.iter("{*}polyline") for place in re.split("[ ,]", line.get("points", ""))]
    assert all(0 <= place <= 200 for place in places)


def test_a_plot_is_logarithmic() -> None:
    line = plot.Line("muse", [(1, 0.001), (10, 0.01), (100, 0.1)])
    drawn = ElementTree.fromstring(plot.svg("growth", [plot.Panel("status", "files", [line])], 1))
    polyline = drawn.find(".//{*}polyline")
    assert polyline is not None
    (x0, y0), (x1, y1), (x2, y2) = ([*map(float, at.split(","))] for at in polyline.get("points", "").split())
    assert x1 - x0 == pytest.approx(x2 - x1) and x2 > x1
    assert y0 - y1 == pytest.approx(y1 - y2) and y2 < y1


def test_a_plot_of_a_single_point_can_be_drawn() -> None:
    panel = plot.Panel("status", "files", [plot.Line("muse", [(1_000, 0.004)])])
    assert ElementTree.fromstring(plot.svg("growth", [panel], 4)).tag.endswith("svg")
