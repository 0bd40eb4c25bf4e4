"""`%muse` and `%%muse`: the verbs as magics, and the hooks that tell a commit what the kernel ran."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HINT = "muse: there is no repository here yet; `%muse init` starts one"


def load(shell: InteractiveShell) -> None:
    """Add the magics to a shell. Creates nothing on the disk; doing it twice is doing it once."""
    from muse.core.base.errors import NotARepository
    from muse.core.repo import find_root
    from muse.magics import completion, kernel, magic

    unload(shell)
    magic.register(shell)
    completion.register(shell)
    kernel.watch(shell)
    try:
        find_root()
    except NotARepository:
        print(_HINT)


def unload(shell: InteractiveShell) -> None:
    """Take every hook away."""
    from muse.magics import completion, kernel, magic

    kernel.unwatch(shell)
    completion.unregister(shell)
    magic.unregister(shell)
