"""Reading the words after a verb with `argparse`, which the verb tells what it takes.

Nothing here prints or exits: what is wrong, and help, are raised. `argparse` takes longer to load than most verbs
take to run, so whoever imports this module does it when there are words to read.
"""

from __future__ import annotations

import argparse

from muse.cli.parser import HelpAsked, summary
from muse.core.base.errors import UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from types import ModuleType
    from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the line."""
        raise UsageProblem(f"muse {self.verb}: {message}", f"`muse {self.verb} -h` shows what it takes.")

    def print_help(self, file: object = None) -> None:
        """Raise the help."""
        raise HelpAsked(self.format_help())

    verb = ""


def verb_parser(module: ModuleType) -> Parser:
    """The parser of one verb."""
    name = module.__name__.rpartition(".")[2]
    parser = Parser(
        prog=f"muse {name}",
        description=summary(module),
        epilog=f"example: {module.EXAMPLE}",
        argument_default=argparse.SUPPRESS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.verb = name
    module.arguments(parser)
    parser.add_argument("--json", action="store_true", help="answer with one JSON value")
    return parser


def read(module: ModuleType, words: Sequence[str]) -> dict[str, Any]:
    """What was typed after a verb, by the name of the argument.

    Raises:
        UsageProblem: The verb does not take it.
        HelpAsked: Help was asked for.
    """
    parser = verb_parser(module)
    return vars(parser.parse_args(_options_first(parser, words)))


def _options_first(parser: Parser, words: Sequence[str]) -> list[str]:
    """The same words in an order that `argparse` understands: what is optional may not be split by an option."""
    known = parser._option_string_actions
    options: list[str] = []
    rest: list[str] = []
    pending = list(words)
    while pending:
        word = pending.pop(0)
        if word == "--":
            rest += [word, *pending]
            break
        action = known.get(word.partition("=")[0], known.get(word[:2]))
        if action is None:
            rest.append(word)
            continue
        takes_value = word in known and action.nargs is None
        if takes_value and not pending:
            rest.append(word)  # it stays last, or it would take what was typed before it
            continue
        options += _with_value(action, word, pending.pop(0), known) if takes_value else [word]
    return options + rest


def _with_value(action: argparse.Action, word: str, value: str, known: Container[str]) -> list[str]:
    """An option and its value: in one word where the value begins with a dash and is no option itself."""
    name = next((name for name in action.option_strings if name.startswith("--")), "")
    if name and value.startswith("-") and value != "--" and value.partition("=")[0] not in known:
        return [f"{name}={value}"]
    return [word, value]
