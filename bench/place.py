"""Where timings are taken: a new user's environment, a folder on the project's disk, and what to call the machine."""

from __future__ import annotations

import compileall
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from tempfile import TemporaryDirectory

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_GIT_CONFIG = "[user]\n\tname = Ada Example\n\temail = ada@example.org\n"


@contextmanager
def place() -> Iterator[str]:
    """A folder on the disk that the project is on, in the environment of a user who just came; both go at the end.

    git ignores `build/`, so the project never looks changed.
    """
    build, before = os.path.join(_ROOT, "build"), dict(os.environ)
    os.makedirs(build, exist_ok=True)
    try:
        with TemporaryDirectory(prefix="bench-", dir=build) as folder:
            os.environ.clear()
            os.environ.update(_new_user(os.path.join(folder, "home"), before["PATH"]))
            yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)
        with suppress(OSError):  # somebody else's things are in it
            os.rmdir(build)


def _new_user(home: str, path: str) -> dict[str, str]:
    """No settings, hooks or history of whoever runs this; git and muse both find the name in git's file."""
    os.makedirs(home)
    with open(os.path.join(home, ".gitconfig"), "w", encoding="utf-8") as file:
        file.write(_GIT_CONFIG)
    return {
        "HOME": home,
        "PATH": os.path.dirname(sys.executable) + os.pathsep + path,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
    }


def byte_compile() -> None:
    """Compile muse as an installation does, also where `PYTHONDONTWRITEBYTECODE` is set.

    Raises:
        RuntimeError: A file cannot be compiled.
    """
    import muse

    if not compileall.compile_dir(os.path.dirname(muse.__file__), quiet=1):
        raise RuntimeError("muse cannot be compiled")


def load() -> str:
    """The load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def machine(folder: str) -> str:
    """Processor, cores, kernel, file system and versions, in one line."""
    git = subprocess.run(["git", "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
    hardware = f"{_processor()}, {os.cpu_count()} cores"
    system = f"{platform.system()} {platform.release()}, {_file_system(folder)}"
    versions = [f"git {git}", *(f"{name} {version(name)}" for name in ("ipython", "ipykernel"))]
    return f"{hardware}; {system}; Python {platform.python_version()}, {', '.join(versions)}"


def _processor() -> str:
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _file_system(folder: str) -> str:
    """The kind of the file system that holds `folder`, where the system tells."""
    device = os.stat(folder).st_dev
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            mount, _, about = line.partition(" - ")
            if mount.split()[2] == f"{os.major(device)}:{os.minor(device)}":
                return about.split()[0]
    return "file system unknown"
