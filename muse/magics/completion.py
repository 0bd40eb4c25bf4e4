"""What the Tab key offers after `%muse`: verbs, options, branches, tags, ids, settings and paths, also of a commit."""

from __future__ import annotations

import os
import re
from contextlib import suppress

from IPython.core.completer import SimpleCompletion, context_matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_LINE = re.compile(r"\s*(?:[\w.,\s]+=\s*%|%{0,2})muse\s(.*?)((?:\\.|\S)*)")
_UNSAFE = re.compile(r"([^\w@%+=:,./~-])")
_REV_VERBS = frozenset({"checkout", "diff", "show", "log", "branch", "tag", "reset"})
_PATH_VERBS = frozenset({"add", "code", "restore", "diff", "log"})
_ACTIONS = {"op": ("log", "restore"), "code": ("add",), "shelf": ("push", "pop", "list", "drop")}
_RECENT = 20


def register(shell: InteractiveShell) -> None:
    """Complete lines that begin with the magic."""
    shell.Completer.custom_matchers.append(match)


def unregister(shell: InteractiveShell) -> None:
    """Stop."""
    shell.Completer.custom_matchers[:] = [one for one in shell.Completer.custom_matchers if one is not match]


@context_matcher()  # type: ignore[untyped-decorator]  # IPython has no types here
def match(context: CompletionContext) -> SimpleMatcherResult:
    """What may stand where the cursor is; then Python's own completions, which know nothing of it, are left out.

    Never raises: nothing to offer is an answer too.
    """
    line = _LINE.fullmatch(context.text_until_cursor)
    if line is None:
        return {"completions": []}
    before, word = line.groups()
    found: set[str] = set()
    with suppress(Exception):
        found.update(one for one in _offers(before.split(), word) if one.startswith(word))
    completions = [SimpleCompletion(text=one, type="magic") for one in sorted(found)]
    return {"completions": completions, "matched_fragment": word, "suppress": True}


def _offers(before: list[str], word: str) -> Iterator[str]:
    from muse import verbs

    if not before:
        yield from verbs.names()
        return
    verb = before[0]
    if word.startswith("-"):
        yield from _options(verb)
        return
    if len(before) == 1 and verb in _ACTIONS:
        yield from _ACTIONS[verb]
        return
    if verb == "config":
        from muse.core.settings.config import KNOWN

        yield from KNOWN
    if verb == "show" and ":" in word:
        yield from _stored(word)
        return
    if verb in _REV_VERBS or before[-1] == "--from":
        yield from _revisions()
    if verb in _PATH_VERBS or before[:2] == ["shelf", "push"]:
        yield from _paths(word)


def _options(verb: str) -> Iterator[str]:
    from muse import verbs
    from muse.cli.arguments import verb_parser

    for action in verb_parser(verbs.load(verb))._actions:
        yield from action.option_strings


def _revisions() -> Iterator[str]:
    from muse.core.commands.command import reading
    from muse.core.repo import Repo, find_root
    from muse.verbs.log import log

    repo = Repo(find_root())
    names = reading(repo, lambda state: (*state.view.branches, *state.view.tags(state.store)))
    yield "HEAD"
    yield from names
    for entry in log(number=_RECENT, repo=repo):
        yield entry.id.removeprefix("sha256:")[:10]


def _paths(word: str) -> Iterator[str]:
    """Files and folders, with a backslash before what the line would not keep."""
    folder, _, start = _plain(word).rpartition("/")
    for name in os.listdir(folder or "."):
        if name.startswith(start) and not (name.startswith(".") and not start):
            path = f"{folder}/{name}" if folder else name
            yield f"{_typed(path)}/" if os.path.isdir(path) else _typed(path)


def _stored(word: str) -> Iterator[str]:
    """What stands in a folder of a commit, after `REV:`."""
    from muse.core.repo import Repo, find_root
    from muse.verbs._content import FolderResult
    from muse.verbs._lookup import split
    from muse.verbs.show import show

    rev, path = split(word) or (word, "")
    folder, slash, _ = _plain(path).rpartition("/")
    found = show(f"{_plain(rev)}:{folder}", repo=Repo(find_root()))
    if isinstance(found, FolderResult):
        for one in found.entries:
            yield f"{rev}:{_typed(folder + slash + one.name)}{'/' if one.size is None else ''}"


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word)


def _typed(path: str) -> str:
    return _UNSAFE.sub(r"\\\1", path)
