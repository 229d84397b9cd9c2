"""FHIR dates and times as closed intervals of milliseconds (spec fhir-store, 5.2).

A partial date covers the whole of its year, month, day, minute or second. What has no
offset is UTC. A blank in place of the offset's ``+`` is accepted, because that is what
an unescaped ``+`` in a URL becomes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

#: Stand-ins for an open end of a period.
BEGINNING = -(10**15)
END = 10**15

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<offset>Z|[+\- ]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_CALENDAR_END = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Interval:
    """The first and the last millisecond of a date, and its days as ``YYYYMMDD``.

    The days are those written in the value, whatever its offset: HAPI compares whole
    days by them.
    """

    low: int
    high: int
    low_day: int
    high_day: int
    precision: str


def parse_date(text: str) -> Interval:
    """Read a date, dateTime or instant.

    Raises:
        ValueError: It is none of these, or names a day or time that doesn't exist.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f'Invalid date/time format: "{text}"')
    part = match.groupdict()
    try:
        start = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=timezone.utc,
        )
        offset = _offset(part["offset"])
        precision, last = _last(start, part)
    except (ValueError, OverflowError):
        raise ValueError(f'Invalid date/time format: "{text}"') from None
    milliseconds = int((part["fraction"] or "0").ljust(3, "0")[:3])
    low = (start - _EPOCH) // _MILLISECOND - offset + milliseconds
    high = low if part["fraction"] else (last - _EPOCH) // _MILLISECOND - offset
    return Interval(low, high, _day(start), _day(last), precision)


def _offset(text: str | None) -> int:
    if text is None or text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60_000


def _last(start: datetime, part: dict[str, str | None]) -> tuple[str, datetime]:
    """The precision of a value and its last millisecond, before the offset is applied."""
    following: dict[str, Callable[[], datetime]] = {
        "second": lambda: start + timedelta(seconds=1),
        "minute": lambda: start + timedelta(minutes=1),
        "day": lambda: start + timedelta(days=1),
        "month": lambda: (start.replace(day=28) + timedelta(days=4)).replace(day=1),
        "year": lambda: start.replace(year=start.year + 1),
    }
    precision = next(name for name in following if part[name] is not None)
    try:
        return precision, following[precision]() - _MILLISECOND
    except (OverflowError, ValueError):  # What follows lies beyond the calendar's end.
        return precision, _CALENDAR_END


def _day(moment: datetime) -> int:
    return moment.year * 10_000 + moment.month * 100 + moment.day


def instant_text(milliseconds: int) -> str:
    """Print milliseconds as HAPI prints ``meta.lastUpdated``."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}+00:00"


def milliseconds_of(moment: datetime) -> int:
    """Milliseconds since the epoch; a naive ``moment`` is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - _EPOCH) // _MILLISECOND
