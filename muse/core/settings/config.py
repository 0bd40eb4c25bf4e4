"""Settings: what a person may edit, read so fast that every command can afford it.

There are two files of TOML: `config.toml` of the repository, then the user's. The first that has a key
decides. Keys that muse does not know are kept and ignored: they may be for a newer one. No key names a
program to run: a repository from elsewhere must not be able to start one.

What was parsed is kept in `cache/config` together with the signatures of both files, and is used only while
these are the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from zlib import crc32

from muse.core import io
from muse.core.base import codec
from muse.core.base.errors import Damaged, MuseError, UsageProblem, from_os_error
from muse.core.base.named import NamedTuple
from muse.core.paths import Layout
from muse.core.settings import toml
from muse.core.system import temps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    _Values = dict[str, Any]

REPOSITORY, USER, DEFAULT = "repository", "user", "default"

_CACHE_VERSION = 1

#: Whole numbers have no more digits: what is reckoned with them stays within bounds.
_DIGITS = 9
_WHOLE = f"a whole number of at most {_DIGITS} digits"

#: mtime, ctime, size, inode.
_Signature = tuple[int, int, int, int]
_Files = tuple[_Signature | None, ...]


class Known(NamedTuple):
    """A key that muse understands; its value is a text.

    Attributes:
        default: What holds when no file says anything.
        about: One line for people.
        choices: The values it may have; empty when others will do.
        whole: It must be a whole number; otherwise, without choices, any text will do.
    """

    default: str
    about: str
    choices: tuple[str, ...] = ()
    whole: bool = False


class Setting(NamedTuple):
    """One line of a listing; `source` is "repository", "user" or "default"."""

    key: str
    value: object
    source: str


KNOWN: Mapping[str, Known] = {
    "author.name": Known("", "the name in your commits; empty: as in git, or as the system knows you"),
    "author.email": Known("", "the address in your commits; empty: as in git, or your login here"),
    "durability": Known("full", "whether finished work survives a power cut; off is faster", ("full", "off")),
    "gc.keep": Known("1000", "how many operations `gc` keeps at least", whole=True),
    "gc.days": Known("30", "for how many days `gc` keeps every operation", whole=True),
    "store.publish": Known("link", "how files get their names; set by `init`", ("link", "rename", "lock")),
}


class Settings:
    """The settings in force, as they were when loaded.

    Args:
        repository: Values by dotted key from the repository's file.
        user: The same from the user's file.
    """

    def __init__(self, repository: _Values, user: _Values) -> None:
        self._layers = {REPOSITORY: repository, USER: user}

    @classmethod
    def load(cls, muse_dir: str) -> Settings:
        """Read the settings of the repository whose `.muse` is given. A file that is not there holds none.

        Raises:
            UsageProblem: A file is not TOML.
            MuseError: A file cannot be read, or is not a small regular file.
        """
        layout = Layout(os.path.dirname(muse_dir))
        cache = os.path.join(layout.cache, "config")
        paths = (layout.config, user_file())
        began = time.time_ns()
        files = tuple(_signature(path) for path in paths)
        if files == (None, None):
            return cls({}, {})
        values = _cached(cache, files)
        if values is None:
            values = tuple(_read(path) if seen else {} for path, seen in zip(paths, files, strict=True))
            _remember(cache, files, values, began)
        return cls(*values)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key as the file has it (arrays as tuples, dates as text), or `default`."""
        return next((values[key] for values in self._layers.values() if key in values), default)

    def source(self, key: str) -> str:
        """Who sets a key: "repository", "user" or "default"."""
        return next((source for source, values in self._layers.items() if key in values), DEFAULT)

    def text(self, key: str) -> str:
        """The text of a key, or its known default, or an empty text.

        Raises:
            UsageProblem: What a file has there is no text, or none of the choices.
        """
        known = KNOWN.get(key, Known("", ""))
        value = self.get(key, known.default)
        if not isinstance(value, str):
            raise self._wrong(key, "a text in quotes")
        if known.choices and value not in known.choices:
            raise self._wrong(key, " or ".join(known.choices))
        return value

    def number(self, key: str) -> int:
        """The whole number of a key, or its known default.

        Raises:
            UsageProblem: What a file has there is none, or is below 0.
        """
        value = self.get(key, KNOWN[key].default)
        if _is_number(value):
            return int(str(value)) if _is_whole(value) else 10**_DIGITS - 1  # as good as for ever
        raise self._wrong(key, _WHOLE)

    def items(self) -> list[Setting]:
        """Every key that is known or set, sorted."""
        values: _Values = {key: known.default for key, known in KNOWN.items()}
        for layer in reversed(self._layers.values()):
            values |= layer
        return [Setting(key, value, self.source(key)) for key, value in sorted(values.items())]

    def _wrong(self, key: str, wanted: str) -> UsageProblem:
        message = f"{key} in the settings of the {self.source(key)} is {self.get(key)!r}, not {wanted}"
        return UsageProblem(message, f"Set {key} anew, or edit the file by hand.")


