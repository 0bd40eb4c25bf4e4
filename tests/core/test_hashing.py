"""`muse.core.hashing`: whoever hashes, the digest is the same; large work is left to the fast one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import hashing

FEW = """
import sys
import threading
from muse.core.hashing import sha256
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
