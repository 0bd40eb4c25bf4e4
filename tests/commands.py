"""Typing commands in a test: the real command line, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from muse.cli.main import main
from muse.core.operations import ops
from muse.core.packs.store import ObjectStore
from muse.core.paths import Layout


class Answer(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one value that `--json` printed."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """The lines of the answer."""
        return self.out.splitlines()


def muse(*words: str) -> Answer:
    """Type a command. Works where fixtures do not, as in the steps of a state machine."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(words)
    return Answer(status, out.getvalue(), err.getvalue())


def ok(*words: str) -> str:
    """Type a command that must succeed; gives what it printed."""
    answer = muse(*words)
    assert answer.status == 0, answer
    assert answer.err == ""
    return answer.out


def refused(*words: str, status: int) -> str:
    """Type a command that must fail with two clear lines and that exit status; gives the lines."""
    answer = muse(*words)
    assert answer.status == status, answer
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 2, answer.err
    assert answer.err.startswith("error: ")
    return answer.err


def process(
    *words: str, cwd: Path | None = None, timeout: float = 30, memory: int = 0, env: dict[str, str] | None = None
) -> Answer:
    """Type a command in a process of its own.

    Args:
        timeout: Seconds after which it counts as hung.
        memory: Bytes of address space that it may have; 0 for no limit.
    """
    command = [sys.executable, "-m", "muse", *words]
    if memory:
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}));"
        start = "import sys; from muse.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-c", limit + start, *words]
    done = subprocess.run(
        command, cwd=cwd, env=env, timeout=timeout, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def commit_id(rev: str = "HEAD") -> str:
    """The whole id of a commit."""
    found: str = muse("show", rev, "--json").json["commit_id"]
    return found


def short(rev: str = "HEAD") -> str:
    """The id of a commit as answers show it."""
    return commit_id(rev).removeprefix("sha256:")[:10]


def saved(root: str | os.PathLike[str]) -> set[bytes]:
    """Every digest that the packs of the newest operation hold."""
    layout = Layout(os.fspath(root))
    newest = ops.newest(layout)
    if newest is None:
        return set()
    store = ObjectStore(layout, newest.packs)
    try:
        return {digest for ref in newest.packs for digest, _ in store.pack(ref).slots()}
    finally:
        store.close()
