"""`operations.ops`: entries come back or are refused, and the newest is found whatever the hint says."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base import codec
from muse.core.base.errors import Damaged, MuseError, SystemTrouble, TooNew
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.operations.view import Section, View, encode_changes
from muse.core.paths import Layout
from muse.core.types import Change, Entry, PackRef, digest_of
from tests.core import faults, processes
from tests.core.operations.test_view import VIEWS
from tests.core.stores import MemoryStore, an_operation, new_repo, put_operation
from tests.core.strange import NOT_OURS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
REFS = st.builds(PackRef, st.binary(min_size=16, max_size=16).map(bytes.hex), st.integers(0, 2**63))
MAGIC_2 = b"MUSEOPER\0\0\0\2"
OPERATIONS = st.builds(
    Operation,
    number=st.integers(1, 10**12 - 1),
    write_id=st.binary(min_size=16, max_size=16),
    previous=st.binary(max_size=32),
    host=TEXTS,
    user=TEXTS,
    verb=TEXTS,
    args=st.lists(TEXTS).map(tuple),
    time=TEXTS,
    view=VIEWS,
    packs=st.lists(REFS, max_size=3).map(tuple),
    retires=st.lists(REFS, max_size=3).map(tuple),
    worktree=st.builds(Section, st.binary()),
    folder=st.integers(0, 9),
    at=st.integers(0, 9),
    redo=st.lists(st.integers(0, 9)).map(tuple),
    lost=st.lists(st.integers(0, 9)).map(tuple),
    oldest=st.integers(1, 9),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A repository without history."""
    return new_repo(tmp_path).layout


# Entries


@given(operation=OPERATIONS)
def test_operations_come_back(operation: Operation) -> None:
    assert ops.decode(ops.encode(operation), "it") == operation


ENTRY = ops.encode(an_operation(3, write_id=bytes(16), packs=(PackRef("ab" * 16, 9),)))


def test_a_flipped_bit_is_noticed() -> None:
    for bit in range(len(ENTRY) * 8):
        altered = bytearray(ENTRY)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged, match="it ") as damaged:
            ops.decode(bytes(altered), "it")
        assert damaged.type is Damaged, "it is not taken for one of a newer muse"


def test_an_entry_cut_short_or_grown_is_damaged() -> None:
    for size in range(len(ENTRY)):
        with pytest.raises(Damaged, match="it is cut short"):
            ops.decode(ENTRY[:size], "it")
    with pytest.raises(Damaged):
        ops.decode(ENTRY + b"\0", "it")


@pytest.mark.parametrize("junk", [b"\0", b"\n", ENTRY, bytes(10_000)])
def test_what_was_appended_to_an_entry_does_not_count(layout: Layout, junk: bytes) -> None:
    put_operation(layout, an_operation(1))
    path = Path(layout.operation(1))
    whole = path.read_bytes()
    path.write_bytes(whole + junk)
    assert ops.read_with_digest(layout, 1) == (ops.decode(whole, "it"), digest_of(whole))
    assert ops.digest(layout, 1) == digest_of(whole), "the next one follows it"
    path.write_bytes(whole[:-1] + junk)
    if junk[:1] != whole[-1:]:
        with pytest.raises(Damaged):
            ops.read(layout, 1)


def test_an_entry_of_a_newer_muse_may_have_any_length(layout: Layout) -> None:
    data = MAGIC_2 + bytes(4) + b"a record of which this muse does not know how long it is"
    Path(layout.operation(1)).write_bytes(data + digest_of(data))
    with pytest.raises(TooNew):
        ops.read(layout, 1)


@given(data=st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"MUSEOPER\0\0\0\1" + tail))
def test_any_bytes_are_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        ops.decode(data, "it")


def sealed(value: object, version: int = 1, claimed: int = 0) -> bytes:
    """An entry with a right checksum around any value; it claims to have so many bytes more."""
    body = codec.pack(value)
    head = struct.pack(">8sII", b"MUSEOPER", version, len(body) + claimed) + body
    return head + digest_of(head)


