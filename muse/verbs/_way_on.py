"""How to work on where something cannot be had any more: what `doctor` names last, and what must work when typed."""

from __future__ import annotations

from muse.core.base.errors import Damaged
from muse.core.types import id_of
from muse.display.words import short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from muse.core.commands.command import State
    from muse.core.damage.findings import Findings
    from muse.core.operations.view import View
    from muse.core.packs.store import ObjectStore

_ANEW = "move `.muse` away, and `muse init` starts anew with the files that are here"


def way_on(state: State, findings: Findings) -> str:
    """What leads on, in words; empty where nothing but single files or old commits is lost."""
    return _whole_commit(state, findings) or _whole_sections(state) or _fewer_operations(findings)


def _whole_commit(state: State, findings: Findings) -> str:
    """The way on where the commit that is checked out is lost, or a tree of it."""
    broken = {one.commit: one.record is None or any(map(_is_folder, one.paths)) for one in findings.broken}
    if state.view.commit is None or not broken.get(state.view.commit):
        return ""
    # What every operation left behind, the newest first.
    seen = [(operation.view.branch, operation.view.commit) for operation in state.operations([])]
    whole = [(branch, commit) for branch, commit in seen if commit is not None and commit not in broken]
    if not whole:
        return _ANEW
    here = state.view.branch
    branch, commit = min(whole, key=lambda one: one[0] != here)  # the newest of this branch, else of any
    where = "here" if branch == here else f"of {branch or 'no branch'}"
    back = f"`muse reset {short_id(id_of(commit))}`"
    return f"{back} goes to the last commit {where} that is whole; the files stay as they are"


def _is_folder(path: str) -> bool:
    return path.endswith("/")


def _whole_sections(state: State) -> str:
    """The way on where the stage, the tags or the shelf are lost."""
    lost = _lost_sections(state.view, state.store)
    if not lost:
        return ""
    if lost == ["stage"] and state.view.commit is not None:
        return "`muse reset` empties the stage, which is lost; the files stay as they are"
    for operation in state.operations([]):
        if not _lost_sections(operation.view, state.store):
            back = f"`muse op restore {operation.number}` goes back to where the {' and the '.join(lost)} can be read"
            return f"{back}, branches and all{_forth(state.view, operation.view)}"
    return _ANEW


def _lost_sections(view: View, store: ObjectStore) -> list[str]:
    """The names of the parts of a view that cannot be read."""
    lost = []
    for name in view.sections:
        try:
            view.section(store, name)
        except Damaged:
            lost.append(name)
    return lost


def _forth(now: View, then: View) -> str:
    """What leads from the older view to the commits of now."""
    words, here = "", now.branch if now.branch == then.branch else None
    if now.commit is not None and now.commit != then.commit:
        verb = "checkout" if here is None else "reset"
        words = f"; `muse {verb} {short_id(id_of(now.commit))}` leads on to the commit that is checked out now"
    others = {name: commit for name, commit in sorted(now.branches.items()) if then.branches.get(name) != commit}
    tips = [f"{name} {short_id(id_of(commit))}" for name, commit in others.items() if name != here]
    return words + (f"; `muse branch NAME ID` names again what was made since: {', '.join(tips)}" if tips else "")


def _fewer_operations(findings: Findings) -> str:
    """The way on where only older operations need what is lost, or are lost."""
    kinds = {problem.kind for problem in findings.problems}
    if "section" in kinds:
        return (
            "all works but `muse gc` and going back there; "
            "`muse gc --forget` drops the operations that need it, and all others but the last"
        )
    return "`muse gc --forget` drops all operations but the last, and the gap with them" if "operation" in kinds else ""
