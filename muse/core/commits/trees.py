"""Trees, one per folder: reading a path, listing, comparing, and changing some paths of a large one.

Cost follows the change: folders with the same digest are never opened.
"""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.commits.records import MAX_RECORD, Columns, Tree, decode_columns, differences, encode_tree
from muse.core.types import FOLDER, Change, Entry, digest_of, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from muse.core.packs.store import ObjectStore

EMPTY = encode_tree({})
EMPTY_DIGEST = digest_of(EMPTY)
_NOTHING = Columns((), "", b"")

#: A path has at most this many folders above its own: a scan goes no deeper, and a tree from elsewhere may not.
DEEPEST = 200


def read_tree(store: ObjectStore, digest: bytes | None) -> Tree:
    """The entries of a folder; None and the empty tree have none."""
    return _read(store, digest).entries()


def _read(store: ObjectStore, digest: bytes | None) -> Columns:
    if digest is None or digest == EMPTY_DIGEST:
        return _NOTHING
    return decode_columns(store.read(digest, MAX_RECORD), f"tree {id_of(digest)}")


def lookup(store: ObjectStore, root: bytes | None, path: str) -> Entry | None:
    """What stands at `path`: a file, a folder, or nothing."""
    entry = Entry(FOLDER, root or EMPTY_DIGEST)
    for name in path.split("/") if path else ():
        found = read_tree(store, entry.digest).get(name) if entry.mode == FOLDER else None
        if found is None:
            return None
        entry = found
    return entry


def file_at(store: ObjectStore, root: bytes | None, path: str) -> Entry | None:
    """The file at `path`; None for a folder or nothing."""
    found = lookup(store, root, path)
    return None if found is None or found.mode == FOLDER else found


def walk(store: ObjectStore, root: bytes | None, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Every file below a tree, as (path, entry), in order of names folder by folder."""
    _check_depth(prefix)
    for name, entry in read_tree(store, root).items():
        path = prefix + name
        if entry.mode == FOLDER:
            yield from walk(store, entry.digest, path + "/")
        else:
            yield path, entry


def compare(store: ObjectStore, old: bytes | None, new: bytes | None, prefix: str = "") -> Iterator[Change]:
    """The files in which two trees differ, in order of paths."""
    if (old or EMPTY_DIGEST) == (new or EMPTY_DIGEST):
        return
    _check_depth(prefix)
    for name, was, now in differences(_read(store, old), _read(store, new)):
        path = prefix + name
        was_folder = was.digest if was is not None and was.mode == FOLDER else None
        now_folder = now.digest if now is not None and now.mode == FOLDER else None
        was_file = was if was_folder is None else None
        now_file = now if now_folder is None else None
        if was_file is not None or now_file is not None:
            yield Change(path, was_file, now_file)
        if was_folder is not None or now_folder is not None:
            yield from compare(store, was_folder, now_folder, path + "/")


def _check_depth(prefix: str) -> None:
    """Refuse a tree that nests so deep that no scan wrote it, before it exhausts the stack."""
    if prefix.count("/") > DEEPEST + 1:
        raise Damaged(f"a tree nests more than {DEEPEST} folders deep", "No muse wrote it: leave that commit alone.")


def update(store: ObjectStore, root: bytes | None, edits: Iterable[tuple[str, Entry | None]]) -> bytes:
    """Lay edits over a tree and add the folders that changed to the store.

    Args:
        edits: (path, entry) for a file that is now there, (path, None) for a file that is gone. A new file takes
            the place of a folder of that name, and the other way round. Empty folders are not kept.

    Returns:
        The digest of the new root.
    """
    nested: dict[str, _Edits] = {}
    for path, entry in edits:
        _nest(nested, path, entry)
    return _update(store, root, nested) or store.add(EMPTY, EMPTY_DIGEST)


_Edits = Entry | None | dict[str, "_Edits"]

#: Among the edits below a folder: a file of the folder's own name is gone. No name is empty.
_ITSELF = ""


def _nest(level: dict[str, _Edits], path: str, entry: Entry | None) -> None:
    """Sort one edit into its folder. What is added wins over what is removed, in whatever order they come."""
    *folders, name = path.split("/")
    for folder in folders:
        below = level.setdefault(folder, {})
        if not isinstance(below, dict):
            if below is not None and entry is None:
                return
            below = level[folder] = {} if below is not None else {_ITSELF: None}
        level = below
    there = level.get(name)
    if entry is None and isinstance(there, dict):
        there[_ITSELF] = None
    elif entry is not None or name not in level:
        level[name] = entry


def _update(store: ObjectStore, folder: bytes | None, edits: Mapping[str, _Edits]) -> bytes | None:
    entries = read_tree(store, folder)
    before = dict(entries)
    for name, edit in edits.items():
        old = entries.get(name)
        below = old.digest if old is not None and old.mode == FOLDER else None
        if isinstance(edit, dict):
            child = _update(store, below, edit)
            gone = below is not None or _ITSELF in edit
            new = Entry(FOLDER, child) if child is not None else (None if gone else old)
        else:
            new = old if edit is None and below else edit
        if new is None or name == _ITSELF:
            entries.pop(name, None)
        else:
            entries[name] = new
    if not entries:
        return None
    if entries == before and folder is not None:
        return folder
    return store.add(encode_tree(entries), like=folder)
