"""What people call a commit: `HEAD`, `HEAD~2`, a branch, a tag, the beginning of an id, `@{2 hours ago}`."""

from __future__ import annotations

import re

from muse.core.base import names
from muse.core.base.clock import ago, parse
from muse.core.base.errors import Damaged, MuseError, UsageProblem
from muse.core.commits.dag import ancestor
from muse.core.commits.records import read_commit
from muse.core.types import ID_PREFIX, id_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.commands.command import State

_STEP = re.compile(r"([~^])([0-9]{0,9})")
_AT = re.compile(r"(.*)@\{(.+)\}", re.DOTALL)
_PREFIX = re.compile(r"[0-9a-f]{4,64}")
_BAD_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\{}]|@\{|\.\.|//|^[-/.]|[/.]$|^@$|^HEAD$")


def resolve(state: State, text: str) -> bytes:
    """The digest of the commit that `text` names.

    Raises:
        UsageProblem: It names none, or more than one.
    """
    base, steps = _split(text)
    commit = _base(state, base, text)
    for kind, count in steps:
        if kind == "~":
            commit = _ancestor(state, commit, count, text)
        elif count:
            commit = _parent(state, commit, count, text)
    return commit


def check_name(name: str, what: str) -> str:
    """The name, when a branch or tag may have it.

    Raises:
        UsageProblem: It may not.
    """
    if not name or _BAD_NAME.search(name) or len(names.sort_key(name)) > 200 or any(map(names.is_bad, name.split("/"))):
        raise UsageProblem(
            f"{names.show(name)!r} cannot be the name of a {what}",
            "Use letters, digits, and - _ . / between them.",
        )
    return name


def _split(text: str) -> tuple[str, list[tuple[str, int]]]:
    match = re.search(r"(?:[~^][0-9]{0,9})+$", text)
    if match is None:
        return text, []
    steps = [(kind, int(count) if count else 1) for kind, count in _STEP.findall(match.group())]
    return text[: match.start()], steps


def _ancestor(state: State, commit: bytes, steps: int, text: str) -> bytes:
    found = ancestor(state.store, commit, steps, state.repo.layout.graph_cache)
    if found is None:
        raise _too_far(text)
    return found


def _parent(state: State, commit: bytes, number: int, text: str) -> bytes:
    parents = read_commit(state.store, commit).parents
    if number > len(parents):
        raise _too_far(text)
    return parents[number - 1]


def _too_far(text: str) -> UsageProblem:
    return UsageProblem(f"{text} goes back beyond the first commit", "`muse log` lists the commits there are.")


def _base(state: State, base: str, text: str) -> bytes:
    at = _AT.fullmatch(base)
    if at is not None:
        return _at_time(state, at.group(1), at.group(2))
    view = state.view
    if base in ("HEAD", "@"):
        if view.commit is None:
            raise UsageProblem("there is no commit yet", '`muse commit -m "..."` makes the first one.')
        return view.commit
    damage: list[MuseError] = []  # what cannot be found may be a tag that cannot be read, or in a pack that is damaged
    found = view.branches.get(base) or _tagged(state, base, damage)
    return found if found is not None else _by_prefix(state, base, text, damage)


def _tagged(state: State, name: str, damage: list[MuseError]) -> bytes | None:
    try:
        return state.view.tags(state.store).get(name)
    except Damaged as error:
        damage.append(error)
        return None


def _by_prefix(state: State, base: str, text: str, damage: list[MuseError]) -> bytes:
    digits = base.removeprefix(ID_PREFIX)
    found = []
    for digest in sorted(state.store.starting_with(digits, damage)) if _PREFIX.fullmatch(digits) else ():
        try:
            state.store.read(digest)
        except Damaged as error:
            damage.append(error)
            continue
        try:
            read_commit(state.store, digest)
        except Damaged:
            continue  # a blob or a tree
        found.append(digest)
    if len(found) == 1:
        return found[0]
    if damage and not found:
        raise damage[-1]
    if found:
        listed = ", ".join(id_of(digest)[: len(ID_PREFIX) + 12] for digest in found[:5])
        raise UsageProblem(f"{text} is the beginning of {len(found)} commits", f"Give more digits: {listed}.")
    raise UsageProblem(
        f"{names.show(text)} names no commit",
        "`muse log` lists commits, `muse branch` lists branches.",
        kind="unknown-revision",
    )


def _at_time(state: State, branch: str, when: str) -> bytes:
    """What was checked out (or where a branch was) after the newest operation that is not younger than `when`."""
    moment = ago(when)
    if moment is None:
        raise UsageProblem(f"{when!r} is no moment that muse understands", "Try @{2 hours ago} or @{2026-11-22 14:00}.")
    for operation in state.operations():
        if parse(operation.time) > moment:
            continue
        view = operation.view
        commit = view.commit if branch in ("", "HEAD", "@") else view.branches.get(branch)
        if commit is None:
            break
        return commit
    raise UsageProblem(
        f"there was no commit {f'on {branch} ' if branch else ''}at {when!r}", "`muse op log` lists what happened when."
    )
