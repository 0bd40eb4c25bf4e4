"""`muse.testing.damage`: each damage does what it says, and can be done again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from muse.testing import damage
from muse.testing.damage import KINDS, Damage, cuts, flips, replaced

DATA = bytes(range(200)) + b"the end"


@pytest.fixture
def path(folder: Path) -> Path:
    """A file to damage; its path is short, as that of a socket must be."""
    path = Path(os.path.relpath(folder / "file"))
    path.write_bytes(DATA)
    return path


def done(path: Path, one: Damage) -> os.stat_result:
    """Damage the file; gives what stands there then."""
    one.do(str(path))
    return os.lstat(path)


def test_cuts() -> None:
    assert [one.at for one in cuts(33)] == [0, 16, 32]
    assert [one.at for one in cuts(32)] == [0, 16]
    assert cuts(0) == []


def test_a_cut_keeps_what_is_before(path: Path) -> None:
    done(path, cuts(len(DATA))[3])
    assert path.read_bytes() == DATA[:48]


def test_flips_are_in_every_block_and_of_every_bit() -> None:
    found = flips(64 * 20 + 1)
    assert [one.at // 64 for one in found] == [*range(21)]
    assert {one.bit for one in found} == {*range(8)}
    assert len({one.at % 64 for one in found}) > 8, "not always the same place of a block"
    assert flips(64 * 20 + 1) == found, "the same each time"
    assert flips(64 * 20 + 1, seed=8) != found
    assert flips(0) == []


def test_a_flip_changes_one_bit_and_flips_back(path: Path) -> None:
    (one, *_) = flips(len(DATA))
    done(path, one)
    changed = int.from_bytes(path.read_bytes()) ^ int.from_bytes(DATA)
    assert changed.bit_count() == 1
    assert path.read_bytes()[one.at] ^ DATA[one.at] == 1 << one.bit
    done(path, one)
    assert path.read_bytes() == DATA


def test_what_stands_there_then(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"other")
    expected = {
        "folder": stat.S_ISDIR,
        "FIFO": stat.S_ISFIFO,
        "socket": stat.S_ISSOCK,
        "link to itself": stat.S_ISLNK,
        "link to /dev/zero": stat.S_ISLNK,
        "link to a file": stat.S_ISLNK,
        "6 GB of nothing": stat.S_ISREG,
        "1.9 GB of nothing": stat.S_ISREG,
        "another file": stat.S_ISREG,
    }
    for one in replaced(os.path.abspath(other)):
        if one.kind in expected:
            assert expected[one.kind](done(path, one).st_mode), one
            os.rmdir(path) if one.kind == "folder" else path.unlink()
            path.write_bytes(DATA)
    for kind, size in (("6 GB of nothing", damage.HUGE), ("1.9 GB of nothing", damage.LARGE)):
        done(path, Damage(kind))
        assert (path.stat().st_size, path.stat().st_blocks) == (size, 0)


def test_what_is_in_it_then(path: Path) -> None:
    done(path, Damage("grown"))
    assert path.read_bytes().startswith(DATA) and path.stat().st_size == len(DATA) + 100
    done(path, Damage("zeros"))
    assert path.read_bytes() == bytes(len(DATA) + 100)
    other = path.with_name("other")
    other.write_bytes(b"other")
    done(path, Damage("another file", source=str(other)))
    assert path.read_bytes() == b"other" and not path.samefile(other)
    assert stat.S_IMODE(done(path, Damage("unreadable")).st_mode) == 0
    Damage("deleted").do(str(path))
    assert not path.exists()


def test_every_kind_has_words_of_its_own() -> None:
    words = {str(Damage(kind, 3, 2, "x")) for kind in KINDS}
    assert len(words) == len(KINDS)
    assert {"cut at byte 3", "bit 2 of byte 3 flipped", "FIFO"} <= words
    assert {one.kind for one in (*cuts(1), *flips(1), *replaced("x"))} == {*KINDS} - {"unreadable"}
