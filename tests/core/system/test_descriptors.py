"""`system.descriptors`: however few files a process may have open, packs can be read, and large files added."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.operations import ops
from muse.core.packs import pack
from muse.core.packs.pack import PackGone
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.system import descriptors
from muse.core.types import PackRef
from tests import kept
from tests.commands import ok
from tests.core.stores import new_repo, put_operation, write_pack

_MANY = 45
_OBJECTS = [b"object %d\n" % number for number in range(6)]
_RUN = "import sys; from muse.cli.main import main; sys.exit(main())"
_WRITE = """
from muse.core.packs.pack_writer import PackWriter
from muse.core.paths import Layout
writer = PackWriter(Layout("."), durable=False, way="link")
for number in range(40):
    incoming = writer.incoming()
    incoming.write(b"%d" % number)
    incoming.finish()
    writer.adopt(incoming)
print(len(writer.finish()))
"""


def limited(soft: int, hard: int, code: str, *words: str) -> str:
    """What a process prints that may have so many files open, and may raise that to `hard`."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
    done = subprocess.run([sys.executable, "-c", limit + code, *words], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


@pytest.fixture
def spread(folder: Path) -> Repo:
    """A repository where every object has a pack of its own."""
    ok("init")
    for number in range(_MANY):
        Path(f"f{number}").write_text(f"{number}\n")
    ok("commit", "-m", "all")
    repo, last = Repo.open(), kept.newest(".")
    store = ObjectStore(repo.layout, last.packs)
    digests = [digest for ref in last.packs for digest, _ in store.pack(ref).slots()]
    packs = tuple(write_pack(repo.layout, [store.read(digest)]) for digest in digests)
    store.close()
    previous = ops.digest(repo.layout, last.number)
    put_operation(repo.layout, last._replace(number=last.number + 1, previous=previous, packs=packs))
    assert len(packs) > _MANY
    return repo


@pytest.mark.parametrize("hard", [36, 4096])
def test_more_packs_than_files_that_may_be_open(spread: Repo, hard: int) -> None:
    Path("f0").write_text("changed\n")
    limited(36, hard, _RUN, "fsck")
    assert "changed  f0" in limited(36, hard, _RUN, "status")
    for number in range(1, _MANY):
        Path(f"f{number}").unlink()
    limited(36, hard, _RUN, "restore", *(f"f{number}" for number in range(1, _MANY)))
    assert [Path(f"f{number}").read_text() for number in range(1, _MANY)] == [f"{n}\n" for n in range(1, _MANY)]
    limited(36, hard, _RUN, "commit", "-m", "one")
    limited(36, hard, _RUN, "gc")
    limited(36, hard, _RUN, "fsck")
    kept.check(".")


def test_more_large_files_than_files_that_may_be_open(folder: Path) -> None:
    new_repo(folder)
    assert limited(32, 4096, _WRITE) == "40\n"


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, list[PackRef]]:
    """A pack for each of the objects."""
    layout = new_repo(tmp_path_factory.mktemp("packs")).layout
    return layout, [write_pack(layout, [data]) for data in _OBJECTS]


@given(st.lists(st.sampled_from(range(len(_OBJECTS)))), st.integers(1, 4))
def test_few_are_open_and_all_can_be_read(packs: tuple[Layout, list[PackRef]], reads: list[int], most: int) -> None:
    layout, refs = packs
    before = len(os.listdir("/dev/fd"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descriptors, "make_room", lambda held: held <= most)
        patch.setattr(pack, "FEW", 0)
        store = ObjectStore(layout, refs)
        opened = [store.pack(ref) for ref in refs]
        for number in reads:
            ((digest, slot),) = opened[number].slots()
            assert b"".join(opened[number].stored_pieces(slot)) == _OBJECTS[number]
            assert store.read(digest) == _OBJECTS[number]
            assert len(os.listdir("/dev/fd")) <= before + most
        store.close()
    assert len(os.listdir("/dev/fd")) == before


def test_one_that_was_closed_and_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for one that was not open yet: the command starts over."""
    layout = new_repo(tmp_path / "root").layout
    refs = [write_pack(layout, [data]) for data in _OBJECTS[:2]]
    monkeypatch.setattr(descriptors, "make_room", lambda held: held <= 1)
    monkeypatch.setattr(pack, "FEW", 0)
    store = ObjectStore(layout, refs)
    store.open_all()
    for ref in refs:
        os.unlink(layout.pack(ref.name))
    assert len(list(store.pack(refs[1]).slots())) == 1
    with pytest.raises(PackGone):
        list(store.pack(refs[0]).slots())
    store.close()


def test_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: -1)
    assert descriptors.make_room(10**9)
