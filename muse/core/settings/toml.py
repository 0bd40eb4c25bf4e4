"""Small files of TOML: read into dotted keys, and changed line by line so that comments and order survive.

Only what people write in settings can be changed: keys in tables, whose value is on the same line. So the
change is tried on the text, the result is parsed, and unless it is the old values and the change, exactly,
nothing is written. The parser is imported when there is something to parse: importing it takes longer than
most commands run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from muse.core import io
from muse.core.base.errors import Refused, UsageProblem, from_os_error
from muse.core.system import locks, stale, temps
from muse.core.system.interrupts import Deferral

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: No file of settings has more bytes.
LIMIT = 1 << 20

_TABLE = r"\s*\[([^\[\]]+)\]\s*(?:#.*)?"
_SETTING = r"""(\s*([\w."'-]+)\s*=\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w.:+-]+)(\s*(?:#.*)?)"""
_MANY = "[["


def read(path: str) -> dict[str, Any]:
    """The values of a file by dotted key; none when there is no file.

    A name in a key that is not plain stands in quotes; arrays are tuples, dates are text.

    Raises:
        UsageProblem: The file is not TOML.
        MuseError: It cannot be read, or is not a small regular file.
    """
    return _parse(path, _text(path))


def write(path: str, key: str, value: str | None, *, durable: bool = True) -> None:
    """Change one key of a file, which is made if need be. Who changes another key at the same time waits.

    Ctrl+C while it waits ends it; while it writes, it is held back: what was changed must be told.

    Args:
        path: The file.
        key: A dotted key.
        value: Its text; None removes the key.
        durable: Whether the change must survive a power cut.

    Raises:
        UsageProblem: The file is not TOML, or it must be edited by hand.
        SystemTrouble: The system refused; the old file stands.
        Refused: Somebody else keeps changing it.
    """
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise from_os_error(error, "cannot open the folder of", path) from error
    try:
        _lock(fd, path)
        _sweep(folder)
        _write(path, key, value, durable)
    finally:
        locks.release(fd)


def _sweep(folder: str) -> None:
    """Remove what dead writers left: no other command looks into the folder of the user's settings."""
    with suppress(OSError):
        stale.remove_dead([os.path.join(folder, name) for name in os.listdir(folder) if temps.is_muse_temp(name)])


def _lock(fd: int, path: str) -> None:
    try:
        with suppress(locks.LocksUnsupported):
            if not locks.wait_for_lock(fd, locks.PATIENCE):
                raise Refused(f"another process is changing {path}", "Try again.", kind="locked")
    except OSError as error:
        raise from_os_error(error, "cannot lock the folder of", path) from error


def _write(path: str, key: str, value: str | None, durable: bool) -> None:
    text = _text(path)
    wanted = _parse(path, text)
    wanted.pop(key, None)
    if value is None:
        task, edited = f"remove {key}", _without(text, key)
    else:
        wanted[key] = value
        literal = quoted(value)
        task, edited = f"set {key} to {literal}", _with(text, key, literal)
    try:
        exact = _parse(path, edited) == wanted
    except UsageProblem:
        exact = False
    if not exact:
        raise UsageProblem(f"{path} is written in a way that muse cannot edit", f"Edit it by hand: {task}.")
    deferral = Deferral()
    deferral.begin()
    try:
        io.write_atomic(path, edited.encode(), durable=durable)
    finally:
        deferral.end()


def quoted(text: str) -> str:
    """A text as TOML writes it.

    Raises:
        UsageProblem: It holds bytes that are no characters.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageProblem(f"{text!a} is not text", "Give it in UTF-8.") from None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\0-\x1f\x7f]", lambda char: f"\\u{ord(char[0]):04x}", escaped) + '"'


def _text(path: str) -> str:
    try:
        data = io.read_file(path, LIMIT)
    except FileNotFoundError:
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_toml(path, data.count(b"\n", 0, error.start) + 1, "it is not UTF-8") from None


def _parse(path: str, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return _flat(tomllib.loads(text))
    except RecursionError:
        raise _not_toml(path, 1, "it nests too deeply") from None
    except ValueError as error:
        place = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise _not_toml(path, line, str(error)[: place.start() if place else None]) from None


def _not_toml(path: str, line: int, reason: str) -> UsageProblem:
    hint = "Correct that line by hand, or move the file away."
    return UsageProblem(f"{path}, line {line}, is not TOML: {reason}", hint)


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        key = prefix + (name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"')
        found |= _flat(value, key + ".") if isinstance(value, dict) else {key: _plain(value)}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, bool, int, float)) else str(value)


def _with(text: str, key: str, literal: str) -> str:
    """Set a key in its own line, else below the last line of its table, else in a new table at the end."""
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    table, _, name = key.rpartition(".")
    places = list(_places(lines))
    for at in (at for at, _, found in places if found == key):
        lines[at] = re.sub(_SETTING, lambda line: line[1] + literal + line[3], lines[at])
        return "\n".join(lines)
    last = max((at for at, place, _ in places if place == table), default=None if table else -1)
    if last is not None:
        lines.insert(last + 1, f"{name} = {literal}{end}")
        return "\n".join(lines)
    above = text if not text or text.endswith("\n") else f"{text}{end}\n"
    gap = f"{end}\n" if text else ""
    return f"{above}{gap}[{table}]{end}\n{name} = {literal}{end}\n"


def _without(text: str, key: str) -> str:
    lines = text.split("\n")
    gone = {at for at, _, found in _places(lines) if found == key}
    return "\n".join(line for at, line in enumerate(lines) if at not in gone)


def _places(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """The lines that start a table or set a key: number, table, and the full key or an empty text."""
    table = ""
    for at, line in enumerate(lines):
        if head := re.fullmatch(_TABLE, line):
            table = _bare(head[1])
            yield at, table, ""
        elif line.lstrip().startswith(_MANY):
            table = _MANY  # one of several tables of a name: no place for a setting
        elif found := re.fullmatch(_SETTING, line):
            yield at, table, f"{table}.{_bare(found[2])}".removeprefix(".")


def _bare(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
