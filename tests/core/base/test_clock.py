"""`base.clock`: times as commits carry them, and times as people say them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse.core.base import clock
from muse.core.base.errors import UsageProblem

Zone = Callable[[str], None]
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),
    max_value=datetime(9999, 12, 30),
    timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Zone:
    """Puts the test into a time zone."""

    def enter(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    return enter


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Fixes the clock."""
    return lambda text: monkeypatch.setenv("MUSE_NOW", text)


@given(moment=MOMENTS)
def test_parse_reads_what_datetime_writes(moment: datetime) -> None:
    assert clock.parse(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-4)
    whole = moment.replace(microsecond=0)
    assert clock.parse(whole.isoformat()) == whole.timestamp()


@given(moment=MOMENTS)
def test_a_fixed_time_is_kept_as_it_was_written(moment: datetime) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSE_NOW", moment.isoformat())
        assert clock.now() == moment.replace(microsecond=0).isoformat()


@given(
    seconds=st.integers(-10_000_000_000, 100_000_000_000),
    name=st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata"]),
)
def test_a_fixed_number_of_seconds_is_that_moment_here(seconds: int, name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSE_NOW", str(seconds))
        patch.setenv("TZ", name)
        time.tzset()
        assert clock.parse(clock.now()) == seconds
    time.tzset()


def test_now_is_local_and_has_whole_seconds(monkeypatch: pytest.MonkeyPatch, zone: Zone) -> None:
    monkeypatch.delenv("MUSE_NOW")
    zone("America/St_Johns")
    before = time.time()
    text = clock.now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[23]:30", text)
    assert int(before) <= clock.parse(text) <= time.time()


@pytest.mark.parametrize(
    ("fixed", "shown"),
    [
        ("2026-11-22T14:03:05+01:00", "2026-11-22T14:03:05+01:00"),
        ("2026-11-22t14:03:05.999z", "2026-11-22T14:03:05+00:00"),
        ("2026-11-22 14:03:05-09:30", "2026-11-22T14:03:05-09:30"),
        (" 1763816585 ", "2025-11-22T14:03:05+01:00"),
        ("1782137385.5", "2026-06-22T16:09:45+02:00"),
        ("-1.5", "1970-01-01T00:59:58+01:00"),
    ],
)
def test_the_clock_can_be_fixed(at: Zone, zone: Zone, fixed: str, shown: str) -> None:
    zone("Europe/Berlin")
    at(fixed)
    assert clock.now() == shown


BAD = [
    "soon",
    "2026-11-22",
    "2026-11-22T14:03:05",
    "2026-02-30T00:00:00Z",
    "2026-11-22T14:03:05+24:00",
    "1e5",
    "٣",
]


@pytest.mark.parametrize("text", [*BAD, "999999999999", "-62150000000"])
def test_a_bad_fixed_time_says_how_to_write_it(at: Zone, text: str) -> None:
    at(text)
    with pytest.raises(UsageProblem, match="MUSE_NOW") as caught:
        clock.now()
    assert "2026-11-22T14:03:05+01:00" in caught.value.hint


@pytest.mark.parametrize("text", [*BAD, "", "2026-11-22T14:03:05Z\n", "x2026-11-22T14:03:05Z"])
def test_parse_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.parse(text)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("now", "2026-03-31T12:00:00+02:00"),
        ("1 second ago", "2026-03-31T11:59:59+02:00"),
        ("2 hours ago", "2026-03-31T10:00:00+02:00"),
        ("90 minutes ago", "2026-03-31T10:30:00+02:00"),
        (" An  Hour ago ", "2026-03-31T11:00:00+02:00"),
        ("2.hours.ago", "2026-03-31T10:00:00+02:00"),
        ("yesterday", "2026-03-30T12:00:00+02:00"),
        ("3 days ago", "2026-03-28T12:00:00+01:00"),
        ("72 hours ago", "2026-03-28T11:00:00+01:00"),
        ("a week ago", "2026-03-24T12:00:00+01:00"),
        ("1 month ago", "2026-02-28T12:00:00+01:00"),
        ("4 months ago", "2025-11-30T12:00:00+01:00"),
        ("3 months ago", "2025-12-31T12:00:00+01:00"),
        ("2 years ago", "2024-03-31T12:00:00+02:00"),
        ("2026-03-01", "2026-03-01T00:00:00+01:00"),
        ("2026-03-30", "2026-03-30T00:00:00+02:00"),
        ("2026-03-30 14:00", "2026-03-30T14:00:00+02:00"),
        ("2026-03-30T14:00:01", "2026-03-30T14:00:01+02:00"),
        ("10:30", "2026-03-31T10:30:00+02:00"),
        ("12:00", "2026-03-31T12:00:00+02:00"),
        ("12:00:01", "2026-03-30T12:00:01+02:00"),
        ("2026-03-30T14:00:00Z", "2026-03-30T14:00:00+00:00"),
        ("2026-03-30t14:00:00z", "2026-03-30T14:00:00+00:00"),
    ],
)
def test_what_people_mean(at: Zone, zone: Zone, said: str, meant: str) -> None:
    zone("Europe/Berlin")
    at("2026-03-31T10:00:00Z")
    assert clock.ago(said) == clock.parse(meant)


NOTHING = ["", "ago", "soon", "2 hours", "-2 hours ago", "two hours ago", "10:30 ago", "main", "1763816585"]
NO_TIME = ["2026", "2026-02-30", "25:00", "2026-11-01T", "9999 years ago", "999999999 years ago"]


@pytest.mark.parametrize("text", NOTHING + NO_TIME)
def test_what_nobody_means(text: str) -> None:
    assert clock.ago(text) is None


@given(st.text(max_size=20))
def test_any_text_gets_an_answer(text: str) -> None:
    assert clock.ago(text) is None or isinstance(clock.ago(text), float)
