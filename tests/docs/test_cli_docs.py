"""`docs/cli.md` says what the verbs are: neither more nor less, and what they print is what it says."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import muse as api
from muse import verbs
from muse.cli.arguments import verb_parser
from muse.cli.parser import HelpAsked, parse
from muse.core.base import errors
from muse.core.repo import Repo
from muse.core.settings.config import KNOWN
from tests.bad_input.scenes import packs
from tests.commands import commit_id, muse, ok, refused
from tests.environment import ROOT
from tests.samples import code, notebook, printed, text

VERBS = verbs.names()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
EXAMPLES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
SOURCES = [ast.parse(path.read_text()) for path in sorted(ROOT.glob("muse/**/*.py"))]
PAGE = (ROOT / "docs/cli.md").read_text()
GENERAL, _, REFERENCE = PAGE.partition("\n## The verbs\n")
SECTIONS = dict(part.split("\n", 1) for part in re.split(r"^### ", REFERENCE, flags=re.MULTILINE)[1:])

#: What each verb is made to answer: every kind of answer it has, so that every key and type is seen. A line is a
#: command, or `write PATH TEXT`, or `cd PATH`, or `lose NUMBER`: that pack is gone, or `folder PATH`: a folder stands
#: in the place of that file. HEAD, and so main, differs from HEAD~1 in every kind of file; `empty` is a repository
#: without a commit.
SCRIPTS = {
    "init": "init \n cd empty \n init",
    "config": "config",
    "status": "checkout HEAD~1 \n restore . --from main \n write a.txt a \n status \n cd empty \n status",
    "add": "write change.txt more \n add change.txt \n add change.txt \n add .",
    "code": "write change.txt more \n code add .",
    "commit": "write change.txt more \n commit -m more \n commit --amend -m other \n checkout HEAD~1 \n commit",
    "diff": "diff HEAD~1 HEAD \n diff HEAD~1 --exit-code \n diff HEAD~1 --stat"
    "\n write change.txt more \n add change.txt \n lose 2 \n diff --staged",
    "restore": "restore change.txt --from HEAD~1 \n add change.txt \n restore --staged change.txt",
    "log": "log \n lose 0 \n log \n cd empty \n log",
    "show": "show \n show --stat \n show HEAD: \n show HEAD:change.txt \n show HEAD:data.bin"
    "\n write change.txt more \n add change.txt \n commit -m more \n lose 2 \n show",
    "undo": "checkout HEAD~1 \n checkout main \n undo \n write change.txt more \n undo \n cd empty \n undo",
    "redo": "checkout HEAD~1 \n undo \n redo \n undo \n write change.txt more \n redo \n cd empty \n redo",
    "op": "checkout HEAD~1 \n checkout main \n op restore 4 \n op restore 5 \n op restore 1 \n op restore 8 \n op log"
    "\n write change.txt more \n op restore 5 \n write .muse/ops/000000000002 junk \n op log",
    "fsck": "fsck \n lose 0 \n fsck",
    "doctor": "doctor \n write .muse/HEAD operation 9 \n doctor \n lose 0 \n doctor"
    "\n write .muse/ops/000000000004 junk \n doctor",
    "gc": "gc \n gc --forget \n gc --dry-run \n folder .muse/ops/000000000001 \n gc --forget --yes",
    "checkout": "checkout HEAD~1 \n write change.txt more \n checkout main \n cd empty \n checkout -b other",
    "branch": "branch \n cd empty \n branch",
    "tag": "tag submitted \n tag",
    "reset": "reset --hard HEAD~1 \n checkout @{10:30} \n reset --hard main \n undo \n undo \n undo \n undo \n undo"
    "\n reset @{10:30}",
    "shelf": "write change.txt more \n shelf push \n shelf pop \n checkout HEAD \n shelf push \n write change.txt again"
    "\n shelf pop \n cd empty \n shelf pop \n write new.txt new \n shelf push",
}


def table(page: str, *head: str) -> list[list[str]]:
    """The rows of the table with that head; none where there is no such table."""
    for found in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in found.splitlines()]
        rows = [[cell.strip().replace(r"\|", "|") for cell in line] for line in lines]
        if rows[0] == list(head):
            return rows[2:]
    return []


def spans(text: str) -> list[str]:
    """What stands between backquotes."""
    return re.findall(r"`([^`\n]+)`", text)


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def shape(section: str) -> dict[str, set[str]]:
    """The documented keys of an answer, each with its types."""
    tables = (table(section, head, "type", "meaning") for head in ("key", "key of `REV:PATH`"))
    found = {spans(key)[0]: set(kind.split(" or ")) for rows in tables for key, kind, _ in rows}
    for other, less in re.findall(r"^\*\*JSON\*\*.*all of \[(\w+)\]\S*(?: but `(\w+)`)?", section, re.MULTILINE):
        found = {key: kind for key, kind in shape(SECTIONS[other]).items() if key != less} | found
    return found


def seen(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Every key in an answer with the type of its value, written as the page writes them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{at}.{'PATH' if key.endswith('.ipynb') else key}".removeprefix(".")
            yield path, kind_of(inner)
            yield from seen(inner, path)
    elif isinstance(value, list):
        for item in value:
            yield from seen(item, f"{at}[]") if isinstance(item, dict) else ()


def kind_of(value: object) -> str:
    """The type of a JSON value, in the words of the page."""
    words = {bool: "true/false", str: "text", int: "number", type(None): "null", list: "list", dict: "object"}
    return words[type(value)]


@pytest.fixture
def repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, three and four hours old, that differ in every kind of file; and `empty`, without a commit."""
    ids, bare = code("x = 1", printed("1"), id="one"), code("a = 1")
    (folder / "deep").mkdir()
    write(folder, {"change.txt": b"one\n", "gone.txt": b"", "data.bin": b"\0", "deep/same.txt": b"same\n"})
    write(folder, {"ids.ipynb": notebook(ids, text("why", id="two")), "bare.ipynb": notebook(bare, text("why"))})
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T08:00:00+00:00")
    ok("init")
    ok("commit", "-m", "first look")
    (folder / "gone.txt").unlink()
    write(folder, {"change.txt": b"two\n", "new.txt": b"new\n", "data.bin": b"\0\0"})
    write(folder, {"ids.ipynb": notebook({**ids, "source": ["x = 2"]}), "bare.ipynb": notebook(bare, code("plot(a)"))})
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T09:00:00+00:00")
    ok("commit", "-m", "second look")
    monkeypatch.setenv("MUSE_NOW", "2026-03-14T12:00:00+00:00")
    (folder / "empty").mkdir()
    ok("init", "empty")
    return folder


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def play(verb: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Any]]:
    """Play the script of a verb; gives the status and the JSON of each of its own commands."""
    for line in SCRIPTS[verb].splitlines():
        words = line.split()
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
        elif words[0] == "write":
            Path(words[1]).write_text(" ".join(words[2:]))
        elif words[0] == "folder":
            Path(words[1]).unlink()
            Path(words[1]).mkdir()
        elif words[0] == "lose":
            packs(Repo.open())[int(words[1])].unlink()
        elif words[0] == verb:
            answer = muse(*words, "--json")
            yield answer.status, answer.json
        else:
            ok(*words)


