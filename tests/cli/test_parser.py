"""`muse.cli.parser`: what can be typed, in any order, and what is said when it cannot."""

from __future__ import annotations

import inspect
import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse import verbs
from muse.cli import arguments
from muse.cli.arguments import verb_parser
from muse.cli.parser import HelpAsked, overview, parse
from muse.core.base.errors import UsageProblem


def call(line: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a line calls its verb with."""
    found = parse(shlex.split(line))
    return found.positional, found.keywords


@pytest.mark.parametrize(
    ("line", "positional", "keywords"),
    [
        ("init", (), {}),
        ("init --json folder", (), {"folder": "folder"}),
        ("add a b --json", ("a", "b"), {}),
        ("add a --json b", ("a", "b"), {}),
        ("add -- -x --json", ("-x", "--json"), {}),
        ("code --json add a", ("add", "a"), {}),
        ("commit", (), {}),
        ("commit -m 'first look' --staged", (), {"message": "first look", "staged": True}),
        ("commit --message=--json", (), {"message": "--json"}),
        ("commit -m -wip", (), {"message": "-wip"}),
        ("commit -m --wip --staged", (), {"message": "--wip", "staged": True}),
        ("commit -m -measured=1", (), {"message": "-measured=1"}),
        ("shelf push -m -", (), {"action": "push", "message": "-"}),
        ("log -n5 main", ("main",), {"number": 5}),
        ("log main -n 5", ("main",), {"number": 5}),
        ("show", (), {}),
        ("diff HEAD --exit-code HEAD~1", ("HEAD", "HEAD~1"), {"exit_code": True}),
        ("restore a --from HEAD b", ("a", "b"), {"rev": "HEAD"}),
        ("checkout -b idea", (), {"new_branch": True, "target": "idea"}),
        ("branch old -m new", (), {"move": True, "name": "old", "start": "new"}),
        ("op", (), {}),
        ("op restore --force 3", (), {"force": True, "action": "restore", "number": 3}),
        ("config author.name --user Ada", (), {"user": True, "key": "author.name", "value": "Ada"}),
        ("undo --force", (), {"force": True}),
    ],
)
def test_lines(line: str, positional: tuple[str, ...], keywords: dict[str, Any]) -> None:
    assert call(line) == (positional, keywords)


@given(st.permutations([["a.txt"], ["b.txt"], ["--from", "HEAD"], ["--staged"], ["--json"]]), st.booleans())
def test_options_may_stand_anywhere(parts: list[list[str]], joined: bool) -> None:
    words = ["=".join(part) if joined else word for part in parts for word in part[: 1 if joined else None]]
    found = parse(["restore", *words, "--", "-c.txt"])
    assert set(found.positional[:2]) == {"a.txt", "b.txt"}
    assert found.positional[2:] == ("-c.txt",)
    assert (found.keywords, found.json) == ({"rev": "HEAD", "staged": True}, True)


@pytest.mark.parametrize("name", verbs.names())
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_verb_alone_means_what_its_parser_says(name: str, options: list[str]) -> None:
    """Whether it is read by a parser or called at once: the same arguments, or the same trouble."""
    module = verbs.load(name)
    function = getattr(module, name)
    try:
        typed = arguments.read(module, options)
    except UsageProblem as problem:
        with pytest.raises(UsageProblem, match=f"^{re.escape(problem.message)}"):
            parse([name, *options])
        return
    found = parse([name, *options])
    assert found.function is function
    assert found.json == typed.pop("json", False) == bool(options)
    signature = inspect.signature(function)
    bound = signature.bind(*found.positional, **found.keywords)
    bound.apply_defaults()
    for argument, value in typed.items():
        assert bound.arguments[argument] == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("stats", "there is no verb 'stats'; did you mean `status`?", "`muse -h` lists the verbs."),
        ("xyzzy", "there is no verb 'xyzzy'", "`muse -h` lists the verbs."),
        ("_work", "there is no verb '_work'", "`muse -h` lists the verbs."),
        ("../main", "there is no verb '../main'", "`muse -h` lists the verbs."),
        ("status --jso", "muse status: unrecognized arguments: --jso", "`muse status -h` shows what it takes."),
        ("add", "muse add: the following arguments are required: PATH", "`muse add -h` shows what it takes."),
        ("diff first -m", "muse diff: unrecognized arguments: -m", "`muse diff -h` shows what it takes."),
        ("log -n", "muse log: argument -n/--number: expected one argument", "`muse log -h` shows what it takes."),
        ("log -n x", "muse log: argument -n/--number: invalid int value: 'x'", "`muse log -h` shows what it takes."),
        ("undo two", "muse undo: unrecognized arguments: two", "`muse undo -h` shows what it takes."),
    ],
)
def test_what_cannot_be_typed(line: str, message: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as found:
        parse(shlex.split(line))
    assert (found.value.message, found.value.hint) == (message, hint)


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["help"]])
def test_the_overview_lists_every_verb(words: list[str]) -> None:
    with pytest.raises(HelpAsked) as found:
        parse(words)
    assert str(found.value) == overview()
    listed = [line.split()[0] for line in overview().splitlines() if line.startswith("  ")]
    assert listed == verbs.names()


@pytest.mark.parametrize("name", verbs.names())
def test_the_help_of_a_verb(name: str) -> None:
    module = verbs.load(name)
    for words in ([name, "-h"], ["help", name], [name, "--json", "--help"]):
        with pytest.raises(HelpAsked) as found:
            parse(words)
        lines = str(found.value).splitlines()
        assert lines[0].startswith(f"usage: muse {name} [-h]")
        assert (module.__doc__ or "").splitlines()[0] in lines
        assert lines[-1] == f"example: {module.EXAMPLE}"


@pytest.mark.parametrize("name", verbs.names())
def test_what_can_be_typed_is_what_the_verb_takes(name: str) -> None:
    """The example can be typed, and every argument is one of the function's, which can say more in Python only."""
    module = verbs.load(name)
    words = shlex.split(module.EXAMPLE)
    assert words[:2] == ["muse", name]
    example = parse(words[1:])
    signature = inspect.signature(example.function)
    signature.bind(*example.positional, **example.keywords)
    declared = {action.dest for action in verb_parser(module)._actions} - {"help", "json"}
    assert declared == signature.parameters.keys() - {"repo"}


@pytest.mark.parametrize(
    "words",
    [
        ["shelf", "push", "-m"],
        ["log", "a.txt", "-n"],
        ["commit", "-m"],
        ["commit", "-m", "--amend"],
        ["commit", "-m", "--"],
    ],
)
def test_an_option_without_its_value_takes_nothing_else(words: list[str]) -> None:
    with pytest.raises(UsageProblem, match="expected one argument"):
        parse(words)
