"""A live kernel as Jupyter starts it, and how long a line takes in it."""

from __future__ import annotations

import os
from typing import Any

from bench.measure import Sample, settle

_SECONDS = 120
_MEASURE = '''
def _measure(line):
    """Seconds and CPU seconds of a cell that holds this line, its display included."""
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
    from time import perf_counter

    def cpu():
        usages = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    before, start = cpu(), perf_counter()
    result = get_ipython().run_cell(line)
    seconds = perf_counter() - start
    result.raise_error()
    return f"{seconds:.9f} {cpu() - before:.9f}"
'''


class Kernel:
    """An ipykernel of its own; shut down when the block ends.

    Args:
        folder: Where it runs.
        notebook: The notebook that it runs, as a Jupyter server tells it; None for none.
    """

    def __init__(self, folder: str, notebook: str | None = None) -> None:
        from jupyter_client.manager import KernelManager

        environment = dict(os.environ)
        if notebook is not None:
            environment["JPY_SESSION_NAME"] = notebook
        self._manager = KernelManager()
        self._manager.start_kernel(cwd=folder, env=environment, extra_arguments=["--log-level=ERROR"])
        self._client: Any = self._manager.client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=_SECONDS)
            self._execute(_MEASURE)
        except BaseException:
            self.__exit__()
            raise

    def run(self, source: str) -> None:
        """Run a cell, as a person does."""
        self._execute(source, store_history=True)

    def time(self, line: str) -> Sample:
        """Measure a cell of one line, in the kernel."""
        settle()
        reply = self._execute(f"_measured = _measure({line!r})", user_expressions={"measured": "_measured"})
        seconds, cpu = reply["user_expressions"]["measured"]["data"]["text/plain"].strip("'").split()
        return Sample(float(seconds), float(cpu))

    def _execute(self, code: str, store_history: bool = False, **more: object) -> dict[str, Any]:
        reply = self._client.execute(code, store_history=store_history, reply=True, timeout=_SECONDS, **more)
        content: dict[str, Any] = reply["content"]
        if content["status"] != "ok":
            raise RuntimeError(f"the kernel answered {content.get('ename')}: {content.get('evalue')}")
        return content

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
