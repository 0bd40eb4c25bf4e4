"""Show and change settings."""

from __future__ import annotations

import os

from muse.core.base.errors import NotARepository, SystemTrouble, Unconfirmed, UsageProblem
from muse.core.base.named import NamedTuple
from muse.core.repo import Repo, current_folder
from muse.core.settings import config as settings_file
from muse.core.settings.config import Setting
from muse.core.system import syscalls
from muse.display.document import Block, Span, Table, line
from muse.display.result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

EXAMPLE = 'muse config author.name "Ada Lovelace" --user'


class _Fields(NamedTuple):
    did: str
    settings: tuple[Setting, ...]


class ConfigResult(Result, _Fields):
    """Settings in force.

    Attributes:
        did: What was changed, in a sentence; empty when nothing was.
        settings: The settings that were asked for.
    """

    __slots__ = ()

    def blocks(self) -> Iterable[Block]:
        """The answer for people."""
        if self.did:
            return (line(self.did),)
        rows = tuple(
            (Span(one.key, "strong"), Span(str(one.value)), Span(one.source, "dim")) for one in self.settings
        )
        return (Table(rows),)

    def json(self) -> object:
        """The answer for programs."""
        return {"settings": [one._asdict() for one in self.settings]}


def arguments(parser: ArgumentParser) -> None:
    """What can be typed."""
    parser.add_argument("key", nargs="?", help="a setting, as in author.name (all of them)")
    parser.add_argument("value", nargs="?", help="its new value")
    parser.add_argument("--unset", action="store_true", help="go back to the default")
    parser.add_argument("--user", action="store_true", help="for all repositories of this user, not for this one")


def config(
    key: str | None = None,
    value: str | None = None,
    *,
    unset: bool = False,
    user: bool = False,
    repo: Repo | None = None,
) -> ConfigResult:
    """Show settings, or change one.

    Args:
        key: The setting; all of them when not given.
        value: Its new value.
        unset: Go back to the default.
        user: Change it for all repositories of this user.

    Raises:
        UsageProblem: There is no such setting, or it cannot have that value.
    """
    repo = repo or _find(user)
    path = settings_file.user_file() if user else repo.layout.config
    if unset and value is not None:
        raise UsageProblem("--unset takes a setting and no value", f"`muse config --unset {key}` is all it takes.")
    if unset and key is None:
        raise UsageProblem("no setting was named", "`muse config` lists them.")
    if key is not None and (unset or value is not None):
        return _change(repo, path, key, value)
    found = _in_force(repo, key)
    if not found:
        raise UsageProblem(f"there is no setting {key}", "`muse config` lists them.")
    return ConfigResult("", found)


def _change(repo: Repo, path: str, key: str, value: str | None) -> ConfigResult:
    """Set a key, or unset it."""
    did = ""
    try:
        if value is None:
            was_set = settings_file.unset_value(path, key)
            did = f"{key} is back to its default." if was_set else f"{key} was not set."
        else:
            if key == "durability" and os.path.isdir(repo.layout.muse):
                syscalls.sync_file_system(repo.layout.muse)  # what is to come may rest on what nobody has waited for
            settings_file.set_value(path, key, value)
            did = f"Set {key} to {value}."
        return ConfigResult(did, _in_force(repo, key))
    except SystemTrouble as error:
        if not did:
            raise
        raise Unconfirmed(f"done, but {error.message}", error.hint) from error


def _find(user: bool) -> Repo:
    """The repository; the settings of the user can also be changed where there is none."""
    try:
        return Repo.open()
    except NotARepository:
        if not user:
            raise
        return Repo(current_folder())


def _in_force(repo: Repo, key: str | None) -> tuple[Setting, ...]:
    fresh = Repo(repo.root).settings
    return tuple(one for one in fresh.items() if key in (None, one.key))
