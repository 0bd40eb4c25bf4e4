"""The verbs: one file each, found by looking at this folder.

A verb is a module with a docstring (its first line is the summary that help shows), an `EXAMPLE`, a function
`arguments(parser)` that declares what can be typed, and a function of the verb's own name that takes those as
keywords, and `repo` last, and returns a `Result`. Names that begin with "_" are shared by verbs and are none.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def names() -> list[str]:
    """Every verb, in order of the alphabet."""
    files = os.listdir(os.path.dirname(__file__))
    return sorted(name[:-3] for name in files if name.endswith(".py") and not name.startswith("_"))


def load(name: str) -> ModuleType:
    """The module of a verb.

    Raises:
        KeyError: There is no such verb.
    """
    if not name.isidentifier() or name.startswith("_"):
        raise KeyError(name)
    module = f"{__name__}.{name}"
    try:
        __import__(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise KeyError(name) from None
    return sys.modules[module]
