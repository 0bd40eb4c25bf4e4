"""`upkeep.fsck`: whatever is damaged is named, with what it affects; what is whole is never called damaged."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muse.core.base import codec
from muse.core.base.errors import Refused, SystemTrouble
from muse.core.commits import trees
from muse.core.commits.records import tree_of
from muse.core.damage import health
from muse.core.damage.findings import Findings
from muse.core.damage.health import Examiner
from muse.core.folder import folder_state
from muse.core.object_store import object_path, write_object
from muse.core.operations import history, ops
from muse.core.operations.view import Section
from muse.core.packs.pack import HEADER
from muse.core.packs.store import ObjectStore
from muse.core.repo import Repo
from muse.core.types import Change, Entry, blob_id, digest_of, id_of
from muse.core.upkeep import fsck
from tests.commands import commit_id, ok
from tests.core import damaged
from tests.core.damaged import VERSIONS, each_byte, each_length, flip, newest, operation, packs, spoil
from tests.core.small_commands import Once
from tests.core.stores import put_operation, write_pack
from tests.core.strange import NOT_OURS


@pytest.fixture
def repo(folder: Path) -> Repo:
    """Three commits, in three packs."""
    return damaged.build(folder)


def check(repo: Repo) -> Findings:
    """Check, and see that nothing was changed."""
    before = damaged.files(repo.layout)
    found = fsck.check(repo.layout)
    assert damaged.files(repo.layout) == before
    return found


def kinds(found: Findings) -> list[tuple[str, str]]:
    """What is damaged."""
    return [(problem.kind, problem.what) for problem in found.problems]


def readable(repo: Repo) -> bool:
    """Whether every version of every file can be had, and every operation be read."""
    opened = ops.open_store(repo.layout, newest(repo))
    try:
        return [opened.read(digest_of(data)) for data in VERSIONS] == VERSIONS
    finally:
        opened.close()


def test_what_is_whole(repo: Repo) -> None:
    found = check(repo)
    assert found == Findings((), (), (), len({*VERSIONS}) + 1 + 3 + 1 + 3, 3, 4)
    assert found.clean
    for words in (("tag", "t"), ("add", "a.txt"), ("shelf", "push"), ("checkout", "HEAD~1"), ("undo",), ("redo",)):
        Path("a.txt").write_bytes(b"work\n" * 40) if words[0] == "shelf" else None
        ok(*words)
        assert check(repo).clean
    assert check(repo).remarks == ()


def test_an_empty_repository(folder: Path) -> None:
    ok("init")
    assert check(Repo(str(folder))) == Findings((), (), (), 0, 0, 1)
    os.makedirs("bare/.muse")
    assert fsck.check(Repo("bare").layout) == Findings((), (), (), 0, 0, 0)


@pytest.mark.parametrize(("which", "step"), [(0, 9), (2, 1)])
def test_every_byte_of_a_pack(repo: Repo, which: int, step: int) -> None:
    path = packs(repo)[which]
    missed = []
    for at in each_byte(path, step):
        found = fsck.check(repo.layout)
        if found.clean:
            missed.append(at)
            assert readable(repo), at
        else:
            assert any(path.stem in problem.why for problem in found.problems), at
    assert len(missed) < 20, "a frame may hold a bit or two that mean nothing"
    assert not missed or min(missed) >= HEADER.size


def test_every_length_of_a_pack(repo: Repo) -> None:
    path = packs(repo)[0]
    for length in each_length(path, 7):
        found = fsck.check(repo.layout)
        assert kinds(found)[0] == ("pack", path.stem), length
        assert len(found.broken) == found.commits, length


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize("each", [each_byte, each_length])
def test_every_byte_and_length_of_an_operation(repo: Repo, number: int, each: Callable[[Path, int], Any]) -> None:
    for at in each(operation(repo, number), 1 if number == 2 else 5):
        found = fsck.check(repo.layout)
        assert kinds(found) == [("operation", str(number))], at
        assert str(operation(repo, number)) in found.problems[0].why
        assert not found.broken


@pytest.mark.parametrize("each", [each_byte, each_length])
def test_every_byte_and_length_of_a_single_object(repo: Repo, each: Callable[[Path], Any]) -> None:
    name = blob_id(b"single " * 9)
    write_object(repo.root, name, b"single " * 9)
    assert check(repo).clean
    for at in each(Path(object_path(repo.root, name))):
        assert kinds(fsck.check(repo.layout)) == [("object", name)], at


@pytest.mark.parametrize("strange", NOT_OURS)
def test_something_else_stands_there(repo: Repo, strange: Callable[[Path], None]) -> None:
    name = blob_id(b"single")
    write_object(repo.root, name, b"single")
    single, pack = Path(object_path(repo.root, name)), packs(repo)[1]
    for path in (single, pack, operation(repo, 3), Path(repo.layout.head), Path(repo.layout.applied)):
        path.unlink()
        strange(path)
    found = fsck.check(repo.layout)
    said = kinds(found)
    assert {("pack", pack.stem), ("object", name), ("operation", "3"), ("applied", "applied")} <= {*said}
    assert any("HEAD" in remark for remark in found.remarks)


def test_a_lost_file_and_the_commits_that_hold_it(repo: Repo) -> None:
    third = commit_id()
    path = spoil(repo, VERSIONS[2])
    found = check(repo)
    assert [(problem.kind, problem.what, problem.paths) for problem in found.problems] == [
        ("object", blob_id(VERSIONS[2]), ("a.txt",))
    ]
    assert str(path) in found.problems[0].why
    assert [id_of(commit) for commit in found.problems[0].commits] == [third]
    assert [(one.record and one.record.subject, one.paths, one.total) for one in found.broken] == [
        ("commit 3", ("a.txt",), 1)
    ]
    assert id_of(found.broken[0].commit) == third


def test_what_rests_on_a_lost_version_is_lost_as_well(repo: Repo) -> None:
    spoil(repo, VERSIONS[0])
    found = check(repo)
    assert {problem.what for problem in found.problems} == {blob_id(data) for data in VERSIONS}
    assert sum("rests on" in problem.why for problem in found.problems) == 2
    assert {one.record.subject for one in found.broken if one.record} == {"commit 3", "commit 2", "commit 1"}


def test_a_lost_folder(repo: Repo) -> None:
    opened = ops.open_store(repo.layout, newest(repo))
    commit = newest(repo).view.commit
    assert commit is not None
    root = opened.read(tree_of(opened, commit) or b"")
    deep = opened.read(trees.read_tree(opened, tree_of(opened, commit))["deep"].digest)
    opened.close()
    spoil(repo, deep)
    found = check(repo)
    assert [one.paths for one in found.broken] == [("deep/",)] * 3
    spoil(repo, deep)
    spoil(repo, root)
    found = check(repo)
    assert [(one.record and one.record.subject, one.paths) for one in found.broken] == [("commit 3", ("./",))]


def test_a_lost_commit_hides_those_before_it(repo: Repo) -> None:
    opened = ops.open_store(repo.layout, newest(repo))
    record = opened.read(bytes.fromhex(commit_id().removeprefix("sha256:")))
    opened.close()
    spoil(repo, record)
    found = check(repo)
    assert [(one.record, one.paths) for one in found.broken] == [(None, ("./",))]
    assert found.commits == 3, "older operations lead to the others"


def test_a_pack_that_is_gone(repo: Repo) -> None:
    gone = packs(repo)[1]
    gone.unlink()
    found = check(repo)
    assert kinds(found)[0] == ("pack", gone.stem)
    assert {problem.kind for problem in found.problems[1:]} <= {"blob", "tree", "commit", "object"}
    assert [(one.record, one.paths) for one in found.broken] == [(None, ("./",))]


def test_a_second_copy_helps(repo: Repo) -> None:
    ref = write_pack(repo.layout, VERSIONS)
    last = newest(repo)
    put_operation(repo.layout, last._replace(packs=(*last.packs, ref)))
    assert check(repo).clean
    flip(Path(repo.layout.pack(last.packs[0].name)), 40)
    found = check(repo)
    assert not found.clean and not found.broken
    assert found.problems[0].why.endswith("; there is a whole copy in another pack")


def test_operations_that_need_what_is_lost(repo: Repo) -> None:
    Path("a.txt").write_bytes(b"only on the shelf\n" * 30)
    ok("shelf", "push")
    spoil(repo, b"only on the shelf\n" * 30)
    (problem,) = check(repo).problems
    assert (problem.commits, problem.operations) == ((), (5,))


def test_a_gap_in_the_log(repo: Repo) -> None:
    operation(repo, 2).unlink()
    operation(repo, 3).unlink()
    found = check(repo)
    assert kinds(found) == [("operation", "3")]
    assert found.problems[0].why == "operations 2 to 3 are missing from the log"


def test_a_gap_that_a_wrong_hint_hides(repo: Repo) -> None:
    operation(repo, 3).unlink()
    Path(repo.layout.head).write_text("operation 2\n")
    found = check(repo)
    assert kinds(found) == [("HEAD", "HEAD"), ("operation", "3")] or {*kinds(found)} == {
        ("HEAD", "HEAD"),
        ("operation", "3"),
    }
    assert "hides the operations from 3 to 4" in " ".join(problem.why for problem in found.problems)


def test_no_operation_though_the_hint_names_one(repo: Repo) -> None:
    for number in (1, 2, 3, 4):
        operation(repo, number).unlink()
    assert ("HEAD", "HEAD") in kinds(check(repo))


def test_an_operation_of_another_history(repo: Repo) -> None:
    second = ops.read(repo.layout, 2)
    put_operation(repo.layout, second._replace(write_id=bytes(16)))
    (problem,) = check(repo).problems
    assert (problem.what, problem.why) == ("3", "operation 3 does not follow operation 2")


def test_what_lies_below_the_oldest_that_is_kept_does_not_count(repo: Repo) -> None:
    put_operation(repo.layout, newest(repo)._replace(oldest=3))
    operation(repo, 1).unlink()
    flip(operation(repo, 2))
    found = check(repo)
    assert found.clean
    assert found.operations == 2


def test_what_doctor_has_stood_in_for(repo: Repo) -> None:
    flip(operation(repo, 2))
    put_operation(repo.layout, newest(repo)._replace(lost=(2,)))
    found = check(repo)
    assert found.clean
    assert "operation 2" in found.remarks[0] and "stood in" in found.remarks[0]


def test_only_a_remark(repo: Repo) -> None:
    write_pack(repo.layout, [b"of a dead writer"])
    Path(repo.layout.packs, "0" * 32 + ".damaged").write_bytes(b"")
    for name in ("junk", "1" * 32 + ".pack.bak", "z" * 32 + ".pack"):
        Path(repo.layout.packs, name).write_bytes(b"")
    for name in ("000000000009 (conflicted copy)", "9", ".DS_Store"):
        Path(repo.layout.ops, name).write_bytes(b"junk")
    Path(repo.layout.head).write_text("operation 1\n")
    Path(repo.layout.cache, "graph").write_bytes(b"junk")
    found = check(repo)
    assert found.clean
    said = "\n".join(found.remarks)
    for words in ("HEAD does not name operation 4", "1 pack of ", "set aside by `muse", "cache graph is damaged"):
        assert words in said
    assert len(found.remarks) == 4


@pytest.mark.parametrize("text", ["", "x", "-1", "5", "99999"])
def test_how_far_the_folder_is(repo: Repo, text: str) -> None:
    Path(repo.layout.applied).write_text(text)
    assert kinds(check(repo)) == [("applied", "applied")]


def test_the_folder_is_on_its_way(repo: Repo) -> None:
    ok("checkout", "HEAD~1")
    folder_state.set_applied(repo.layout, 0, durable=False)
    found = check(repo)
    assert found.clean
    assert found.remarks == ("the files of the folder are not yet as operation 5 wants them",)


DIGEST = bytes(32)
EVIL: list[Callable[[ops.Operation], ops.Operation]] = [
    lambda last: last._replace(view=last.view._replace(sections={"tags": Section(codec.pack([1, 2]))})),
    lambda last: last._replace(view=last.view._replace(sections={"tags": Section(codec.pack({"t": 5}))})),
    lambda last: last._replace(view=last.view._replace(sections={"stage": Section(codec.pack("text"))})),
    lambda last: last._replace(view=last.view._replace(sections={"stage": Section(codec.pack({"p": [1]}))})),
    lambda last: last._replace(view=last.view._replace(sections={"shelf": Section(codec.pack([{"x": 1}]))})),
    lambda last: last._replace(view=last.view._replace(sections={"shelf": Section(b"\xc1")})),
    lambda last: last._replace(view=last.view._replace(sections={"unheard of": Section(b"\x01")})),
    lambda last: last._replace(view=last.view._replace(sections={"tags": Section(None, DIGEST)})),
    lambda last: last._replace(view=last.view._replace(sections={"tags": Section(None, b"short")})),
    lambda last: last._replace(view=last.view._replace(branches={"main": DIGEST})),
    lambda last: last._replace(view=last.view._replace(branches={"main": digest_of(VERSIONS[0])})),
    lambda last: last._replace(worktree=Section(None, DIGEST)),
    lambda last: last._replace(worktree=Section(codec.pack([[1, 2]]))),
    lambda last: last._replace(worktree=Section(codec.pack([["a", None, ["f", DIGEST]]]))),
    lambda last: last._replace(packs=(*last.packs, last.packs[0]._replace(name="0" * 32))),
    lambda last: last._replace(packs=(last.packs[0]._replace(size=5), *last.packs[1:])),
]


@pytest.mark.parametrize("evil", range(len(EVIL)))
def test_an_operation_that_nobody_wrote(repo: Repo, evil: int) -> None:
    put_operation(repo.layout, EVIL[evil](newest(repo)))
    found = check(repo)
    assert not found.clean


def test_an_operation_with_an_impossible_oldest(repo: Repo) -> None:
    put_operation(repo.layout, newest(repo)._replace(oldest=-(10**15)))
    assert len(check(repo).problems) <= 1


def test_packs_that_are_joined_meanwhile(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """All packs are open before the first is looked through."""
    examine = Examiner.examine

    def late(examiner: Examiner, ref: Any) -> Any:
        for path in packs(repo):
            path.unlink(missing_ok=True)
        return examine(examiner, ref)

    monkeypatch.setattr(Examiner, "examine", late)
    assert fsck.check(repo.layout).clean


def test_packs_that_are_joined_before_they_were_opened(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = history.ends

    def join() -> None:
        old = newest(repo)
        ref = write_pack(repo.layout, [data for data in stored(repo)])
        put_operation(repo.layout, old._replace(number=5, previous=ops.digest(repo.layout, 4), packs=(ref,)))
        for gone in old.packs:
            os.unlink(repo.layout.pack(gone.name))

    once = Once(join)

    def late(layout: Any) -> history.Ends:
        found = ends(layout)
        once()
        return found

    monkeypatch.setattr(history, "ends", late)
    found = fsck.check(repo.layout)
    assert (found.clean, found.operations) == (True, 5)


def stored(repo: Repo) -> list[bytes]:
    """Every object."""
    opened = ops.open_store(repo.layout, newest(repo))
    try:
        return [opened.read(digest) for ref in opened.refs for digest, _ in opened.pack(ref).slots()]
    finally:
        opened.close()


def test_what_is_recorded_meanwhile_is_not_looked_at(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its objects are in packs that were not there when all were opened."""

    def late(layout: Any) -> list[bytes]:
        Path("a.txt").write_bytes(b"more\n")
        ok("commit", "-m", "meanwhile")
        return []

    monkeypatch.setattr(health, "singles", late)
    found = fsck.check(repo.layout)
    assert (found.clean, found.operations, newest(repo).number) == (True, 4, 5)


