"""What the Tab key offers after `%muse`: verbs, options, branches, ids, settings and paths."""

from __future__ import annotations

import os
import re
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

_KEYS = ("%muse", "%%muse")
_ASSIGNMENT = r"\s*\w+\s*=\s*%muse\s"
_TYPED = re.compile(r".*?%{0,2}muse\s+(.*)", re.DOTALL)
_UNSAFE = re.compile(r"([^\w@%+=:,./~-])")
_REV_VERBS = frozenset({"checkout", "diff", "show", "log", "branch"})
_PATH_VERBS = frozenset({"add", "code", "restore", "diff"})
_ACTIONS = {"op": ("log", "restore"), "code": ("add",)}
_RECENT = 20


def register(shell: InteractiveShell) -> None:
    """Complete lines that begin with the magic."""
    for key in _KEYS:
        shell.set_hook("complete_command", complete, str_key=key)
    shell.set_hook("complete_command", complete, re_key=_ASSIGNMENT)


def unregister(shell: InteractiveShell) -> None:
    """Stop."""
    hooks = shell.strdispatchers["complete_command"]
    for key in _KEYS:
        hooks.strs.pop(key, None)
    hooks.regexs.pop(re.compile(_ASSIGNMENT), None)


def complete(shell: object, event: object) -> list[str]:
    """What may stand where the cursor is. Never raises: nothing to offer is an answer too."""
    offers: set[str] = set()
    with suppress(Exception):
        line, symbol = str(getattr(event, "text_until_cursor", "")), str(getattr(event, "symbol", ""))
        typed = _TYPED.fullmatch(line)
        if typed is not None:
            before = typed[1].removesuffix(symbol).split()
            offers.update(one for one in _offers(before, symbol) if one.startswith(symbol))
    return sorted(offers)


def _offers(before: list[str], symbol: str) -> Iterator[str]:
    from muse import verbs

    if not before:
        yield from verbs.names()
        return
    verb = before[0]
    if symbol.startswith("-"):
        yield from _options(verb)
        return
    if len(before) == 1 and verb in _ACTIONS:
        yield from _ACTIONS[verb]
        return
    if verb == "config":
        from muse.core.config import KNOWN

        yield from KNOWN
    if verb in _REV_VERBS or before[-1] == "--from":
        yield from _revisions()
    if verb in _PATH_VERBS:
        yield from _paths(symbol)


def _options(verb: str) -> Iterator[str]:
    from muse import verbs
    from muse.cli.parser import verb_parser

    for action in verb_parser(verbs.load(verb))._actions:
        yield from action.option_strings


def _revisions() -> Iterator[str]:
    from muse.core.command import reading
    from muse.core.repo import Repo, find_root
    from muse.verbs.log import log

    repo = Repo(find_root())
    view = reading(repo, lambda state: state.view)
    yield "HEAD"
    yield from view.branches
    for entry in log(number=_RECENT, repo=repo):
        yield entry.id.removeprefix("sha256:")[:10]


def _paths(symbol: str) -> Iterator[str]:
    """Files and folders, with a backslash before what the line would not keep."""
    folder, _, start = symbol.rpartition("/")
    for name in os.listdir(folder or "."):
        if name.startswith(start) and not (name.startswith(".") and not start):
            path = f"{folder}/{name}" if folder else name
            kept = _UNSAFE.sub(r"\\\1", path)
            yield f"{kept}/" if os.path.isdir(path) else kept
