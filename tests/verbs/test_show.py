"""`muse show`: a commit, and what it changed."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from muse.core.commits.records import encode_commit, read_commit
from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout
from muse.core.repo import Repo
from muse.core.types import blob_id, parse_id
from tests.commands import commit_id, muse, ok, refused, short
from tests.core import damaged
from tests.samples import code, notebook, printed
from tests.verbs import losing


def test_a_commit_against_its_parent(repository: Path) -> None:
    Path("a.txt").write_text("one\ntwo\n")
    ok("commit", "-m", "first look")
    Path("a.txt").write_text("one\n2\n")
    Path("b.bin").write_bytes(b"\0" * 2000)
    ok("commit", "-m", "second look\n\nWith a reason,\nand a second line.")
    assert ok("show") == (
        f"{short()}  second look\n"
        "Ada Example <ada@example.org>, 2026-03-14 12:00\n"
        "\n"
        "  With a reason,\n"
        "  and a second line.\n"
        "\n"
        "a.txt\n"
        "   one\n"
        "  -two\n"
        "  +2\n"
        "\n"
        "b.bin added\n"
        "  binary, 2.0 KB\n"
    )


def test_the_first_commit_has_all_it_holds(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert ok("show", "HEAD") == (
        "3239b604a4  first look\nAda Example <ada@example.org>, 2026-03-14 12:00\n\na.txt added\n  +one\n"
    )


def test_notebooks_by_cell(repository: Path) -> None:
    Path("nb.ipynb").write_bytes(notebook(code("x = 1\n", id="a"), code("print(x)", printed("1\n"), id="b")))
    ok("commit", "-m", "first look")
    Path("nb.ipynb").write_bytes(notebook(code("x = 2\n", id="a"), code("print(x)", printed("2\n"), id="b")))
    ok("commit", "-m", "second look")
    assert ok("show").partition("\n\n")[2] == (
        "nb.ipynb  1 cell changed, outputs of 1 changed\n"
        "  cell 1  a  source changed\n"
        "    -x = 1\n"
        "    +x = 2\n"
        "\n"
        "  cell 2  b  outputs changed\n"
        "    output stdout\n"
        "    -1\n"
        "    +2\n"
    )


def test_json(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert muse("show", "--json").json == {
        "commit_id": commit_id(),
        "parents": [],
        "author": {"name": "Ada Example", "email": "ada@example.org"},
        "time": "2026-03-14T12:00:00+00:00",
        "message": "first look",
        "names": ["HEAD → main"],
        "files": [
            {
                "path": "a.txt",
                "status": "added",
                "kind": "text",
                "lines": [["+", "one"]],
                "old_size": None,
                "new_size": 4,
            }
        ],
        "notes": [],
    }


def test_the_names_of_commits(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for hour in (9, 10, 11):
        monkeypatch.setenv("MUSE_NOW", f"2026-03-14T{hour:02}:00:00+00:00")
        Path("a.txt").write_text(str(hour))
        ok("commit", "-m", str(hour))
        ids.append(commit_id())
    ok("branch", "side", "HEAD~1")
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T12:00:00+00:00")
    for name, expected in [
        ("HEAD", ids[2]),
        ("@", ids[2]),
        ("main", ids[2]),
        ("HEAD~", ids[1]),
        ("HEAD^", ids[1]),
        ("HEAD~2", ids[0]),
        ("HEAD~1^", ids[0]),
        ("HEAD~0", ids[2]),
        ("HEAD^0", ids[2]),
        ("side", ids[1]),
        ("side~1", ids[0]),
        (ids[0], ids[0]),
        (ids[0][7:], ids[0]),
        (ids[0][:17], ids[0]),
        (ids[0][7:14], ids[0]),
        ("@{2 hours ago}", ids[1]),
        ("@{150 minutes ago}", ids[0]),
        ("main@{2 hours ago}~1", ids[0]),
        ("@{2026-03-14 10:30}", ids[1]),
    ]:
        assert commit_id(name) == expected, name


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("nope", "nope names no commit", "`muse log` lists commits, `muse branch` lists branches."),
        ("v1.0", "v1.0 names no commit", "`muse log` lists commits, `muse branch` lists branches."),
        ("HEAD~1", "HEAD~1 goes back beyond the first commit", "`muse log` lists the commits there are."),
        ("HEAD^2", "HEAD^2 goes back beyond the first commit", "`muse log` lists the commits there are."),
        (
            "@{a long time ago}",
            "'a long time ago' is no moment that muse understands",
            "Try @{2 hours ago} or @{2026-11-22 14:00}.",
        ),
        (
            "@{2 days ago}",
            "there was no commit at '2 days ago'",
            "`muse op log` lists what happened when.",
        ),
        (
            "side@{now}",
            "there was no commit on side at 'now'",
            "`muse op log` lists what happened when.",
        ),
    ],
)
def test_names_of_no_commit(repository: Path, name: str, message: str, hint: str) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    assert refused("show", name, status=2) == f"error: {message}\n{hint}\n"


def test_a_file_without_a_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint has its path from the root, and for `diff` from here; it knows nothing of what is not committed."""
    Path("my data").mkdir()
    Path("my data/a.txt").write_text("one\n")
    ok("commit")
    Path("my data/new.txt").write_text("new\n")
    monkeypatch.chdir("my data")
    assert refused("show", "a.txt", status=2) == (
        "error: a.txt names no commit\n"
        "`muse show 'HEAD:my data/a.txt'` shows that file, `muse diff a.txt` what changed in it.\n"
    )
    assert refused("show", "new.txt", status=2).endswith("`muse branch` lists branches.\n")


