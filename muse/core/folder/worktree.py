"""Changing the files of the folder so that a crash leaves each whole, and the next command can finish.

The operation that is on record says what the folder is to become: a list of (path, before, after). New contents are
first written below `.muse/restore/`, so a full disk shows before anything has changed. After the entry is durable,
the files are put in place one by one. `applied` then says how far the folder is. Whoever comes after a crash
compares contents with the list: what still is `before` becomes `after`, what is neither was changed by a person
and is left alone.
"""

from __future__ import annotations

import errno
import os

from muse.core import io
from muse.core.base import progress
from muse.core.base.errors import Damaged, MuseError, Unconfirmed, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.base.names import show
from muse.core.folder import folder_state, placing
from muse.core.folder.folders import Blocked, Folders, Found
from muse.core.system import crowd, syscalls
from muse.core.system.interrupts import Deferral
from muse.core.types import EXECUTABLE, LINK, Change, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from muse.core.operations.ops import Operation
    from muse.core.packs.store import ObjectStore
    from muse.core.paths import Layout


_MB = 10**6
#: A file that is mounted, marked as immutable, or somebody else's in a sticky folder; a name that cannot be there: the
#: others need not wait for it.
_STUCK = {errno.EBUSY, errno.EPERM, errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}


class Planned(NamedTuple):
    """A change, and what stood at its path when it was decided."""

    change: Change
    found: Found


class Resumed(NamedTuple):
    """What a command finished for one that died: the operation, and the paths it left alone."""

    operation: Operation
    left: tuple[str, ...]


