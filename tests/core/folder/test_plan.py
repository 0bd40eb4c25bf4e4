"""`folder.plan`: what may be done to a folder, decided before anything is."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.base.errors import Refused, SystemTrouble
from muse.core.folder import plan, twins
from muse.core.folder.files import Content
from muse.core.folder.folders import Folders
from muse.core.folder.plan import Plan, Target
from muse.core.packs.pack import HEADER
from muse.core.packs.pack_writer import Incoming
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import Change, Entry
from tests.core import faults
from tests.core.damaged import flip
from tests.core.folders import FIFO, Contents, What, file, put, put_all, read, read_files
from tests.core.stores import new_repo, writable, write_pack

OLD, NEW, MINE = file(b"old"), file(b"new"), file(b"mine")


class Place:
    """A folder and a store for what would be lost."""

    def __init__(self, root: Path) -> None:
        self.layout: Layout = new_repo(root).layout
        self.root = self.layout.root
        self.store: ObjectStore = writable(self.layout)

    def plan(self, *targets: Target, force: bool = False, noise: plan.Noise = lambda path, old, new: False) -> Plan:
        return plan.plan(self.root, self.store, targets, noise, force=force)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder."""
    return Place(tmp_path / "root")


def target(path: str, expected: What | None, after: What | None) -> Target:
    return Target(path, expected.entry if expected else None, after.entry if after else None)


def changes(found: Plan) -> list[tuple[str, str | None, str | None]]:
    """Path, and the modes before and after, of what is planned."""
    return [
        (path, before.mode if before else None, after.mode if after else None)
        for path, before, after in (one.change for one in found.planned)
    ]


@pytest.mark.parametrize(
    ("expected", "stands", "after", "done"),
    [
        (OLD, OLD, NEW, True),
        (OLD, OLD, None, True),
        (None, None, NEW, True),
        (OLD, NEW, NEW, False),
        (OLD, None, None, False),
        (None, None, None, False),
        (OLD, OLD, OLD, False),
        (OLD, OLD, What("x", b"old"), True),
        (What("l", b"a"), What("l", b"a"), NEW, True),
        (OLD, OLD, What("l", b"a"), True),
    ],
)
def test_what_is_as_expected_may_be_changed(
    place: Place, expected: What | None, stands: What | None, after: What | None, done: bool
) -> None:
    put(place.root, "a/f", stands)
    found = place.plan(target("a/f", expected, after))
    assert found.collisions == ()
    wanted = Change("a/f", stands.entry if stands else None, after.entry if after else None)
    assert [one.change for one in found.planned] == ([wanted] if done else [])
    with Folders(place.root) as folders:
        assert all(folders.still("a/f", one.found) for one in found.planned)


@pytest.mark.parametrize(
    ("expected", "stands", "after"),
    [
        (OLD, MINE, NEW),
        (OLD, MINE, None),
        (None, MINE, NEW),
        (None, MINE, None),
        (OLD, None, NEW),
        (OLD, What("x", b"old"), NEW),
        (OLD, What("l", b"old"), NEW),
        (What("l", b"a"), What("l", b"b"), NEW),
    ],
)
def test_uncommitted_work_is_in_the_way(place: Place, expected: What, stands: What | None, after: What | None) -> None:
    put(place.root, "a/f", stands)
    assert place.plan(target("a/f", expected, after)) == Plan((), ("a/f",))
    assert place.store.writer is not None
    assert place.store.writer.size == 0
    forced = place.plan(target("a/f", expected, after), force=True)
    assert forced.collisions == ()
    wanted = Change("a/f", stands.entry if stands else None, after.entry if after else None)
    assert [one.change for one in forced.planned] == [wanted]
    if stands is not None:
        assert place.store.read(stands.entry.digest) == stands.data


def test_noise_is_not_work_and_is_saved(place: Place) -> None:
    asked: list[tuple[str, bytes, bytes]] = []

    def noise(path: str, old: Callable[[], bytes], new: Callable[[], bytes]) -> bool:
        asked.append((path, old(), new()))
        return path == "noisy"

    place.store.add(OLD.data)
    put_all(place.root, {"noisy": MINE, "work": MINE, "same": OLD})
    found = place.plan(*(target(path, OLD, NEW) for path in ("noisy", "work", "same")), noise=noise)
    assert found.collisions == ("work",)
    assert changes(found) == [("noisy", "f", "f"), ("same", "f", "f")]
    assert asked == [("noisy", b"old", b"mine"), ("work", b"old", b"mine")]
    assert place.store.read(MINE.entry.digest) == b"mine"


def test_nobody_is_asked_about_links_and_missing_files(place: Place) -> None:
    put_all(place.root, {"link": What("l", b"x"), "f": MINE})
    found = place.plan(
        target("link", OLD, NEW), target("gone", OLD, NEW), target("f", None, NEW), noise=lambda *arguments: 1 / 0 == 0
    )
    assert found.collisions == ("f", "gone", "link")


# Files and folders in each other's place


