"""MySQL's functions that SQLite lacks or has otherwise, for a connection."""

from __future__ import annotations

import hashlib
import math
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import regex

from grasp_agentbench.dbbench.embedded import dates
from grasp_agentbench.dbbench.embedded.values import (
    Value,
    collate,
    folded,
    integer,
    number,
    rounded,
    text,
)

#: Name of the collation of every column and comparison.
COLLATION = "mysql"
#: Begins the names under which SQLite knows MySQL's functions.
OWN = "mysql_"
#: Seconds that one match of a pattern may take.
PATTERN_SECONDS = 1.0
#: Longest text that a function makes.
LONGEST = 1_000_000


def _texts(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function its arguments as text; NULL where one is NULL."""

    def called(*values: Value) -> Any:
        texts = [text(v) for v in values]
        return None if None in texts else function(*texts)

    return called


def _whole(value: str) -> int:
    return integer(value) or 0


@lru_cache(maxsize=256)
def _pattern(source: str, flags: str) -> Any:
    source = source.replace("[[:<:]]", r"\b").replace("[[:>:]]", r"\b")
    return regex.compile(source, 0 if "c" in flags else regex.IGNORECASE)


def _regexp(pattern: str, value: str) -> int:
    return int(_pattern(pattern, "").search(value, timeout=PATTERN_SECONDS) is not None)


def _regexp_like(value: str, pattern: str, flags: str = "") -> int:
    return int(_pattern(pattern, flags).search(value, timeout=PATTERN_SECONDS) is not None)


def _regexp_replace(value: str, pattern: str, new: str, *_: str) -> str:
    new = regex.sub(r"\\(\d)", r"\\g<\1>", new)
    return str(_pattern(pattern, "").sub(new, value, timeout=PATTERN_SECONDS))


def _regexp_substr(value: str, pattern: str, *_: str) -> str | None:
    found = _pattern(pattern, "").search(value, timeout=PATTERN_SECONDS)
    return found[0] if found else None


def _regexp_instr(value: str, pattern: str, *_: str) -> int:
    found = _pattern(pattern, "").search(value, timeout=PATTERN_SECONDS)
    return found.start() + 1 if found else 0


@lru_cache(maxsize=256)
def _like_pattern(pattern: str, escape: str) -> Any:
    parts, letters = [], iter(folded(pattern))
    for letter in letters:
        if letter == escape:
            parts.append(regex.escape(next(letters, escape)))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or regex.escape(letter))
    return regex.compile("".join(parts), regex.DOTALL)


def _like(pattern: str, value: str, escape: str = "\\") -> int:
    found = _like_pattern(pattern, escape).fullmatch(folded(value), timeout=PATTERN_SECONDS)
    return int(found is not None)


def _substring_index(value: str, mark: str, many: str) -> str:
    count = _whole(many)
    if not mark or not count:
        return ""
    parts = value.split(mark)
    return mark.join(parts[:count] if count > 0 else parts[count:])


def _substring(value: str, start: str, length: str | None = None) -> str:
    first = _whole(start)
    if first == 0 or -first > len(value):
        return ""
    begin = first - 1 if first > 0 else len(value) + first
    end = len(value) if length is None else begin + max(0, _whole(length))
    return value[begin:end]


def _locate(part: str, value: str, start: str = "1") -> int:
    if _whole(start) < 1:
        return 0
    return folded(value).find(folded(part), _whole(start) - 1) + 1


def _pad(left: bool, value: str, length: str, filling: str) -> str | None:
    size = _whole(length)
    if size < 0 or size > LONGEST or (not filling and size > len(value)):
        return None
    if size <= len(value):
        return value[:size]
    extra = (filling * (size - len(value)))[: size - len(value)]
    return extra + value if left else value + extra


def _repeat(value: str, many: str) -> str | None:
    count = max(0, _whole(many))
    return value * count if len(value) * count <= LONGEST else None


def _insert(value: str, start: str, length: str, new: str) -> str:
    first, size = _whole(start), _whole(length)
    if not 1 <= first <= len(value):
        return value
    end = len(value) if size < 0 else first - 1 + size
    return value[: first - 1] + new + value[end:]


def _format(value: str, digits: str, *_: str) -> str:
    places = max(0, _whole(digits))
    return f"{rounded(number(value) or 0, places):,.{places}f}"


def _trim(where: str, value: str, part: str) -> str:
    while part and where in ("BOTH", "LEADING") and value.startswith(part):
        value = value[len(part) :]
    while part and where in ("BOTH", "TRAILING") and value.endswith(part):
        value = value[: -len(part)]
    return value


def _concat_ws(mark: Value, *values: Value) -> str | None:
    between = text(mark)
    if between is None:
        return None
    return between.join(t for v in values if (t := text(v)) is not None)


def _field(value: Value, *values: Value) -> int:
    if value is None:
        return 0
    wanted = folded(text(value) or "")
    return next((n for n, v in enumerate(values, 1) if folded(text(v) or "") == wanted), 0)


def _find_in_set(value: str, listed: str) -> int:
    parts = folded(listed).split(",") if listed else []
    return parts.index(folded(value)) + 1 if folded(value) in parts else 0


def _elt(index: Value, *values: Value) -> str | None:
    place = integer(index)
    return text(values[place - 1]) if place and 1 <= place <= len(values) else None


def _round(value: Value, digits: Value = 0) -> int | float | None:
    found, places = number(value), integer(digits)
    if found is None or places is None:
        return None
    if isinstance(found, int) and places >= 0:
        return found
    result = rounded(found, places)
    return int(result) if isinstance(found, int) else result


def _truncate(value: Value, digits: Value) -> int | float | None:
    found, places = number(value), integer(digits)
    if found is None or places is None:
        return None
    scale = 10.0**places
    result = math.trunc(found * scale) / scale
    return int(result) if isinstance(found, int) else result


def _numeric(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function its arguments as numbers; NULL where one is NULL."""

    def called(*values: Value) -> Any:
        numbers = [number(v) for v in values]
        return None if None in numbers else function(*numbers)

    return called


def _divide(one: float, other: float) -> float | None:
    if other == 0:
        return None
    exact = isinstance(one, int) and isinstance(other, int)  # Decimals have four more digits.
    return rounded(one / other, 4) if exact else one / other


def _modulo(one: float, other: float) -> float | None:
    if other == 0:
        return None
    result = math.fmod(one, other)
    return int(result) if isinstance(one, int) and isinstance(other, int) else result


def _whole_divide(one: float, other: float) -> int | None:
    return None if other == 0 else math.trunc(one / other)


def _decimal(value: Value, digits: Value) -> int | float | None:
    found, places = number(value), integer(digits) or 0
    if found is None:
        return None
    result = rounded(found, places)
    return result if places else int(result)


def _date(value: Value) -> str | None:
    when = dates.moment(value)
    return dates.written(when, time=False) if when else None


def _hash(name: str, value: str) -> str:
    return hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()


#: Functions of MySQL's name -> what computes them.
NAMED: Mapping[str, Callable[..., Any]] = {
    "ABS": _numeric(abs), "CEIL": _numeric(math.ceil), "CEILING": _numeric(math.ceil),
    "FLOOR": _numeric(math.floor), "MOD": _numeric(_modulo), "POW": _numeric(math.pow),
    "POWER": _numeric(math.pow), "SQRT": _numeric(math.sqrt), "EXP": _numeric(math.exp),
    "LN": _numeric(math.log), "LOG10": _numeric(math.log10), "LOG2": _numeric(math.log2),
    "SIGN": _numeric(lambda v: (v > 0) - (v < 0)), "ROUND": _round, "TRUNCATE": _truncate,
    "PI": lambda: math.pi,
    "CONCAT": _texts(lambda *parts: "".join(parts)), "CONCAT_WS": _concat_ws,
    "SUBSTRING_INDEX": _texts(_substring_index), "SUBSTRING": _texts(_substring),
    "SUBSTR": _texts(_substring), "MID": _texts(_substring),
    "LEFT": _texts(lambda v, n: v[: max(0, _whole(n))]),
    "RIGHT": _texts(lambda v, n: v[max(0, len(v) - max(0, _whole(n))) :]),
    "LOCATE": _texts(_locate), "INSTR": _texts(lambda v, part: _locate(part, v)),
    "POSITION": _texts(_locate), "LPAD": _texts(partial(_pad, True)),
    "RPAD": _texts(partial(_pad, False)), "REPEAT": _texts(_repeat),
    "SPACE": _texts(lambda n: _repeat(" ", n)), "REVERSE": _texts(lambda v: v[::-1]),
    "UPPER": _texts(str.upper), "UCASE": _texts(str.upper), "LOWER": _texts(str.lower),
    "LCASE": _texts(str.lower), "CHAR_LENGTH": _texts(len), "CHARACTER_LENGTH": _texts(len),
    "LENGTH": _texts(lambda v: len(v.encode())), "OCTET_LENGTH": _texts(lambda v: len(v.encode())),
    "BIT_LENGTH": _texts(lambda v: 8 * len(v.encode())),
    "ASCII": _texts(lambda v: v.encode()[0] if v else 0),
    "ORD": _texts(lambda v: int.from_bytes(v[0].encode(), "big") if v else 0),
    "HEX": _texts(lambda v: v.encode().hex().upper()),
    "LTRIM": _texts(lambda v: v.lstrip(" ")), "RTRIM": _texts(lambda v: v.rstrip(" ")),
    "REPLACE": _texts(lambda v, old, new: v.replace(old, new) if old else v),
    "INSERT": _texts(_insert), "FORMAT": _texts(_format), "FIELD": _field,
    "FIND_IN_SET": _texts(_find_in_set), "ELT": _elt, "STRCMP": _texts(collate),
    "REGEXP_LIKE": _texts(_regexp_like), "REGEXP_REPLACE": _texts(_regexp_replace),
    "REGEXP_SUBSTR": _texts(_regexp_substr), "REGEXP_INSTR": _texts(_regexp_instr),
    "MD5": _texts(partial(_hash, "md5")), "SHA1": _texts(partial(_hash, "sha1")),
    "SHA": _texts(partial(_hash, "sha1")), "CRC32": _texts(lambda v: zlib.crc32(v.encode())),
    "ISNULL": lambda v: int(v is None),
    "DATE_FORMAT": dates.date_format, "STR_TO_DATE": dates.str_to_date,
    "DATEDIFF": dates.datediff, "TIMESTAMPDIFF": dates.timestampdiff,
    "NOW": lambda: dates.written(dates.NOW, time=True),
    "SYSDATE": lambda: dates.written(dates.NOW, time=True),
    "CURDATE": lambda: dates.written(dates.NOW, time=False),
    "DATABASE": lambda: "dbbench", "SCHEMA": lambda: "dbbench", "VERSION": lambda: "8.0.36",
    "USER": lambda: "root@localhost", "CONNECTION_ID": lambda: 1,
    **{name: partial(dates.part, name) for name in dates.PARTS},
}  # fmt: skip

#: Functions that translated statements call; no statement of a model does.
HELPERS: Mapping[str, Callable[..., Any]] = {
    "grasp_divide": _numeric(_divide), "grasp_modulo": _numeric(_modulo),
    "grasp_whole_divide": _numeric(_whole_divide), "grasp_signed": integer,
    "grasp_decimal": _decimal, "grasp_number": number, "grasp_text": text, "grasp_date": _date,
    "grasp_date_add": dates.date_add, "grasp_trim": _texts(_trim),
    "regexp": _texts(_regexp), "like": _texts(_like),
}  # fmt: skip

#: Those of them whose result is a number.
NUMERIC = frozenset(
    (
        *("ABS", "CEIL", "CEILING", "FLOOR", "MOD", "POW", "POWER", "SQRT", "EXP", "LN", "LOG10"),
        *("LOG2", "SIGN", "ROUND", "TRUNCATE", "PI", "LOCATE", "INSTR", "POSITION", "CHAR_LENGTH"),
        *("CHARACTER_LENGTH", "LENGTH", "OCTET_LENGTH", "BIT_LENGTH", "ASCII", "ORD", "FIELD"),
        *("FIND_IN_SET", "STRCMP", "REGEXP_LIKE", "REGEXP_INSTR", "CRC32", "ISNULL", "DATEDIFF"),
        *("TIMESTAMPDIFF", "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"),
        *("DAYOFMONTH", "DAYOFYEAR", "DAYOFWEEK", "WEEKDAY", "TO_DAYS", "UNIX_TIMESTAMP"),
        *("grasp_divide", "grasp_modulo", "grasp_whole_divide", "grasp_signed", "grasp_decimal"),
        "grasp_number",
    )
)


class _Spread:
    """``STDDEV`` and ``VARIANCE``."""

    def __init__(self, *, sample: bool, root: bool) -> None:
        self._sample, self._root = sample, root
        self._numbers: list[float] = []

    def step(self, value: Value) -> None:
        found = number(value)
        if found is not None:
            self._numbers.append(float(found))

    def finalize(self) -> float | None:
        size = len(self._numbers) - self._sample
        if size < 1:
            return None
        mean = math.fsum(self._numbers) / len(self._numbers)
        variance = math.fsum((n - mean) ** 2 for n in self._numbers) / size
        return math.sqrt(variance) if self._root else variance


class _Joined:
    """``GROUP_CONCAT`` with an order: gets the mark, the value, then sort keys and directions."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, tuple[Any, ...]]] = []
        self._mark, self._distinct = ",", False

    def step(self, mark: Value, distinct: Value, value: Value, *keys: Value) -> None:
        said = text(value)
        self._mark, self._distinct = text(mark) or "", bool(distinct)
        if said is not None:
            self._rows.append((said, keys))

    def finalize(self) -> str | None:
        rows = self._rows
        places = range(0, len(rows[0][1]) if rows else 0, 2)
        for place in reversed(places):
            down = any(keys[place + 1] for _, keys in rows)
            rows = sorted(rows, key=partial(_sort_key, place), reverse=down)
        values = [said for said, _ in rows]
        if self._distinct:
            values = list({folded(v): v for v in reversed(values)}.values())[::-1]
        return self._mark.join(values) if values else None


def _sort_key(place: int, row: tuple[str, tuple[Any, ...]]) -> tuple[int, float, str]:
    """NULLs first, then numbers, then text by the collation."""
    value = row[1][place]
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, folded(text(value) or ""))


_SPREADS = {
    "STD": (False, True), "STDDEV": (False, True), "STDDEV_POP": (False, True),
    "STDDEV_SAMP": (True, True), "VARIANCE": (False, False), "VAR_POP": (False, False),
    "VAR_SAMP": (True, False), "VARIANCE_POP": (False, False),
}  # fmt: skip


def install(connection: sqlite3.Connection) -> None:
    """Give a connection the functions, aggregates and the collation."""
    connection.create_collation(COLLATION, collate)
    named = {OWN + name.lower(): function for name, function in NAMED.items()}
    for name, function in {**named, **HELPERS}.items():
        connection.create_function(name, -1, _guarded(function), deterministic=True)
    make: Any = connection.create_aggregate
    for name, (sample, root) in _SPREADS.items():
        make(name, 1, partial(_Spread, sample=sample, root=root))
    make("grasp_group_concat", -1, _Joined)


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL for what has no result, as with MySQL outside its strict mode."""

    def called(*values: Value) -> Any:
        try:
            return function(*values)
        except (ValueError, OverflowError, ArithmeticError, IndexError):
            return None

    return called
