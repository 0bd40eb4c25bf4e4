"""Whatever is typed in whatever order: the folder, the stage and the history are as a plain model says.

And nothing is ever lost: every content that a command replaced or removed is still in a pack.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from muse.testing import repositories
from tests.commands import Answer, muse, saved
from tests.properties.machine import Folder
from tests.properties.model import (
    Collision,
    File,
    Shelved,
    Targets,
    Tree,
    above,
    below,
    compare,
    laid_over,
    plan,
    same_but_noise,
)
from tests.properties.strategies import BRANCHES, FOLDERS, MODES, TAGS, changes, forces


class Verbs(Folder):
    """What is typed in a folder, and what should come of it."""

    @rule(changes=changes)
    def write_and_commit(self, changes: list[tuple[str, File]]) -> None:
        self.write(changes=changes)
        self.commit()

    @precondition(lambda self: self.view.stage or self.disk != self.trees[self.view.commit])
    @rule()
    def commit(self) -> None:
        self._commit(muse("commit", "--json"), [self.view.commit] if self.view.commit else [])

    @precondition(lambda self: self.view.commit)
    @rule()
    def amend(self) -> None:
        assert self.view.commit is not None
        self._commit(muse("commit", "--amend", "--json"), self.parents[self.view.commit])

    def _commit(self, answer: Answer, parents: list[str]) -> None:
        tree = self.trees[self.view.commit]
        edits = self.view.stage or {path: now for path, (_, now) in self.work().items()}
        if not edits:
            assert answer.status == 1
            assert answer.json["commit_id"] is None
            return
        assert answer.status == 0
        commit, branch = answer.json["commit_id"], self.view.branch or answer.json["branch"]
        assert self.view.branch is not None or branch == f"detached-{commit[7:17]}"
        self.trees[commit] = laid_over(tree, edits)
        self.parents[commit] = parents
        self.done(self.view._replace(branch=branch, stage={}).moved_to(commit), {})

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
            self.done(self.view._replace(stage=stage), {})

    @precondition(lambda self: self.view.stage)
    @rule(data=st.data())
    def unstage(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(_typed(set(self.view.stage))))
        if not any(one == path or one in below([one], path) for one in self.view.stage):
            assert muse("restore", "--staged", path or ".").status == 2
            return
        assert muse("restore", "--staged", path or ".").status == 0
        stage = {one: file for one, file in self.view.stage.items() if one != path and one not in below([one], path)}
        self.done(self.view._replace(stage=stage), {})

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
            self.done(self.view._replace(stage=kept), changes)

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
        self.done(view._replace(branches={**view.branches, name: view.commit}), {})

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
        self.done(view._replace(branches={k: v for k, v in view.branches.items() if k != name}), {})

    @precondition(lambda self: self.parents)
    @rule(data=st.data(), name=st.sampled_from(TAGS))
    def tag(self, data: st.DataObject, name: str) -> None:
        commit = data.draw(st.sampled_from(sorted(self.parents)))
        status = muse("tag", name, commit).status
        if name in self.view.tags:
            assert status == 2
            return
        assert status == 0
        self.done(self.view._replace(tags={**self.view.tags, name: commit}), {})

    @precondition(lambda self: self.view.tags)
    @rule(data=st.data())
    def delete_tag(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.view.tags)))
        assert muse("tag", "-d", name).status == 0
        self.done(self.view._replace(tags={k: v for k, v in self.view.tags.items() if k != name}), {})

    @precondition(lambda self: self.parents)
    @rule(data=st.data(), mode=st.sampled_from(MODES))
    def reset(self, data: st.DataObject, mode: str) -> None:
        view, tree = self.view, self.trees[self.view.commit]
        commit = data.draw(st.sampled_from(sorted(self.parents)))
        assert muse("reset", mode, commit).status == 0
        target, stage, changes = self.trees[commit], {}, {}
        if mode == "--soft":
            left = compare(target, laid_over(tree, view.stage))
            stage = {path: file for path, (_, file) in left.items()}
        if mode == "--hard":
            tracked = sorted({*tree, *target, *view.stage})
            changes = plan(self.disk, {path: (None, target.get(path)) for path in tracked}, force=True)
        if commit != view.commit or stage != view.stage or changes:
            self.done(view._replace(stage=stage).moved_to(commit), changes)

    @rule()
    def shelve(self) -> None:
        view, work = self.view, self.work()
        answer = muse("shelf", "push")
        if not (work or view.stage):
            assert answer.status == 1
            return
        assert answer.status == 0, answer
        changes = plan(self.disk, {path: (None, old) for path, (old, _) in work.items()}, force=True)
        one = Shelved(view.commit, view.stage, {path: (back, found) for path, (found, back) in changes.items()})
        self.done(view._replace(stage={}, shelf=(*view.shelf, one)), changes)

    @precondition(lambda self: self.view.shelf)
    @rule(data=st.data())
    def bring_back(self, data: st.DataObject) -> None:
        view, tree = self.view, self.trees[self.view.commit]
        index = data.draw(st.integers(0, len(view.shelf) - 1))
        one, answer = view.shelf[index], muse("shelf", "pop", str(len(view.shelf) - index))
        clash = {path for path, file in one.stage.items() if path in view.stage and view.stage[path] != file}
        try:
            changes = plan(self.disk, dict(one.files), force=False, also=clash)
        except Collision:
            assert answer.status == 4, answer
            return
        for path, (old, now) in compare(self.trees[one.commit], tree).items():
            wanted = one.files.get(path, (None, old))[1], one.stage.get(path, old)
            if path in {*changes, *one.stage} and now not in wanted and not same_but_noise(path, old, now):
                assert answer.status == 4, answer
                return
        assert answer.status == 0, answer
        stage = {path: file for path, file in {**view.stage, **one.stage}.items() if file != tree.get(path)}
        self.done(view._replace(stage=stage, shelf=(*view.shelf[:index], *view.shelf[index + 1 :])), changes)

    @precondition(lambda self: self.view.shelf)
    @rule()
    def drop(self) -> None:
        assert muse("shelf", "drop").status == 0
        self.done(self.view._replace(shelf=self.view.shelf[:-1]), {})

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
        changes = self.planned(wanted, answer, force=force, also=clash)
        if changes is not None:
            stage = {p: file for p, file in view.stage.items() if p not in clash and file != after.get(p)}
            self.done(view._replace(branch=branch, commit=commit, stage=stage), changes)

    @precondition(lambda self: self.ops[-1].at > 1)
    @rule(force=forces)
    def undo(self, force: bool) -> None:
        newest = self.ops[-1]
        answer = muse("undo", *(["--force"] if force else []))
        undone, before = self.ops[newest.at - 1], self.ops[newest.at - 2]
        wanted = {path: (after, old) for path, (old, after) in undone.changes.items()}
        changes = self.planned(wanted, answer, force=force)
        if changes is not None:
            self.done(before.view, changes, at=before.at, redo=(*newest.redo, newest.at))

    @precondition(lambda self: self.ops[-1].redo)
    @rule(force=forces)
    def redo(self, force: bool) -> None:
        newest = self.ops[-1]
        answer = muse("redo", *(["--force"] if force else []))
        again = self.ops[newest.redo[-1] - 1]
        changes = self.planned(dict(again.changes), answer, force=force)
        if changes is not None:
            self.done(again.view, changes, at=newest.redo[-1], redo=newest.redo[:-1])

    @precondition(lambda self: len(self.ops) > 1)
    @rule(data=st.data(), force=forces)
    def op_restore(self, data: st.DataObject, force: bool) -> None:
        number = data.draw(st.integers(1, len(self.ops) - 1))
        answer = muse("op", "restore", str(number), *(["--force"] if force else []))
        wanted: Targets = {}
        for later in self.ops[number:]:
            for path, (old, after) in later.changes.items():
                wanted[path] = (after, wanted[path][1] if path in wanted else old)
        changes = self.planned(wanted, answer, force=force)
        if changes is not None:
            self.done(self.ops[number - 1].view, changes)

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
        assert {tag["name"]: tag["commit_id"] for tag in muse("tag", "--json").json["tags"]} == self.view.tags
        expected, commit = [], self.view.commit
        while commit is not None:
            expected.append((commit, self.parents[commit]))
            commit = next(iter(self.parents[commit]), None)
        assert [(one["commit_id"], one["parents"]) for one in muse("log", "--json").json] == expected

    @precondition(lambda self: self.ops)
    @invariant()
    def the_shelf_is_as_the_model_says(self) -> None:
        found = muse("shelf", "--json").json["shelf"]
        seen = [(one["commit_id"], sorted(f["path"] for f in one["files"]), one["staged"]) for one in found]
        assert seen == [(one.commit, sorted(one.files), sorted(one.stage)) for one in reversed(self.view.shelf)]

    @precondition(lambda self: self.ops)
    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.lost <= saved(self.root)


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
