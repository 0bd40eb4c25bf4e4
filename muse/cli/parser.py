"""What can be typed after `muse`, for the command line and for the magic alike.

Only the verb that was typed is imported. Defaults stand in the verb's own function: an option that was not typed is
not passed. So a verb that was typed alone, and can be, is called at once: there is nothing to read.
"""

from __future__ import annotations

from muse.core.base.errors import UsageProblem
from muse.core.base.named import NamedTuple
from muse.verbs import load, names

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
    function: Callable[..., Any] = getattr(module, verb)
    if set(words[1:]) <= {"--json"} and _may_stand_alone(module):
        return Call(function, (), {}, len(words) > 1)
    from muse.cli import arguments

    found = arguments.read(module, words[1:])
    json = found.pop("json", False)
    paths = next((found.pop(name) for name in ("paths", "names") if name in found), ())
    first = (found.pop("action"),) if verb == "code" else ()
    return Call(function, (*first, *paths), found, json)


class _Listener:
    """Stands in for the parser of a verb, to hear whether it needs any words."""

    def __init__(self) -> None:
        self.needs_words = False

    def add_argument(self, *names: str, **options: Any) -> None:
        if not names[0].startswith("-") and options.get("nargs") not in ("?", "*"):
            self.needs_words = True

    def add_mutually_exclusive_group(self) -> _Listener:
        return self


def _may_stand_alone(module: ModuleType) -> bool:
    """True when all that a verb takes may be left out."""
    listener = _Listener()
    module.arguments(listener)
    return not listener.needs_words


def summary(module: ModuleType) -> str:
    """The one line that says what a verb does."""
    return (module.__doc__ or "").partition("\n")[0]


def overview() -> str:
    """The help that lists every verb."""
    modules = {name: load(name) for name in names()}
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
        return load(verb)
    except KeyError:
        raise UsageProblem(f"there is no verb {verb!r}{_nearest(verb)}", "`muse -h` lists the verbs.") from None


def _nearest(verb: str) -> str:
    import difflib

    close = difflib.get_close_matches(verb, names(), 1)
    return f"; did you mean `{close[0]}`?" if close else ""
