"""From what a person types to paths of the repository."""

from __future__ import annotations

import os

from muse.core.base.errors import UsageProblem
from muse.core.base.names import is_bad, show
from muse.core.repo import current_folder

#: What a shell takes as it is, besides letters and digits.
_PLAIN = "_@%+=:,./~-"


def to_repository(root: str, typed: str) -> str:
    """A typed path, relative to the current folder, as a path from the root with "/"; "" is the root.

    The folders on the way may be links; the last name is taken as it is, as links are kept as links. From outside
    the repository, paths count from its root.

    Raises:
        UsageProblem: It is empty, or leads out of the repository or into `.muse`; or the current folder is gone.
    """
    top = os.path.realpath(root)
    if not typed:
        raise UsageProblem("an empty text is no path", "`.` is the whole of the current folder.")
    if "\0" in typed:
        raise _unfit(typed)
    whole = _resolved(typed, top)
    if not is_below(whole, top):
        raise UsageProblem(f"{show(typed)} is not in this repository", f"Its folder is {show(root)}.")
    path = whole[len(top) :].strip("/")
    if path and any(map(is_bad, path.split("/"))):
        raise _unfit(typed)
    return path


def quoted(word: str) -> str:
    """A word of a command as it is typed, in quotes where a shell would not take it as one."""
    shown = show(word)
    if shown and not shown.startswith("~") and all(char.isalnum() or char in _PLAIN for char in shown):
        return shown
    return "'" + shown.replace("'", "'\"'\"'") + "'"


def _unfit(typed: str) -> UsageProblem:
    return UsageProblem(f"{show(typed)} is not a path that can be versioned", "Name a file of the folder.")


def _resolved(typed: str, top: str) -> str:
    """The absolute path, without links but for the last name; a link from outside to `top` is `top`."""
    here = os.path.realpath(current_folder())
    base = here if is_below(here, top) else top
    whole = os.path.normpath(os.path.join(base, os.path.expanduser(typed)))
    if not is_below(whole, top) and os.path.realpath(whole) == top:
        return top
    return os.path.join(os.path.realpath(os.path.dirname(whole)), os.path.basename(whole))


def is_below(path: str, top: str) -> bool:
    """True when an absolute path is `top` or lies below it."""
    return path == top or path.startswith(top.rstrip("/") + "/")


def is_under(path: str, folder: str) -> bool:
    """True when a path from the root is `folder` or lies below it; everything lies below ""."""
    return not folder or path == folder or path.startswith(folder + "/")
