"""What the kernel around us knows of itself: which notebook it runs, and what it ran.

The magics fill `current`; without a kernel it stays None. A commit and a status ask it whether the notebook on the
disk is older than what the person sees.
"""

from __future__ import annotations

import os

from muse.core.base.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from muse.notebook.model import Notebook
    from muse.notebook.ran import Run


class Session(NamedTuple):
    """A live kernel.

    Attributes:
        notebook: Asks for the path of its notebook; None when nobody knows.
        runs: Asks for what it ran.
        save: Asks the front end to save the notebook; False when it cannot.
    """

    notebook: Callable[[], str | None]
    runs: Callable[[], tuple[Run, ...]]
    save: Callable[[str], bool]


class Unsaved(NamedTuple):
    """Runs that the notebook on the disk does not hold."""

    path: str
    runs: tuple[Run, ...]

    def notice(self, verb: str) -> str:
        """What to tell the person, in one line."""
        cells = "1 of its cells" if len(self.runs) == 1 else f"{len(self.runs)} of its cells"
        return f"{os.path.basename(self.path)} was saved before {cells} ran: save (Ctrl+S) and {verb} again"


def sources(unsaved: Unsaved | None) -> list[str]:
    """What ran and is not saved, for programs."""
    return [run.source for run in unsaved.runs] if unsaved is not None else []


current: Session | None = None


def save_first(root: str) -> None:
    """Have the front end save the notebook, where it can."""
    if current is not None and (path := _notebook(current, root)) is not None:
        current.save(path)


def unsaved_runs(root: str) -> Unsaved | None:
    """What this kernel ran and its notebook on the disk does not hold; None when there is nothing to say.

    Args:
        root: The folder of the repository. A notebook elsewhere is not what a commit would miss.
    """
    if current is None or not (runs := current.runs()) or (path := _notebook(current, root)) is None:
        return None
    from muse.notebook.ran import unsaved

    saved = _saved(path)
    missing = unsaved(saved.notebook, runs, saved.signature[0]) if saved is not None else ()
    return Unsaved(path, missing) if missing else None


class _Saved(NamedTuple):
    """A notebook as it was read: its mtime, size and inode, and its cells without their outputs."""

    signature: tuple[int, int, int]
    notebook: Notebook


_last: tuple[str, _Saved] | None = None


def _saved(path: str) -> _Saved | None:
    """The notebook on the disk; the one of last time if the file is the same. None for what is no notebook."""
    global _last
    try:
        state = os.stat(path)
        signature = (state.st_mtime_ns, state.st_size, state.st_ino)
        if _last is None or _last[0] != path or _last[1].signature != signature:
            with open(path, "rb") as file:
                _last = (path, _Saved(signature, _sources(file.read())))
    except (OSError, ValueError):
        return None
    return _last[1]


def _sources(raw: bytes) -> Notebook:
    from muse.notebook.model import read

    notebook = read(raw)
    return notebook._replace(cells=tuple(cell._replace(outputs=()) for cell in notebook.cells), long={})


def _notebook(session: Session, root: str) -> str | None:
    path = session.notebook()
    inside = path is not None and os.path.realpath(path).startswith(os.path.join(os.path.realpath(root), ""))
    return path if inside else None
