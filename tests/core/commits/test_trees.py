"""`commits.trees` against a plain dictionary of paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from muse.core.base.codec import pack
from muse.core.base.errors import Damaged
from muse.core.commits import trees
from muse.core.commits.records import encode_tree
from muse.core.types import FOLDER, Change, Entry
from tests.core.names_to_try import BAD, NAMES
from tests.core.stores import MemoryStore

Files = dict[str, Entry]

# Few names, so that files and folders often want the same place.
SEGMENTS = st.sampled_from(["a", "b", "a-b", "a.b", "B"]) | NAMES
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
ENTRIES = st.builds(Entry, st.sampled_from("fxl"), st.integers(0, 3).map(lambda n: bytes([n]) * 32))


def without_clashes(pairs: Iterable[tuple[str, Entry]]) -> Files:
    """Paths of which none lies below another."""
    files: Files = {}
    for path, entry in pairs:
        add(files, path, entry)
    return files


def add(files: Files, path: str, entry: Entry) -> None:
    """Put a file into the model; it takes the place of what is in the way."""
    for other in list(files):
        if other.startswith(path + "/") or path.startswith(other + "/"):
            del files[other]
    files[path] = entry


FILES = st.lists(st.tuples(PATHS, ENTRIES), max_size=8).map(without_clashes)


def build(store: MemoryStore, files: Files) -> bytes:
    return trees.update(store, None, files.items())


@settings(max_examples=50)
@given(files=FILES)
def test_what_is_put_in_is_listed(files: Files) -> None:
    store = MemoryStore()
    assert dict(trees.walk(store, build(store, files))) == files


@settings(max_examples=50)
@given(files=FILES, order=st.randoms(use_true_random=False))
def test_the_order_of_edits_does_not_matter(files: Files, order: object) -> None:
    store = MemoryStore()
    shuffled = list(files.items())
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert trees.update(store, None, shuffled) == build(store, files)


FILE_ENTRY = Entry("f", bytes(32))


@st.composite
def edited(draw: st.DrawFn) -> tuple[Files, list[tuple[str, Entry | None]], Files]:
    """Files, edits in any order, and the files after them."""
    before = draw(FILES)
    added = draw(FILES)
    gone = draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
    after = {path: entry for path, entry in before.items() if path not in gone}
    for path, entry in added.items():
        add(after, path, entry)
    removals: list[tuple[str, Entry | None]] = [(path, None) for path in gone - added.keys()]
    missing = [(path, None) for path in draw(st.lists(PATHS, max_size=2)) if path not in before and path not in added]
    return before, draw(st.permutations([*removals, *missing, *added.items()])), after


@given(case=edited())
@example(case=({"b": FILE_ENTRY}, [("b", None), ("b/a", None)], {}))
@example(case=({"b": FILE_ENTRY}, [("b/a", None), ("b", None)], {}))
@example(case=({"b/a": FILE_ENTRY}, [("b", None), ("b/a", None)], {}))
def test_update_is_the_same_as_building_anew(case: tuple[Files, list[tuple[str, Entry | None]], Files]) -> None:
    before, edits, after = case
    store = MemoryStore()
    root = trees.update(store, build(store, before), edits)
    assert dict(trees.walk(store, root)) == after
    assert root == build(store, after)


@settings(max_examples=50)
@given(one=FILES, two=FILES)
def test_compare_finds_what_differs(one: Files, two: Files) -> None:
    store = MemoryStore()
    changes = list(trees.compare(store, build(store, one), build(store, two)))
    expected = {
        Change(path, one.get(path), two.get(path)) for path in one.keys() | two.keys() if one.get(path) != two.get(path)
    }
    assert set(changes) == expected
    assert len(changes) == len(expected)
    back = trees.compare(store, build(store, two), build(store, one))
    assert [Change(path, after, before) for path, before, after in back] == changes


@settings(max_examples=50)
@given(one=FILES, two=FILES)
def test_changes_lead_from_one_tree_to_the_other(one: Files, two: Files) -> None:
    store = MemoryStore()
    changes = trees.compare(store, build(store, one), build(store, two))
    assert trees.update(store, build(store, one), [(path, after) for path, _, after in changes]) == build(store, two)


@settings(max_examples=50)
@given(files=FILES, paths=st.lists(PATHS))
def test_lookup_finds_files_and_folders(files: Files, paths: list[str]) -> None:
    store = MemoryStore()
    root = build(store, files)
    above = {path.rsplit("/", n)[0] for path in files for n in range(1, path.count("/") + 1)}
    for path in {*paths, *files, *above, *(f"{path}/below" for path in files)}:
        found = trees.lookup(store, root, path)
        if path in above:
            assert found is not None and found.mode == FOLDER
            below = {name: entry for name, entry in files.items() if name.startswith(path + "/")}
            assert dict(trees.walk(store, found.digest, path + "/")) == below
        else:
            assert found == files.get(path)
    assert trees.lookup(store, root, "") == Entry(FOLDER, root)


def test_no_tree_is_an_empty_tree() -> None:
    store = MemoryStore()
    assert trees.update(store, None, []) == trees.EMPTY_DIGEST
    for nothing in (None, trees.EMPTY_DIGEST):
        assert list(trees.walk(store, nothing)) == []
        assert trees.lookup(store, nothing, "a") is None
        assert list(trees.compare(store, nothing, None)) == []
        assert trees.update(store, nothing, []) == trees.EMPTY_DIGEST


FILE = Entry("f", bytes(32))


@pytest.mark.parametrize(
    ("before", "edits", "after"),
    [
        (["a/b"], [("a/b", None)], []),
        (["a/b/c/d", "x"], [("a/b/c/d", None)], ["x"]),
        (["a"], [("a", None), ("a/b", FILE)], ["a/b"]),
        (["a"], [("a/b", FILE)], ["a/b"]),
        (["a/b", "a/c"], [("a", FILE)], ["a"]),
        (["a/b"], [("a", FILE), ("a/b", None)], ["a"]),
        (["a/b"], [("a", None)], ["a/b"]),
        (["a"], [("a/b", None)], ["a"]),
        (["a/b"], [("a/c", None)], ["a/b"]),
    ],
)
def test_update_in_cases(before: list[str], edits: list[tuple[str, Entry | None]], after: list[str]) -> None:
    store = MemoryStore()
    root = build(store, dict.fromkeys(before, FILE))
    for order in (edits, edits[::-1]):
        assert [path for path, _ in trees.walk(store, trees.update(store, root, order))] == after


def test_cost_follows_the_change() -> None:
    store = MemoryStore()
    files = {f"{one}/{two}/{three}": FILE for one in "abcdefgh" for two in "abcdefgh" for three in "ab"}
    root = build(store, files)
    held = len(store.objects)
    store.reads.clear()
    other = trees.update(store, root, [("c/d/a", Entry("x", bytes(32)))])
    assert len(store.reads) == 3
    assert len(store.objects) == held + 3
    store.reads.clear()
    assert len(list(trees.compare(store, root, other))) == 1
    assert len(store.reads) == 6
    store.reads.clear()
    assert list(trees.compare(store, root, root)) == []
    assert store.reads == []


@pytest.mark.parametrize("name", [name for name in BAD if "/" not in name], ids=ascii)
@pytest.mark.parametrize("inside", [False, True])
def test_a_hostile_tree_is_refused_before_any_path_is_given_out(name: str, inside: bool) -> None:
    store = MemoryStore()
    root = store.add(encode_tree({name: FILE}))
    if inside:
        root = store.add(encode_tree({"a": Entry(FOLDER, root)}))
    for use in (
        lambda: list(trees.walk(store, root)),
        lambda: list(trees.compare(store, None, root)),
        lambda: trees.lookup(store, root, "a/x" if inside else "x"),
        lambda: trees.update(store, root, [("a/x", FILE)]),
    ):
        with pytest.raises(Damaged, match=r"tree sha256:\w+ (holds the name|is not a tree)"):
            use()


@pytest.mark.parametrize("use", [trees.walk, lambda store, root: trees.compare(store, None, root)])
def test_a_tree_that_nests_too_deep_is_damage(use: Callable[[MemoryStore, bytes], Iterable[object]]) -> None:
    store = MemoryStore()
    root = store.add(encode_tree({"f": FILE}))
    for _ in range(trees.DEEPEST):
        root = store.add(encode_tree({"a": Entry(FOLDER, root)}))
    assert len(list(use(store, root))) == 1
    for _ in range(2):
        root = store.add(encode_tree({"a": Entry(FOLDER, root)}))
    with pytest.raises(Damaged, match=f"more than {trees.DEEPEST} folders deep"):
        list(use(store, root))


def test_the_empty_tree_is_read_from_nowhere() -> None:
    assert trees.read_tree(MemoryStore(), trees.EMPTY_DIGEST) == {}


def test_a_name_that_comes_twice_is_refused() -> None:
    store = MemoryStore()
    root = store.add(pack(["tree", 1, ["a", "a"], "ff", bytes(64)]))
    with pytest.raises(Damaged):
        list(trees.walk(store, root))
