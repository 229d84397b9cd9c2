"""Reads query strings the way HAPI's servlet does, whatever an agent wrote.

Nothing here raises: bad escapes become replacement characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote_plus

Pairs = tuple[tuple[str, str], ...]


def parse_query(text: str) -> Pairs:
    """The ``name=value`` pairs of a query string, decoded, in order; ``+`` is a blank."""
    pairs = []
    for part in text.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name, errors="replace")
        if name:
            pairs.append((name, unquote_plus(value, errors="replace")))
    return tuple(pairs)


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs as a Bundle's self link shows them: names in order, everything escaped."""
    ordered = sorted(pairs, key=lambda pair: pair[0])
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in ordered)


def escape(text: str) -> str:
    """Percent-encode as HAPI does: only letters, digits and ``-_.*`` stay."""
    return quote(text.encode("utf-8", "replace"), safe="*").replace("~", "%7E")


def split_unescaped(text: str, separator: str) -> list[str]:
    """Split at a separator that no backslash escapes; the parts stay escaped."""
    parts = [""]
    escaped = False
    for char in text:
        if char == separator and not escaped:
            parts.append("")
            continue
        parts[-1] += char
        escaped = char == "\\" and not escaped
    return parts


def unescape(text: str) -> str:
    r"""Drop FHIR's search escapes: ``\,`` ``\|`` ``\$`` ``\\``."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def any_of(value: str) -> list[str]:
    """The alternatives of a parameter value, still escaped; empty ones don't count."""
    return [part for part in split_unescaped(value, ",") if part.strip()]