def test_a_file_where_a_committed_folder_is(place: Place) -> None:
    put_all(place.root, {"a/x": OLD, "a/b/y": OLD})
    found = place.plan(target("a/x", OLD, None), target("a/b/y", OLD, None), target("a", None, NEW))
    assert found.collisions == ()
    assert sorted(changes(found)) == [("a", None, "f"), ("a/b/y", "f", None), ("a/x", "f", None)]


def test_a_folder_where_a_committed_file_is(place: Place) -> None:
    put(place.root, "a", OLD)
    found = place.plan(target("a/x/y", None, NEW), target("a", OLD, None))
    assert found.collisions == ()
    assert sorted(changes(found)) == [("a", "f", None), ("a/x/y", None, "f")]


@pytest.mark.parametrize("mine", [MINE, What("l", b".."), What("l", b"x"), What(FIFO)])
def test_a_folder_with_work_in_it_is_in_the_way(place: Place, mine: What) -> None:
    put_all(place.root, {"a/x": OLD, "a/b/mine": mine})
    wanted = [target("a/x", OLD, None), target("a", None, NEW)]
    assert place.plan(*wanted).collisions == ("a",)
    forced = place.plan(*wanted, force=True)
    if mine.mode == FIFO:
        assert forced.collisions == ("a/b/mine",)  # it could not be brought back
        return
    assert forced.collisions == ()
    assert {path for path, _, _ in changes(forced)} == {"a", "a/x", "a/b/mine"}
    assert place.store.read(mine.entry.digest) == mine.data


@pytest.mark.parametrize("mark", ["a/.git", "a/.git/config", "a/b/.muse/ops/000000000001", "a/b/c/.muse"])
@pytest.mark.parametrize("force", [False, True])
def test_a_repository_is_in_the_way_of_force_too(place: Place, mark: str, force: bool) -> None:
    put_all(place.root, {"0": MINE, "a/mine": MINE, mark: MINE})
    with pytest.raises(Refused) as refused:
        place.plan(target("0", OLD, NEW), target("a", None, NEW), force=force)
    folder, _, _ = mark.partition("/.")
    assert refused.value.message.startswith(f"{folder} is a repository of its own, in the way of a file")


def test_a_file_with_work_in_it_where_a_folder_must_be(place: Place) -> None:
    put(place.root, "a", MINE)
    wanted = [target("a/x", None, NEW), target("a/b/y", None, NEW)]
    assert place.plan(*wanted).collisions == ("a",)
    forced = place.plan(*wanted, force=True)
    assert changes(forced) == [("a", "f", None), ("a/x", None, "f"), ("a/b/y", None, "f")]
    assert place.store.read(MINE.entry.digest) == b"mine"


def test_a_link_where_a_folder_must_be_is_not_followed(place: Place, tmp_path: Path) -> None:
    put(tmp_path, "outside/x", MINE)
    put(place.root, "a", What("l", os.fsencode(tmp_path / "outside")))
    assert place.plan(target("a/x", OLD, NEW)).collisions == ("a",)
    assert place.plan(target("a/x", OLD, None)) == Plan((), ())
    forced = place.plan(target("a/x", None, NEW), force=True)
    assert changes(forced) == [("a", "l", None), ("a/x", None, "f")]
    assert read_files(tmp_path / "outside") == {"x": MINE}


@pytest.mark.parametrize("what", [What(FIFO), What("d")])
def test_what_cannot_be_kept(place: Place, what: What) -> None:
    put(place.root, "a", what)
    assert place.plan(target("a", None, NEW)).collisions == (() if what.mode == "d" else ("a",))
    assert place.plan(target("a", OLD, None)).collisions == (() if what.mode == "d" else ("a",))


# Refusals


def test_what_is_replaced_is_saved_where_the_stored_copy_is_damaged(place: Place) -> None:
    ref = write_pack(place.layout, [OLD.data])
    put(place.root, "f", OLD)
    for damaged in (False, True):
        if damaged:
            flip(Path(place.layout.pack(ref.name)), HEADER.size)
        store = writable(place.layout, [ref])
        assert plan.plan(place.root, store, [target("f", OLD, NEW)], lambda path, old, new: False).planned
        assert store.writer is not None
        assert (OLD.entry.digest in store.writer) == damaged
        store.close()


def test_what_cannot_be_kept_is_in_the_way_of_force_too(place: Place) -> None:
    put_all(place.root, {"a/pipe": What(FIFO), "a/mine": MINE})
    assert place.plan(target("a", None, NEW), force=True).collisions == ("a/pipe",)


def test_a_file_that_changes_meanwhile_stops_the_plan(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place.root, "f", OLD)
    original = Folders.content

    def late(folders: Folders, path: str, large: Callable[[], Incoming] | None = None) -> Content:
        put(place.root, "f", MINE)
        return original(folders, path, large)

    monkeypatch.setattr(Folders, "content", late)
    with pytest.raises(SystemTrouble, match="f changed while it was read") as refused:
        place.plan(target("f", OLD, NEW))
    assert refused.value.kind == "changing"


