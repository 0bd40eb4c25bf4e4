"""Whatever is typed in whatever order: the folder, the stage and the history are as a plain model says.

And nothing is ever lost: every content that a command replaced or removed is still in a pack.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from muse.core.types import digest_of
from muse.testing import repositories
from tests.commands import Answer, muse, saved
from tests.properties.model import (
    Changes,
    Collision,
    File,
    Op,
    Targets,
    Tree,
    View,
    above,
    below,
    compare,
    plan,
    put,
    same_but_noise,
)
from tests.properties.strategies import BRANCHES, FOLDERS, changes, file_paths, forces


class Verbs(RuleBasedStateMachine):
    """A folder, what is typed in it, and what should come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.before = os.getcwd()
        self.root = Path(tempfile.mkdtemp())
        os.chdir(self.root)
        self.disk: Tree = {}
        self.trees: dict[str | None, Tree] = {None: {}}
        self.parents: dict[str, list[str]] = {}
        self.view = View("main", None, {}, {})
        self.ops: list[Op] = []
        self.lost: set[bytes] = set()

    def teardown(self) -> None:
        os.chdir(self.before)
        shutil.rmtree(self.root)

    @initialize()
    def init(self) -> None:
        assert muse("init").status == 0
        self._done(self.view, {})
        muse("config", "durability", "off")

    # What people do to the files.

    @rule(changes=changes)
    def write(self, changes: list[tuple[str, File]]) -> None:
        for path, file in changes:
            for other in above(path):
                if other in self.disk:
                    repositories.put(".", other, None)
            repositories.put(".", path, file)
            put(self.disk, path, file)

    @precondition(lambda self: self.disk)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.disk)))
        os.unlink(path)
        del self.disk[path]

    @rule(path=file_paths)
    def make_an_empty_folder(self, path: str) -> None:
        if path not in self.disk and not any(other in self.disk for other in above(path)):
            os.makedirs(os.path.join(path, "empty"), exist_ok=True)

    # What people type.

    @rule(changes=changes)
    def write_and_commit(self, changes: list[tuple[str, File]]) -> None:
        self.write(changes=changes)
        self.commit()

    @precondition(lambda self: self.view.stage or self.disk != self.trees[self.view.commit])
    @rule()
    def commit(self) -> None:
        tree = self.trees[self.view.commit]
        if self.view.stage:
            edits = dict(self.view.stage)
        else:
            found = compare(tree, self.disk)
            edits = {path: now for path, (old, now) in found.items() if not same_but_noise(path, old, now)}
        answer = muse("commit", "--json")
        if not edits:
            assert answer.status == 1
            assert answer.json["commit_id"] is None
            return
        assert answer.status == 0
        commit, branch = answer.json["commit_id"], self.view.branch or answer.json["branch"]
        assert self.view.branch is not None or branch == f"detached-{commit[7:17]}"
        after = dict(tree)
        for path in sorted(edits, key=lambda path: (edits[path] is not None, path)):
            put(after, path, edits[path])
        self.trees[commit] = after
        self.parents[commit] = [self.view.commit] if self.view.commit else []
        self._done(View(branch, commit, {**self.view.branches, branch: commit}, {}), {})

    @precondition(lambda self: self.disk or self.view.stage)
    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        tree, stage = self.trees[self.view.commit], dict(self.view.stage)
        path = data.draw(st.sampled_from(_typed({*self.disk, *stage, *tree})))
        answer = muse("add", path or ".", "--json")
        if path in self.disk:
            for other in (*above(path), *below(stage, path)):
                if stage.get(other) is not None:
                    stage[other] = None
            stage[path] = self.disk[path]
        elif not path or os.path.isdir(path):
            found = compare(tree, self.disk)
            for one in {*found, *stage}:
                if one == path or one in below([one], path):
                    old, now = tree.get(one), self.disk.get(one)
                    noise = same_but_noise(one, old, now)
                    if not noise or (one in stage and stage[one] != now):
                        stage[one] = old if noise else now
        elif path in tree or path in stage:
            stage[path] = None
        elif below(tree, path):
            stage.update(dict.fromkeys(below(tree, path)))
        else:
            assert answer.status == 2
            return
        stage = {one: file for one, file in stage.items() if file != tree.get(one)}
        assert answer.status == 0
        if stage != self.view.stage:
            self._done(self.view._replace(stage=stage), {})

    @precondition(lambda self: self.view.stage)
    @rule(data=st.data())
    def unstage(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(_typed(set(self.view.stage))))
        if not any(one == path or one in below([one], path) for one in self.view.stage):
            assert muse("restore", "--staged", path or ".").status == 2
            return
        assert muse("restore", "--staged", path or ".").status == 0
        stage = {one: file for one, file in self.view.stage.items() if one != path and one not in below([one], path)}
        self._done(self.view._replace(stage=stage), {})

    @precondition(lambda self: self.parents)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        current, stage = self.trees[self.view.commit], self.view.stage
        commit = data.draw(st.sampled_from(sorted(self.parents)))
        path = data.draw(st.sampled_from(_typed({*current, *self.trees[commit], *stage})))
        answer = muse("restore", path or ".", "--from", commit)
        within = [path, *below({*current, *self.trees[commit], *stage}, path)]
        wanted = [one for one in within if one in current or one in self.trees[commit]]
        if not wanted and not any(one in stage for one in within):
            assert answer.status == 2
            return
        changes = plan(self.disk, {one: (None, self.trees[commit].get(one)) for one in wanted}, force=True)
        assert answer.status == 0
        kept = {one: file for one, file in stage.items() if one not in within}
        if changes or kept != stage:
            self._done(self.view._replace(stage=kept), changes)

    @precondition(lambda self: len(self.view.branches) < len(BRANCHES))
    @rule(data=st.data())
    def branch(self, data: st.DataObject) -> None:
        view = self.view
        name = data.draw(st.sampled_from([name for name in BRANCHES if name not in view.branches]))
        answer = muse("branch", name)
        if view.commit is None:
            assert answer.status == 2
            return
        assert answer.status == 0
        self._done(view._replace(branches={**view.branches, name: view.commit}), {})

    @precondition(lambda self: self.view.branches)
    @rule(data=st.data())
    def delete_branch(self, data: st.DataObject) -> None:
        view = self.view
        name = data.draw(st.sampled_from(sorted(view.branches)))
        answer = muse("branch", "-d", name)
        if name == view.branch:
            assert answer.status == 2
            return
        assert answer.status == 0
        self._done(view._replace(branches={k: v for k, v in view.branches.items() if k != name}), {})

    @precondition(lambda self: self.parents)
    @rule(data=st.data(), force=forces)
    def checkout(self, data: st.DataObject, force: bool) -> None:
        view = self.view
        typed = data.draw(st.sampled_from(sorted({*self.parents, *view.branches})))
        branch, commit = (typed, view.branches[typed]) if typed in view.branches else (None, typed)
        answer = muse("checkout", typed, *(["--force"] if force else []))
        if (branch, commit) == (view.branch, view.commit):
            assert answer.status == 0
            return
        after = self.trees[commit]
        wanted = compare(self.trees[view.commit], after)
        clash = [path for path in wanted if path in view.stage and view.stage[path] != after.get(path)]
        changes = self._planned(wanted, answer, force=force, also=clash)
        if changes is not None:
            stage = {p: file for p, file in view.stage.items() if p not in clash and file != after.get(p)}
            self._done(view._replace(branch=branch, commit=commit, stage=stage), changes)

    @precondition(lambda self: self.ops[-1].at > 1)
    @rule(force=forces)
    def undo(self, force: bool) -> None:
        newest = self.ops[-1]
        answer = muse("undo", *(["--force"] if force else []))
        undone, before = self.ops[newest.at - 1], self.ops[newest.at - 2]
        wanted = {path: (after, old) for path, (old, after) in undone.changes.items()}
        changes = self._planned(wanted, answer, force=force)
        if changes is not None:
            self._done(before.view, changes, at=before.at, redo=(*newest.redo, newest.at))

    @precondition(lambda self: self.ops[-1].redo)
    @rule(force=forces)
    def redo(self, force: bool) -> None:
        newest = self.ops[-1]
        answer = muse("redo", *(["--force"] if force else []))
        again = self.ops[newest.redo[-1] - 1]
        changes = self._planned(dict(again.changes), answer, force=force)
        if changes is not None:
            self._done(again.view, changes, at=newest.redo[-1], redo=newest.redo[:-1])

    @precondition(lambda self: len(self.ops) > 1)
    @rule(data=st.data(), force=forces)
    def op_restore(self, data: st.DataObject, force: bool) -> None:
        number = data.draw(st.integers(1, len(self.ops) - 1))
        answer = muse("op", "restore", str(number), *(["--force"] if force else []))
        wanted: Targets = {}
        for later in self.ops[number:]:
            for path, (old, after) in later.changes.items():
                wanted[path] = (after, wanted[path][1] if path in wanted else old)
        changes = self._planned(wanted, answer, force=force)
        if changes is not None:
            self._done(self.ops[number - 1].view, changes)

    @precondition(lambda self: self.ops[-1].at > 1)
    @rule()
    def undo_and_redo(self) -> None:
        """Where the files are as the last command left them, undo and redo change neither view nor folder."""
        last = self.ops[self.ops[-1].at - 1]
        if any(self.disk.get(path) != after for path, (_, after) in last.changes.items()):
            return
        before = _folder(), muse("status", "--json").out, muse("branch", "--json").out
        made = len(self.ops)
        self.undo(force=False)
        if len(self.ops) > made:
            self.redo(force=False)
            assert (_folder(), muse("status", "--json").out, muse("branch", "--json").out) == before

    # What must hold after each.

    @invariant()
    def the_folder_is_as_the_model_says(self) -> None:
        assert _folder() == self.disk

    @precondition(lambda self: self.ops)
    @invariant()
    def the_status_is_as_the_model_says(self) -> None:
        found = muse("status", "--json").json
        tree, stage = self.trees[self.view.commit], self.view.stage
        expected: dict[str, list[str]] = {"added": [], "changed": [], "deleted": [], "noise": []}
        for path in {*tree, *self.disk, *stage}:
            old, now = stage[path] if path in stage else tree.get(path), self.disk.get(path)
            if old != now:
                kind = "added" if old is None else "deleted" if now is None else "changed"
                expected["noise" if same_but_noise(path, old, now) else kind].append(path)
        assert {kind: sorted(found[kind]) for kind in expected} == {kind: sorted(expected[kind]) for kind in expected}
        assert sorted(found["staged"]) == sorted(stage)
        assert (found["branch"], found["commit_id"]) == (self.view.branch, self.view.commit)
        assert found["clean"] == (not stage and not any(expected[kind] for kind in ("added", "changed", "deleted")))

    @precondition(lambda self: self.ops)
    @invariant()
    def the_history_is_as_the_model_says(self) -> None:
        listed = muse("branch", "--json").json["branches"]
        assert {b["name"]: b["commit_id"] for b in listed if b["commit_id"]} == self.view.branches
        expected, commit = [], self.view.commit
        while commit is not None:
            expected.append((commit, self.parents[commit]))
            commit = next(iter(self.parents[commit]), None)
        assert [(one["commit_id"], one["parents"]) for one in muse("log", "--json").json] == expected

    @precondition(lambda self: self.ops)
    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.lost <= saved(self.root)

    def _planned(
        self, wanted: Targets, answer: Answer, *, force: bool, also: list[str] | None = None
    ) -> Changes | None:
        """What a command does to the folder; None when it must refuse, and did."""
        try:
            changes = plan(self.disk, wanted, force=force, also=also or ())
        except Collision:
            assert answer.status == 4, answer
            return None
        assert answer.status == 0, answer
        return changes

    def _done(self, view: View, changes: Changes, *, at: int = 0, redo: tuple[int, ...] = ()) -> None:
        self.view = view
        for path in sorted(changes, key=lambda path: changes[path][1] is not None):
            old, after = changes[path]
            self.lost |= {digest_of(old[1])} if old else set()
            put(self.disk, path, after)
        self.ops.append(Op(view, changes, at or len(self.ops) + 1, redo))


def _typed(paths: set[str]) -> list[str]:
    """What people may type: some paths, and folders. One that leads through a link names something else."""
    return sorted(path for path in {*paths, *FOLDERS} if not any(map(os.path.islink, above(path))))


def _folder() -> Tree:
    """Every file below the current folder."""
    return {path: file for path, file in repositories.read_contents(".").items() if file[0] != "d"}


@pytest.mark.slow
def test_the_verbs_do_what_the_model_says() -> None:
    calm = settings(max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Verbs, settings=calm)