class Staging:
    """New contents, written and durable below `.muse/restore/`, waiting to be renamed into place.

    They lie side by side in that one folder, which stays: in a folder that was just made, ext4 takes five times as
    long to make a file, as it looks for room in another part of the disk.

    Args:
        layout: The repository.
        write_id: Hexadecimal, unique to this attempt.
        durable: Whether the contents must be on the disk before the operation is.
    """

    def __init__(self, layout: Layout, write_id: str, *, durable: bool) -> None:
        self._folder, self._write_id = layout.restore, write_id
        self._durable = durable
        self._files: dict[str, str] = {}

    def write(self, changes: Sequence[Change], store: ObjectStore) -> None:
        """Write the `after` of every change.

        Raises:
            SystemTrouble: The disk is full, say; nothing has changed.
        """
        wanted = [change for change in changes if change.after is not None]
        if not changes:
            return
        try:
            if not os.path.isdir(self._folder):
                os.mkdir(self._folder)
            for number, change in enumerate(wanted):
                assert change.after is not None
                progress.report("writing files", number, len(wanted))
                path = self._files[change.path] = os.path.join(self._folder, f"{self._write_id}-{number}")
                self._write(path, change.after, store, each=len(wanted) < crowd.MANY)
            if len(wanted) >= crowd.MANY and self._durable and not syscalls.sync_file_system(self._folder):
                for change in wanted:
                    _sync_file(self._files[change.path])
        except OSError as error:
            doing = "cannot write" if error.filename2 is None else "cannot make a link in"
            raise from_os_error(error, doing, self._folder) from error

    def _write(self, path: str, entry: Entry, store: ObjectStore, *, each: bool) -> None:
        if entry.mode == LINK:
            data = store.read(entry.digest)
            if not data or b"\0" in data:
                raise Damaged(f"a link with the target {data!r} cannot be made")
            os.symlink(data, path)
            return
        bits = 0o777 if entry.mode == EXECUTABLE else 0o666
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, bits)
        try:
            done = 0
            for piece in store.pieces(entry.digest):
                if done:
                    progress.report("writing a large file, MB", done // _MB)
                io.write_all(fd, piece)
                done += len(piece)
            if each and self._durable:
                io.sync(fd)
        finally:
            os.close(fd)

    def path(self, path: str) -> str:
        """Where the new content for `path` waits."""
        return self._files[path]

    def aside(self, path: str) -> str:
        """Where the file at `path` may be moved, to be removed by `discard`."""
        return self._files.setdefault(path, os.path.join(self._folder, f"{self._write_id}-{len(self._files)}"))

    def discard(self) -> None:
        """Remove what was not put in place, and the old files that made way."""
        crowd.share(io.remove_quietly, list(self._files.values()))


def _sync_file(path: str) -> None:
    if os.path.islink(path):
        return  # it is durable with the folder that it goes to
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        io.sync(fd)
    finally:
        os.close(fd)


def put_in_place(
    root: str, planned: Sequence[Planned], staging: Staging, *, durable: bool, done: Iterable[str] = ()
) -> tuple[str, ...]:
    """Bring the files of the folder to what the operation says: removals first, then new contents.

    Args:
        root: The folder.
        planned: What to do where.
        staging: Where the new contents wait.
        durable: Whether the changes must be on the disk at the end.
        done: Paths that a command which died has changed already; what it left to do in their folders is done.

    Returns:
        The paths that somebody changed meanwhile, and which were left alone.

    Raises:
        Unconfirmed: The system refused half-way; the next command goes on from there.
    """
    left: list[str] = []
    touched = {path.rpartition("/")[0] for path in done}
    removals = [plan for plan in planned if plan.change.after is None]
    writes = [plan for plan in planned if plan.change.after is not None]
    path = ""
    try:
        with Folders(root) as folders:
            for path, plan in sorted(((plan.change.path, plan) for plan in removals), reverse=True):
                if not _change(folders, plan, staging, touched, durable):
                    left.append(path)
            _remove_empty(folders, touched)
            for path in [plan.change.path for plan in writes if plan.found.entry is None]:
                _clear_empty(folders, root, path)
            for path, plan in sorted((plan.change.path, plan) for plan in writes):
                if not _change(folders, plan, staging, touched, durable):
                    left.append(path)
            touched |= folders.made_in
            if durable:
                _sync_folders(folders, root, touched)
    except (OSError, MuseError) as error:
        reason = error.message if isinstance(error, MuseError) else os.strerror(error.errno or 0)
        raise Unconfirmed(
            f"recorded, but {show(path)} could not be changed: {reason}",
            "Mend that; the next muse command finishes the rest.",
        ) from error
    return tuple(sorted(left))


def _change(folders: Folders, plan: Planned, staging: Staging, touched: set[str], durable: bool) -> bool:
    """Take one file away or put one in place; False when somebody else has changed it."""
    (path, _, after), found = plan
    folder, _, name = path.rpartition("/")
    if not folders.still(path, found):
        return False
    touched.add(folder)
    deferral = Deferral()
    deferral.begin()  # a file that was taken is looked at again, whatever happens
    try:
        if after is None:
            placing.remove(staging.aside(path), folders.open(folder), name, found)
        else:
            placing.put(staging.path(path), folders.open(folder, create=True), name, found, durable=durable)
    except FileNotFoundError:
        if after is not None:
            raise
    except Blocked:
        return after is None
    except (placing.Changed, IsADirectoryError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno not in _STUCK:
            raise
        return False
    finally:
        deferral.cancel()
    return True


def _remove_empty(folders: Folders, touched: set[str]) -> None:
    """Remove the folders that the removals emptied, from the deepest up, but for the one that the process is in.

    A kernel or a shell whose current folder is gone can run nothing any more, not even `muse undo`.
    """
    pending = sorted(touched, key=lambda folder: folder.count("/"), reverse=True)
    for folder in pending:
        while folder:
            above, _, name = folder.rpartition("/")
            try:
                if _is_current(name, folders.open(above)):
                    break
                os.rmdir(name, dir_fd=folders.open(above))
            except FileNotFoundError:
                pass  # gone already
            except (OSError, MuseError, Blocked):
                break  # not empty
            touched.discard(folder)
            touched.add(above)
            folder = above
    folders.forget()


def _is_current(name: str, dir_fd: int) -> bool:
    return os.path.samestat(os.stat(name, dir_fd=dir_fd, follow_symlinks=False), os.stat(os.curdir))


def _clear_empty(folders: Folders, root: str, path: str) -> None:
    """Remove a folder that stands where a file goes, as far as there is no file in it."""
    if folders.is_folder(path):
        folders.forget()
        for folder, _, _ in os.walk(os.path.join(root, path), topdown=False):
            try:
                os.rmdir(folder)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, *_STUCK):
                    raise  # not for somebody's file in it: nobody changed it, and the next command tries again
                break


def _sync_folders(folders: Folders, root: str, touched: Iterable[str]) -> None:
    """Make the names in folders durable; some may lie on another disk than the root, or deeper than a path can say."""
    touched = sorted(touched)
    at_once = len(touched) >= crowd.MANY and syscalls.sync_file_system(root)
    here = os.stat(root).st_dev
    for folder in touched:
        try:
            fd = folders.open(folder)
        except (FileNotFoundError, Blocked):
            continue
        if not at_once or os.fstat(fd).st_dev != here:
            io.sync_names(fd)


def resume(layout: Layout, operation: Operation, store: ObjectStore, *, durable: bool) -> Resumed:
    """Finish what `operation`, whose command died, says of the folder. The exclusive lock is held.

    Contents are compared with its list, so this can itself die and be done again.

    Raises:
        SystemTrouble: The system refused; the folder is as it was, or further.
    """
    from muse.core.folder import twins

    planned: list[Planned] = []
    done: list[str] = []
    left: list[str] = []
    changes = operation.changes(store)
    absent = twins.misspelt(layout.root, [change.path for change in changes])
    with Folders(layout.root) as folders:
        for change in changes:
            found = Found(None) if change.path in absent else folders.find(change.path)
            if found.entry == change.after:
                done.append(change.path)
            elif found.folder and change.before is None:
                planned.append(Planned(change, Found(None)))  # removals of the same list may empty that folder
            elif found.entry == change.before and (found.seen is None or found.entry is not None):
                planned.append(Planned(change, found))
            else:
                left.append(change.path)
        _forget_copies(folders, changes)
    staging = Staging(layout, os.urandom(16).hex(), durable=durable)
    try:
        staging.write([plan.change for plan in planned], store)
        left += put_in_place(layout.root, planned, staging, durable=durable, done=done)
        folder_state.set_applied(layout, operation.number, durable=durable)
    finally:
        staging.discard()
    return Resumed(operation, tuple(sorted(left)))


def _forget_copies(folders: Folders, changes: Iterable[Change]) -> None:
    """Remove what the command that died had copied beside files on other mounts, or had taken from there."""
    from muse.core.folder import beside

    for change in changes:
        folder, _, name = change.path.rpartition("/")
        try:
            beside.forget(folders.open(folder), name)
        except (FileNotFoundError, Blocked):
            continue


def clear_restore(layout: Layout) -> None:
    """Remove what dead commands left below `.muse/restore/`. The exclusive lock is held."""
    crowd.share(_remove_left, [os.path.join(layout.restore, name) for name in folder_state.leftovers(layout)])


def _remove_left(path: str) -> None:
    """Remove a file, or a folder of files; what cannot be removed waits for the next command.

    A link is removed, and what it points to is not looked at.
    """
    try:
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            return
        for name in os.listdir(path):
            os.unlink(os.path.join(path, name))
        os.rmdir(path)
    except OSError:
        return
