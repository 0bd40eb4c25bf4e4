"""`operations.shelf`: what is put on the shelf comes back as it was, and names every object that it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.codec import pack
from muse.core.base.errors import Damaged, Missing
from muse.core.operations.shelf import Shelved, shelved, with_shelf
from muse.core.operations.view import Section, View
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import Change
from tests.core.names_to_try import NAMES
from tests.core.operations.test_view import DIGESTS, ENTRIES, PATHS
from tests.core.stores import MemoryStore

SHELVED = st.builds(
    Shelved,
    NAMES,
    st.just("2026-03-14T12:00:00+01:00"),
    st.none() | NAMES,
    st.none() | DIGESTS,
    st.dictionaries(PATHS, ENTRIES, max_size=3),
    st.lists(st.builds(Change, PATHS, ENTRIES, ENTRIES), max_size=3).map(tuple),
)


@given(shelf=st.lists(SHELVED, max_size=3))
def test_it_comes_back(shelf: list[Shelved]) -> None:
    store = MemoryStore()
    assert shelved(with_shelf(View(), store, shelf), store) == tuple(shelf)


@given(one=SHELVED)
def test_the_same_work_has_the_same_bytes(one: Shelved) -> None:
    store = MemoryStore()
    other = one._replace(stage=dict(reversed(one.stage.items())))
    assert with_shelf(View(), store, [one]) == with_shelf(View(), store, [other])


def test_an_empty_shelf_is_none() -> None:
    """A view whose shelf was emptied is like one that never had any, byte for byte."""
    store = MemoryStore()
    assert shelved(View(), store) == ()
    assert with_shelf(View(), store, []).section(store, "shelf") == {}


def test_a_large_one_is_an_object_of_its_own() -> None:
    store = MemoryStore()
    files = tuple(Change(f"{number}.txt", None, None) for number in range(1_000))
    view = with_shelf(View(), store, [Shelved("", "", None, None, {}, files)])
    assert view.sections["shelf"].inline is None
    assert shelved(view, store)[0].files == files


def test_the_subject() -> None:
    assert Shelved("\n half of it \n\nThe rest.", "", None, None, {}, ()).subject == "half of it"


GOOD: dict[str, Any] = {
    "message": "", "time": "", "branch": None, "commit": None, "stage": {}, "files": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        1,
        "abc",
        [1],
        [{}],
        *([{**GOOD, name: odd}] for name in GOOD for odd in (0, [1], b"abc", {1: 2}, [["a", None]])),
        [{**GOOD, "stage": {1: None}}],
        *([{**GOOD, "files": [odd]}] for odd in (["a", None, ["d", bytes(32)]], ["a", None], None)),
    ],
)
def test_what_is_no_shelf(value: object) -> None:
    store = MemoryStore()
    assert len(shelved(View(sections={"shelf": Section(pack([GOOD]))}), store)) == 1
    with pytest.raises(Damaged):
        shelved(View(sections={"shelf": Section(pack(value))}), store)


def test_a_shelf_that_is_lost_is_no_odd_one() -> None:
    """What says that an object is missing is a `KeyError`, as an odd shelf gives rise to."""
    view = View(sections={"shelf": Section(None, bytes(32))})
    with pytest.raises(Missing, match="is missing from the repository"):
        shelved(view, ObjectStore(Layout(""), ()))
