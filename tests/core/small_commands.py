"""Commands for the tests of how commands run: small ones, and what may happen while they do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from muse.core.commands.command import State
from muse.core.commands.writing import EXCLUSIVE, NO_LOCK, Draft, writing
from muse.core.folder.plan import Target, plan
from muse.core.operations import ops
from muse.core.operations.ops import Operation
from muse.core.packs.pack_writer import PackWriter
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import PackRef
from tests.core.folders import file

DURABLE = b'[store]\npublish = "link"\n'


def record(
    repo: Repo, name: str, meanwhile: Callable[[], object] = lambda: None, *, lock: str = NO_LOCK, again: bool = True
) -> str:
    """Run a command that makes a branch at a new object; `meanwhile` runs after it has decided what to record."""

    def build(state: State) -> Draft[str]:
        digest = state.store.add(name.encode() * 100)
        meanwhile()
        return Draft(lambda left: name, state.view._replace(branches={**state.view.branches, name: digest}))

    return writing(repo, "branch", (name,), build, lock=lock, again=again)


def branches(repo: Repo) -> set[str]:
    """The branches that the newest operation knows, all of whose objects can be read."""
    newest = ops.newest(repo.layout)
    if newest is None:
        return set()
    store = ObjectStore(repo.layout, newest.packs)
    for name, digest in newest.view.branches.items():
        assert store.read(digest) == name.encode() * 100
    store.close()
    return set(newest.view.branches)


def unnamed_packs(layout: Layout) -> set[str]:
    """The packs on the disk that the newest operation does not name."""
    newest = ops.newest(layout)
    named = {f"{ref.name}.pack" for ref in newest.packs} if newest is not None else set()
    return set(os.listdir(layout.packs)) - named


def change_files(repo: Repo, wanted: dict[str, bytes | None], meanwhile: Callable[[], object] = lambda: None) -> Any:
    """Bring files to what is wanted; the answer is the paths that were left alone, and the notes."""

    def build(state: State) -> Draft[tuple[tuple[str, ...], list[str]]]:
        entries = {path: file(data).entry if data is not None else None for path, data in wanted.items()}
        for data in wanted.values():
            if data is not None:
                state.store.add(data)
        targets = [Target(path, None, entry) for path, entry in entries.items()]
        found = plan(repo.root, state.store, targets, lambda *arguments: False, force=True)
        meanwhile()
        return Draft(lambda left: (left, state.notes), state.view, found.planned)

    return writing(repo, "checkout", ("x",), build, lock=EXCLUSIVE, again=False)


def forget(repo: Repo) -> None:
    """What `gc` does to the log."""
    writing(repo, "gc", (), lambda state: Draft(lambda left: None, state.view, oldest=state.number + 1))


def newest(repo: Repo) -> Operation:
    """The newest operation of a repository that has one."""
    found = ops.newest(repo.layout)
    assert found is not None
    return found


class Once:
    """A function that does its work the first time only, and counts."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work, self.calls = work, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == 1:
            self.work()


def after_its_pack(patch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Do something when a command has written its pack, and is about to create its entry."""
    finish = PackWriter.finish

    def late(writer: PackWriter) -> tuple[PackRef, ...]:
        refs = finish(writer)
        work()
        return refs

    patch.setattr(PackWriter, "finish", late)


def with_link(patch: pytest.MonkeyPatch, answer: Callable[[Callable[[], None], str], None]) -> None:
    """Answer for the link of an entry; `answer` is given the real call, and the path."""
    link = os.link

    def answered(source: str, path: str, **options: Any) -> None:
        if os.path.basename(path).isdigit():
            answer(lambda: link(source, path, **options), path)
        else:
            link(source, path, **options)

    patch.setattr(os, "link", answered)


def raising(error: BaseException) -> Callable[..., Any]:
    """A function that raises."""

    def fail(*arguments: object, **options: object) -> None:
        raise error

    return fail
