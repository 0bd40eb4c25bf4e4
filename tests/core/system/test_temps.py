"""`system.temps`: the names of temporary files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.system import temps

LOCKED = (temps.MUSE_TEMP, temps.STAT_CACHE_TEMP)
SPARED = (temps.OBJECT_TEMP, temps.RESTORE_TEMP)


@pytest.mark.parametrize("prefix", LOCKED + SPARED)
def test_a_new_name_belongs_to_its_family(prefix: str) -> None:
    name = temps.new_name(prefix)
    assert name.startswith(prefix)
    assert temps.is_muse_temp(name) == (prefix in LOCKED)
    assert temps.is_object_temp(name) == (prefix in SPARED)
    assert "/" not in name


@pytest.mark.parametrize("prefix", LOCKED + SPARED)
def test_names_do_not_come_twice(prefix: str) -> None:
    assert len({temps.new_name(prefix) for _ in range(1000)}) == 1000


@given(name=st.text() | st.sampled_from(["stat", "HEAD", "applied", "000000000001", ".stat_cache_x", "x.tmp", ".muse"]))
def test_other_names_are_in_no_family(name: str) -> None:
    if not name.startswith(LOCKED + SPARED):
        assert not temps.is_muse_temp(name)
        assert not temps.is_object_temp(name)


def test_a_stat_cache_temporary_ends_in_tmp() -> None:
    assert temps.is_muse_temp(".stat_cache_1.tmp")
    assert not temps.is_muse_temp(".stat_cache_1")
