"""Which notebook a kernel runs. Front ends say it in different ways, or not at all."""

from __future__ import annotations

import os
import stat
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VARIABLE = "MUSE_NOTEBOOK"
_LARGEST = 64 << 20
_SECONDS = 1.0


def find(user_ns: Mapping[str, object], sources: Sequence[str]) -> str | None:
    """The path of the notebook, asking in order: the person, VS Code, the Jupyter server, the folder.

    Args:
        user_ns: The user's variables; VS Code leaves the path there.
        sources: What the kernel ran, to know the notebook by.
    """
    named = (os.environ.get(VARIABLE), user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    for path in named:
        if isinstance(path, str) and path.endswith(".ipynb") and os.path.isfile(path):
            return os.path.abspath(path)
    if "JPY_SESSION_NAME" in os.environ:  # the notebook was renamed since the kernel started
        return _from_server()
    return _from_folder(sources)


def _from_server() -> str | None:
    """Ask the Jupyter servers of this user which notebook this kernel belongs to."""
    try:
        from ipykernel.connect import get_connection_file

        kernel_id = os.path.basename(get_connection_file()).removeprefix("kernel-").removesuffix(".json")
        for sessions, root in _servers():
            for one in sessions:
                if one["kernel"]["id"] == kernel_id:
                    path = os.path.join(root, one["path"])
                    return path if os.path.isfile(path) else None
    except Exception:
        return None  # whatever a server answers, it is only a way to find out
    return None


def _servers() -> Iterator[tuple[Any, str]]:
    """The sessions and the root folder of each server that answers."""
    import glob
    import json
    from urllib.request import ProxyHandler, Request, build_opener

    from jupyter_core.paths import jupyter_runtime_dir

    directly = build_opener(ProxyHandler({}))  # no proxy may see the token
    for file in sorted(glob.glob(os.path.join(glob.escape(jupyter_runtime_dir()), "jpserver-*.json"))):
        try:
            with open(file, encoding="utf-8") as opened:
                server = json.load(opened)
            request = Request(f"{server['url']}api/sessions", headers={"Authorization": f"token {server['token']}"})
            with directly.open(request, timeout=_SECONDS) as answer:
                yield json.load(answer), server["root_dir"]
        except (OSError, ValueError):
            continue  # it is gone, and its file was left behind


def _from_folder(sources: Sequence[str]) -> str | None:
    """The one notebook of the current folder that holds a cell which ran."""
    ran = {source.strip() for source in sources}
    names = [name for name in sorted(os.listdir()) if name.endswith(".ipynb")]
    found = [path for path in map(os.path.abspath, names) if ran & _cells_of(path)]
    return found[0] if len(found) == 1 else None


_seen: dict[str, tuple[tuple[int, int, int], frozenset[str]]] = {}


def _cells_of(path: str) -> frozenset[str]:
    """The sources of the code cells of a notebook, read again only when the file is another."""
    from muse.notebook.model import NotANotebook, read

    try:
        state = os.stat(path)
        signature = (state.st_mtime_ns, state.st_size, state.st_ino)
        if path not in _seen or _seen[path][0] != signature:
            if not stat.S_ISREG(state.st_mode) or state.st_size > _LARGEST:
                return frozenset()
            with open(path, "rb") as file:
                cells = read(file.read()).cells
            _seen[path] = (signature, frozenset(cell.source.strip() for cell in cells if cell.kind == "code"))
    except (OSError, NotANotebook):
        return frozenset()
    return _seen[path][1]
