"""What verbs say about commands: a notebook shows it as code, and with the `%` that it is typed with there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from muse import verbs

FILES = sorted(Path(verbs.__file__).parent.glob("*.py"))
PLAIN = {"line", "heading", "spans", "Span", "Line", "Heading"}


def said(call: ast.Call) -> str:
    """All the text that stands in a call."""
    return "".join(part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and type(part.value) is str)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_commands_stand_in_prose(file: Path) -> None:
    """Only `Prose`, `Hint` and `Notice` know of commands: in other blocks a reader would see the backquotes."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    plain = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in PLAIN]
    assert [f"line {call.lineno}: {said(call)}" for call in plain if "`" in said(call)] == []
