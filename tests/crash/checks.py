"""What must hold after a command was struck: before or after, and never between."""

from __future__ import annotations

import os

from muse.core.folder import folder_state
from muse.core.operations import ops
from muse.core.paths import Layout
from muse.core.system import temps
from muse.testing.repositories import Contents, State, damage, litter, put, read_contents, state_of
from tests import kept
from tests.crash.contents import Edit
from tests.crash.harness import Prepared, Side, Struck, state_in, status_in, type_in

_LEFT = "left alone, as it was changed since: "
#: Where files cannot live without a name, those of writers that may take no lock are spared while they are young.
_GRACE = 0 if hasattr(os, "O_TMPFILE") else temps.GRACE_SECONDS


def is_behind(root: str) -> bool:
    """Whether the command died between its entry and the last of its files."""
    layout = Layout(root)
    return folder_state.is_behind(layout, ops.newest(layout))


def side_of(prepared: Prepared, struck: Struck) -> Side:
    """Which side of the command the repository is on. The folder may be on its way, each file whole."""
    state = state_in(prepared.scenario, struck.root)
    sides = prepared.before, prepared.after
    side = next((side for side in sides if same_history(side.state, state)), None)
    assert side is not None, f"history is neither before nor after: {state.operation}"
    if struck.outcome.out and struck.words == prepared.scenario.command:
        assert side is prepared.after, "answered, and not recorded"
    if side is prepared.before:
        changed = differing(state, side.state)
        assert not changed, f"not recorded, and the folder differs: {changed}"
    for path, (mode, _) in state.contents.items():
        known = [side.state.contents.get(path) for side in sides]
        assert mode == "d" or state.contents[path] in known, f"{path} is neither old nor new"
    for path in prepared.before.state.contents.keys() & prepared.after.state.contents.keys():
        assert path in state.contents or swapped(prepared, path), f"{path} is gone"
    return side


def same_history(one: State, other: State) -> bool:
    """Whether log, view and settings are the same."""
    return one._replace(contents={}) == other._replace(contents={})


def swapped(prepared: Prepared, path: str) -> bool:
    """Whether a folder becomes a file, or a file a folder."""
    return "d" in {side.state.contents[path][0] for side in (prepared.before, prepared.after)}


def differing(one: State, other: State) -> list[str]:
    """The paths in which two folders differ."""
    return sorted(path for path, _ in one.contents.items() ^ other.contents.items())


def check_next_command(prepared: Prepared, struck: Struck, *, empty_folders: bool = False) -> None:
    """`muse status` works, and then everything is on one side; the command can be given again.

    Args:
        empty_folders: Whether some may have stayed; they go before anything is compared.
    """
    side = side_of(prepared, struck)
    if side.status is None:
        check_no_answer(struck.root)
    else:
        behind = is_behind(struck.root)
        status, notes = status_in(struck.root)
        number = state_number(side)
        finished = [f"finished: {prepared.scenario.command[0]} (operation {number})"] if behind else []
        assert notes == finished, f"status begins with {notes} instead of {finished}"
        if empty_folders:
            remove_empty_folders(struck.root)
        check_side(struck.root, side)
        assert status == side.status, f"status says {status}"
    check_again(prepared, struck.root, side)
    check_collected(struck.root)


def check_no_answer(root: str) -> None:
    """Where nothing works yet, the next command says so in two lines, and cleans up."""
    answer = type_in(root, "status")
    assert answer.status in (0, 2, 3), f"status afterwards: {answer}"
    check_words(answer.err)
    assert not litter(root, grace=_GRACE), f"left below .muse: {litter(root)}"


def check_collected(root: str) -> None:
    """gc removes all that is left of what died: packs that nobody names, and operations that do not count."""
    answer = type_in(root, "gc")
    assert answer.status == 0 and not answer.err, f"gc afterwards: {answer}"
    last = kept.newest(root)
    assert kept.packs(root) == {ref.name for ref in last.packs}, "gc leaves packs that nobody names"
    assert ops.numbers(Layout(root)) == [*range(last.oldest, last.number + 1)], "gc leaves operations"
    check_whole(root)


def state_number(side: Side) -> int:
    """The number of the newest operation."""
    return side.state.operation.number if side.state.operation is not None else 0