def test_every_verb_and_nothing_else() -> None:
    assert sorted(SECTIONS) == VERBS == sorted(SCRIPTS)
    assert sorted(re.findall(r"\[(\w+)\]\(#\1\)", GENERAL.partition("\n## ")[0])) == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_arguments(verb: str) -> None:
    """The rows of the table are what the parser takes, and the synopsis names each of them."""
    rows = table(SECTIONS[verb], "argument", "meaning")
    wanted = [names for action in actions(verb) for names in typed(action)]
    assert sorted([tuple(spans(row[0])) for row in rows]) == sorted(wanted)
    synopsis = blocks(SECTIONS[verb], "text")[0]
    commands = [line for line in synopsis.splitlines() if line.startswith(f"muse {verb}")]
    words = set(re.findall(r"(?<![\w-])-{0,2}[\w|-]*\w", " ".join(commands)))
    known = {word for names in wanted for name in names for word in name.split()}
    assert words <= known | {"muse", verb}
    assert all(words & {name.split()[0] for name in names} for names in wanted)


def actions(verb: str) -> list[argparse.Action]:
    """What a verb takes, less what every verb takes."""
    return [a for a in verb_parser(verbs.load(verb))._actions if not {"-h", "--json"} & set(a.option_strings)]


def typed(action: argparse.Action) -> list[tuple[str, ...]]:
    """How the page writes an argument: one row for it, or for each of its choices."""
    if action.choices:
        return [(str(choice),) for choice in action.choices]
    name = str(action.metavar or action.dest).upper()
    if not action.option_strings:
        return [(name,)]
    return [tuple(option if action.nargs == 0 else f"{option} {name}" for option in action.option_strings)]


