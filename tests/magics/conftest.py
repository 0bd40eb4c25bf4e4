"""A shell in this process, and real kernels: one for all tests of a module, or new ones for those that die."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tests.environment import scrubbed
from tests.magics import kernels
from tests.magics.kernels import Kernel


@pytest.fixture
def shell(folder: Path) -> Iterator[InteractiveShell]:
    """An IPython shell in this process, with muse loaded, in an empty folder."""
    quiet = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    made = InteractiveShell.instance(config=quiet)
    made.run_line_magic("load_ext", "muse")
    yield made
    made.run_line_magic("unload_ext", "muse")
    made.restore_sys_module_state()
    made.cleanup()
    InteractiveShell.clear_instance()


@pytest.fixture
def start(folder: Path, environment: dict[str, str]) -> Iterator[Callable[[], Kernel]]:
    """Start a kernel of one's own, in an empty folder; it is ended after the test."""
    with ExitStack() as stack:

        def make() -> Kernel:
            place = Path(tempfile.mkdtemp(dir=environment["HOME"]))
            return stack.enter_context(kernels.start(folder, environment, place))

        yield make


@pytest.fixture(scope="module")
def shared(homes: Path) -> Iterator[Kernel]:
    """One kernel for all tests of a module."""
    home = Path(tempfile.mkdtemp(dir=homes))
    with kernels.start(home, scrubbed(home), home) as kernel:
        yield kernel


@pytest.fixture
def kernel(shared: Kernel, folder: Path) -> Kernel:
    """The kernel of the module, in an empty folder, with muse loaded anew and no variables."""
    shared.arrange(f"import os; os.chdir({str(folder)!r}); get_ipython().reset()")
    shared.arrange("get_ipython().run_line_magic('reload_ext', 'muse')")
    return shared