def test_the_commit_before_is_lost(folder: Path) -> None:
    """What is left is shown, with a word on what is not; and the commit itself is an error."""
    repo = damaged.build(folder)
    before = commit_id("HEAD~1")
    damaged.packs(repo)[1].unlink()
    muse("doctor")
    answer = ok("show").splitlines()
    assert answer[0] == f"! {before} is missing from the repository: what was changed since that commit cannot be shown"
    assert answer[2].endswith("  commit 3") and len(answer) == 4
    assert muse("show", "--json").json["files"] == []
    assert refused("show", "HEAD~1", status=3).startswith(f"error: {before} is missing")


def test_a_file_of_it_is_lost(folder: Path) -> None:
    """The rest is shown."""
    repo = damaged.build(folder)
    Path("a.txt").write_text("four\n")
    Path("b.txt").write_text("new\n")
    ok("commit", "-m", "commit 4")
    damaged.spoil(repo, damaged.VERSIONS[2])
    answer = muse("show")
    assert (answer.status, answer.err) == (3, "")
    assert answer.lines[3:] == [
        "a.txt",
        "  cannot be had, lost → 5 B",
        "",
        "b.txt added",
        "  +new",
        "",
        "`muse doctor` repairs what can be repaired",
    ]
    found = muse("show", "--json").json["files"][0]
    assert (found["kind"], found["old_size"], found["new_size"], "lines" in found) == ("lost", None, 5, False)
    assert "cannot be had" in muse("show", "--stat").out


def test_a_folder_with_a_file_that_is_lost(repository: Path) -> None:
    Path("b.txt").write_text("b\n")
    Path("a.txt").write_text("once\n")
    ok("add", "a.txt")
    ok("commit", "--staged")
    ok("add", "b.txt")
    ok("commit")
    damaged.packs(Repo(str(repository)))[0].unlink()
    answer = muse("show", "HEAD:")
    assert (answer.status, answer.lines) == (3, ["a.txt  lost", "b.txt  2 B"])
    assert [one["size"] for one in muse("show", "HEAD:", "--json").json["entries"]] == [None, 2]
    assert refused("show", "HEAD:a.txt", status=3)


def test_the_tags_are_lost(folder: Path) -> None:
    """The commit is shown all the same, however it is named."""
    losing.tags(damaged.build(folder))
    for rev in ("HEAD", short()):
        answer = ok("show", rev).splitlines()
        assert answer[0].startswith("! the tags cannot be read, and `muse doctor` says how to go on: sha256:")
        assert answer[2].endswith("  later") and answer[-1].endswith("later")
    assert ok("show", "HEAD:a.txt") == "later\n"


def test_a_beginning_that_several_share(repository: Path) -> None:
    Path("a.txt").write_text("one\n")
    ok("commit", "-m", "first look")
    stored = ObjectStore(Layout(str(repository)), ops.read(Layout(str(repository)), 2).packs)
    record = read_commit(stored, parse_id(commit_id()))
    first: dict[str, str] = {}
    for number in count():
        id = blob_id(encode_commit(record._replace(message=str(number))))
        if id[:11] in first:
            break
        first[id[:11]] = str(number)
    ids = []
    for message in (first[id[:11]], str(number)):
        ok("undo")
        ok("commit", "-m", message)
        ids.append(commit_id())
    listed = ", ".join(id[:19] for id in sorted(ids))
    assert refused("show", id[7:11], status=2) == (
        f"error: {id[7:11]} is the beginning of 2 commits\nGive more digits: {listed}.\n"
    )
    assert commit_id(ids[0][:19]) == ids[0]


def test_before_the_first_commit(repository: Path) -> None:
    assert refused("show", status=2) == (
        'error: there is no commit yet\n`muse commit -m "..."` makes the first one.\n'
    )
