"""What in the folder differs from the commit that is checked out, noise told apart from work."""

from __future__ import annotations

from muse.core import stat_cache
from muse.core.base.errors import Changing, Damaged, MuseError, SystemTrouble
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.folder import scan
from muse.core.folder.files import Content, NotAFile
from muse.core.folder.folders import Blocked, Folders
from muse.core.types import LINK, Change, Entry
from muse.verbs import _saving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import TypeVar

    from muse.core.commands.command import State
    from muse.core.operations.view import Stage
    from muse.core.packs.store import ObjectStore

    T = TypeVar("T")

class Work(NamedTuple):
    """The folder against the commit that is checked out.

    Attributes:
        tree: The tree of that commit; None before the first.
        changes: Files with work in them.
        noise: Notebooks that differ by noise alone.
        skipped: What was left out, and why.
        troubles: What could not be read.
        warnings: Lines for the answer.
    """

    tree: bytes | None
    changes: tuple[Change, ...]
    noise: tuple[Change, ...]
    skipped: tuple[scan.Skipped, ...]
    troubles: tuple[MuseError, ...]
    warnings: tuple[str, ...]


def look(
    state: State, *, staged: Collection[str] = (), storing: bool = False, within: Collection[str] = ("",)
) -> Work:
    """Compare the folder with what is checked out.

    Args:
        state: The repository.
        staged: Paths that are tracked though not committed.
        storing: Whether the contents of `changes` go into the store as they are read.
        within: Files and folders: what lies elsewhere is not looked at; "" is everything.
    """
    return _Look(state, staged, storing, within).run()


def staged_changes(store: ObjectStore, tree: bytes | None, stage: Stage) -> tuple[Change, ...]:
    """What is staged, against the tree of the commit that is checked out."""
    return tuple(Change(path, trees.file_at(store, tree, path), entry) for path, entry in stage.items())


def is_notebook(path: str) -> bool:
    """True when the name says that a file is a notebook."""
    return path.endswith(".ipynb")


def differs_by_noise(path: str, old: Entry | None, new: Entry | None) -> bool:
    """Whether two entries can differ by noise alone, as far as their modes tell."""
    return is_notebook(path) and old is not None and new is not None and old.mode == new.mode != LINK


def is_noise(state: State, folders: Folders, change: Change) -> bool:
    """Whether what stands in the folder differs by noise alone from what is stored."""
    old, new = change.before, change.after
    if not differs_by_noise(change.path, old, new):
        return False
    assert old is not None and new is not None
    return same_but_noise(
        change.path,
        lambda: state.store.read(old.digest),
        lambda: read_as(folders, change.path, new, exact=not state.final),
    )


def same_but_noise(path: str, old: Callable[[], bytes], new: Callable[[], bytes]) -> bool:
    """Whether two versions of a file differ by noise alone; of one that is lost nobody can say so."""
    if not is_notebook(path):
        return False
    from muse.notebook import noise

    try:
        return noise.same_but_noise(old(), new())
    except Damaged:
        return False


def essence_of(raw: bytes) -> bytes:
    """What is left of a notebook without noise, as a digest; empty for what is no notebook."""
    from muse.notebook.model import NotANotebook, read
    from muse.notebook.noise import essence

    try:
        return essence(read(raw))
    except NotANotebook:
        return b""


