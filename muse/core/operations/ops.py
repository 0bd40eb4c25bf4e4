"""The numbered log: the state of a repository is its operation with the highest number.

An entry is created only if its number is free, and never changed. Before it exists nothing has happened; once it
does, everything has. There is no third state, so there is nothing to repair and no lock to leave behind.
"""

from __future__ import annotations

import os
import struct

from muse.core import io
from muse.core.base.codec import pack, unpack
from muse.core.base.errors import Damaged, TooNew, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.commits.records import MAX_RECORD
from muse.core.operations.view import Section, View, decode_changes, decode_section, decode_view, encode_view
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.types import Change, PackRef, digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from muse.core.packs.pack_writer import PackWriter

MAGIC = b"MUSEOPER"
VERSION = 1
#: How often a command starts over when others are faster.
TRIES = 10

_HEADER = struct.Struct(">8sII")
_CHECKSUM = 32
_LIMIT = 256 << 20
_DIGITS = 12
_ID_SIZE = 16
#: The list of a command that changes nothing in the folder.
NO_CHANGES = Section(pack([]))
#: Keys that an operation may lack.
_LATER: dict[str, Any] = {"lost": (), "oldest": 1}
_TYPES = {
    **dict.fromkeys(("number", "folder", "at", "oldest"), int),
    **dict.fromkeys(("write_id", "previous"), bytes),
    **dict.fromkeys(("host", "user", "verb", "time"), str),
    **dict.fromkeys(("args", "redo", "lost"), tuple),
}


class Operation(NamedTuple):
    """The record of one command.

    Attributes:
        number: Its place in the log, from 1.
        write_id: 16 random bytes that tell this write from every other.
        previous: Digest of the entry before it; empty for the first.
        host, user: Where and by whom.
        verb, args: What was typed.
        time: RFC 3339 with offset.
        view: Everything that may change, after the command.
        packs: The packs that make up the store after the command, oldest first.
        retires: Packs that are in the store no longer.
        worktree: What the command changes in the folder, encoded, see `changes`.
        folder: Number of the newest operation, this one included, that changes the folder; 0 when there is none.
        at: Number of the operation whose view this is: its own, unless it is an undo or a redo.
        redo: Numbers of the operations that `redo` would bring back, the next one last.
        lost: Numbers of damaged operations that this one, of `doctor`, stands in for.
        oldest: Number of the oldest operation that is kept. Entries below it do not count.
    """

    number: int
    write_id: bytes
    previous: bytes
    host: str
    user: str
    verb: str
    args: tuple[str, ...]
    time: str
    view: View
    packs: tuple[PackRef, ...]
    retires: tuple[PackRef, ...] = ()
    worktree: Section = NO_CHANGES
    folder: int = 0
    at: int = 0
    redo: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    oldest: int = 1

    @property
    def changes_folder(self) -> bool:
        """True when the command changes files of the folder."""
        return self.folder == self.number

    def changes(self, store: ObjectStore) -> tuple[Change, ...]:
        """What the command changes in the folder."""
        section = self.worktree
        data = store.read(section.digest, MAX_RECORD) if section.digest is not None else section.inline
        return decode_changes(data or b"")

    @property
    def command(self) -> str:
        """What was typed, in one line; words with spaces or quotes in them are quoted."""
        import shlex

        words = (self.verb, *self.args)
        return " ".join([word if word and not set(word) & set(" \t\n'\"") else shlex.quote(word) for word in words])


def encode(operation: Operation) -> bytes:
    """The bytes of an entry: header, record, checksum."""
    value = operation._asdict()
    value["view"] = encode_view(operation.view)
    value["packs"] = [[bytes.fromhex(name), size] for name, size in operation.packs]
    value["retires"] = [[bytes.fromhex(name), size] for name, size in operation.retires]
    body = pack(value)
    head = _HEADER.pack(MAGIC, VERSION, len(body)) + body
    return head + digest_of(head)