def test_a_folder_that_cannot_be_opened_stops_the_plan(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place.root, "a/f", OLD)
    original = os.open

    def refuse(path: str, *arguments: int, **options: int) -> int:
        if path == "a":
            faults.failing(errno.EACCES)()
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SystemTrouble, match="cannot open the folder a: Permission denied"):
        place.plan(target("a/f", OLD, NEW))


@pytest.mark.parametrize(
    ("path", "wanted", "where"),
    [("a/f", NEW, "a"), ("a/f", None, "a"), ("a/new/f", NEW, "a"), ("new/f", NEW, ""), ("link/f", NEW, "")],
)
def test_a_folder_that_may_not_be_changed_stops_the_plan(
    place: Place, monkeypatch: pytest.MonkeyPatch, path: str, wanted: What | None, where: str
) -> None:
    """Begun, it could not be finished; a folder in which nothing changes does not matter."""
    put_all(place.root, {"a/f": OLD, "b/f": OLD, "link": What("l", b"b")})
    targets = [target(path, OLD if path == "a/f" else None, wanted), target("link", What("l", b"b"), None)]
    assert place.plan(*targets).collisions == ()
    closed, access = os.path.join(place.root, where).rstrip("/"), os.access

    def refuse(path: str, mode: int) -> bool:
        return path != closed and access(path, mode)

    monkeypatch.setattr(os, "access", refuse)
    with pytest.raises(SystemTrouble, match=f"cannot change files in {closed}: Permission denied"):
        place.plan(*targets)
    assert len(place.plan(target("b/f", OLD, NEW)).planned) == 1


def test_a_root_behind_a_link_is_looked_at_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the folder of the link may be written to is nobody's business."""
    put_all(place.root, {"f": OLD})
    link = place.root + "-link"
    os.symlink(place.root, link)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != os.path.dirname(link) and access(path, mode))
    found = plan.plan(link, place.store, [target("f", OLD, NEW)], lambda *arguments: False)
    assert len(found.planned) == 1


TWINS: Sequence[Iterable[str]] = [["a", "A"], ["d/\u00e9", "d/e\u0301"], ["D/x", "d/x"], ["stra\u00dfe", "STRASSE"]]


@pytest.mark.parametrize("paths", TWINS)
def test_names_that_are_one_to_the_file_system(place: Place, monkeypatch: pytest.MonkeyPatch, paths: list[str]) -> None:
    targets = [target(path, None, NEW) for path in paths]
    assert place.plan(*targets).collisions == ()
    monkeypatch.setattr(twins, "folds_names", lambda root: True)
    with pytest.raises(Refused, match="are one name on this file system") as refused:
        place.plan(*targets)
    assert refused.value.kind == "name-collision"
    assert place.plan(targets[0], target(paths[1], None, None)).collisions == ()
    assert place.plan(target("x", None, NEW), target("y", None, NEW)).collisions == ()


def test_a_name_whose_case_alone_changes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the disk both paths are one file: it is looked at as the one that goes."""
    put(place.root, "A", OLD)
    renamed = [target("A", OLD, None), target("a", None, NEW)]
    monkeypatch.setattr(twins, "folds_names", lambda root: True)
    find = Folders.find
    monkeypatch.setattr(Folders, "find", lambda self, path: find(self, path.upper()))
    assert changes(place.plan(*renamed)) == [("A", "f", None), ("a", None, "f")]
    put(place.root, "A", MINE)
    assert place.plan(*renamed).collisions == ("A",)
    assert place.plan(target("a", None, NEW)).collisions == ("a",)


# Anything at all

PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)
WHATS = st.sampled_from([OLD, NEW, MINE, What("x", b"old"), What("l", b"a"), What("d"), What(FIFO)])
FILES = st.none() | st.sampled_from([OLD, NEW, What("x", b"old"), What("l", b"a")])


@settings(max_examples=60)
@given(
    stands=st.lists(st.tuples(PATHS, WHATS), max_size=6),
    wanted=st.dictionaries(PATHS, st.tuples(FILES, FILES), max_size=4),
    force=st.booleans(),
)
def test_planning_changes_nothing_and_whatever_is_replaced_is_saved(
    stands: list[tuple[str, What]], wanted: dict[str, tuple[What | None, What | None]], force: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder, "root"))
        for path, what in stands:
            put(place.root, path, what)
        before: Contents = read(place.root)
        found = place.plan(*(target(path, *sides) for path, sides in wanted.items()), force=force)
        assert read(place.root) == before
        for change, _ in found.planned:
            here = before.get(change.path)
            entry: Entry | None = here.entry if here is not None and here.mode in "fxl" else None
            assert change.before == entry
            assert entry is None or place.store.read(entry.digest) == (here.data if here else b"")
            assert force or change.path in wanted
        if not force:
            for path, (expected, after) in wanted.items():
                here = before.get(path)
                work = here is not None and here.mode in "fxl" and here not in (expected, after)
                assert not work or path in found.collisions
        place.store.close()