def test_a_process_that_may_open_too_few_files(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is damaged, so nothing is called so."""
    real = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith(".pack"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(SystemTrouble) as refused:
            fsck.check(repo.layout)
    assert refused.value.kind == "emfile"


def test_others_who_always_replace_packs(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    last = newest(repo)
    packs(repo)[0].unlink()
    monkeypatch.setattr(history, "ends", lambda layout: history.Ends(last, last.number))
    monkeypatch.setattr(fsck, "_store", lambda layout, where: ObjectStore(layout, last.packs))
    with pytest.raises(Refused) as refused:
        fsck.check(repo.layout)
    assert refused.value.kind == "busy"


def test_operations_that_gc_drops_meanwhile(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = history.steps

    def late(layout: Any, oldest: int) -> Any:
        last = newest(repo)
        put_operation(repo.layout, last._replace(number=5, previous=ops.digest(layout, 4), oldest=3))
        operation(repo, 1).unlink()
        operation(repo, 2).unlink()
        return steps(layout, oldest)

    monkeypatch.setattr(history, "steps", late)
    assert fsck.check(repo.layout).clean


def test_what_a_list_of_files_names(repo: Repo) -> None:
    last = newest(repo)
    lost = digest_of(b"nowhere")
    section = Section(codec.pack([["a", None, ["f", lost]]]))
    put_operation(repo.layout, last._replace(worktree=section, folder=4))
    (problem,) = fsck.check(repo.layout).problems
    assert (problem.kind, problem.what, problem.operations) == ("blob", id_of(lost), (4,))
    assert Change("a", None, Entry("f", lost)) in last._replace(worktree=section).changes(None)  # type: ignore[arg-type]


def test_a_pack_that_may_hold_what_is_missing_is_not_offered_to_gc(repo: Repo) -> None:
    last = newest(repo)
    put_operation(repo.layout, last._replace(packs=last.packs[:-1]))
    found = check(repo)
    assert not found.clean
    assert found.remarks == (f"1 pack of {last.packs[-1].size:,} bytes named by no operation",)


@pytest.mark.parametrize("name", [".pack", ".damaged"])
def test_a_folder_with_the_name_of_a_pack_is_none(repo: Repo, name: str) -> None:
    Path(repo.layout.packs, "a" * 32 + name).mkdir()
    Path(repo.layout.packs, "b" * 32 + name).symlink_to("nowhere")
    assert fsck.check(repo.layout).remarks == ()


@pytest.mark.parametrize("oldest", [5, 6])
def test_what_a_gc_drops_before_it_was_read_is_looked_at_in_the_next_operation(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, oldest: int
) -> None:
    """One that forgets drops the newest, too: nothing that it needs was looked at, and one file is missing."""
    last = newest(repo)
    put_operation(repo.layout, last._replace(packs=last.packs[:-1]))
    real = health.singles

    def collect() -> None:
        gone = newest(repo)
        for number in range(5, oldest + 1):
            put_operation(repo.layout, gone._replace(number=number, previous=b"", oldest=oldest))
        ops.drop(repo.layout, oldest)

    once = Once(collect)

    def late(layout: Any) -> Any:
        once()
        return real(layout)

    monkeypatch.setattr(health, "singles", late)
    found = fsck.check(repo.layout)
    assert not found.clean and found.broken
    assert found.operations == 1


def test_others_who_always_drop_operations(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def collect(layout: Any) -> list[bytes]:
        last = newest(repo)
        put_operation(layout, last._replace(number=last.number + 1, previous=b"", oldest=last.number + 1))
        ops.drop(layout, last.number + 1)
        return []

    monkeypatch.setattr(health, "singles", collect)
    with pytest.raises(Refused, match="dropping operations"):
        fsck.check(repo.layout)


def test_what_was_appended_is_a_remark(repo: Repo) -> None:
    for path in (packs(repo)[1], operation(repo, 3)):
        with path.open("ab") as file:
            file.write(b"\n")
    found = check(repo)
    assert found.clean and readable(repo)
    assert found.remarks == tuple(
        f"something was appended to {path}; it is passed over" for path in (packs(repo)[1], operation(repo, 3))
    )
