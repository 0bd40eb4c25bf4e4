"""What must hold when one file below `.muse/` is damaged: nothing dies, hangs or lies, and what is whole stays so."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from typing import Any

from muse.core.base.errors import MuseError
from muse.core.commits import records, trees
from muse.core.damage.rescue import Everywhere
from muse.core.folder import folder_state
from muse.core.operations import history, ops
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.settings import toml
from muse.core.types import FILE
from muse.core.upkeep.reach import Reach, roots
from muse.testing.repositories import put, read_contents
from tests.commands import Answer
from tests.crash.batches import limited
from tests.crash.damaged.damage_points import Point, may_lose
from tests.crash.damaged.sample import READS, said
from tests.crash.harness import type_in

_USAGE, _DAMAGED, _SYSTEM = 2, 3, 5
#: Where the version stands in packs and operations.
_VERSION = range(8, 12)
_LENGTH = 600
#: Answers that go on where something is damaged.
_LISTS = (("log",), ("op", "log"))
#: Answers that show the rest where the version of a file is lost, and name the file.
_FILES = (("show",), ("diff",))
#: Answers that tell of the files of the folder.
_OF_FILES = (("status", "--json"), ("diff",))


class Trial:
    """One damaged repository, of which there are two copies: one is repaired, in the other work goes on.

    Args:
        point: What is damaged.
        folder: Where the copies go. They are removed at the end.
    """

    def __init__(self, point: Point, folder: str) -> None:
        self.point, self._folder = point, folder
        self._root, self.layout = "", Layout("")
        self.may_lose = may_lose(point)
        self._all_is_committed = False
        self._violations: list[str] = []

    def run(self) -> str:
        """Try everything; gives what did not hold."""
        if self._damage("repaired"):
            for check in (self._fsck, self._doctor):
                self._check(check)
            self._damage("worked on")
            for check in (self._reads, self._objects, self._commit, self._checkout):
                self._check(check)
        for name in os.listdir(self._folder):
            shutil.rmtree(os.path.join(self._folder, name), onerror=_unlock)
        return "\n".join([f"{self.point}:", *self._violations]) if self._violations else ""

    def _damage(self, name: str) -> bool:
        """A fresh copy with the damage done; False when that changed nothing."""
        self._root = os.path.join(self._folder, name)
        self.layout = Layout(shutil.copytree(self.point.sample.root, self._root, symlinks=True))
        path = os.path.join(self.layout.muse, self.point.path)
        before = _bytes(path)
        self.point.damage.do(path)
        return self.point.damage.kind in ("unreadable", "link to a file") or _bytes(path) != before

    def _check(self, check: Callable[[], None]) -> None:
        try:
            check()
        except AssertionError as error:
            self._violations.append(f"    {check.__name__.strip('_')}: {str(error)[:_LENGTH]}")

    @property
    def _unreadable(self) -> bool:
        return self.point.damage.kind == "unreadable"

    @property
    def _newest_is_whole(self) -> bool:
        """Whether commands find an operation to go by, and it is one of this repository."""
        return not self.point.is_newest or self.point.is_gone

    @property
    def _settings_are_good(self) -> bool:
        return self.point.name != "config.toml" or _are_settings(self.layout.config)

    @property
    def _looks_newer(self) -> bool:
        """Whether nobody can tell it from what a newer muse wrote."""
        flipped = self.point.damage.kind == "flipped" and self.point.damage.at in _VERSION
        return flipped and bool(self.point.pack or self.point.number)

    @property
    def _folder_may_wait(self) -> bool:
        """Whether the files that a dead command left may be taken for done, or cannot be finished."""
        small = self.point.name in ("applied", "config.toml", "worktree.lock")
        return small or self.point.sample.folder == self.point.number or bool(self.may_lose)

    def _typed(self, *words: str) -> Answer:
        with limited():
            answer = type_in(self._root, *words)
        told = f"`muse {' '.join(words)}`: {answer}"
        assert "Traceback" not in answer.err + answer.out, told
        assert "mistake of its own" not in answer.err + answer.out, told
        return answer

    def _refused(self, answer: Answer, words: tuple[str, ...]) -> None:
        """A refusal is two lines that name what is damaged; a list of what can be had names it beside that."""
        told = f"`muse {' '.join(words)}`: {answer}"
        assert answer.status in (_DAMAGED, _SYSTEM, *([] if self._settings_are_good else [_USAGE])), told
        assert answer.status != _SYSTEM or self._unreadable or not self._is_file, told
        if "--json" in words:
            assert not answer.err and answer.json["error"]["hint"], told
        elif answer.out and words in _LISTS + _FILES:
            assert answer.status == _DAMAGED and not answer.err, told
        else:
            assert not answer.out and len(answer.err.splitlines()) == 2, told
        names = [*self.point.words, *(f"sha256:{digest.hex()}" for digest in self.may_lose)]
        names += ["cannot be had, "] if words in _FILES else []
        assert self.point.is_foreign or any(name in answer.err + answer.out for name in names), f"not named: {told}"

    @property
    def _is_file(self) -> bool:
        path = os.path.join(self.layout.muse, self.point.path)
        return os.path.lexists(path) and stat.S_ISREG(os.lstat(path).st_mode)

    def _reads(self) -> None:
        """Each answer is what it was, or a refusal that names what is damaged."""
        wrong = []
        for words in READS:
            answer = self._typed(*words)
            if answer.status == 0:
                wrong += [] if self._is_right(words, answer.out) else [f"{' '.join(words)} says {answer.out}"]
            else:
                self._refused(answer, words)
                assert self._may_refuse(words), f"{' '.join(words)} need not refuse: {answer.err}"
        assert not wrong, "\n".join(wrong)

    def _is_right(self, words: tuple[str, ...], out: str) -> bool:
        now, before = self.point.sample.answers[words]
        if self.point.is_foreign and self.point.number:
            return True  # what it says is true of another repository
        if words in _OF_FILES and self._folder_may_wait and self.point.sample.folder == self.point.sample.newest:
            return True
        if self.may_lose and ("(damaged)" in out or self._is_named(out)):
            return True  # that much can be said without what is lost
        known = [now, before] if self.point.is_newest and self.point.is_gone else [now]
        return any(said(words, out).endswith(one) for one in known)

    def _may_refuse(self, words: tuple[str, ...]) -> bool:
        if words[:2] == ("op", "log"):
            return bool(self.point.number)
        of_records = words in (("log",), ("branch",), ("tag",), ("shelf", "list"))
        lost = self.may_lose & self.point.sample.records if of_records else self.may_lose
        return bool(lost) or not self._newest_is_whole

    def _objects(self) -> None:
        """Every object is what it was, or refused; and that only where its bytes, or those of a base, were hit."""
        if self._newest_is_whole:
            gone = self.point.sample.objects.keys() - self._had()
            assert gone <= self.may_lose, f"cannot be had: {[digest.hex() for digest in gone - self.may_lose]}"

    def _had(self) -> set[bytes]:
        """The objects that commands can have."""
        with limited():
            newest = ops.newest(self.layout)
            assert newest is not None
            return self._read_all(ObjectStore(self.layout, newest.packs, None, lambda: True))

    def _there(self) -> set[bytes]:
        """The objects that lie in any pack."""
        with limited():
            return self._read_all(Everywhere(self.layout))

    def _reached(self) -> set[bytes]:
        """The objects that any operation which is whole leads to, as far as the way there is whole."""
        store, newest = Everywhere(self.layout), history.ends(self.layout).operation
        reach = Reach(store, lambda root, error: None)
        for step in history.steps(self.layout, newest.oldest if newest is not None else 1):
            for root in roots(step.operation, store, None, lambda error: None) if step.operation is not None else ():
                reach.add(root)
        store.close()
        return reach.commits | reach.trees | reach.blobs | reach.sections

    def _read_all(self, store: ObjectStore) -> set[bytes]:
        found = set()
        for digest, data in self.point.sample.objects.items():
            try:
                assert store.read(digest) == data, f"wrong bytes for {digest.hex()}"
                found.add(digest)
            except MuseError:
                continue
        store.close()
        return found

    def _fsck(self) -> None:
        """It comes to an end, and names what is damaged."""
        answer = self._typed("fsck", "--json")
        if self._unreadable and answer.status == _SYSTEM:
            assert self._is_named(answer.out), f"not named: {answer}"
            return
        assert answer.status in (0, _DAMAGED) and not answer.err, answer
        found = answer.json
        text = json.dumps([found["problems"], found["remarks"]])
        assert self._is_named(text) or self._may_be_silent(found), f"fsck does not name it: {found}"

    def _is_named(self, text: str) -> bool:
        return any(word in text for word in self.point.words)

    def _may_be_silent(self, found: Any) -> bool:
        """Whether nobody could tell, or it does not matter."""
        point, kind = self.point, self.point.damage.kind
        if point.is_foreign and (point.number or point.folder == "cache"):
            return not found["clean"] or point.folder == "cache"
        if point.path == "cache/config":
            return True  # what does not match is read anew
        if point.folder in ("cache", "restore") or point.name == "HEAD" or point.folder.startswith("objects/sha256"):
            return kind == "deleted" or point.folder == "restore"
        if point.name == ".gitignore":
            return True
        if point.name == "worktree.lock":
            return self._is_file or kind == "deleted"
        if point.name == "applied":
            return kind == "deleted" or _is_number(self.layout.applied, point.sample.newest)
        if point.name == "config.toml":
            return kind == "deleted" or _are_settings(self.layout.config)
        if point.pack:
            named = {copy.pack for copies in point.sample.copies.values() for copy in copies}
            return point.pack not in named or self._had() == {*point.sample.objects}
        return False

    def _doctor(self) -> None:
        """It repairs what can be repaired, names the rest, and loses nothing; a second one finds nothing to do."""
        there, reached = self._there(), self._reached()
        answer = self._typed("doctor", "--json")
        told = answer.json
        if "error" in told:
            assert self._may_give_up(told["error"]["kind"]), f"doctor gives up: {answer}"
            assert self._is_named(answer.out) or self.point.is_foreign, f"not named: {answer}"
            return
        assert answer.status in (0, _DAMAGED), answer
        found = self._typed("fsck", "--json").json
        assert found["problems"] == told["problems"], f"doctor says {told}, fsck {found}"
        assert there <= self._there(), "doctor loses objects"
        if self.point.is_foreign and self.point.number:
            return  # nobody can tell which of them is right: it is named, and stays
        gone = (there & reached) - self._had()
        assert not gone, f"not repaired: {[digest.hex() for digest in gone]}"
        single = self.point.folder.startswith("objects/sha256")
        assert found["clean"] or self.may_lose or single, f"not repaired: {found}"
        again = self._typed("doctor", "--json").json
        assert (again["operation"], again["mended"]) == (None, []), f"doctor again: {again}"
        if found["clean"] or not self.may_lose & self.point.sample.records:
            self._works_on(READS if found["clean"] else ())

    def _may_give_up(self, kind: str) -> bool:
        """Whether doctor may leave everything as it is."""
        return self._unreadable or self._looks_newer or not self._settings_are_good or (kind == "too-new")

    def _works_on(self, reads: Sequence[tuple[str, ...]]) -> None:
        for words in (*reads, ("add", "scratch.txt"), ("commit", "-m", "after doctor")):
            answer = self._typed(*words)
            assert answer.status == 0 and not answer.err, f"after doctor, `muse {' '.join(words)}`: {answer}"

    def _commit(self) -> None:
        """A commit takes what is in the folder, whole; the same bytes again replace what was damaged."""
        sample, wanted = self.point.sample, self._contents()
        for number, data in enumerate(wanted):
            put(self._root, f"again/{number:02}", (FILE, data))
        for words in (("add", "."), ("commit", "-m", "the same bytes again")):
            answer = self._typed(*words)
            if answer.status:
                self._refused(answer, words)
                assert self._commit_may_refuse(), f"{words[0]} need not refuse: {answer.err}"
                return
        self._all_is_committed = True
        contents = {path: what for path, what in read_contents(self._root).items() if what[0] != "d"}
        assert self._committed() == contents, "the commit is not what is in the folder"
        lost = sample.objects.keys() - sample.records - self._had()
        healed = {digest for digest in lost if sample.objects[digest] in wanted}
        assert not healed, f"not healed: {[digest.hex() for digest in healed]}"

    def _contents(self) -> list[bytes]:
        """Every content that was ever committed."""
        objects, records = self.point.sample.objects, self.point.sample.records
        return [objects[digest] for digest in sorted(objects.keys() - records)]

    def _commit_may_refuse(self) -> bool:
        point = self.point
        if point.name == "worktree.lock":
            return not self._is_file or self._unreadable
        if point.is_newest and point.is_gone:
            return True  # `HEAD` may be old enough to tell
        records = self.may_lose & point.sample.records
        waits = bool(self.may_lose) and folder_state.is_behind(self.layout, history.ends(self.layout).operation)
        return bool(records) or waits or not self._newest_is_whole or not self._settings_are_good

    def _committed(self) -> dict[str, tuple[str, bytes]]:
        newest = ops.newest(self.layout)
        assert newest is not None
        store = ObjectStore(self.layout, newest.packs, None, lambda: True)
        try:
            entries = trees.walk(store, records.tree_of(store, newest.view.commit))
            return {path: (entry.mode, store.read(entry.digest)) for path, entry in entries}
        finally:
            store.close()

    def _checkout(self) -> None:
        """The files of an old commit, whole, or those that were there before."""
        before = read_contents(self._root)
        commit, contents = self.point.sample.first
        answer = self._typed("checkout", "--force", commit)
        after = {path: what for path, what in read_contents(self._root).items() if what[0] != "d"}
        if answer.status == 0:
            taken_along = {} if self._all_is_committed else before
            wrong = [path for path, what in contents.items() if after.get(path) not in (what, taken_along.get(path))]
            assert not wrong, f"not the files of that commit: {wrong}"
            return
        finished = self.point.sample.files.items() | before.items()
        assert after.items() <= finished, f"refused, and files have changed: {after.items() - finished}"
        self._refused(answer, ("checkout",))


def _bytes(path: str) -> bytes | None:
    """What stands there, as far as it is a small file."""
    if not os.path.lexists(path) or not stat.S_ISREG(os.lstat(path).st_mode) or os.path.getsize(path) > 1 << 20:
        return None
    with open(path, "rb") as file:
        return file.read()


def _is_number(path: str, most: int) -> bool:
    data = (_bytes(path) or b"").strip()
    return data.isdigit() and int(data) <= most


def _are_settings(path: str) -> bool:
    """Whether a person could have written them."""
    try:
        values = toml.read(path)
    except MuseError:
        return False
    good = values.get("durability", "off") in ("full", "off")
    return good and values.get("store.publish", "link") in ("link", "rename", "lock")


def _unlock(remove: Callable[[str], object], path: str, error: object) -> None:
    """What was made unreadable is removed all the same."""
    os.chmod(path, 0o700)
    remove(path)
