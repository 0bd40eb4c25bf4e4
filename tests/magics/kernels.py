"""A real kernel, talked to as a front end does: over its channels, with the ids of cells."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

#: Seconds; a busy machine takes ten times as long as an idle one.
PATIENCE = 60


class Answer(NamedTuple):
    """What a cell did.

    Attributes:
        status: "ok" or "error", as the kernel replies; "error" stops Run All.
        error: The name of the exception, and its text.
        out, err: What was printed.
        shown: What was displayed, in order: a dictionary of MIME types each.
    """

    status: str
    error: tuple[str, str]
    out: str
    err: str
    shown: tuple[dict[str, Any], ...]

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
    """

    def __init__(self, client: BlockingKernelClient, request: str) -> None:
        self._client, self._request = client, request
        self._printed = {"stdout": "", "stderr": ""}
        self._shown: list[dict[str, Any]] = []

    def until_printed(self, text: str) -> None:
        """Wait until the cell has printed this."""
        while text not in self._printed["stdout"]:
            assert self._take() != "idle", f"the cell ended without printing {text!r}: {self._printed}"

    def answer(self) -> Answer:
        """Wait until it is done."""
        while self._take() != "idle":
            pass
        reply = reply_to(self._client, self._request)
        error = (reply.get("ename", ""), reply.get("evalue", ""))
        return Answer(reply["status"], error, self._printed["stdout"], self._printed["stderr"], tuple(self._shown))

    def _take(self) -> str:
        message = self._client.get_iopub_msg(timeout=PATIENCE)
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
        return Running(self._client, message["header"]["msg_id"])

    def run(self, source: str, *, cell: str | None = None) -> Answer:
        """Run a cell."""
        return self.submit(source, cell=cell).answer()

    def arrange(self, source: str) -> None:
        """Run something that is not a cell, and must work."""
        answer = self.submit(source, silent=True).answer()
        assert answer.status == "ok", answer

    def complete(self, source: str, place: int | None = None) -> list[str]:
        """What the Tab key offers."""
        matches: list[str] = reply_to(self._client, self._client.complete(source, place))["matches"]
        return matches

    def interrupt(self) -> None:
        """Press the stop button."""
        self._manager.interrupt_kernel()

    def kill(self) -> None:
        """End the process as the system does when memory runs out, and wait until it is gone."""
        self._manager.signal_kernel(signal.SIGKILL)
        process = self._manager.provisioner.process  # type: ignore[union-attr]  # that of a local kernel
        process.wait(PATIENCE)


def reply_to(client: BlockingKernelClient, request: str) -> dict[str, Any]:
    """The content of the reply to a request."""
    while True:
        message = client.get_shell_msg(timeout=PATIENCE)
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