@pytest.mark.parametrize("verb", VERBS)
def test_the_function_and_the_example(verb: str) -> None:
    signature = inspect.signature(getattr(api, verb))
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values() if one.name != "repo"]
    python = f"muse.{verb}{inspect.Signature(bare)}"
    assert blocks(SECTIONS[verb], "text")[0].splitlines()[-1] == python
    assert f"Example: `{verbs.load(verb).EXAMPLE}`" in SECTIONS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_keys_and_statuses(verb: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key with every type it can have, and every exit status that is the verb's own, both ways."""
    answers = list(play(verb, monkeypatch))
    printed: dict[str, set[str]] = {}
    for key, kind in (pair for _, answer in answers if "error" not in answer for pair in seen(answer)):
        printed.setdefault(key, set()).add(kind)
    assert printed == shape(SECTIONS[verb])
    exits = re.findall(r"^\*\*Exits\*\* with (.*)$", SECTIONS[verb], re.MULTILINE)
    assert {status for status, _ in answers} == set(map(int, re.findall(r"\b\d\b", exits[0])))


def test_errors_as_json(repository: Path) -> None:
    """The sample is what is printed, byte for byte."""
    answer = muse("show", "nosuch", "--json")
    assert answer == (2, blocks(GENERAL, "json")[0], "")


def test_kinds_of_errors() -> None:
    """Each kind that the source can raise stands beside its exit status."""
    groups: dict[str, type[errors.MuseError]] = {
        name: one
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.MuseError) and one is not errors.MuseError
    }
    raised = {(one.exit_status, one.kind) for one in groups.values()}
    for call in (node for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in groups:
            kinds = [word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)]
            raised |= {(groups[call.func.id].exit_status, str(kind)) for kind in kinds}
    rows = table(GENERAL, "status", "meaning", "kinds of error")
    assert {(int(row[0]), kind) for row in rows for kind in spans(row[2])} == raised
    assert [int(row[0]) for row in rows] == [0, 1, 2, 3, 4, 5, importlib.import_module("muse.cli.main")._INTERRUPTED]


def test_variables() -> None:
    """Those that the source reads."""
    texts = [node.value for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    read = {value for value in texts if isinstance(value, str) and re.fullmatch(r"MUSE_[A-Z_]+", value)}
    assert {spans(row[0])[0] for row in table(GENERAL, "variable", "meaning")} == read
    assert set(re.findall(r"MUSE_[A-Z_]+", PAGE)) == read


def test_settings() -> None:
    rows = table(SECTIONS["config"], "setting", "meaning")
    assert {spans(row[0])[0] for row in rows} == set(KNOWN)
    for key, meaning in rows:
        assert set(KNOWN[spans(key)[0]].choices) <= set(spans(meaning))


def test_names_of_commits(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name in the table finds a commit, on the day after. No commit has the id of the example."""
    (repository / "change.txt").write_text("three\n")
    ok("commit", "-m", "third look")
    monkeypatch.setenv("MUSE_NOW", "2026-03-15T12:00:00+00:00")
    rows = table(GENERAL, "name", "the commit")
    names = {name for row in rows for cell in row for name in spans(cell)}
    assert {"HEAD", "HEAD~2", "@", "main~1", "@{2 hours ago}"} <= names
    for name in names - {"3f9a1c", "sha256:3f9a1c"}:
        ok("show", name)
    for name in (commit_id()[:13], commit_id()[7:13], commit_id()[7:11]):
        ok("show", name)
    assert "names no commit" in refused("show", commit_id()[7:10], status=2)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_parses(path: Path) -> None:
    """A verb alone may stand for its name, as in "`muse checkout` takes a lock"."""
    for line in examples(path.read_text()):
        if line in VERBS:
            continue
        try:
            parse(shlex.split(line.removesuffix(";")))
        except HelpAsked:
            continue


def examples(page: str) -> list[str]:
    """Every command on a page, without `muse`: in a text, in a block, and in the body of a `%%muse` cell."""
    texts = re.sub(r"^```(\w+)\n.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    cells = blocks(page, "ipython")
    bodies = [cell.splitlines()[1:] for cell in cells if cell.startswith("%%muse\n")]
    lines = [*spans(texts), *re.findall(r"^    (\S.*)$", texts, re.MULTILINE), *"\n".join(cells).splitlines()]
    found = [re.fullmatch(r"(?:\w+ = )?%{0,2}muse (?!VERB)(-?\w[^#\n]*?)(?:  +# .*)?", line) for line in lines]
    plain = [line for body in bodies for line in body if not line.startswith("#")]
    return [match[1] for match in found if match and not match[1].startswith("--version")] + plain


def test_the_examples_are_found() -> None:
    """So that the test of them cannot pass by looking at none."""
    found = examples(PAGE)
    assert {'commit -m "first look"', "status;", "log", "add analysis.ipynb#3", "op restore 12", "-h"} <= set(found)
    assert len(found) > 30


def test_the_python_example_runs(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks(GENERAL, "python")
    (repository / "change.txt").write_text("three\n")
    exec(compile(example, "docs/cli.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" Ada Example ")[2] for line in lines[:3]] == ["alpha = 0.1", "second look", "first look"]
    assert lines[3].startswith("unknown-revision ")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links(path: Path) -> None:
    """Each leads to a file, and to a heading in it where it names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"\w+:", target):
            continue
        name, _, heading = target.partition("#")
        file = Path(os.path.normpath(path.parent / name)) if name else path
        assert file.is_file(), target
        assert not heading or heading in slugs(file), target


def slugs(path: Path) -> set[str]:
    """The headings of a page, as links name them."""
    heads = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
