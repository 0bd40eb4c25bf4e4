"""`base.hashing`: whoever hashes, the digest is the same; large work is left to the fast one."""

from __future__ import annotations

import hashlib
import itertools
import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import hashing

FEW = """
import sys
import threading
from muse.core.base.hashing import sha256
for size in {sizes}:
    sha256(bytes(size)).digest()
print("_hashlib" in sys.modules)
"""


@given(st.lists(st.binary(max_size=300)), st.integers(0, 500))
def test_whoever_hashes(contents: list[bytes], few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "_maker", hashing._own())
        patch.setattr(hashing, "_left", few)
        for data in contents:
            assert hashing.sha256(data).digest() == hashlib.sha256(data).digest()
        assert (hashing._maker is hashlib.sha256) == (sum(map(len, contents)) > few)


@pytest.mark.parametrize(
    ("sizes", "openssl"), [([1000] * 60, False), ([1000] * 70, True), ([100_000], True)]
)
def test_openssl_is_loaded_for_large_work_alone(sizes: list[int], openssl: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", FEW.format(sizes=sizes)], check=True, capture_output=True, text=True)
    assert ran.stdout == f"{openssl}\n"


def test_a_python_without_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, name, None)
    assert hashing._own() is hashlib.sha256


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_beside_other_work_the_digest_is_the_same(pieces: list[bytes]) -> None:
    with hashing.Beside() as hashed:
        for piece in pieces:
            hashed.update(piece)
        assert hashed.digest() == hashlib.sha256(b"".join(pieces)).digest()


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), hashing.Beside() as hashed:
        hashed.update(b"half")
        raise KeyboardInterrupt
    assert threading.active_count() == before


def test_where_no_thread_can_be_had_the_digest_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with hashing.Beside() as hashed:
        for _ in range(20):
            hashed.update(b"piece")
        assert hashed.digest() == hashlib.sha256(b"piece" * 20).digest()


def goes_on(hashed: hashing.Beside) -> bool:
    """Whether it still takes pieces and can be closed."""

    def go_on() -> None:
        for _ in range(2 * hashing._AHEAD):
            hashed.update(b"more")
        hashed.close()

    going = threading.Thread(target=go_on, daemon=True)
    going.start()
    going.join(10)
    return not going.is_alive()


def test_an_interrupt_at_any_point_does_not_keep_it_from_being_closed() -> None:
    usual = sys.gettrace()
    for at in itertools.count(1):
        points = 0

        def step(frame: FrameType, event: str, argument: object, at: int = at) -> Any:
            nonlocal points
            points += 1
            frame.f_trace_opcodes = True
            if points == at:
                raise KeyboardInterrupt
            return step

        hashed = hashing.Beside()
        sys.settrace(step)
        try:
            for _ in range(2 * hashing._AHEAD):
                hashed.update(b"piece")
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(usual)
        assert goes_on(hashed), at
        if points < at:
            break
    assert at > 2 * hashing._AHEAD


class Slow:
    """A hasher that waits until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def update(self, piece: bytes) -> None:
        """Wait."""
        self.go_on.wait()


def test_an_interrupt_ends_the_wait_for_a_thread_that_is_behind() -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGALRM, interrupt)
    hashed, slow, taken = hashing.Beside(), Slow(), 0
    hashed._hash = slow  # type: ignore[assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            while taken < 1000:
                hashed.update(b"piece")
                taken += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
        slow.go_on.set()
    assert taken <= hashing._AHEAD
    assert goes_on(hashed)