def user_file() -> str:
    """Where the user's own settings are, or would be; a link in their place is followed."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".config")
    return os.path.realpath(os.path.join(base, "muse", "config.toml"))


def set_value(path: str, key: str, value: str, *, durable: bool = True) -> None:
    """Set a known key in a settings file, which is made if need be. All other lines stay as they are.

    Args:
        path: The file.
        key: A key of `KNOWN`.
        value: Its text.
        durable: Whether the change must survive a power cut.

    Raises:
        UsageProblem: There is no such key, it cannot have that value, or the file must be edited by hand.
        SystemTrouble: The system refused; the old file stands.
    """
    known = KNOWN.get(key)
    if known is None:
        raise UsageProblem(f"there is no setting {key}", f"There are: {', '.join(KNOWN)}.")
    if known.choices and value not in known.choices:
        raise UsageProblem(f"{key} cannot be {value}", f"It can be {' or '.join(known.choices)}.")
    if known.whole and not _is_whole(value):
        raise UsageProblem(f"{key} cannot be {value}", f"It can be {_WHOLE}.")
    with _blaming_the_user(path):
        toml.write(path, key, value, durable=durable)


def unset_value(path: str, key: str, *, durable: bool = True) -> bool:
    """Take a key, known or not, out of a settings file. Raises as `set_value` does.

    Returns:
        False when the file does not have it.
    """
    if key not in _read(path):
        return False
    toml.write(path, key, None, durable=durable)
    return True


def _is_whole(value: object) -> bool:
    return _is_number(value) and len(str(value)) <= _DIGITS


def _is_number(value: object) -> bool:
    text = str(value)
    return isinstance(value, int | str) and text.isascii() and text.isdigit()


def _read(path: str) -> _Values:
    with _blaming_the_user(path):
        return toml.read(path)


@contextmanager
def _blaming_the_user(path: str) -> Iterator[None]:
    """Turn damage of the user's own file into a usage problem: `doctor` could not repair it."""
    try:
        yield
    except Damaged as error:
        if path != user_file():
            raise
        raise UsageProblem(error.message, "Move it away: your own settings belong there.") from None


def _signature(path: str) -> _Signature | None:
    """What tells one version of a file from another; None when there is none for us to see."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        raise from_os_error(error, "cannot look at", path) from error
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _cached(path: str, files: _Files) -> tuple[_Values, ...] | None:
    try:
        held = codec.unpack(io.read_file(path, 4 * toml.LIMIT), "the settings cache")
        if held["version"] != _CACHE_VERSION or held["files"] != files:
            return None
        if crc32(held["values"]) != held["check"]:
            return None
        values: tuple[_Values, ...] = codec.unpack(held["values"], "the settings cache")
        return values
    except (MuseError, OSError, KeyError, TypeError):
        return None


def _remember(path: str, files: _Files, values: tuple[_Values, ...], began: int) -> None:
    """Write the cache, unless a file is so new that another change could hide behind the same signature."""
    from muse.core.folder.files import is_racy

    if any(seen and is_racy((*seen, 0), began) for seen in files):
        return
    try:
        packed = codec.pack(values)
        record = {"version": _CACHE_VERSION, "files": files, "check": crc32(packed), "values": packed}
        if not os.path.isdir(os.path.dirname(path)):
            os.mkdir(os.path.dirname(path))
        io.write_atomic(path, codec.pack(record), durable=False, prefix=temps.STAT_CACHE_TEMP)
    except (MuseError, OSError, OverflowError):
        return  # the next command parses again
