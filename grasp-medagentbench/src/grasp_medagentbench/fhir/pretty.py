"""Prints JSON exactly as HAPI does (spec fhir-store, 5.3).

HAPI's printer (Jackson's default one) puts each key on its own line, indents by two
and keeps arrays inline: ``"link": [ {``. Numbers keep the digits they were stored with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_quote = json.encoder.encode_basestring


class Digits(Decimal):
    """A decimal that remembers how it was written: ``1.90`` and ``1e-07`` stay as they are."""

    def __new__(cls, text: str) -> Digits:
        """Read a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def number_text(value: int | float | Decimal) -> str:
    """The digits of a JSON number as stored."""
    if isinstance(value, Digits):
        return value.text
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"not a JSON value: {value!r}")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value)


def pretty(value: Any, indent: str = "") -> str:
    """Print ``value`` over several lines; ``indent`` is that of the line it starts on."""
    if isinstance(value, Mapping):
        if not value:
            return "{ }"
        inner = indent + "  "
        lines = [f"{inner}{_quote(key)}: {pretty(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)):
        if not value:
            return "[ ]"
        return "[ " + ", ".join(pretty(item, indent) for item in value) + " ]"
    return _scalar(value)


def compact(value: Any) -> str:
    """Print ``value`` on one line without blanks, as HAPI does for ``_pretty=false``.

    Raises:
        TypeError: It holds what JSON doesn't have.
        ValueError: It holds a number that isn't one, or refers to itself.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError:  # It holds a Decimal, which json can't print.
        return _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_quote(key)}:{_compact(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_compact(item) for item in value) + "]"
    return _scalar(value)


def loads(text: str | bytes) -> Any:
    """Parse JSON, keeping the digits of decimals.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: The text nests too deeply.
    """
    return json.loads(text, parse_float=Digits, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"Unexpected token {name}")