def decode(data: bytes, what: str) -> Operation:
    """The operation that these bytes are.

    Raises:
        Damaged: They are not what was written, or a newer muse wrote them.
    """
    if len(data) < _HEADER.size + _CHECKSUM:
        raise Damaged(f"{what} is cut short")
    magic, version, length = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Damaged(f"{what} is not an operation")
    size = _HEADER.size + length + _CHECKSUM
    if digest_of(data[:-_CHECKSUM]) != data[-_CHECKSUM:]:
        raise Damaged(f"{what} is {'cut short' if len(data) < size else 'damaged'}")
    if version > VERSION:
        raise TooNew(what, version)
    if len(data) != size:
        raise Damaged(f"{what} is not an operation")
    value = unpack(data[_HEADER.size : -_CHECKSUM], what)
    try:
        return _decode(value)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Damaged(f"{what} is not an operation") from None


def _decode(value: dict[str, Any]) -> Operation:
    value = {**_LATER, **value}
    known = {name: value[name] for name in Operation._fields}
    if any(type(known[name]) is not kind for name, kind in _TYPES.items()):
        raise ValueError
    if set(map(type, known["args"])) - {str} or set(map(type, (*known["redo"], *known["lost"]))) - {int}:
        raise ValueError
    known["view"] = decode_view(value["view"])
    known["packs"] = tuple([_decode_ref(*ref) for ref in value["packs"]])
    known["retires"] = tuple([_decode_ref(*ref) for ref in value["retires"]])
    known["worktree"] = decode_section(value["worktree"])
    return Operation(**known)


def _decode_ref(name: Any, size: Any) -> PackRef:
    if type(name) is not bytes or len(name) != _ID_SIZE or type(size) is not int or size < 0:
        raise ValueError
    return PackRef(name.hex(), size)


def read(layout: Layout, number: int) -> Operation:
    """Operation `number`.

    Raises:
        FileNotFoundError: There is none.
        Damaged: It is not what was written.
    """
    operation, _ = read_with_digest(layout, number)
    return operation


def read_with_digest(layout: Layout, number: int) -> tuple[Operation, bytes]:
    """Operation `number`, and the digest of its entry."""
    path, data = layout.operation(number), stored(layout, number)
    operation = decode(data, f"operation {number} ({path})")
    if operation.number != number:
        raise Damaged(f"operation {number} ({path}) holds operation {operation.number}")
    return operation, digest_of(data)


def stored(layout: Layout, number: int) -> bytes:
    """The bytes of an entry, whole or not, without what was appended to its file since. Raises as `io.read_file`."""
    data = io.read_file(layout.operation(number), _LIMIT)
    if len(data) < _HEADER.size:
        return data
    magic, version, length = _HEADER.unpack_from(data)
    known = (magic, version) == (MAGIC, VERSION)  # another version may say elsewhere how long it is
    return data[: _HEADER.size + length + _CHECKSUM] if known else data


def digest(layout: Layout, number: int) -> bytes:
    """The digest of an entry as it stands, whole or not; empty where something else stands there.

    Raises:
        FileNotFoundError: There is no such entry.
    """
    try:
        return digest_of(stored(layout, number))
    except Damaged:
        return b""


def newest_number(layout: Layout) -> int:
    """The highest number in the log; 0 when the log is empty."""
    return _end(layout)[0]


def _end(layout: Layout) -> tuple[int, int]:
    """The highest number in the log, and the hint.

    Starts at the hint in `HEAD` and probes upwards; lists the folder only when the hint is no help. That goes for one
    that leads to an entry without another before it: a gc has been there, and that entry may be one that a writer,
    suspended since, has just made on what is gone, see `muse.core.operations.entry`.
    """
    hint = hinted(layout)
    number = _last_from(layout, hint) if hint else 0
    if number <= 1 or not _stands(layout, number) or not _stands(layout, number - 1):
        number = _last_from(layout, max(numbers(layout), default=0))
        if not number:
            _check_empty(layout, hint)
    return number, hint


