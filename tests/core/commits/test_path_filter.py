"""`commits.path_filter`: a filter never denies a path that changed, and few trees are read for the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from muse.core.commits import trees
from muse.core.commits.dag import walk
from muse.core.commits.graph import Graph
from muse.core.commits.path_filter import MOST, Probe, make, touching
from muse.core.commits.records import read_commit
from muse.core.types import Entry
from tests.core.histories import ancestors, commit
from tests.core.names_to_try import NAMES
from tests.core.stores import MemoryStore

PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)

#: Names that are files here and folders there.
FILES = ["a", "b", "a/b", "a/c", "a/b/c", "d/e"]
TREES = st.dictionaries(st.sampled_from(FILES), st.integers(0, 2), max_size=4)
ASKED = st.lists(st.sampled_from(["", *FILES, "d", "nothing", "a/b/c/d"]), min_size=1, max_size=2)
HISTORIES = st.lists(st.tuples(st.sets(st.integers(1, 4), max_size=2), TREES), min_size=1, max_size=8)


def tree(store: MemoryStore, files: dict[str, int]) -> bytes:
    """The tree of these files; of a file and a folder with one name, the folder stays."""
    edits = [(path, store.file(b"%d" % content)) for path, content in files.items()]
    edits = [edit for edit in edits if not any(path.startswith(edit[0] + "/") for path in files)]
    return trees.update(store, None, edits)


def build(store: MemoryStore, history: list[tuple[set[int], dict[str, int]]]) -> list[bytes]:
    """A history of trees; for each commit, how far back its parents are, and its files."""
    made: list[bytes] = []
    for at, (back, files) in enumerate(history):
        parents = [made[at - step] for step in sorted(back) if step <= at]
        made.append(commit(store, str(at), *parents, hours=at, tree=tree(store, files)))
    return made


@given(changed=st.lists(PATHS, max_size=8))
def test_a_filter_holds_every_path_and_every_folder(changed: list[str]) -> None:
    filter = make(changed)
    assert len(filter) >= 8
    for path in changed:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            assert Probe(["/".join(parts[:end])]).may_be_in(filter)
        assert Probe(["other", ""]).may_be_in(filter)


def test_a_filter_denies_nearly_all_others() -> None:
    for number in (1, 5, 50, MOST):
        filter = make(f"data/{at}.csv" for at in range(number))
        assert len(filter) == max(8, -(-(number + 1) * 10 // 8))
        wrong = sum(Probe([f"other/{at}.csv"]).may_be_in(filter) for at in range(2000))
        assert wrong < 2000 * 0.02


def test_the_bits_are_as_documented() -> None:
    """The SHA-256 of "a" begins ca978112 ca1bbdca fac231b3 9a23dc4d a786eff8 147c4e72 b9807785."""
    assert make(["a"]).hex() == "2024040000000c01"


def test_a_commit_that_changes_very_much_may_have_changed_anything() -> None:
    asked = []
    filter = make(asked.append(at) or str(at) for at in range(10**6))  # type: ignore[func-returns-value]
    assert filter == b"\xff"
    assert len(asked) == MOST + 1
    assert Probe(["anything"]).may_be_in(filter)
    assert make(map(str, range(MOST))) != filter


def plainly(store: MemoryStore, digest: bytes, paths: list[str]) -> bool:
    """Whether a commit counts, by the definition."""

    def look(one: bytes) -> list[Entry | None]:
        return [trees.lookup(store, read_commit(store, one).tree, path) for path in paths]

    parents = read_commit(store, digest).parents
    if not parents:
        return any(entry is not None for entry in look(digest))
    return all(look(parent) != look(digest) for parent in parents)


@given(history=HISTORIES, paths=ASKED)
def test_a_commit_counts_when_a_path_differs_from_every_parent(
    history: list[tuple[set[int], dict[str, int]]], paths: list[str]
) -> None:
    store = MemoryStore()
    tip = build(store, history)[-1]
    commits = Graph()
    places = commits.reach(store, [tip])
    for _ in ("filters are made", "filters are there"):
        found = [commits.digests[place] for place in touching(store, commits, walk(commits, places), paths)]
        assert set(found) == {one for one in ancestors(store, [tip]) if plainly(store, one, paths)}
        assert len(found) == len(set(found))


def test_few_objects_are_read_once_the_filters_are_there() -> None:
    """300 commits of which 3 touch the file."""
    store = MemoryStore()
    files = {f"data/{number}.csv": 0 for number in range(10)}
    made: list[bytes] = []
    for number in range(300):
        files[f"data/{number % 10}.csv"] = number
        if number % 100 == 50:
            files["notes/plan.txt"] = number
        made.append(commit(store, str(number), *made[-1:], tree=tree(store, files)))
    commits = Graph()
    places = commits.reach(store, made[-1:])
    wanted = [made[number] for number in (250, 150, 50)]
    for warm in (False, True):
        store.reads.clear()
        found = touching(store, commits, walk(commits, places), ["notes/plan.txt"])
        assert [commits.digests[place] for place in found] == wanted
        assert (len(store.reads) <= 11) == warm


def listed(store: MemoryStore, tip: bytes, *paths: str) -> list[str]:
    """The messages of the commits that count."""
    commits = Graph()
    walked = walk(commits, commits.reach(store, [tip]))
    return [commits.commits[place].message for place in touching(store, commits, walked, paths)]


def test_maybe_is_not_yes() -> None:
    """Both commits change so much that their filters say maybe to everything."""
    store = MemoryStore()
    many = {f"many/{number}": 0 for number in range(MOST + 1)}
    first = commit(store, "first", tree=tree(store, many))
    second = commit(store, "second", first, tree=tree(store, {**dict.fromkeys(many, 1), "new": 0}))
    assert listed(store, second, "new") == ["second"]
    assert listed(store, second, "many/7") == ["second", "first"]
    assert listed(store, second, "nothing", "many/none") == []


def test_a_file_in_place_of_a_folder() -> None:
    store = MemoryStore()
    made: list[bytes] = []
    for files in ({"a/b": 0}, {"a": 0}, {"a": 1}, {"a/b": 0, "a/c": 0}):
        made.append(commit(store, str(len(made)), *made[-1:], tree=tree(store, files)))
    assert listed(store, made[-1], "a/b") == ["3", "1", "0"]
    assert listed(store, made[-1], "a/c") == ["3"]
    assert listed(store, made[-1], "a") == ["3", "2", "1", "0"]


def test_the_filter_of_a_merge_is_about_its_first_parent() -> None:
    store = MemoryStore()
    left, right = (commit(store, name, tree=tree(store, {name: 0})) for name in ("left", "right"))
    merge = commit(store, "merge", left, right, tree=tree(store, {"left": 0, "right": 0}))
    commits = Graph()
    (place,) = commits.reach(store, [merge])
    assert list(touching(store, commits, [place], ["right"])) == []
    assert commits.filters[place] == make(["right"])


def test_only_the_filters_that_are_needed_are_made() -> None:
    store = MemoryStore()
    made: list[bytes] = []
    for number in range(100):
        made.append(commit(store, str(number), *made[-1:], tree=tree(store, {"a": number})))
    commits = Graph()
    walked = touching(store, commits, walk(commits, commits.reach(store, made[-1:])), ["a"])
    assert [commits.digests[next(walked)] for _ in range(3)] == [made[99], made[98], made[97]]
    assert sum(bool(filter) for filter in commits.filters) == 3
