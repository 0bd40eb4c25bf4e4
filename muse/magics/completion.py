"""What the Tab key offers after `%muse`: verbs, options, branches, ids, settings and paths."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

_KEYS = ("%muse", "%%muse")
_REV_VERBS = frozenset({"checkout", "diff", "show", "log", "branch"})
_PATH_VERBS = frozenset({"add", "code", "restore", "diff"})
_RECENT = 20


def register(shell: InteractiveShell) -> None:
    """Complete lines that begin with the magic."""
    for key in _KEYS:
        shell.set_hook("complete_command", complete, str_key=key)


def unregister(shell: InteractiveShell) -> None:
    """Stop."""
    for key in _KEYS:
        shell.strdispatchers["complete_command"].strs.pop(key, None)


def complete(shell: object, event: object) -> list[str]:
    """What may stand where the cursor is. Never raises: nothing to offer is an answer too."""
    try:
        line, symbol = str(getattr(event, "line", "")), str(getattr(event, "symbol", ""))
        before = line[: len(line) - len(symbol)].split()[1:]
        return sorted({one for one in _offers(before, symbol) if one.startswith(symbol)})
    except Exception:
        return []


def _offers(before: list[str], symbol: str) -> Iterator[str]:
    from muse import verbs

    if not before:
        yield from verbs.names()
        return
    verb = before[0]
    if symbol.startswith("-"):
        yield from _options(verb)
        return
    if verb == "op":
        yield from ("log", "restore")
    elif verb == "config":
        from muse.core.config import KNOWN

        yield from KNOWN
    if verb in _REV_VERBS or (before[-1] == "--from"):
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
    folder, _, start = symbol.rpartition("/")
    for name in os.listdir(folder or "."):
        if name.startswith(start) and not (name.startswith(".") and not start):
            path = f"{folder}/{name}" if folder else name
            yield f"{path}/" if os.path.isdir(path) else path
