"""MySQL's functions of dates and times, on text."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from grasp_agentbench.dbbench.embedded.values import Value, number, text

#: Today, for ``NOW()`` and its like: a fixed day, so that episodes don't depend on the clock.
NOW = datetime(2024, 1, 1, 12, 0, 0)

_DATE = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?"
)
_PACKED = re.compile(r"\s*(\d{4})(\d{2})(\d{2})\s*$")
_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_name) if name}
_SHORT_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name.lower() for name in (*calendar.day_name, *calendar.day_abbr)}

#: Letter of a format -> what it matches and what it is.
_PARTS = {
    "Y": (r"(\d{4})", "year"),
    "y": (r"(\d{1,2})", "short_year"),
    "m": (r"(\d{1,2})", "month"),
    "c": (r"(\d{1,2})", "month"),
    "d": (r"(\d{1,2})", "day"),
    "e": (r"(\d{1,2})", "day"),
    "D": (r"(\d{1,2})(?:st|nd|rd|th)", "day"),
    "M": (r"([^\W\d]+)", "month_name"),
    "b": (r"([^\W\d]+)", "month_name"),
    "W": (r"([^\W\d]+)", "day_name"),
    "a": (r"([^\W\d]+)", "day_name"),
    "H": (r"(\d{1,2})", "hour"),
    "k": (r"(\d{1,2})", "hour"),
    "h": (r"(\d{1,2})", "hour12"),
    "I": (r"(\d{1,2})", "hour12"),
    "l": (r"(\d{1,2})", "hour12"),
    "i": (r"(\d{1,2})", "minute"),
    "s": (r"(\d{1,2})", "second"),
    "S": (r"(\d{1,2})", "second"),
    "p": (r"([AaPp][Mm])", "half"),
    "f": (r"(\d{1,6})", "micro"),
}
_COMBINED = {"T": "%H:%i:%s", "r": "%h:%i:%s %p"}
_TIMES = frozenset("HkhIlisSpfTr")


def moment(value: Value) -> datetime | None:
    """Return the date, with its time, at the beginning of a value."""
    said = text(value)
    found = (_DATE.match(said) or _PACKED.match(said)) if said else None
    if found is None:
        return None
    parts = [int(p or 0) for p in found.groups()]
    try:
        return datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return None


def written(when: datetime, *, time: bool) -> str:
    """Return a date as MySQL writes it."""
    return when.strftime("%Y-%m-%d %H:%M:%S" if time else "%Y-%m-%d")


def date_format(value: Value, pattern: Value) -> str | None:
    """``DATE_FORMAT``."""
    when, letters = moment(value), text(pattern)
    if when is None or letters is None:
        return None
    return re.sub(r"%(.)", lambda m: _written_part(when, m[1]), letters)


def _written_part(when: datetime, letter: str) -> str:
    if letter in _COMBINED:
        return re.sub(r"%(.)", lambda m: _written_part(when, m[1]), _COMBINED[letter])
    day, hour12 = when.day, when.hour % 12 or 12
    parts = {
        "Y": f"{when.year:04}", "y": f"{when.year % 100:02}", "m": f"{when.month:02}",
        "c": str(when.month), "d": f"{day:02}", "e": str(day), "D": f"{day}{_ordinal(day)}",
        "M": calendar.month_name[when.month], "b": calendar.month_abbr[when.month],
        "W": calendar.day_name[when.weekday()], "a": calendar.day_abbr[when.weekday()],
        "w": str((when.weekday() + 1) % 7), "j": f"{when.timetuple().tm_yday:03}",
        "H": f"{when.hour:02}", "k": str(when.hour), "h": f"{hour12:02}", "I": f"{hour12:02}",
        "l": str(hour12), "i": f"{when.minute:02}", "s": f"{when.second:02}",
        "S": f"{when.second:02}", "p": "AM" if when.hour < 12 else "PM", "f": "000000",
        "u": f"{when.isocalendar()[1]:02}", "v": f"{when.isocalendar()[1]:02}",
    }  # fmt: skip
    return parts.get(letter, letter)


def _ordinal(day: int) -> str:
    if 11 <= day <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def str_to_date(value: Value, pattern: Value) -> str | None:
    """``STR_TO_DATE``."""
    said, letters = text(value), text(pattern)
    if said is None or letters is None:
        return None
    for short, long in _COMBINED.items():
        letters = letters.replace(f"%{short}", long)
    names: list[str] = []
    pieces: list[str] = []
    for piece in re.findall(r"%.|\s+|[^%\s]+|%", letters):
        if piece.isspace():
            pieces.append(r"\s*")
        elif len(piece) == 2 and piece[0] == "%" and piece[1] in _PARTS:
            part, name = _PARTS[piece[1]]
            pieces.append(r"\s*" + part)
            names.append(name)
        else:
            pieces.append(re.escape(piece.removeprefix("%") or "%"))
    found = re.match("".join(pieces), said)
    when = _assembled(dict(zip(names, found.groups(), strict=True))) if found else None
    timed = any(letter in _TIMES for letter in re.findall(r"%(.)", letters))
    return written(when, time=timed) if when else None


def _assembled(parts: dict[str, str]) -> datetime | None:
    year = int(parts.get("year", 0))
    if "short_year" in parts:
        short = int(parts["short_year"])
        year = short + (2000 if short < 70 else 1900)
    month = int(parts.get("month", 0))
    if "month_name" in parts:
        name = parts["month_name"].lower()
        month = _MONTHS.get(name, 0) or _SHORT_MONTHS.get(name, 0)
    if "day_name" in parts and parts["day_name"].lower() not in _DAYS:
        return None
    hour = int(parts.get("hour", 0))
    if "hour12" in parts:
        hour = int(parts["hour12"]) % 12 + (12 if parts.get("half", "").lower() == "pm" else 0)
    try:
        minute, second = int(parts.get("minute", 0)), int(parts.get("second", 0))
        return datetime(year, month, int(parts.get("day", 1)), hour, minute, second)
    except ValueError:
        return None


def date_add(value: Value, amount: Value, unit: Value) -> str | None:
    """``value + INTERVAL amount unit``."""
    when, many, kind = moment(value), number(amount), (text(unit) or "").upper()
    if when is None or many is None:
        return None
    steps = {"WEEK": 7 * 86400, "DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}
    try:
        if kind in steps:
            when += timedelta(seconds=steps[kind] * many)
        else:
            months = int(many) * {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[kind]
            year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
            day = min(when.day, calendar.monthrange(year, month + 1)[1])
            when = when.replace(year=year, month=month + 1, day=day)
    except (KeyError, ValueError, OverflowError):
        return None
    timed = ":" in str(text(value)) or kind in ("HOUR", "MINUTE", "SECOND")
    return written(when, time=timed)


def datediff(one: Value, other: Value) -> int | None:
    """``DATEDIFF``: days from the second to the first."""
    first, second = moment(one), moment(other)
    return None if first is None or second is None else (first.date() - second.date()).days


def timestampdiff(unit: Value, start: Value, end: Value) -> int | None:
    """``TIMESTAMPDIFF``."""
    first, second = moment(start), moment(end)
    if first is None or second is None:
        return None
    kind = (text(unit) or "").upper()
    seconds = {"WEEK": 7 * 86400, "DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}
    if kind in seconds:
        return int((second - first).total_seconds() / seconds[kind])
    sign = 1 if second >= first else -1
    early, late = min(first, second), max(first, second)
    months = (late.year - early.year) * 12 + late.month - early.month
    rest = (late.day, late.time()) < (early.day, early.time())
    return sign * ((months - rest) // {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(kind, 1))


def part(unit: str, value: Value) -> int | str | None:
    """Return one part of a date, such as ``YEAR(value)``."""
    when = moment(value)
    if when is None:
        return None
    parts: dict[str, int | str] = {
        "YEAR": when.year, "QUARTER": (when.month + 2) // 3, "MONTH": when.month,
        "WEEK": int(when.strftime("%U")), "DAY": when.day, "HOUR": when.hour,
        "MINUTE": when.minute, "SECOND": when.second, "DAYOFMONTH": when.day,
        "DAYOFYEAR": when.timetuple().tm_yday, "DAYOFWEEK": (when.weekday() + 1) % 7 + 1,
        "WEEKDAY": when.weekday(), "DAYNAME": calendar.day_name[when.weekday()],
        "MONTHNAME": calendar.month_name[when.month], "DATE": written(when, time=False),
        "TIME": when.strftime("%H:%M:%S"), "TO_DAYS": when.toordinal() + 365,
        "LAST_DAY": written(
            when.replace(day=calendar.monthrange(when.year, when.month)[1]), time=False
        ),
        "UNIX_TIMESTAMP": int((when - datetime(1970, 1, 1)).total_seconds()),
    }  # fmt: skip
    return parts.get(unit)


#: Functions of one date, by name.
PARTS = (
    *("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "DAYOFMONTH"),
    *("DAYOFYEAR", "DAYOFWEEK", "WEEKDAY", "DAYNAME", "MONTHNAME", "DATE", "TIME", "TO_DAYS"),
    *("LAST_DAY", "UNIX_TIMESTAMP"),
)