GOOD: dict[str, Any] = codec.unpack(ENTRY[16:-32], "it")
KEYS = st.sampled_from([*GOOD, "a"])
LEAVES = st.none() | st.booleans() | st.integers(-1, 3) | st.floats() | st.binary(max_size=3) | KEYS
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@settings(max_examples=150)
@given(key=st.sampled_from(sorted(GOOD)), value=ANYTHING)
def test_an_entry_that_somebody_sealed_is_an_operation_or_damaged(key: str, value: object) -> None:
    for odd in (value, {**GOOD, key: value}, {name: GOOD[name] for name in GOOD if name != key}):
        try:
            ops.decode(sealed(odd), "it")
        except Damaged as error:
            assert error.message.startswith("it ")


@pytest.mark.parametrize("key", sorted(ops._TYPES))
@pytest.mark.parametrize("value", [None, 1.5, {}, True])
def test_a_field_that_is_something_else_is_damage(key: str, value: object) -> None:
    with pytest.raises(Damaged):
        ops.decode(sealed({**GOOD, key: value}), "it")


@pytest.mark.parametrize("size", [float("inf"), float("nan"), "9", None, b"9", -1, 1.5])
def test_a_pack_of_an_odd_size_is_damage(size: object) -> None:
    with pytest.raises(Damaged):
        ops.decode(sealed({**GOOD, "packs": [[bytes(16), size]]}), "it")


@pytest.mark.parametrize("name", [1.5, "ab", None, 7, b"", bytes(15), b"../../../../etc/pass"])
def test_a_pack_of_an_odd_name_is_damage(name: object) -> None:
    with pytest.raises(Damaged):
        ops.decode(sealed({**GOOD, "packs": [[name, 9]]}), "it")


def test_later_keys_are_kept_out_of_the_way() -> None:
    assert ops.decode(sealed({**GOOD, "later": 1}), "it").number == 3


def test_a_file_that_somebody_sealed_is_no_entry() -> None:
    head = b"SOMEFILE" + ENTRY[8:-32]
    with pytest.raises(Damaged, match="it is not an operation"):
        ops.decode(head + digest_of(head), "it")


def test_an_entry_of_another_length_is_damage() -> None:
    with pytest.raises(Damaged, match="it is not an operation"):
        ops.decode(sealed(GOOD, claimed=1), "it")


def test_a_newer_entry_says_so(layout: Layout) -> None:
    Path(layout.operation(1)).write_bytes(sealed({"other": "fields"}, version=2))
    with pytest.raises(TooNew, match=r"operation 1 .* was written by a newer muse \(version 2\)"):
        ops.newest(layout)


def test_what_a_command_changed_in_the_folder() -> None:
    store = MemoryStore()
    change = Change("a", None, Entry("f", bytes(32)))
    assert an_operation().changes(store) == ()
    inline = an_operation(4, worktree=Section(encode_changes([change])), folder=4)
    assert inline.changes(store) == (change,)
    assert inline.changes_folder
    spilled = an_operation(5, worktree=Section(None, store.add(encode_changes([change]))), folder=4)
    assert spilled.changes(store) == (change,)
    assert not spilled.changes_folder


def test_what_was_typed() -> None:
    assert an_operation(verb="undo", args=()).command == "undo"
    assert an_operation(verb="commit", args=("-m", "first look")).command == "commit -m 'first look'"


# The log


def put(layout: Layout, *numbers: int) -> None:
    for number in numbers:
        put_operation(layout, an_operation(number))


def test_an_empty_log(layout: Layout) -> None:
    assert ops.newest_number(layout) == 0
    assert ops.newest(layout) is None
    assert ops.numbers(layout) == []


