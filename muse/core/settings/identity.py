"""Who makes a commit. A commit never fails for lack of a name.

Name and address are found each on its own, in this order: the environment, the settings of muse, those of
git, the system's list of users. git's files are read here and no program is run: `user.name` and `user.email`
of the user's two files, without the files that these include.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from muse.core import io
from muse.core.base.errors import MuseError
from muse.core.commits.records import Author

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.settings.config import Settings

_LIMIT = 1 << 20
_UNKNOWN = "unknown"
_CONTROL = r"[\0-\x1f\x7f-\x9f\u2028\u2029]"
_SECTION = r'\s*\[\s*([\w.-]+)\s*("(?:[^"\\]|\\.)*")?\s*\](.*)'
_KEY = r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=(.*)"
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def author(settings: Settings, environ: Mapping[str, str] = os.environ) -> Author:
    """The author of a commit that is made now: a name and an address, each one line and not empty.

    Args:
        settings: Where `author.name` and `author.email` are looked up.
        environ: The environment: `MUSE_AUTHOR_NAME`, `MUSE_AUTHOR_EMAIL`, and where git's files are.

    Raises:
        UsageProblem: A setting is not a text.
    """
    name = _clean(environ.get("MUSE_AUTHOR_NAME", "")) or _clean(settings.text("author.name"))
    email = _clean(environ.get("MUSE_AUTHOR_EMAIL", "")) or _clean(settings.text("author.email"))
    if not (name and email):
        git = _from_git(environ)
        name, email = name or git.name, email or git.email
    if not (name and email):
        system = _from_system()
        name, email = name or system.name, email or system.email
    return Author(name, email)


def _clean(text: str) -> str:
    """One line of characters that can be shown; bytes that are none become question marks."""
    known = text.encode("utf-8", "replace").decode()
    return " ".join(re.sub(_CONTROL, " ", known).split())


def _from_git(environ: Mapping[str, str]) -> Author:
    home = environ.get("HOME", "")
    base = environ.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else "")
    files = [os.path.join(base, "git", "config")] if base else []
    files += [os.path.join(home, ".gitconfig")] if home else []
    found: dict[str, str] = {}
    for path in files:
        try:
            data = io.read_file(os.path.realpath(path), _LIMIT)
        except (MuseError, OSError):
            continue
        found.update(_user_section(data.decode("utf-8-sig", "replace")))
    return Author(_clean(found.get("name", "")), _clean(found.get("email", "")))


def _user_section(text: str) -> Iterator[tuple[str, str]]:
    """Every key of git's section `[user]` with its value, in order: of two, the last counts."""
    inside = False
    lines = iter(text.split("\n"))
    for line in lines:
        section = re.match(_SECTION, line)
        if section:
            inside = section[1].lower() == "user" and not section[2]
            line = section[3]
        key = re.match(_KEY, line)
        if key:
            rest = key[2]
            while _goes_on(rest):
                rest = rest.rstrip("\r")[:-1] + next(lines, "")
            if inside:
                yield key[1].lower(), _value(rest)


def _goes_on(line: str) -> bool:
    """Whether a value is continued on the next line: it ends with a backslash that nothing escapes."""
    line = line.rstrip("\r")
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _value(raw: str) -> str:
    """A value without its comment, quotes and escapes; spaces at the ends stay."""
    found = []
    quoted = False
    characters = iter(raw)
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            found.append(_ESCAPES.get(escaped, escaped))
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            break
        else:
            found.append(character)
    return "".join(found)


def _from_system() -> Author:
    """The user as the system knows them: the full name, else the login; the login at this host."""
    host = _clean(os.uname().nodename) or "localhost"
    try:
        import pwd

        user = pwd.getpwuid(os.getuid())
    except (ImportError, KeyError):
        return Author(_UNKNOWN, f"{_UNKNOWN}@{host}")
    login = _clean(user.pw_name) or _UNKNOWN
    full = user.pw_gecos.split(",")[0].replace("&", login.capitalize())
    return Author(_clean(full) or login, f"{login}@{host}")
