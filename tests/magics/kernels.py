"""A real kernel, talked to as a front end does: over its channels, with the ids of cells."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

#: Seconds; a busy machine takes ten times as long as an idle one.
PATIENCE = 60
#: Seconds after which it is looked whether a kernel that says nothing is still there.
_SILENCE = 0.1


class Died(Exception):
    """The kernel died, and what it was to say will never come."""


class Answer(NamedTuple):
    """What a cell did.

    Attributes:
        status: "ok" or "error", as the kernel replies; "error" stops Run All.
        error: The name of the exception, and its text.
        trace: What the person sees of it.
        out, err: What was printed.
        shown: What was displayed, in order: a dictionary of MIME types each.
    """

    status: str
    error: tuple[str, str]
    out: str
    err: str
    shown: tuple[dict[str, Any], ...]
    trace: str = ""

    @property
    def text(self) -> str:
        """Everything that was displayed, as plain text."""
        return "\n".join(one["text/plain"] for one in self.shown)

    @property
    def lines(self) -> list[str]:
        """The lines of that text."""
        return self.text.splitlines()


class Running:
    """A cell that is running.

    Args:
        client: The channels.
        request: The id of the request that started it.
        lives: Whether the kernel is there.
    """

    def __init__(self, client: BlockingKernelClient, request: str, lives: Callable[[], bool]) -> None:
        self._client, self._request, self._lives = client, request, lives
        self._printed = {"stdout": "", "stderr": ""}
        self._shown: list[dict[str, Any]] = []

    def until_printed(self, text: str) -> None:
        """Wait until the cell has printed this. Raises as `answer` does."""
        while text not in self._printed["stdout"]:
            assert self._take() != "idle", f"the cell ended without printing {text!r}: {self._printed}"

    def answer(self) -> Answer:
        """Wait until it is done.

        Raises:
            Died: The kernel is gone.
        """
        while self._take() != "idle":
            pass
        reply = reply_to(self._client, self._request, self._lives)
        error = (reply.get("ename", ""), reply.get("evalue", ""))
        printed, trace = self._printed, "\n".join(reply.get("traceback", ()))
        return Answer(reply["status"], error, printed["stdout"], printed["stderr"], tuple(self._shown), trace)

    def _take(self) -> str:
        message = heard(self._client.get_iopub_msg, self._lives)
        if message["parent_header"].get("msg_id") != self._request:
            return ""
        content = message["content"]
        if message["msg_type"] == "stream":
            self._printed[content["name"]] += content["text"]
        elif message["msg_type"] in ("execute_result", "display_data"):
            self._shown.append(content["data"])
        return str(content.get("execution_state", ""))


class Kernel:
    """A running kernel. `start` makes one.

    Attributes:
        id: What a Jupyter server would call it.
    """

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, id: str) -> None:
        self._manager, self._client, self.id = manager, client, id

    def submit(self, source: str, *, cell: str | None = None, silent: bool = False) -> Running:
        """Start a cell, and do not wait for it.

        Args:
            source: What to run.
            cell: The id of the cell, where the front end sends one.
            silent: Run it behind the person's back: it is not a cell.
        """
        content = {"code": source, "silent": silent, "store_history": not silent, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        metadata = {"cellId": cell} if cell is not None else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        return Running(self._client, message["header"]["msg_id"], self.lives)

    def run(self, source: str, *, cell: str | None = None) -> Answer:
        """Run a cell."""
        return self.submit(source, cell=cell).answer()

    def arrange(self, source: str) -> None:
        """Run something that is not a cell, and must work."""
        answer = self.submit(source, silent=True).answer()
        assert answer.status == "ok", answer

    def complete(self, source: str, place: int | None = None) -> list[str]:
        """What the Tab key offers."""
        matches: list[str] = reply_to(self._client, self._client.complete(source, place), self.lives)["matches"]
        return matches

    def interrupt(self) -> None:
        """Press the stop button."""
        self._manager.interrupt_kernel()

    def lives(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def restart(self) -> None:
        """Press the restart button: the process ends at once, and another takes its place."""
        self._manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=PATIENCE)

    def kill(self) -> None:
        """End the process as the system does when memory runs out, and wait until it is gone."""
        self._manager.signal_kernel(signal.SIGKILL)
        self._process.wait(PATIENCE)

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] = self._manager.provisioner.process  # type: ignore[union-attr]  # a local one
        return process


def heard(listen: Callable[..., dict[str, Any]], lives: Callable[[], bool]) -> dict[str, Any]:
    """The next message of a channel.

    Raises:
        Died: The kernel is gone.
        Empty: It says nothing.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        alive = lives()
        try:
            return listen(timeout=_SILENCE)
        except Empty:
            if not alive:
                raise Died from None
            if time.monotonic() > deadline:
                raise


def reply_to(client: BlockingKernelClient, request: str, lives: Callable[[], bool]) -> dict[str, Any]:
    """The content of the reply to a request. Raises as `heard` does."""
    while True:
        message = heard(client.get_shell_msg, lives)
        if message["parent_header"].get("msg_id") == request:
            content: dict[str, Any] = message["content"]
            return content


@contextmanager
def start(folder: Path, environment: dict[str, str], place: Path) -> Iterator[Kernel]:
    """Start a kernel that works in `folder`, and end it.

    Args:
        folder: Its current folder.
        environment: Its environment.
        place: An empty folder for what Jupyter keeps about it.
    """
    id = os.urandom(8).hex()
    manager = KernelManager(connection_file=str(place / f"kernel-{id}.json"))
    manager.start_kernel(cwd=str(folder), env=environment, extra_arguments=["--log-level=ERROR"])
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(manager, client, id)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
