"""Time: now, as commits carry it, and the moments that people mean.

Times are texts by RFC 3339 with an offset and whole seconds, so that they still say what the clock on the
wall showed. `MUSE_NOW` fixes the clock: examples and tests then give the same ids every time.
"""

from __future__ import annotations

import os
import re
import time

from muse.core.base.errors import UsageProblem

_RFC3339 = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_DAY, _CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_SECONDS = r"-?[0-9]{1,12}(?:\.[0-9]+)?"
_AGO = r"([0-9]{1,9}|an?|one)\s(second|minute|hour|day|week|month|year)s?\sago"
_LENGTHS = {"second": 1, "minute": 60, "hour": 3600}


def now() -> str:
    """The time now with the local offset, as in "2026-11-22T14:03:05+01:00", or what `MUSE_NOW` says.

    Raises:
        UsageProblem: `MUSE_NOW` is neither RFC 3339 nor seconds since 1970.
    """
    fixed = os.environ.get("MUSE_NOW", "").strip()
    try:
        if not fixed:
            return _local(time.time())
        if re.fullmatch(_SECONDS, fixed):
            return _local(float(fixed))
        whole, _, offset = _split(fixed)
        return _show(whole, offset)
    except (ValueError, OverflowError, OSError):
        hint = "Write it like 2026-11-22T14:03:05+01:00, or as seconds since 1970."
        raise UsageProblem(f"MUSE_NOW is {fixed!r}, which is no time", hint) from None


def parse(text: str) -> float:
    """The seconds since 1970 of an RFC 3339 time.

    Raises:
        ValueError: The text is no such time.
    """
    whole, fraction, _ = _split(text)
    return whole + fraction


def seconds(text: str) -> float:
    """As `parse`; minus infinity for a text that is no time, so that it counts as the oldest."""
    try:
        return parse(text)
    except ValueError:
        return float("-inf")


def ago(text: str) -> float | None:
    """The moment that a person means, in seconds since 1970; None when it cannot be told.

    Understood are "now", "yesterday" (at this time of day), "2 hours ago", "a week ago", "2026-11-01" (when
    it began), "2026-11-01 14:00", "10:30" (the last time it was), and RFC 3339. Without an offset, a time is
    local.

    Raises:
        UsageProblem: `MUSE_NOW` is no time.
    """
    base = parse(now())
    words = " ".join(text.lower().split())
    try:
        if re.fullmatch(_RFC3339, text.strip()):
            return parse(text.strip())
        if words in ("now", "yesterday"):
            return base if words == "now" else _back(base, 1, "day")
        if phrase := re.fullmatch(_AGO, words.replace(".", " ")):
            return _back(base, int(phrase[1]) if phrase[1].isdigit() else 1, phrase[2])
        return _point(base, words)
    except (ValueError, OverflowError, OSError):
        return None


def _split(text: str) -> tuple[float, float, int]:
    """Whole seconds since 1970, the fraction of a second, and the offset in minutes."""
    from datetime import datetime

    found = re.fullmatch(_RFC3339, text)
    if found is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time")
    day, clock, fraction, sign, hours, minutes = found.groups()
    offset = int(f"{sign}1") * (int(hours) * 60 + int(minutes)) if sign else 0
    wall = datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()
    return wall - offset * 60, float(fraction or 0), offset


def _local(seconds: float) -> str:
    return _show(seconds, time.localtime(seconds).tm_gmtoff // 60)


def _show(seconds: float, offset: int) -> str:
    """RFC 3339; fractions of a second are dropped."""
    wall = time.gmtime(seconds // 1 + offset * 60)
    if not 1 <= wall.tm_year <= 9999:
        raise ValueError("years have four digits")
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    day = f"{wall.tm_year:04}-{wall.tm_mon:02}-{wall.tm_mday:02}"
    return f"{day}T{wall.tm_hour:02}:{wall.tm_min:02}:{wall.tm_sec:02}{sign}{hours:02}:{minutes:02}"


def _back(base: float, count: int, unit: str) -> float:
    """Some time before `base`. From days on, the clock on the wall shows the same, summer time or not."""
    if unit in _LENGTHS:
        return base - count * _LENGTHS[unit]
    days, months = {"day": (1, 0), "week": (7, 0), "month": (0, 1), "year": (0, 12)}[unit]
    wall = time.localtime(base)
    year, month = divmod(wall.tm_year * 12 + wall.tm_mon - 1 - months * count, 12)
    last = _days_in(year, month + 1) if months else wall.tm_mday
    day = min(wall.tm_mday, last) - days * count
    return time.mktime((year, month + 1, day, wall.tm_hour, wall.tm_min, wall.tm_sec, 0, 0, -1)) + base % 1


def _days_in(year: int, month: int) -> int:
    from datetime import date, timedelta

    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day


def _point(base: float, words: str) -> float | None:
    """A date, a date and a time, or a time of day; local."""
    from datetime import datetime

    found = re.fullmatch(rf"({_DAY})(?:[t ]({_CLOCK}))?|({_CLOCK})", words)
    if found is None:
        return None
    if found[1]:
        return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}").timestamp()
    today = time.strftime("%Y-%m-%d", time.localtime(base))
    moment = datetime.fromisoformat(f"{today}T{found[3]}").timestamp()
    return moment if moment <= base else _back(moment, 1, "day")