def _check_empty(layout: Layout, hint: int) -> None:
    """Look whether a log that is empty always was: else a command would begin a new one, and gc would end the old.

    A pack that is young may be of the first command of all, which is at work or was killed; one with a commit that
    follows another is not.

    Raises:
        Damaged: It was not.
    """
    if hint:
        raise Damaged(f"HEAD names operation {hint}, and there is none at all in {layout.ops}")
    if not os.path.lexists(layout.config):
        return
    from muse.core.damage.rescue import may_be_first

    if not may_be_first(layout):
        raise Damaged(f"the log of this repository is gone: there are packs, and no operation in {layout.ops}")


def _last_from(layout: Layout, number: int) -> int:
    while _stands(layout, number + 1):
        number += 1
    return number


def _stands(layout: Layout, number: int) -> bool:
    return os.path.lexists(layout.operation(number))


class Latest(NamedTuple):
    """Where the log ends.

    Attributes:
        operation: The newest operation; None in a repository without history.
        gone: The later one that `HEAD` has named for some time, and that is not there; else 0.
    """

    operation: Operation | None
    gone: int


def newest(layout: Layout) -> Operation | None:
    """The newest operation; None in a repository without history."""
    return latest(layout).operation


def latest(layout: Layout) -> Latest:
    """The newest operation, and whether there was a later one."""
    for _ in range(TRIES):
        number, hint = _end(layout)
        try:
            operation = read(layout, number) if number else None
            return Latest(operation, hint if hint > number and _is_missed(layout, hint) else 0)
        except FileNotFoundError:
            continue  # a gc has dropped it meanwhile
    raise Damaged(f"operation {number} is missing from the log")


def _is_missed(layout: Layout, hint: int) -> bool:
    """Whether an entry that `HEAD` names is not there.

    A command makes its entry before it names it. On a network another machine may see the name first, for a while.
    """
    from muse.core.system.stale import is_young

    return not _stands(layout, hint) and not is_young(layout.head)


def open_store(
    layout: Layout, operation: Operation | None, writer: PackWriter | None = None, own: tuple[PackRef, ...] = ()
) -> ObjectStore:
    """The objects that a command on `operation`, the newest, can see: its packs, and those that are its own."""
    if operation is None:
        return ObjectStore(layout, own, writer)
    number = operation.number
    return ObjectStore(layout, (*operation.packs, *own), writer, lambda: newest_number(layout) == number)


def numbers(layout: Layout, oldest: int = 1) -> list[int]:
    """Every number in the log from `oldest` up, in order. Only names of exactly 12 digits count."""
    try:
        names = os.listdir(layout.ops)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, "cannot list", layout.ops) from error
    found = (int(name) for name in names if len(name) == _DIGITS and name.isascii() and name.isdigit())
    return sorted(number for number in found if number >= oldest)


def drop(layout: Layout, oldest: int) -> None:
    """Remove the entries below `oldest`, from the lowest up, so that what is left is always without a gap."""
    for number in numbers(layout):
        if number >= oldest:
            break
        io.remove_quietly(layout.operation(number))


def hinted(layout: Layout) -> int:
    """The number that `HEAD` names; 0 when it names none."""
    try:
        word, _, digits = io.read_file(layout.head, 1 << 16).split(b"\n", 1)[0].partition(b" ")
        return int(digits) if word == b"operation" and digits.isdigit() and len(digits) <= _DIGITS else 0
    except Exception:
        return 0  # whatever stands there, it is only a hint


def head(operation: Operation) -> bytes:
    """The hint, with branch and commit as text for people and prompts."""
    view = operation.view
    lines = [f"operation {operation.number}", f"branch {view.branch or '(none)'}"]
    lines.append(f"commit {'sha256:' + view.commit.hex() if view.commit else '(none)'}")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def write_head(layout: Layout, operation: Operation, *, durable: bool = False) -> None:
    """Write the hint, unless a later command was faster."""
    hint = hinted(layout)
    if hint > operation.number and _stands(layout, hint):
        return
    io.write_atomic(layout.head, head(operation), durable=durable)