HEADS = [
    None, "operation 0", "operation 3", "operation 5", "operation 6", "operation 999999999999", "operation -5",
    "operation", "operation 5.0", "operation 0x5", "operation " + "9" * 5000, "", "\n", "operation 5\nbranch x",
    "branch 5", "\0" * 60, "operation \u0665",
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=ascii)
@pytest.mark.parametrize("first", [1, 3])
def test_the_newest_is_found_whatever_the_hint_says(layout: Layout, head: str | None, first: int) -> None:
    put(layout, *range(first, 6))
    if head is not None:
        Path(layout.head).write_text(head)
    newest = ops.newest(layout)
    assert newest is not None
    assert newest.number == 5 == ops.newest_number(layout)
    assert ops.numbers(layout) == list(range(first, 6))


@given(head=st.binary(max_size=50))
def test_no_hint_can_mislead(tmp_path_factory: pytest.TempPathFactory, head: bytes) -> None:
    layout = Layout(str(tmp_path_factory.getbasetemp() / "log"))
    os.makedirs(layout.ops, exist_ok=True)
    put(layout, 1, 2, 3)
    Path(layout.head).write_bytes(head)
    assert ops.newest_number(layout) == 3


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_the_hint(
    layout: Layout, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(layout.muse)
    put(layout, 1, 2, 3)
    make(Path(layout.head))
    assert ops.newest_number(layout) == 3


@pytest.mark.parametrize("make", NOT_OURS)
def test_something_else_in_place_of_an_operation(
    layout: Layout, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(layout.ops)
    put(layout, 1)
    make(Path(layout.operation(2)))
    with pytest.raises(Damaged, match="000000000002 "):
        ops.newest(layout)
    assert ops.read(layout, 1).number == 1


@pytest.mark.parametrize(
    "name",
    [
        "000000000099 (conflicted copy)",
        "000000000099 (1)",
        "000000000099~",
        ".000000000099.swp",
        "0000000000099",
        "00000000099",
        "00000000009x",
        "-00000000099",
        "\u0660" * 11 + "\u0669",
        ".muse-tmp-0123456789abcdef",
        "publish.lock",
    ],
)
def test_other_names_do_not_hide_the_repository(layout: Layout, name: str) -> None:
    put(layout, 1, 2)
    Path(layout.ops, name).write_bytes(Path(layout.operation(1)).read_bytes())
    assert ops.newest_number(layout) == 2
    assert ops.numbers(layout) == [1, 2]


def test_the_hint_saves_listing_the_folder(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    put(layout, *range(1, 50))
    operation = ops.read(layout, 40)
    ops.write_head(layout, operation)
    monkeypatch.setattr(os, "listdir", None)
    assert ops.newest_number(layout) == 49


@pytest.mark.parametrize(("key", "part"), [("args", 1), ("args", None), ("redo", "1"), ("redo", None), ("lost", 1.5)])
def test_a_part_of_a_field_that_is_something_else_is_damage(key: str, part: object) -> None:
    with pytest.raises(Damaged):
        ops.decode(sealed({**GOOD, key: [part]}), "it")


def test_an_entry_of_an_impossible_size_is_not_read(layout: Layout) -> None:
    with open(layout.operation(1), "wb") as entry:
        entry.truncate(ops._LIMIT + 1)
    with pytest.raises(Damaged, match="more than such a file can have"):
        ops.read(layout, 1)


def test_an_entry_under_another_number_is_damage(layout: Layout) -> None:
    put(layout, 1)
    os.rename(layout.operation(1), layout.operation(2))
    with pytest.raises(Damaged, match=r"operation 2 \(.*\) holds operation 1"):
        ops.newest(layout)


def test_the_digest_of_an_entry(layout: Layout) -> None:
    put(layout, 1)
    operation, digest = ops.read_with_digest(layout, 1)
    assert operation.number == 1
    assert digest == digest_of(Path(layout.operation(1)).read_bytes())
    with pytest.raises(FileNotFoundError):
        ops.read(layout, 2)


def test_a_log_that_cannot_be_listed_is_named(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    os.rmdir(layout.ops)
    assert ops.newest(layout) is None
    Path(layout.ops).write_bytes(b"")
    with pytest.raises(SystemTrouble, match=r"cannot list .*ops: Not a directory"):
        ops.newest(layout)


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (View("main", bytes(32)), f"operation 7\nbranch main\ncommit sha256:{'0' * 64}\n"),
        (View("main"), "operation 7\nbranch main\ncommit (none)\n"),
        (View(None, bytes(32)), f"operation 7\nbranch (none)\ncommit sha256:{'0' * 64}\n"),
        (View(os.fsdecode(b"caf\xe9")), "operation 7\nbranch caf\udce9\ncommit (none)\n"),
    ],
)
def test_head_is_text_for_people(layout: Layout, view: View, text: str) -> None:
    ops.write_head(layout, an_operation(7, view=view))
    assert Path(layout.head).read_bytes() == os.fsencode(text)


# Two writers


@pytest.mark.parametrize("way", processes.WAYS)
def test_racing_writers_get_different_numbers(layout: Layout, way: str) -> None:
    won = processes.race(processes.append_operations, layout.root, way, 25, processes=2)
    assert sorted(number for numbers in won for number in numbers) == list(range(1, 51))
    before = b""
    for number in range(1, 51):
        operation, digest = ops.read_with_digest(layout, number)
        assert operation.user == str(next(who for who, numbers in enumerate(won) if number in numbers))
        assert operation.previous == before
        before = digest
    assert not [name for name in os.listdir(layout.ops) if name.startswith(".")]


def test_a_lost_answer_is_recognised(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    from muse.core.operations import entry

    mine = an_operation(1)
    link = os.link

    def linked_and_failed(*arguments: Any, **options: Any) -> None:
        link(*arguments, **options)
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(os, "link", linked_and_failed)
    entry.append(layout, mine, lambda: None, durable=True, way="link")
    assert ops.read(layout, 1) == mine
    with pytest.raises(entry.Lost):
        entry.append(layout, an_operation(1), lambda: None, durable=True, way="link")


def test_reading_fails_with_errors_of_ours_only(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    put(layout, 1)
    for call in ("open", "pread"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, faults.failing(5))
            with pytest.raises(MuseError, match=r"operation|ops/000000000001: Input/output error"):
                ops.newest(layout)


def test_a_log_that_is_gone_is_damage_and_no_new_repository(layout: Layout) -> None:
    ops.write_head(layout, an_operation(12))
    with pytest.raises(Damaged, match="HEAD names operation 12, and there is none at all"):
        ops.newest(layout)


def test_a_newest_entry_that_is_never_there_is_damage(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "_end", lambda layout: (7, 7))
    with pytest.raises(Damaged, match="operation 7 is missing from the log"):
        ops.newest(layout)


@pytest.mark.parametrize(("age", "hint", "gone"), [(120, 3, 3), (10, 3, 0), (120, 2, 0)])
def test_a_later_entry_that_is_not_there_is_gone(layout: Layout, age: int, hint: int, gone: int) -> None:
    """Unless the hint is young: over a network it may be seen before the entry."""
    for number in (1, 2):
        put(layout, number)
    ops.write_head(layout, an_operation(hint))
    then = time.time() - age
    os.utime(layout.head, (then, then))
    operation, found = ops.latest(layout)
    assert operation is not None and (operation.number, found) == (2, gone)


def test_an_entry_that_comes_meanwhile_is_not_gone(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    put(layout, 1)
    ops.write_head(layout, an_operation(2))
    os.utime(layout.head, (0, 0))
    read = ops.read

    def and_come(layout: Layout, number: int) -> Operation:
        put(layout, 2)
        return read(layout, number)

    monkeypatch.setattr(ops, "read", and_come)
    assert ops.latest(layout).gone == 0


def test_the_hint_never_goes_back_unless_it_leads_nowhere(layout: Layout) -> None:
    first, second = (put_operation(layout, an_operation(number)) for number in (1, 2))
    ops.write_head(layout, second)
    ops.write_head(layout, first)
    assert Path(layout.head).read_text().startswith("operation 2\n")
    Path(layout.head).write_text("operation 3\n")
    ops.write_head(layout, first)
    assert Path(layout.head).read_text().startswith("operation 1\n")
