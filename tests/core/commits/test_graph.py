"""`commits.graph`: holds what the records say, is written now and then, and is forgotten when it is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import io
from muse.core.base import codec
from muse.core.base.errors import Damaged, Missing, SystemTrouble
from muse.core.commits import dag, graph, records
from muse.core.commits.graph import Graph, open_graph
from muse.core.system import temps
from muse.core.types import digest_of
from tests.core import faults
from tests.core.histories import SHAPES, Shape, ancestors, build, commit, line
from tests.core.small_commands import raising
from tests.core.stores import MemoryStore
from tests.core.strange import NOT_OURS

COLUMNS = [
    *("digests", "trees", "parents", "generations", "authors", "author", "times", "seconds", "messages", "filters"),
]
CHOSEN = st.lists(st.integers(0, 15), max_size=4)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "graph")


def same(one: Graph, other: Graph) -> bool:
    """True when two graphs hold the same."""
    columns = ("digests", "commits", "parents", "generations", "seconds", "filters")
    return all(getattr(one, name) == getattr(other, name) for name in columns)


def saved(path: str, number: int = graph._FEW) -> Graph:
    """A graph of a straight line that was written."""
    store = MemoryStore()
    with Graph(path) as commits:
        commits.reach(store, line(store, number)[-1:])
    return commits


@given(shape=SHAPES, chosen=st.lists(CHOSEN, max_size=3))
def test_it_holds_what_is_reached_and_what_the_records_say(shape: Shape, chosen: list[list[int]]) -> None:
    store = MemoryStore()
    made = build(store, shape)
    commits = Graph()
    everything: list[bytes] = []
    for numbers in chosen:
        tips = [made[number % len(made)] for number in numbers]
        assert [commits.digests[place] for place in commits.reach(store, tips)] == tips
        everything += tips
    assert len(commits.digests) == len(set(commits.digests))
    assert set(commits.digests) == ancestors(store, everything)
    for place, digest in enumerate(commits.digests):
        assert commits.find(digest) == place
        assert commits.commits[place] == records.read_commit(store, digest)
        parents = commits.parents[place]
        assert [commits.digests[parent] for parent in parents] == list(commits.commits[place].parents)
        assert all(parent < place for parent in parents)
        assert commits.generations[place] == 1 + max([commits.generations[parent] for parent in parents], default=0)
    assert commits.find(bytes(32)) is None


@given(shape=SHAPES, filters=st.lists(st.binary(max_size=9), max_size=16))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, shape: Shape, filters: list[bytes]
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "graph")
    store = MemoryStore()
    tip = commit(store, "odd \udc80 time\n", *build(store, shape), time="no time")
    commits = Graph(path)
    commits.reach(store, [tip])
    for place, filter in enumerate(filters[: len(commits.digests)]):
        commits.set_filter(place, filter)
    commits._save()
    again = Graph(path)
    assert same(again, commits)
    assert again.find(tip) == commits.find(tip)


def test_the_file_is_as_documented(path: str) -> None:
    commits = saved(path)
    outer = codec.unpack(Path(path).read_bytes(), "it")
    assert (outer["version"], set(outer)) == (1, {"version", "check", "body"})
    body = codec.unpack(outer["body"], "it")
    assert set(body) == set(COLUMNS)
    assert body["digests"] == b"".join(commits.digests)
    assert body["authors"] == (("Ada", ""),)
    assert body["parents"][:3] == ((), (0,), (1,))
    assert body["generations"][:3] == (1, 2, 3)


def test_a_damaged_file_is_ignored(path: str) -> None:
    commits = saved(path)
    good = Path(path).read_bytes()
    for at in range(len(good)):
        altered = bytearray(good)
        altered[at] ^= 1 << at % 8
        Path(path).write_bytes(altered)
        found = Graph(path)
        assert found.digests == [] or same(found, commits), at
    for size in range(0, len(good), 7):
        Path(path).write_bytes(good[:size])
        assert Graph(path).digests == []


@given(data=st.binary())
def test_any_bytes_are_a_graph_or_ignored(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "graph"
    path.write_bytes(data)
    assert Graph(str(path)).digests == []


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_version_is_ignored(path: str, version: object) -> None:
    saved(path)
    outer = codec.unpack(Path(path).read_bytes(), "it")
    Path(path).write_bytes(codec.pack({**outer, "version": version}))
    assert Graph(path).digests == []


@pytest.mark.parametrize(
    "columns",
    [
        {"digests": b""}, {"trees": b""}, {"parents": ()}, {"generations": ()}, {"authors": ()}, {"author": ()},
        {"times": ()}, {"seconds": ()}, {"messages": ()}, {"filters": ()}, {"parents": None}, {"authors": (1,)},
        {"parents": ((99,),) * graph._FEW}, {"digests": 1}, {"seconds": 1},
        {"parents": tuple((place,) for place in range(graph._FEW))}, {"parents": ((-1,),) * graph._FEW},
        {"parents": ((),) * graph._FEW}, {"parents": ((), *((0.0,),) * (graph._FEW - 1))},
        {"generations": (1,) * graph._FEW}, {"author": (-1,) * graph._FEW}, {"authors": ((b"", ""),)},
        {"filters": (0,) * graph._FEW}, {"messages": (0,) * graph._FEW}, {"times": (None,) * graph._FEW},
        {"seconds": ("0",) * graph._FEW}, {"seconds": (float("nan"),) * graph._FEW}, {"messages": "m" * graph._FEW},
        {"parents": ((-1,), *((),) * (graph._FEW - 1)), "generations": (2, *(1,) * (graph._FEW - 1))},
        {"digests": bytes(32 * graph._FEW)}, {"trees": bytes(32 * graph._FEW - 1)},
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_ignored(path: str, columns: dict[str, object]) -> None:
    saved(path)
    body = codec.unpack(codec.unpack(Path(path).read_bytes(), "it")["body"], "it")
    data = codec.pack({**body, **columns})
    Path(path).write_bytes(codec.pack({"version": 1, "check": crc32(data), "body": data}))
    found = Graph(path)
    assert (found.digests, found.commits, found.parents, found.filters) == ([], [], [], [])


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=3) | st.binary(max_size=33),
    lambda values: st.lists(values, max_size=5) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=8,
)


@given(
    shape=SHAPES,
    columns=st.dictionaries(st.sampled_from(COLUMNS), ANY, max_size=2),
    cells=st.lists(st.tuples(st.sampled_from(COLUMNS), st.integers(0, 15), ANY), max_size=2),
)
def test_whatever_a_file_with_a_right_checksum_says_is_a_graph_or_ignored(
    tmp_path_factory: pytest.TempPathFactory,
    shape: Shape,
    columns: dict[str, object],
    cells: list[tuple[str, int, object]],
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "graph")
    Path(path).unlink(missing_ok=True)
    store = MemoryStore()
    made = Graph(path)
    made.reach(store, build(store, shape))
    made._save()
    body = codec.unpack(codec.unpack(Path(path).read_bytes(), "it")["body"], "it")
    for name, place, value in cells:
        if isinstance(body[name], tuple):
            column = list(body[name])
            column[place % len(column)] = value
            body[name] = column
    data = codec.pack({**body, **columns})
    Path(path).write_bytes(codec.pack({"version": 1, "check": crc32(data), "body": data}))
    found = Graph(path)
    places = range(len(found.digests))
    assert {len(found.commits), len(found.parents), len(found.filters), len(found._places)} == {len(places)}
    for place in places:
        assert all(parent in places[:place] for parent in found.parents[place])
        assert found.generations[place] == 1 + max([found.generations[one] for one in found.parents[place]], default=0)
        again = records.decode_commit(records.encode_commit(found.commits[place]), "it")
        assert again == found.commits[place]
        assert type(found.filters[place]) is bytes
    assert sorted(islice(dag.walk(found, places), 20)) == list(places)
    if len(places) and not columns.keys() & {"digests", "trees"}:
        assert found.find(made.digests[-1]) == places[-1]


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_the_file(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "graph")
    commits = saved(str(folder / "graph"))
    assert same(Graph(str(folder / "graph")), commits) == (make.__name__ != "folder")
    assert not [name for name in os.listdir(folder) if temps.is_muse_temp(name)]


def test_a_file_that_cannot_be_written_is_no_failure(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", faults.failing(30))
        assert len(saved(path).digests) == graph._FEW
    assert not os.path.exists(path)


def test_one_that_would_be_too_large_is_not_written(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io, "CACHE_LIMIT", 100)
    saved(path)
    assert not os.path.exists(path)


def test_a_few_new_commits_are_not_worth_writing(path: str) -> None:
    saved(path, graph._FEW - 1)
    assert not os.path.exists(path)


def test_after_that_it_is_written_when_enough_is_new(path: str) -> None:
    """Every command is a process of its own here, so each reads the new commits until one writes them."""
    store = MemoryStore()
    made = line(store, 3100)
    known = 3000
    with Graph(path) as commits:
        commits.reach(store, [made[known - 1]])
    for number in range(known, 3100):
        store.reads.clear()
        with Graph(path) as commits:
            commits.reach(store, [made[number]])
        assert len(store.reads) == number + 1 - known
        if len(Graph(path).digests) != known:
            assert number + 1 - known == len(Graph(path).digests) // graph._SHARE
            known = number + 1
    assert known > 3000


def test_filters_count_as_new(path: str) -> None:
    saved(path)
    for wanted in (graph._FEW - 1, graph._FEW):
        with Graph(path) as commits:
            for place in range(wanted):
                commits.set_filter(place, b"12345678")
        assert Graph(path).filters == [b"12345678" if wanted == graph._FEW else b""] * graph._FEW


def test_a_living_process_keeps_it_until_somebody_writes_another(path: str) -> None:
    commits = saved(path)
    assert open_graph(path) is commits
    assert open_graph(path) is not commits  # it is not handed out twice
    with open_graph(path) as again:
        pass
    assert open_graph(path) is again
    with open_graph(path) as again:
        pass
    Graph(path)._save()
    assert open_graph(path) is not again
    with open_graph(path):
        pass
    os.unlink(path)
    assert open_graph(path).digests == []


def test_what_is_not_written_is_kept_in_a_living_process(path: str) -> None:
    """So it is written when enough has come together."""
    store = MemoryStore()
    made = line(store, 2 * graph._FEW)
    for tip in made[graph._FEW - 1 :]:
        assert len(Graph(path).digests) == (graph._FEW if tip != made[graph._FEW - 1] else 0)
        with open_graph(path) as commits:
            commits.reach(store, [tip])
    assert same(Graph(path), commits)
    assert len(store.reads) == 2 * graph._FEW


def test_what_never_had_a_file_is_not_kept(path: str) -> None:
    """A gc that forgets commits removes the file; here nothing would tell that it did."""
    store = MemoryStore()
    with open_graph(path) as commits:
        commits.reach(store, [commit(store, "the password is 1234")])
    assert open_graph(path).digests == []


def test_what_was_forgotten_meanwhile_is_not_written_again(path: str) -> None:
    """A log may have read a message just before a gc took it from the disk."""
    for there in (False, True):
        if there:
            saved(path)
        store = MemoryStore()
        with open_graph(path) as commits:
            commits.reach(store, line(store, 10 * graph._FEW)[-1:])
            graph.forget(path)
        assert Graph(path).digests == [] == open_graph(path).digests
        os.unlink(path)


def test_a_graph_that_cannot_be_emptied_is_removed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(path)
    monkeypatch.setattr(io, "write_atomic", raising(SystemTrouble("the disk is full")))
    assert graph.forget(path)
    assert not os.path.exists(path)


@pytest.mark.parametrize("folder", [False, True])
def test_a_graph_that_cannot_go_is_told(path: str, monkeypatch: pytest.MonkeyPatch, folder: bool) -> None:
    """A folder in its place holds no messages."""
    if folder:
        os.makedirs(f"{path}/something")
    else:
        saved(path)
    monkeypatch.setattr(io, "write_atomic", raising(SystemTrouble("the disk is full")))
    monkeypatch.setattr(os, "unlink", faults.failing(1))
    assert graph.forget(path) == folder


def test_what_is_written_is_new_no_more(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what could not be written: the next try is made when as much has come together again."""
    commits = saved(path)
    before = os.stat(path).st_ino
    with open_graph(path) as again:
        assert again is commits
    assert os.stat(path).st_ino == before
    for place in range(graph._FEW):
        commits.set_filter(place, b"12345678")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", faults.failing(30))
        with open_graph(path):
            pass
    with open_graph(path):
        pass
    assert os.stat(path).st_ino == before


def test_an_interrupt_drops_it_and_an_error_keeps_what_was_read(path: str) -> None:
    saved(path)
    for error, kept in ((Damaged("a record"), True), (KeyboardInterrupt(), False)):
        with pytest.raises(type(error)), open_graph(path) as commits:
            raise error
        assert (open_graph(path) is commits) == kept


def test_a_commit_that_is_lost_is_damage_and_the_rest_stays(path: str) -> None:
    store = MemoryStore()
    root = commit(store, "root")
    tip = commit(store, "tip", root, digest_of(b"lost"))
    read = store.read
    store.read = lambda digest, most=None: read(digest) if digest in store.objects else lost(digest)  # type: ignore
    commits = Graph(path)
    with pytest.raises(Missing):
        commits.reach(store, [root, tip])
    assert set(commits.digests) <= {root}
    assert commits.reach(store, [root]) == [commits.find(root)]


def lost(digest: bytes) -> bytes:
    """There is no such object."""
    raise Missing(f"{digest.hex()} is missing")
