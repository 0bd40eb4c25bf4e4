"""What the Tab key offers after `%muse`, as a front end asks for it and a real kernel answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.completer import CompletionContext

from muse import verbs
from muse.magics.completion import match
from tests.commands import ok, short
from tests.magics.kernels import Kernel

pytestmark = pytest.mark.slow


@pytest.fixture
def repository(kernel: Kernel, folder: Path) -> Path:
    """Two commits, two branches, and files with names that a line has to quote."""
    for name in ("table.csv", "my notes.txt", "it's.txt", ".hidden", "plots/one.png", "plots/two three.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    source = '%muse init\n%muse commit -m "first"\n%muse branch try-log-scale\n'
    assert kernel.run(source + "open('table.csv', 'w').write('x')\n%muse commit -m second").status == "ok"
    return folder


def test_verbs(kernel: Kernel) -> None:
    """With a repository or without."""
    assert kernel.complete("%muse ") == verbs.names()
    assert kernel.complete("%muse com") == ["commit"]
    assert kernel.complete("%muse che") == ["checkout"]


@pytest.mark.parametrize(
    "line", ["%muse sta", "%%muse sta", "    %muse sta", "x = 1\n%muse sta", "x = %muse sta", "log=%muse sta"]
)
def test_where_a_line_may_stand(line: str, kernel: Kernel) -> None:
    """At the start of a cell, further down, indented, and on the right of an assignment."""
    assert kernel.complete(line) == ["status"]


def test_what_stands_behind_the_cursor_does_not_count(kernel: Kernel) -> None:
    """A person may go back and complete what is in front."""
    line = "%muse com -m x"
    assert kernel.complete(line, len("%muse com")) == ["commit"]
    assert kernel.complete("%muse commit --st -m x\nprint(1)", len("%muse commit --st")) == ["--staged"]


def test_options(kernel: Kernel) -> None:
    """Of the verb that was typed."""
    assert kernel.complete("%muse commit --") == ["--amend", "--help", "--json", "--message", "--staged"]
    assert kernel.complete("%muse checkout --f") == ["--force"]
    assert kernel.complete("%muse restore x --fr") == ["--from"]


def test_branches_and_ids(kernel: Kernel, repository: Path) -> None:
    """Everywhere a commit is asked for."""
    head, before = short(), short("HEAD~1")
    assert kernel.complete("%muse checkout ") == sorted([head, before, "HEAD", "main", "try-log-scale"])
    assert kernel.complete("%muse checkout try") == ["try-log-scale"]
    assert kernel.complete(f"%muse show {before[:5]}") == [before]
    assert kernel.complete("%muse log ma") == ["main"]
    assert kernel.complete("%muse restore table.csv --from ma") == ["main"]


def test_tags(kernel: Kernel, repository: Path) -> None:
    """Where branches are offered, and to be deleted or moved to."""
    ok("tag", "submitted")
    for line in ("checkout", "show", "tag -d", "reset --hard", "restore table.csv --from"):
        assert kernel.complete(f"%muse {line} sub") == ["submitted"]


def test_paths(kernel: Kernel, repository: Path) -> None:
    """With a backslash where the line needs one, so that what is offered can be run."""
    shown = ["it\\'s.txt", "my\\ notes.txt", "plots/", "table.csv"]
    assert kernel.complete("%muse add ") == shown
    assert kernel.complete("%muse add pl") == ["plots/"]
    assert kernel.complete("%muse add plots/") == ["plots/one.png", "plots/two\\ three.png"]
    assert kernel.complete("%muse add .h") == [".hidden"]
    assert kernel.complete("%muse diff ta") == ["table.csv"]
    assert kernel.complete("%muse log ta") == ["table.csv"]
    assert kernel.complete("%muse add my\\ n") == ["my\\ notes.txt"]
    for name in kernel.complete("%muse add "):
        assert kernel.run(f"%muse add {name}").status == "ok"


def test_paths_in_a_commit(kernel: Kernel, repository: Path) -> None:
    """After the colon of `show`: what stood there then, whatever is in the folder now."""
    (repository / "table.csv").unlink()
    shown = [".hidden", "it\\'s.txt", "my\\ notes.txt", "plots/", "table.csv"]
    assert kernel.complete("%muse show HEAD~1:") == [f"HEAD~1:{name}" for name in shown]
    assert kernel.complete("%muse show main:plots/t") == ["main:plots/two\\ three.png"]
    answer = kernel.run("%muse show main:plots/two\\ three.png --json")
    assert (answer.status, "plots/two three.png" in answer.text) == ("ok", True)


def test_what_a_verb_does(kernel: Kernel) -> None:
    """The words of those that have some."""
    assert kernel.complete("%muse op ") == ["log", "restore"]
    assert kernel.complete("%muse code ") == ["add"]
    assert kernel.complete("%muse shelf ") == ["drop", "list", "pop", "push"]
    assert "author.name" in kernel.complete("%muse config au")


def test_other_lines_are_left_alone(kernel: Kernel) -> None:
    """Nothing of muse is offered where there is no `%muse`."""
    kernel.arrange("get_ipython().Completer.use_jedi = False")  # looking at all of Python takes it seconds
    assert "status" not in kernel.complete("%time sta")
    assert "status" not in kernel.complete("x = sta")
    kernel.arrange("get_ipython().run_line_magic('unload_ext', 'muse')")
    assert "status" not in kernel.complete("%muse sta")
    kernel.arrange("get_ipython().Completer.use_jedi = True")


def test_what_goes_on_the_shelf(repository: Path) -> None:
    """Asked for without IPython, which has file names of its own where nothing is offered."""

    def offered(line: str) -> list[str]:
        found = match(CompletionContext(line.split(" ")[-1], line, len(line), 0, None))["completions"]
        return [one.text for one in found]

    assert offered("%muse shelf push ta") == ["table.csv"]
    assert offered("%muse shelf pop ta") == []


@pytest.mark.parametrize("line", ["%muse checkout ", "%muse nosuch --", "%muse add nowhere/", "%muse", "muse = 1", ""])
def test_it_never_raises(line: str, folder: Path) -> None:
    """No repository, no such verb, no such folder, nothing typed: there is nothing to offer."""
    assert match(CompletionContext(line.split(" ")[-1], line, len(line), 0, None))["completions"] == []
