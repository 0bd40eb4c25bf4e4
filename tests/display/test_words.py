"""One way to write ids, times, sizes and counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.display.words import plural, short_id, size, when


def test_a_short_id_leaves_out_the_prefix() -> None:
    assert short_id("sha256:" + "0123456789abcdef" * 4) == "0123456789"
    assert short_id("0123456789abcdef") == "0123456789"


def test_a_time_is_shown_as_its_author_saw_it() -> None:
    assert when("2026-11-22T14:03:59+05:30") == "2026-11-22 14:03"


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1250, "1.2 KB"), (9949, "9.9 KB"), (9950, "10 KB"),
        (45_200, "45 KB"), (999_499, "999 KB"), (999_500, "1.0 MB"), (3_400_000_000, "3.4 GB"),
        (5_000 * 10**12, "5,000 TB"),
    ],
)
def test_sizes_are_decimal(n_bytes: int, shown: str) -> None:
    assert size(n_bytes) == shown


@given(st.integers(0, 10**14))
def test_a_size_is_never_off_by_more_than_its_last_digit(n_bytes: int) -> None:
    number, unit = size(n_bytes).split()
    scale = 1000 ** ["B", "KB", "MB", "GB", "TB"].index(unit)
    last_digit = 0.1 if "." in number else 1.0
    assert abs(float(number.replace(",", "")) - n_bytes / scale) <= last_digit / 2 + 1e-9


@pytest.mark.parametrize(
    ("n", "one", "many", "shown"),
    [(0, "cell", "", "0 cells"), (1, "cell", "", "1 cell"), (2000, "cell", "", "2,000 cells"),
     (2, "copy", "copies", "2 copies"), (1, "copy", "copies", "1 copy")],
)
def test_counts_agree_with_their_noun(n: int, one: str, many: str, shown: str) -> None:
    assert plural(n, one, many) == shown