def remove_empty_folders(root: str) -> None:
    """As a person would."""
    for path, (mode, _) in reversed(read_contents(root).items()):
        if mode == "d" and not os.listdir(os.path.join(root, path)):
            os.rmdir(os.path.join(root, path))


def check_side(root: str, side: Side) -> None:
    """History, view and folder are those of one side, everything can be read, and nothing lies about."""
    state = state_of(root)
    assert same_history(state, side.state), "history is not what it was before the next command"
    assert state.contents == side.state.contents, f"the folder differs: {differing(state, side.state)}"
    assert not is_behind(root), "the folder is not finished"
    check_whole(root)


def check_whole(root: str) -> None:
    """Everything that was ever acknowledged can be read, and nothing lies about."""
    assert not damage(root), f"cannot be read: {damage(root)}"
    assert not litter(root, grace=_GRACE), f"left below .muse: {litter(root)}"


def check_again(prepared: Prepared, root: str, side: Side) -> None:
    """The command given again comes to the end of an undisturbed one; when it was done, it says so or is undone."""
    scenario, done = prepared.scenario, side is prepared.after
    words, wanted = (scenario.then.words, scenario.then.status) if done else (scenario.command, scenario.status)
    answer = type_in(root, *words)
    assert answer.status == wanted, f"`muse {' '.join(words)}` afterwards: {answer}"
    assert bool(answer.err) == (wanted == 2), f"`muse {' '.join(words)}` afterwards: {answer}"
    state, target = state_of(root), prepared.before.state if done and scenario.then.back else prepared.after.state
    if done and scenario.then.back:
        assert state.operation is not None and target.operation is not None
        assert state.operation.view == target.operation.view, "it leads elsewhere"
    else:
        assert same_history(state, target), "history is not what the command makes undisturbed"
    assert state.contents == target.contents, f"the folder differs: {differing(state, target)}"


def check_edited(prepared: Prepared, struck: Struck, edit: Edit) -> None:
    """What a person did after the kill survives and is told; everything else is finished around it."""
    side, behind = side_of(prepared, struck), is_behind(struck.root)
    make(struck.root, edit)
    left = check_survived(struck.root, side, edit)
    if behind:
        assert set(left) == in_the_way(prepared, edit), f"left alone: {left}"


def make(root: str, edit: Edit) -> None:
    """Do what the person does."""
    for path, what in edit.items():
        put(root, path, what)


def check_survived(root: str, side: Side, edit: Edit) -> list[str]:
    """The next command keeps and names the edit, and finishes everything else; the paths that it left alone."""
    assert side.status is not None
    status, notes = status_in(root)
    contents = read_contents(root)
    check_edit(contents, edit)
    expected = {path: what for path, what in side.state.contents.items() if path not in edit}
    others = {path: what for path, what in contents.items() if path not in edit and what[0] != "d"}
    wanted = {path: what for path, what in expected.items() if what[0] != "d"}
    wrong = sorted(path for path, _ in others.items() ^ wanted.items())
    assert not wrong, f"the folder differs: {wrong}"
    left = [note.removeprefix(_LEFT) for note in notes if note.startswith(_LEFT)]
    told = {*left, *(path for key in ("added", "changed", "deleted", "noise") for path in status[key])}
    untold = [path for path in edit if path not in told and contents.get(path) != side.state.contents.get(path)]
    assert not untold, f"status does not name {untold}: {status}, {notes}"
    check_whole(root)
    answer = type_in(root, "undo")
    assert answer.status in (0, 1, 4) and "Traceback" not in answer.err, f"undo afterwards: {answer}"
    check_edit(read_contents(root), edit)
    return left


def check_edit(contents: Contents, edit: Edit) -> None:
    """What the person did is there byte for byte."""
    for path, what in edit.items():
        assert contents.get(path) == what, f"the edit of {path} is lost: {contents.get(path)}"


def in_the_way(prepared: Prepared, edit: Edit) -> set[str]:
    """The paths of an edit that are neither what the command found nor what it wanted."""
    before, after = prepared.before.state.contents, prepared.after.state.contents
    return {
        path
        for path, what in edit.items()
        if before.get(path) != after.get(path) and what not in (before.get(path), after.get(path))
    }


def check_words(err: str) -> None:
    """At most two lines, and no stack trace."""
    assert "Traceback" not in err and len(err.splitlines()) <= 2, f"printed: {err}"
