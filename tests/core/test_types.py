"""`muse.core.types`: digests and ids."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core import types


@given(data=st.binary())
def test_an_id_is_the_sha256_of_the_bytes(data: bytes) -> None:
    assert types.blob_id(data) == "sha256:" + hashlib.sha256(data).hexdigest()
    assert types.digest_of(data) == hashlib.sha256(data).digest()
    assert types.parse_id(types.blob_id(data)) == types.digest_of(data)


@given(digest=st.binary(min_size=32, max_size=32))
def test_digests_and_ids_are_the_same_thing(digest: bytes) -> None:
    assert types.parse_id(types.id_of(digest)) == digest


@given(text=st.text("sha256:0123456789abcdefABCDEF \n", max_size=80))
def test_parse_id_takes_nothing_but_ids(text: str) -> None:
    try:
        digest = types.parse_id(text)
    except ValueError:
        return
    assert types.id_of(digest) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "0" * 64,
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 63 + "g",
        "sha256:" + "0" * 62 + " 0",
        "sha256:sha256:" + "0" * 64,
        "SHA256:" + "0" * 64,
        "sha256:" + "\u0660" * 64,
        "sha256:../../../../etc/passwd",
    ],
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not an object id"):
        types.parse_id(text)
