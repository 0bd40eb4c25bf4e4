"""The folder that the state machine works in: making it, what people do to its files, and keeping the model's books."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from muse.core.types import digest_of
from muse.testing import repositories
from tests.commands import Answer, muse
from tests.properties.model import (
    Changes,
    Collision,
    File,
    Op,
    Targets,
    Tree,
    View,
    above,
    compare,
    plan,
    put,
    same_but_noise,
)
from tests.properties.strategies import changes, file_paths


class Folder(RuleBasedStateMachine):
    """A folder, and what the model knows of it."""

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
        self.done(self.view, {})
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

    # What the rules of the verbs share.

    def work(self) -> Targets:
        """The uncommitted work in the folder, noise apart."""
        found = compare(self.trees[self.view.commit], self.disk)
        return {path: sides for path, sides in found.items() if not same_but_noise(path, *sides)}

    def planned(
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

    def done(self, view: View, changes: Changes, *, at: int = 0, redo: tuple[int, ...] = ()) -> None:
        self.view = view
        wanted = {path for path, (_, after) in changes.items() if after is not None}
        for path in sorted(changes, key=lambda path: path in wanted):
            old, after = changes[path]
            self.lost |= {digest_of(old[1])} if old else set()
            # What was never there together cannot be brought back together: of a file and a folder, the file.
            if not wanted.intersection(above(path)):
                put(self.disk, path, after)
        self.ops.append(Op(view, changes, at or len(self.ops) + 1, redo))