class _Look:
    def __init__(self, state: State, staged: Collection[str], storing: bool, within: Collection[str]) -> None:
        self.state, self.staged, self.storing, self.within = state, staged, storing, within
        self.root, self.store = state.repo.root, state.store
        self.tree = tree_of(self.store, state.view.commit)
        self.cache = stat_cache.open_cache(state.repo.layout.stat_cache)
        self.held: dict[str, tuple[Entry, bytes]] = {}
        self.whole: dict[tuple[str, Entry], bool] = {}
        self.warnings: list[str] = []

    def run(self) -> Work:
        found = self._settled_scan()
        changes: list[Change] = []
        noise: list[Change] = []
        with Folders(self.root) as folders:
            for change in found.changes:
                if self._is_noise(folders, change):
                    noise.append(change)
                    continue
                if self.storing and change.after is not None:
                    self._store(folders, change)
                changes.append(change)
        stat_cache.close_cache(self.cache)
        return Work(
            self.tree, tuple(changes), tuple(noise), found.skipped, found.troubles, tuple(self.warnings)
        )

    def _scan(self) -> scan.Scan:
        sink = self._take if self.storing else None
        return scan.scan(
            self.root, self.store, self.tree, self.cache, staged=self.staged, sink=sink, within=self.within
        )

    def _settled_scan(self) -> scan.Scan:
        """Scan, and wait for notebooks that are being saved."""
        found, warnings = _saving.once_saved(
            self._scan,
            lambda found: [change.path for change in found.changes if self._is_being_saved(change)],
            _saving.Patience(),
        )
        self.warnings += warnings
        return found

    def _is_being_saved(self, change: Change) -> bool:
        path, before, after = change
        if after is None or not is_notebook(path):
            return False
        return _saving.is_being_saved(
            self.root, path, after, lambda: self.storing and self._is_cut(path, before, after)
        )

    def _is_cut(self, path: str, before: Entry | None, after: Entry) -> bool:
        """Whether a commit would hold only the beginning of a notebook."""
        if (path, after) not in self.whole:
            try:
                with Folders(self.root) as folders:
                    self._note_end(path, before, after, self._bytes(folders, path, after))
            except SystemTrouble:
                return True  # it has changed since
        return not self.whole[path, after]

    def _note_end(self, path: str, before: Entry | None, after: Entry, raw: bytes) -> None:
        self.whole[path, after] = not _saving.is_beginning(raw, before)

    def _take(self, path: str, before: Entry | None, content: Content) -> None:
        if content.data is not None and is_notebook(path) and _saving.is_new(self.root, path):
            self._note_end(path, before, content.entry, content.data)
        if content.data is not None and differs_by_noise(path, before, content.entry):
            self.held[path] = (content.entry, content.data)
        else:
            content.put_into(self.store, before.digest if before is not None else None)

    def _is_noise(self, folders: Folders, change: Change) -> bool:
        old, new = change.before, change.after
        if not differs_by_noise(change.path, old, new):
            return False
        assert old is not None and new is not None
        try:
            left = self._essence(new.digest, lambda: self._bytes(folders, change.path, new))
        except Changing:
            if not self.state.final:
                raise
            return False
        try:
            return left != b"" and left == self._essence(old.digest, lambda: self.store.read(old.digest))
        except Damaged:
            return False  # all of it is work, then

    def _essence(self, digest: bytes, read: Callable[[], bytes]) -> bytes:
        """What is left of a notebook without noise; nothing for what is no notebook."""
        known = self.cache.essence(digest)
        if known is None:
            known = essence_of(read())
            self.cache.set_essence(digest, known)
        return known

    def _store(self, folders: Folders, change: Change) -> None:
        path, before, after = change
        assert after is not None
        if self.store.holds_whole(after.digest):
            return
        like = before.digest if before is not None else None
        held = self.held.get(path)
        if held is not None and held[0] == after:
            self.store.add(held[1], after.digest, like)
        else:
            self._as_seen(path, lambda: store_as(self.store, folders, path, after, like))

    def _bytes(self, folders: Folders, path: str, entry: Entry) -> bytes:
        held = self.held.get(path)
        if held is not None and held[0] == entry:
            return held[1]
        return self._as_seen(path, lambda: read_as(folders, path, entry))

    def _as_seen(self, path: str, read: Callable[[], T]) -> T:
        """Read a file that was seen to be something. Where it is not, the cache may have said so: it forgets it."""
        try:
            return read()
        except Changing:
            self.cache.forget(path.rpartition("/")[0])
            self.cache.save()
            raise


def store_as(store: ObjectStore, folders: Folders, path: str, entry: Entry, like: bytes | None) -> None:
    """Put a file that was seen to be `entry` into the store.

    Raises:
        SystemTrouble: It is not any more.
    """
    try:
        content = folders.content(path, store.incoming)
    except (FileNotFoundError, NotAFile, Blocked):
        content = None
    if content is None or content.entry.digest != entry.digest:
        if content is not None and content.incoming is not None:
            content.incoming.discard()
        raise _changed(path)
    content.put_into(store, like)


def read_as(folders: Folders, path: str, entry: Entry, *, exact: bool = True) -> bytes:
    """The bytes of a file that were seen to be `entry`.

    Args:
        exact: Whether it must still be so; otherwise what is there now is as good, and nothing when it is gone.

    Raises:
        Changing: They are not any more.
        SystemTrouble: They cannot be read.
    """
    from muse.core.types import digest_of

    try:
        data = folders.read(path)
    except (FileNotFoundError, NotAFile, Blocked):
        data = b""
    if exact and digest_of(data) != entry.digest:
        raise _changed(path)
    return data


def _changed(path: str) -> Changing:
    message = f"{show(path)} changed while it was read"
    return Changing(message, "Nothing was changed; try again.")
