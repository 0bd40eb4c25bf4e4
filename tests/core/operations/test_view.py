"""`operations.view`: everything that may change comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged, Refused
from muse.core.commits import records
from muse.core.operations import view
from muse.core.operations.view import Section, View
from muse.core.types import Change, Entry
from tests.core.names_to_try import NAMES
from tests.core.stores import MemoryStore

DIGESTS = st.binary(min_size=32, max_size=32)
ENTRIES = st.none() | st.builds(Entry, st.sampled_from("fxl"), DIGESTS)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
VIEWS = st.builds(
    View,
    st.none() | NAMES,
    st.none() | DIGESTS,
    st.dictionaries(NAMES, DIGESTS),
    st.none() | st.dictionaries(st.text("ab"), st.integers(0, 9)),
    st.dictionaries(
        st.sampled_from(("stage", "tags", "remotes", "shelf", "runs", "releases")),
        st.builds(Section, st.binary(min_size=2)) | st.builds(lambda digest: Section(None, digest), DIGESTS),
    ),
)


def through_bytes(value: Any) -> Any:
    return unpack(pack(value), "it")


@given(before=VIEWS)
def test_views_come_back(before: View) -> None:
    assert view.decode_view(through_bytes(view.encode_view(before))) == before


@given(before=VIEWS, order=st.randoms(use_true_random=False))
def test_the_same_view_has_the_same_bytes(before: View, order: Any) -> None:
    branches, sections = list(before.branches.items()), list(before.sections.items())
    order.shuffle(branches)
    order.shuffle(sections)
    other = before._replace(branches=dict(branches), sections=dict(sections))
    assert pack(view.encode_view(other)) == pack(view.encode_view(before))


@given(stage=st.dictionaries(PATHS, ENTRIES, max_size=5))
def test_a_stage_comes_back(stage: view.Stage) -> None:
    store = MemoryStore()
    after = View().with_stage(store, stage)
    assert after.stage(store) == stage
    assert View().stage(store) == {}
    assert after.with_stage(store, {}) == View().with_stage(store, {})
    assert after.with_stage(store, dict(reversed(stage.items()))) == after


@given(changes=st.lists(st.builds(Change, PATHS, ENTRIES, ENTRIES)))
def test_a_list_of_changes_comes_back(changes: list[Change]) -> None:
    assert view.decode_changes(view.encode_changes(changes)) == tuple(changes)


def test_a_long_section_is_an_object_of_its_own() -> None:
    store = MemoryStore()
    short, long = {"a": bytes(32)}, {f"tag-{n}": bytes(32) for n in range(200)}
    assert View().with_section(store, "tags", short).sections["tags"].digest is None
    assert store.objects == {}
    after = View().with_section(store, "tags", long)
    section = after.sections["tags"]
    assert section.inline is None
    assert section.digest is not None and section.digest in store
    assert after.tags(store) == long
    assert len(pack(view.encode_view(after))) < 200


@pytest.mark.parametrize("size", [0, view.SPILL, view.SPILL + 1])
def test_where_a_section_spills(size: int) -> None:
    store = MemoryStore()
    section = view.spill(store, bytes(size))
    assert (section.inline is None) == (size > view.SPILL)
    assert (section.inline if section.digest is None else store.read(section.digest)) == bytes(size)


def test_a_section_that_could_not_be_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD", view.SPILL + 1)
    view.spill(MemoryStore(), bytes(view.SPILL + 1))
    with pytest.raises(Refused, match="muse keeps at most"):
        view.spill(MemoryStore(), bytes(view.SPILL + 2))


def test_an_empty_section_is_not_written() -> None:
    store = MemoryStore()
    assert view.encode_view(View().with_stage(store, {})) == view.encode_view(View())


def test_a_commit_moves_what_is_checked_out() -> None:
    one, two = b"1" * 32, b"2" * 32
    before = View("main", one, {"main": one, "other": one})
    assert before.moved_to(two) == View("main", two, {"main": two, "other": one})
    assert before.branches["main"] == one
    assert View(None, one, {"main": one}).moved_to(two) == View(None, two, {"main": one})
    assert View().moved_to(one) == View("main", one, {"main": one})


@pytest.mark.parametrize(
    "value", [0, "f", b"f", [], ["f"], ["d", bytes(32)], ["f", bytes(31)], ["f", "0" * 32], [1, 2, 3]]
)
def test_what_is_no_entry(value: object) -> None:
    with pytest.raises(Damaged, match="an entry in an operation is not one"):
        view.decode_entry(through_bytes(value))


@pytest.mark.parametrize(
    "value",
    [
        *(None, 0, {"a": 1}, [1], [[]], [["a"]], [["a", None]], [["a", None, None, None]], [["a", 0, None]], "abc"),
        [[1, None, None]],
    ],
)
def test_what_is_no_list_of_changes(value: object) -> None:
    with pytest.raises(Damaged):
        view.decode_changes(pack(value))


GOOD = view.encode_view(View("main", bytes(32), {"main": bytes(32)}, None, {"stage": Section(b"\x80")}))


ODD_PARTS: dict[str, list[Any]] = {
    "commit": [0, "a", bytes(31)],
    "branch": [0, b"main", ["main"]],
    "branches": [
        *(None, 0, [], "a", {"main": 0}, {"main": bytes(31)}, {"main": "0" * 32}),
        *({b"main": bytes(32)}, {1: bytes(32)}),
    ],
    "sections": [
        *(None, 0, []),
        *({"stage": odd} for odd in (None, [], [None, None], ["a"], [b"", None, None], b"ab", [0])),
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ODD_PARTS.items() for value in values])
def test_what_is_no_view(name: str, value: object) -> None:
    view.decode_view(through_bytes(GOOD))
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        view.decode_view(through_bytes({**GOOD, name: value}))
    with pytest.raises(KeyError):
        view.decode_view({key: GOOD[key] for key in GOOD if key != name})


@pytest.mark.parametrize("data", [b"\x81", b"\xc1"])
def test_a_damaged_section_is_named(data: bytes) -> None:
    with pytest.raises(Damaged, match="the section tags of the view cannot be decoded"):
        View(sections={"tags": Section(data)}).tags(MemoryStore())


@pytest.mark.parametrize("value", [0, [], "a", {1: None}, {b"a": None}, {"a": 0}])
def test_what_is_no_stage(value: object) -> None:
    with pytest.raises(Damaged):
        View(sections={"stage": Section(pack(value))}).stage(MemoryStore())


@pytest.mark.parametrize("value", [0, [], "a", {1: bytes(32)}, {"a": None}, {"a": "0" * 32}, {"a": bytes(31)}])
def test_what_are_no_tags(value: object) -> None:
    with pytest.raises(Damaged):
        View(sections={"tags": Section(pack(value))}).tags(MemoryStore())


@pytest.mark.parametrize("value", [0, [], "a", {1: bytes(32)}, {"a": 0}, {"a": bytes(31)}, {"a": None}])
def test_what_is_no_list_of_tags(value: object) -> None:
    with pytest.raises(Damaged):
        View(sections={"tags": Section(pack(value))}).tags(MemoryStore())
