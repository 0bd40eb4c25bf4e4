"""The layout as a test: who may import whom, what start-up may cost, how long a thought may be."""

from __future__ import annotations

import ast
import os
import pwd
import re
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests.environment import ROOT, project_files

FILES = sorted((ROOT / "muse").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in zip(NAMES, FILES, strict=True)}

# A room may import itself and every room of a lower floor; `testing` stands outside and sees the whole house.
FLOORS = ("core", "notebook remotes", "display", "verbs", "cli widgets", "magics", "testing")
# So it goes on within `core`, whose single files stand where the specification looks for them.
CORE_FLOORS = (
    "base types paths", "system io", "packs", "commits", "damage", "operations", "folder stat_cache",
    "settings", "commands repo", "upkeep object_store",
)  # fmt: skip


def floors(names: tuple[str, ...]) -> dict[str, int]:
    """The floor of each room."""
    return {room: floor for floor, rooms in enumerate(names) for room in rooms.split()}


HOUSE = {"muse": floors(FLOORS), "muse.core": floors(CORE_FLOORS)}

CORE_MAY_USE = {"msgpack", "backports", "compression", "pathspec"}
QUIET = ("muse/core/", "muse/notebook/", "muse/display/", "muse/verbs/")
ENDS_THE_PROCESS = {
    # Scripts written for the specification's API expect `require_repo` to stop them with status 2.
    "muse/core/base/errors.py": "NotARepository"
}
# What is imported on the way to every verb. Each of these costs more than the verb itself.
HOT = ("muse/__init__.py", "muse/core/", "muse/notebook/", "muse/display/", "muse/verbs/", "muse/cli/")
HEAVY = {
    "IPython", "asyncio", "concurrent", "dataclasses", "difflib", "inspect", "ipywidgets", "json", "logging",
    "nbformat", "pathlib", "pathspec", "secrets", "subprocess", "tempfile", "tomllib", "urllib",
}  # fmt: skip


PLAIN_BASES = {"NamedTuple", "Protocol", "Exception"}


def targets(node: ast.AST, name: str) -> list[str]:
    """The modules that a statement imports, relative ones resolved."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    package = name.split("/")[: -node.level] if node.level else []
    base = ".".join([*package, *filter(None, [node.module])])
    return [f"{base}.{alias.name}" for alias in node.names]


def imports(name: str) -> Iterator[tuple[int, str]]:
    """Every import of a file with its line, wherever it stands: lazy ones and those for type checkers too."""
    for node in ast.walk(TREES[name]):
        for target in targets(node, name):
            yield getattr(node, "lineno", 0), target


def imported_at_once(body: list[ast.stmt], name: str) -> Iterator[str]:
    """What importing a file imports: not what functions import, nor what only type checkers read."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from imported_at_once(node.orelse, name)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                yield from imported_at_once(getattr(node, field, []), name)
            for handler in getattr(node, "handlers", []):
                yield from imported_at_once(handler.body, name)
        else:
            yield from targets(node, name)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What others may call, with the methods of each class that has no base class to document them."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield node
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} <= PLAIN_BASES:
                yield from public(node.body)


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down(name: str) -> None:
    """A room imports itself and the floors below it; of the package itself only the version."""
    here = name.removesuffix(".py").split("/")
    for line, target in imports(name):
        if target.split(".")[0] == "muse" and target != "muse.__version__" and len(here) > 2:
            fault = misplaced(here, target.split("."))
            assert not fault, f"{name}:{line} imports {target}, which {fault}"


def misplaced(here: list[str], there: list[str]) -> str:
    """What is wrong with an import, if anything: where two ways through the house part, the other leads down."""
    for at, floor in ((1, HOUSE["muse"]), (2, HOUSE["muse.core"])):
        one, other = here[at], there[at]
        if other not in floor:
            return "is in no room"
        if one != other:
            return "" if floor[other] < floor[one] or (at == 2 and floor[other] == floor[one]) else "is not below it"
        if one != "core":
            break
    return ""


@pytest.mark.parametrize(
    ("here", "there", "fault"),
    [
        ("muse.verbs.add", "muse.core.io", ""),
        ("muse.core.io", "muse.verbs.add", "is not below it"),
        ("muse.notebook.pick", "muse.remotes.sync", "is not below it"),
        ("muse.core.folder.scan", "muse.core.folder.disk", ""),
        ("muse.core.folder.scan", "muse.core.stat_cache.StatCache", ""),
        ("muse.core.folder.scan", "muse.core.packs.store", ""),
        ("muse.core.packs.store", "muse.core.folder.disk", "is not below it"),
        ("muse.core.packs.store", "muse.core.attic.old", "is in no room"),
    ],
)
def test_what_is_misplaced(here: str, there: str, fault: str) -> None:
    assert misplaced(here.split("."), there.split(".")) == fault


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("muse/core/")])
def test_core_stands_on_little(name: str) -> None:
    """The store needs the standard library, msgpack, zstd and pathspec."""
    allowed = sys.stdlib_module_names | CORE_MAY_USE | {"muse"}
    for line, target in imports(name):
        assert target.split(".")[0] in allowed, f"{name}:{line} imports {target}"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(HOT)])
def test_start_up_is_light(name: str) -> None:
    """Nothing heavy is imported on the way to a verb; the package itself imports nothing of muse either."""
    tops = {target.split(".")[0] for target in imported_at_once(TREES[name].body, name)}
    heavy = tops & (HEAVY | {"muse"} if name == "muse/__init__.py" else HEAVY)
    assert not heavy, f"{name} imports {sorted(heavy)} at once: do it in the function that needs it"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(QUIET)])
def test_the_library_neither_prints_nor_exits(name: str) -> None:
    """Front ends print and exit; below them results are returned and errors raised."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ClassDef) and node.name == ENDS_THE_PROCESS.get(name):
            node.bases = []
    for node in ast.walk(TREES[name]):
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        where = f"{name}:{getattr(node, 'lineno', 0)}"
        assert word not in {"SystemExit", "_exit"}, f"{where} ends the process"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"print", "sys.exit", "exit", "quit"}, f"{where} calls {called}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_is_documented(name: str) -> None:
    """Files, classes, functions, and the methods that no base class documents have a docstring."""
    tree = TREES[name]
    assert ast.get_docstring(tree), f"{name} has no docstring"
    for node in public(tree.body):
        assert ast.get_docstring(node), f"{name}:{node.lineno} {node.name} has no docstring"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_one_thought(name: str) -> None:
    """No file over 350 lines, no function over 50."""
    lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
    assert lines <= 350, f"{name} has {lines} lines"
    for function in functions(TREES[name]):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= 50, f"{name}:{function.lineno} {function.name} has {lines} lines"


def test_no_file_names_the_machine() -> None:
    """A path of the machine that made a file (in an output, in a comment) says nothing to anyone else."""
    machine = {str(ROOT.parent), pwd.getpwuid(os.getuid()).pw_dir, tempfile.gettempdir()} - {"/"}
    folders = "|".join(map(re.escape, machine))
    path = re.compile(rf"""(?:^|[\s"'`(=:>])(?:{folders})/""".encode())
    for name in project_files():
        if not name.startswith("tests/specification/"):
            found = path.search((ROOT / name).read_bytes())
            assert not found, f"{name} names {found[0]!r}"
