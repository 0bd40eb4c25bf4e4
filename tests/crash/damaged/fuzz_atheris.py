"""Fuzzing by hand, led by coverage: `python -m tests.crash.damaged.fuzz_atheris DECODER [OPTIONS]`.

It needs `pip install atheris`, which no test does. DECODER is one of `tests/crash/damaged/decoders.py`; without any
they are listed. The options are those of libFuzzer: `-max_total_time=120` ends after two minutes, and a file repeats
what it holds. What the decoder should not have done is printed, and the bytes are kept in the current folder as
`crash-*`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.damaged.decoders import Decoder

_MEMORY, _SECONDS, _LONGEST = 1024, 5, 8192


def main(words: Sequence[str]) -> int:
    """Fuzz one decoder until the time is up or something is found; gives the exit status of that."""
    atheris = import_module("atheris")
    with tempfile.TemporaryDirectory(prefix="muse-fuzz-") as folder:
        child = os.fork()  # the process that fuzzes ends without cleaning up
        if child:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        try:
            status = _fuzz(atheris, folder, words)
        except BaseException:
            traceback.print_exc()
            status = 1
        os._exit(status)


def _fuzz(atheris: Any, folder: str, words: Sequence[str]) -> int:
    with atheris.instrument_imports(include=["muse.core"]):
        from muse.core.base.errors import MuseError
        from tests.crash.damaged.decoders import decoders

    known = {one.name: one for one in decoders(folder)}
    if not words or words[0] not in known:
        print("\n".join(known), flush=True)
        return 2
    decoder = known[words[0]]

    def one_input(data: bytes) -> None:
        try:
            decoder.decode(data)
        except MuseError:
            return

    limits = [f"-rss_limit_mb={_MEMORY}", f"-timeout={_SECONDS}", f"-max_len={_LONGEST}"]
    atheris.Setup([sys.argv[0], _corpus(folder, decoder), *limits, *words[1:]], one_input)
    atheris.Fuzz()
    return 0


def _corpus(folder: str, decoder: Decoder) -> str:
    """A folder with what is good, to begin with."""
    where = os.path.join(folder, "corpus")
    os.mkdir(where)
    for number, good in enumerate(decoder.good):
        with open(os.path.join(where, str(number)), "wb") as file:
            file.write(good)
    return where


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
