"""What each thing on a disk may be after a power cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from muse.core.types import EXECUTABLE, FILE
from muse.testing.nodes import EVERY, File, Folder

_DATA = st.binary(max_size=8)
_WRITES = st.lists(st.tuples(st.integers(0, 9), _DATA), max_size=4)


@given(old=_DATA, writes=_WRITES)
def test_a_file_may_be_all_or_nothing_of_what_was_written(old: bytes, writes: list[tuple[int, bytes]]) -> None:
    file = File(FILE, old)
    new = bytearray(old)
    for offset, data in writes:
        file.write(offset, data)
        new.extend(bytes(max(0, offset + len(data) - len(new))))
        new[offset : offset + len(data)] = data
    assert file.now() == (FILE, bytes(new))
    assert {file.now(), (FILE, old)} <= set(file.remains())
    file.sync()
    assert file.remains() == [file.synced] == [(FILE, bytes(new))]


@given(old=_DATA, size=st.integers(0, 20))
def test_a_file_that_was_resized_begins_as_it_did(old: bytes, size: int) -> None:
    file = File(FILE, old)
    file.resize(size)
    assert file.now() == (FILE, old[:size].ljust(size, b"\0"))
    assert all(data[: min(size, len(old)) // 2] == old[: min(size, len(old)) // 2] for _, data in file.remains())


def test_a_mode_is_kept_or_lost_with_what_was_written() -> None:
    file = File(FILE, b"old")
    file.chmod(EXECUTABLE)
    assert file.remains() == [(EXECUTABLE, b"old"), (FILE, b"old")]


def test_what_was_not_written_is_not_zeroed() -> None:
    file = File(FILE, b"0123456789")
    file.write(3, b"XY")
    assert (FILE, b"012\0\x0056789") in file.remains()


def test_of_a_few_changes_to_a_folder_any_may_be_lost() -> None:
    folder = Folder({"old": 1})
    folder.change([("old", None), ("new", 1)])
    folder.change([("other", 2)])
    wanted = [{"new": 1, "other": 2}, {"new": 1}, {"old": 1, "other": 2}, {"old": 1}]
    assert folder.remains() == wanted
    assert folder.names == wanted[0]
    folder.sync()
    assert folder.remains() == wanted[:1]


def test_of_many_names_every_beginning_may_be_there() -> None:
    folder = Folder()
    for number in range(EVERY + 1):
        folder.change([(str(number), number)])
    assert [len(names) for names in folder.remains()] == list(range(EVERY + 1, -1, -1))
