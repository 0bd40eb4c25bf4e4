"""`folder.ignore` says what `git check-ignore` says, and says it cheaply."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse.core.folder.ignore import Rules
from tests.environment import program

NAMES = ["a", "b", "ab", "data", "a.csv", "b.gz", "#x", "!x", "x ", "a\tb", "*", "[a]", "b\\", "new\nline"]
FOLDERS = ["a", "b", "data", "x "]
PLACES = ["", "a", "a/b", "data"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with every name of `NAMES` in folders three deep."""
    top = tmp_path_factory.mktemp("tree")
    subprocess.run([program("git"), "init", "-q", str(top)], check=True)
    level = [top]
    for _ in range(3):
        for folder in level:
            for name in NAMES:
                (folder / name).mkdir() if name in FOLDERS else (folder / name).touch()
        level = [folder / name for folder in level for name in FOLDERS]
    return top


def walk(folder: str, rules: Rules, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Every path of the tree with muse's verdict; what lies in an ignored folder is ignored."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name in (".git", ".gitignore"):
            continue
        path, is_folder = prefix + entry.name, entry.is_dir(follow_symlinks=False)
        verdict = rules.ignored(entry.name, is_folder)
        yield path, verdict
        if is_folder:
            below = walk(entry.path, rules.child(entry.name, text_in(entry.path)), path + "/")
            yield from ((inner, True) for inner, _ in below) if verdict else below


def text_in(folder: str) -> bytes | None:
    path = Path(folder, ".gitignore")
    return path.read_bytes() if path.exists() else None


def differences(tree: Path, files: dict[str, bytes]) -> list[str]:
    """Where git and muse disagree, given the rule files of some folders."""
    for place in PLACES:
        (tree / place / ".gitignore").unlink(missing_ok=True)
    for place, text in files.items():
        (tree / place / ".gitignore").write_bytes(text)
    ours = dict(walk(str(tree), Rules.root(text_in(str(tree)))))
    run = subprocess.run(
        [program("git"), "-C", str(tree), "check-ignore", "--stdin", "-z"],
        input=b"\0".join(map(os.fsencode, ours)),
        capture_output=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    theirs = {os.fsdecode(path) for path in run.stdout.split(b"\0") if path}
    return [f"{path!r}: muse {mine}" for path, mine in ours.items() if mine != (path in theirs)]


ESCAPED = [re.sub(r"([\\*\[\]#! ])", r"\\\1", name).replace("\n", "?") for name in NAMES]
WILD = ["*", "**", "*.csv", "*.gz", "a*", "*a*", "?", "a?", "[ab]", "[!a]", "[a-c]*", "[^ab]", "[]a]"]
ODD = ["d*a", "***", "\\", "a\\", "x *", "*\t*", "*?", "*.[ct]*", "[x] ", " "]
PARTS = st.sampled_from(ESCAPED + WILD + ODD)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
LINES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    PATHS,
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", "  "]),
)
SPECIAL = ["", "  ", "# a", "#x", "/", "!", "!/", "//", "a//b", "**/", "/**", "a**", "**b", "/**/", "a/[a"]
TEXTS = st.builds(
    lambda bom, lines, end, last: bom + (end.join(lines) + last * end).encode(),
    st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
    st.lists(LINES | st.sampled_from(SPECIAL), max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(files=st.dictionaries(st.sampled_from(PLACES), TEXTS, max_size=3))
def test_agrees_with_git(tree: Path, files: dict[str, bytes]) -> None:
    assert differences(tree, files) == []


@pytest.mark.parametrize(
    "files",
    [
        {"": b"*\n!data/\n!data/a*\n", "data": b"a.csv\n"},
        {"": b"a/b/data\n/a.csv\n", "a": b"!/b/data\n/b/b/\n", "a/b": b"!a.csv\n*.csv"},
        {"": b"**/data/**/a\n!a/**\nb/**/x\\ \n"},
        {"": b"\xef\xbb\xbf\\#x\r\n\\!x\r\nx\\   \r\nab   \r\n", "a": b"!ab\n"},
        {"": b"b\\\\  \n", "a": b"!b\\\\\n", "data": b"[x] /a\nb\\/a\n\\/a\n"},
        {"": b"new*\n*line\n!new?line\n", "a": b"a\tb\n[\n[a\n*\\\n"},
    ],
)
def test_agrees_with_git_in_cases(tree: Path, files: dict[str, bytes]) -> None:
    assert differences(tree, files) == []


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "__pycache__", ".venv", ".hg", ".svn"])
def test_built_in_folders(name: str) -> None:
    rules = Rules.root().child("deep")
    assert rules.ignored(name, True)
    assert not rules.ignored(name, False)
    assert not Rules.root(f"!{name}/".encode()).child("deep").ignored(name, True)


@pytest.mark.parametrize("name", [".DS_Store", ".~analysis.ipynb", ".restore-tmp-12", ".invalid-nb.ipynb"])
def test_built_in_files(name: str) -> None:
    assert Rules.root().child("deep").ignored(name, False)
    assert not Rules.root().child("deep", f"!{name}".encode()).ignored(name, False)


@pytest.mark.parametrize("name", [".muse", ".git", ".Git", ".MUSE"])
@pytest.mark.parametrize("is_folder", [True, False])
def test_muse_and_git_cannot_be_brought_back(name: str, is_folder: bool) -> None:
    assert Rules.root(f"!{name}\n!*\n".encode()).ignored(name, is_folder)


def test_a_folder_with_the_mark_is_ignored_unless_brought_back() -> None:
    assert not Rules.root().ignored("env", True)
    assert Rules.root().ignored("env", True, environment=True)
    assert not Rules.root(b"!env/\n").ignored("env", True, environment=True)
    assert not Rules.root(b"!/work/env\n").child("work").ignored("env", True, environment=True)


def test_names_that_are_not_utf8() -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    assert Rules.root(b"caf\xe9.csv\n").ignored(name, False)
    assert Rules.root(b"caf?.csv\n").ignored(name, False)
    assert not Rules.root("café.csv\n".encode()).ignored(name, False)
    assert Rules.root("café.csv\n".encode()).ignored("café.csv", False)
    assert Rules.root(b"caf?.cs[tv]\n").ignored("café.csv", False)


def test_any_bytes_are_a_rule_file() -> None:
    text = bytes(range(256)) + b"[[:alpha:]]\n[a--b]\n[a&&b]\n\x00\n*\xff?\n"
    assert Rules.root(text).ignored(os.fsdecode(b"x\xffy"), False)
    assert not Rules.root(text).ignored("nothing like it", False)


def test_folders_may_nest_deeper_than_the_stack() -> None:
    rules = Rules.root(b"a/**/end\n")
    for _ in range(3000):
        rules = rules.child("a")
    assert rules.ignored("end", False)
    assert not rules.ignored("other", False)


@given(text=st.binary(), other=st.binary(), names=st.tuples(st.text("ab"), st.text("ab")))
def test_the_signature_differs_when_something_that_decides_differs(
    text: bytes, other: bytes, names: tuple[str, str]
) -> None:
    one, two = (Rules.root(text).child(name).signature for name in names)
    assert (one == two) == (names[0] == names[1])
    top = Rules.root()
    assert (top.child("a", text).signature == top.child("a", other).signature) == (text == other)
    assert top.child("a", text).signature == Rules.root().child("a", text).signature
    assert len({top.signature, Rules.root(b"").signature, Rules.root(text + b"x").signature}) == 3


@given(st.none() | st.sampled_from([b"!*\n", b"!a/\n!b\n", b"x\n"]), st.lists(st.sampled_from("ab"), max_size=3))
def test_nothing_brings_back_what_closed_rules_leave_out(text: bytes | None, path: list[str]) -> None:
    above = Rules.root(text)
    closed = above.closed()
    assert not above.is_closed
    for name in [*path, "c"]:
        for environment in (True, False):
            assert closed.ignored(name, True, environment=environment) and closed.ignored(name, False)
        assert closed.is_closed
        others = (above, above.child(name), closed, closed.closed(), closed.child(name))
        assert len({rules.signature for rules in others}) == 5
        assert above.closed().signature == above.closed().signature
        above, closed = above.child(name, text), closed.child(name, text)
        assert above.signature != closed.signature


SIMPLE = rb"""
import sys
from muse.core.folder.ignore import Rules
rules = Rules.root(b"data\ndata/\n/data\n*.csv\nrun-*\n!keep.csv\ndocs/_build/\n\\#x\n**/deep/*.log\n")
names = ["data", "a.csv", "run-1", "keep.csv", "#x", "other", "a.log"]
verdicts = [rules.child("deep").ignored(name, False) for name in names]
assert verdicts == [True, True, True, False, True, False, True], verdicts
assert rules.child("docs").ignored("_build", True)
assert "pathspec" not in sys.modules
assert Rules.root(b"*.py[cod]\n!a.pyc").ignored("b.pyc", False)
assert "pathspec" in sys.modules
"""


def test_pathspec_is_imported_only_when_a_name_meets_a_wildcard_of_another_kind() -> None:
    subprocess.run([sys.executable, "-c", SIMPLE], check=True)


def test_pathspec_is_not_imported_when_a_simple_rule_decides() -> None:
    verdict = "Rules.root(b'*.p[yc]\\na.csv').ignored('a.csv', False)"
    code = f"import sys; from muse.core.folder.ignore import Rules; assert {verdict}"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'pathspec' not in sys.modules"], check=True)
