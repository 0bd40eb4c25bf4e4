"""`base.names`: every name is kept byte for byte, unless it could leave the folder or reach into `.muse`."""

from __future__ import annotations

import os
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import names
from tests.core.names_to_try import BAD, NAMES, ODD


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_bad_names(name: str) -> None:
    assert names.is_bad(name)
    assert names.first_bad(["a", name, "b"]) == name
    assert names.first_bad([name]) == name


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_odd_names_are_good(name: str) -> None:
    assert not names.is_bad(name)
    assert names.first_bad([name]) is None


@given(listed=st.lists(NAMES | st.sampled_from(BAD)))
def test_the_quick_look_at_many_names_agrees_with_the_slow_one(listed: list[str]) -> None:
    assert names.first_bad(listed) == next((name for name in listed if names.is_bad(name)), None)


@given(letters=st.lists(st.tuples(st.booleans(), st.sampled_from(["", "\u200b", "\u00ad", "\ufeff"])), min_size=5))
def test_muse_in_any_case_and_with_anything_invisible_is_bad(letters: list[tuple[bool, str]]) -> None:
    spelled = [(char.upper() if up else char) + extra for char, (up, extra) in zip(".muse", letters, strict=False)]
    assert names.is_bad("".join(spelled))


@given(text=st.text(max_size=6), form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_no_form_of_a_good_name_is_muse(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    if not names.is_bad(text):
        assert unicodedata.normalize(form, text).casefold().rstrip(". ") != ".muse"
        assert os.path.basename(text) == text
        assert text not in (".", "..")


@given(listed=st.lists(NAMES))
def test_names_are_ordered_by_their_bytes(listed: list[str]) -> None:
    assert [*map(os.fsencode, sorted(listed, key=names.sort_key))] == sorted(map(os.fsencode, listed))


@given(name=NAMES)
def test_what_is_shown_can_be_printed_anywhere(name: str) -> None:
    shown = names.show(name)
    assert shown.isprintable()
    shown.encode("utf-8")
    if name.isprintable():
        assert shown == name


def test_how_names_are_shown() -> None:
    assert names.show("données/a b.csv") == "données/a b.csv"
    assert names.show("a\nb") == r"a\nb"
    assert names.show("\x1b[31m") == r"\x1b[31m"
    assert names.show(os.fsdecode(b"caf\xe9")) == r"caf\udce9"


@given(one=NAMES, two=NAMES)
def test_names_that_a_folding_file_system_takes_for_one_fold_to_one(one: str, two: str) -> None:
    same = unicodedata.normalize("NFC", one).casefold() == unicodedata.normalize("NFC", two).casefold()
    assert not same or names.fold(one) == names.fold(two)
