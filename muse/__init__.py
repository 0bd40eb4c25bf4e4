"""muse: version control that lives inside the notebook.

Every verb is a command (`muse commit`), a magic (`%muse commit`, after `%load_ext muse`) and a function here
(`muse.commit(message="...")`). Nothing is imported before it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from muse.core.base.errors import MuseError as MuseError
    from muse.core.repo import require_repo as require_repo
    from muse.verbs.add import add as add
    from muse.verbs.branch import branch as branch
    from muse.verbs.checkout import checkout as checkout
    from muse.verbs.code import code as code
    from muse.verbs.commit import commit as commit
    from muse.verbs.config import config as config
    from muse.verbs.diff import diff as diff
    from muse.verbs.doctor import doctor as doctor
    from muse.verbs.fsck import fsck as fsck
    from muse.verbs.gc import gc as gc
    from muse.verbs.init import init as init
    from muse.verbs.log import log as log
    from muse.verbs.op import op as op
    from muse.verbs.redo import redo as redo
    from muse.verbs.reset import reset as reset
    from muse.verbs.restore import restore as restore
    from muse.verbs.shelf import shelf as shelf
    from muse.verbs.show import show as show
    from muse.verbs.status import status as status
    from muse.verbs.tag import tag as tag
    from muse.verbs.undo import undo as undo

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """A verb, `require_repo`, or an error class, imported when it is first asked for."""
    from importlib import import_module

    if name == "require_repo":
        return import_module("muse.core.repo").require_repo
    if name == "MuseError":
        return import_module("muse.core.base.errors").MuseError
    try:
        return getattr(import_module("muse.verbs").load(name), name)
    except KeyError:
        raise AttributeError(f"muse has no {name!r}") from None


def __dir__() -> list[str]:
    from muse import verbs

    return sorted([*verbs.names(), "MuseError", "require_repo", "__version__", "load_ipython_extension"])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext muse`: add `%muse` and `%%muse` to the kernel."""
    from muse.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext muse`: take every hook away."""
    from muse.magics import unload

    unload(shell)
