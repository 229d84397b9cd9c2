"""MySQL's rules for single values: numbers in text, text of numbers, comparison of text."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

#: A value in a result: NULL, a number or text.
Value = None | int | float | str | bytes

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def number(value: Value) -> int | float | None:
    """Return the number at the beginning of a value; 0 where there is none."""
    if value is None or isinstance(value, int | float):
        return value
    found = _NUMBER.match(text(value) or "")
    return float(found[1]) if found else 0.0


def integer(value: Value) -> int | None:
    """Return ``CAST(value AS SIGNED)``: text is cut off, numbers are rounded."""
    found = number(value)
    if found is None or math.isnan(found):
        return None
    if isinstance(found, float):
        found = math.trunc(found) if isinstance(value, str | bytes) else rounded(found, 0)
    return max(-(2**63), min(2**63 - 1, int(found)))


def rounded(value: int | float, digits: int) -> float:
    """Round half away from zero, as MySQL does."""
    if math.isinf(value) or math.isnan(value):
        return value
    step = Decimal(1).scaleb(-digits)
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))


def text(value: Value) -> str | None:
    """Return a value as MySQL writes it into text: doubles in their shortest form."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return re.sub(r"e([+-])0?(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", repr(value))
    return str(value)


def literal(digits: str) -> str:
    """Return the text of a number as it stands in a statement, such as ``5.50``."""
    if "e" in digits.lower():
        return text(float(digits)) or ""
    return str(Decimal(digits))


@lru_cache(maxsize=4096)
def folded(value: str) -> str:
    """Return what MySQL's default collation compares: without case and accents."""
    parts = unicodedata.normalize("NFD", value)
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold()


def collate(one: str, other: str) -> int:
    """Compare two texts by MySQL's default collation."""
    left, right = folded(one), folded(other)
    return (left > right) - (left < right)
