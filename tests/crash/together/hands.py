"""Who types in the soak: processes that live on, kernels, the real command line. Each may be killed at any moment."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from jupyter_core.utils import ensure_event_loop

from muse import verbs
from tests.core.processes import CONTEXT
from tests.crash.together.typist import BROKEN, Said, serve
from tests.magics import kernels

_PATIENCE = 60
_CELL = "from tests.crash.together.typist import in_kernel; get_ipython().run_line_magic('load_ext', 'muse')"

#: What a new process finds imported, so that it starts in no time; and the same, whatever becomes of the files.
CONTEXT.set_forkserver_preload(["tests.crash.together.aftermath", *(f"muse.verbs.{verb}" for verb in verbs.names())])


class Killed(Exception):
    """Who typed was killed, and what was answered is not known."""


class Room(NamedTuple):
    """Where workers work: the repository, their environment, and a folder outside the repository."""

    root: str
    env: dict[str, str]
    place: str


class Hand:
    """Types one command after the other. It is killed and stopped from another thread.

    Args:
        room: Where.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self._apart: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, or begin again after a kill."""
        raise NotImplementedError

    def type(self, words: Sequence[str]) -> Said:
        """Type a command.

        Raises:
            Killed: The process is gone.
        """
        raise NotImplementedError

    def type_apart(self, words: Sequence[str]) -> Said:
        """Type it as a process of its own. Raises as `type` does."""
        command = [sys.executable, "-m", "muse", *words, "--json"]
        root, env, pipe = self.room.root, self.room.env, subprocess.PIPE
        process = subprocess.Popen(command, cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        self._apart = process
        try:
            out, err = process.communicate(timeout=_PATIENCE)
        finally:
            self._apart = None
        if process.returncode == -signal.SIGKILL:
            raise Killed
        try:
            return Said(process.returncode, json.loads(out), err.decode())
        except ValueError:
            return Said(BROKEN, None, f"exit status {process.returncode}\n{out.decode()}\n{err.decode()}")

    @property
    def pid(self) -> int:
        """The process that is at work now; 0 when there is none."""
        apart = self._apart
        return apart.pid if apart is not None and apart.poll() is None else self._own_pid()

    def _own_pid(self) -> int:
        raise NotImplementedError

    def signal(self, number: int) -> None:
        """Send a signal to the process that is at work."""
        pid = self.pid
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self) -> None:
        """Let go of it."""
        raise NotImplementedError


class Shell(Hand):
    """A process that lives on.

    Args:
        room: Where.
        named: See `serve`.
    """

    def __init__(self, room: Room, *, named: bool) -> None:
        super().__init__(room)
        self._named = named
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        """Begin, or begin again."""
        self._pipe, theirs = CONTEXT.Pipe()
        arguments = (theirs, self.room.root, self.room.env, self._named)
        self._process = CONTEXT.Process(target=serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        with suppress(EOFError):  # killed already: the first command will tell
            self._pipe.recv()

    def type(self, words: Sequence[str]) -> Said:
        """Type a command."""
        try:
            self._pipe.send(words)
            if not self._pipe.poll(_PATIENCE):
                return Said(BROKEN, None, "no answer")
            said: Said = self._pipe.recv()
            return said
        except (EOFError, OSError):
            raise Killed from None

    def _own_pid(self) -> int:
        process = self._process
        return process.pid or 0 if process is not None and process.is_alive() else 0

    def end(self) -> None:
        """Let go of it."""
        if self._process is not None:
            self._process.kill()
            self._process.join(_PATIENCE)
            self._pipe.close()


class Notebook(Hand):
    """A kernel."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self._stack = ExitStack()
        self._kernel: kernels.Kernel | None = None

    def start(self) -> None:
        """Begin, or begin again."""
        self.end()
        place = Path(tempfile.mkdtemp(dir=self.room.place))
        kernel = self._stack.enter_context(kernels.start(Path(self.room.root), self.room.env, place))
        kernel.arrange(_CELL)
        self._kernel = kernel

    def type(self, words: Sequence[str]) -> Said:
        """Type a command."""
        assert self._kernel is not None
        try:
            answer = self._kernel.run(f"in_kernel({shlex.join(words)!r})")
        except kernels.Died:
            raise Killed from None
        try:
            return Said(*json.loads(answer.out))
        except ValueError:
            return Said(BROKEN, None, str(answer))

    def _own_pid(self) -> int:
        kernel = self._kernel
        return kernel.pid if kernel is not None and kernel.lives() else 0

    def end(self) -> None:
        """Let go of it, and of the event loop that Jupyter has made for this thread."""
        self._kernel = None
        self._stack.close()
        ensure_event_loop().close()
