"""What can be typed after `muse`, for the command line and for the magic alike.

Only the verb that was typed is imported. Defaults stand in the verb's own function: an option that was not typed is
not passed.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple, NoReturn

from muse import verbs
from muse.core.errors import UsageProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType
    from typing import Any


class HelpAsked(Exception):
    """`-h` was typed; the message is the help."""


class Call(NamedTuple):
    """A verb and what to call it with.

    Attributes:
        function: The verb's function.
        positional, keywords: Its arguments.
        json: Whether the answer is wanted as JSON.
    """

    function: Callable[..., Any]
    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    json: bool


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the line."""
        raise UsageProblem(f"muse {self.verb}: {message}", f"`muse {self.verb} -h` shows what it takes.")

    def print_help(self, file: object = None) -> None:
        """Raise the help."""
        raise HelpAsked(self.format_help())

    verb = ""


def parse(words: Sequence[str]) -> Call:
    """Turn what was typed, without `muse`, into a call.

    Raises:
        UsageProblem: It cannot be one.
        HelpAsked: Help was asked for.
    """
    verb = words[0] if words else "-h"
    if verb in ("-h", "--help", "help"):
        if verb == "help" and len(words) > 1:
            return parse([words[1], "-h"])
        raise HelpAsked(overview())
    module = _load(verb)
    parser = verb_parser(module)
    found = vars(parser.parse_args(_options_first(parser, words[1:])))
    json = found.pop("json", False)
    paths = next((found.pop(name) for name in ("paths", "names") if name in found), ())
    first = (found.pop("action"),) if verb == "code" else ()
    return Call(getattr(module, verb), (*first, *paths), found, json)


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
        options.append(word)
        if word in known and action.nargs is None and pending:
            options.append(pending.pop(0))
    return options + rest


def summary(module: ModuleType) -> str:
    """The one line that says what a verb does."""
    return (module.__doc__ or "").partition("\n")[0]


def overview() -> str:
    """The help that lists every verb."""
    modules = {name: verbs.load(name) for name in verbs.names()}
    width = max(map(len, modules))
    lines = [f"  {name:<{width}}  {summary(module)}" for name, module in modules.items()]
    return "\n".join(
        [
            "usage: muse VERB [...]",
            "",
            "Version control that lives inside the notebook. In a notebook: %load_ext muse, then %muse VERB.",
            "",
            *lines,
            "",
            "`muse VERB -h` shows what a verb takes, with an example. `muse --version` prints the version.",
            "",
        ]
    )


def _load(verb: str) -> ModuleType:
    try:
        return verbs.load(verb)
    except KeyError:
        raise UsageProblem(f"there is no verb {verb!r}{_nearest(verb)}", "`muse -h` lists the verbs.") from None


def _nearest(verb: str) -> str:
    import difflib

    close = difflib.get_close_matches(verb, verbs.names(), 1)
    return f"; did you mean `{close[0]}`?" if close else ""
