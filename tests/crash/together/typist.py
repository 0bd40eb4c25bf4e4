"""What runs in a worker of the soak: commands typed one after the other into a process that lives on, or a kernel."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from muse.cli.parser import parse
from muse.core import io
from muse.core.base.errors import MuseError
from muse.core.repo import require_repo

#: The status of a command that ended with an exception which is no error of muse's.
BROKEN = -1
#: What is typed for the sweep alone.
SWEEP = "require_repo"


class Said(NamedTuple):
    """What a command answered: its exit status, its answer or error as `--json` has it, and a stack trace if any."""

    status: int
    value: Any
    trace: str = ""

    @property
    def kind(self) -> str:
        """The kind of the error; empty when there was none."""
        return str(self.value["error"]["kind"]) if self.is_error else ""

    @property
    def message(self) -> str:
        """What the error says."""
        return str(self.value["error"]["message"]) if self.is_error else ""

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return isinstance(self.value, dict) and "error" in self.value


def serve(pipe: Connection, root: str, env: dict[str, str], named: bool) -> None:
    """Say that it is there, then carry out what comes through the pipe, until that is closed.

    Args:
        named: Whether new files have a temporary name from the start, as where a system knows no other way.
    """
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(root)
    if named:
        io._NAMELESS = 0
    try:
        pipe.send(None)
        while True:
            pipe.send(_said(pipe.recv(), _verb))
    except (EOFError, BrokenPipeError):
        return


def in_kernel(line: str) -> None:
    """Carry out one line as a magic, and print what it said."""
    import json

    print(json.dumps(_said(shlex.split(line), _magic)))
    sys.stdout.flush()


def _said(words: Sequence[str], call: Callable[[Sequence[str]], Any]) -> Said:
    try:
        if words[0] == SWEEP:
            require_repo()
            return Said(0, None)
        result = call(words)
        return Said(result.exit_status, result.json())
    except MuseError as error:
        return Said(error.exit_status, error.json())
    except Exception as error:
        behind = error.__context__  # a magic raises IPython's own error in the place of ours
        if isinstance(behind, MuseError):
            return Said(behind.exit_status, behind.json())
        return Said(BROKEN, None, traceback.format_exc())


def _verb(words: Sequence[str]) -> Any:
    call = parse(list(words))
    return call.function(*call.positional, **call.keywords)


def _magic(words: Sequence[str]) -> Any:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    return shell.run_line_magic("muse", shlex.join(words))
