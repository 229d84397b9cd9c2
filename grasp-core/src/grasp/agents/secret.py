"""Keeps keys out of messages, logs and identities."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

MASK = "***"

#: Shorter values are placeholders (``EMPTY``) and would mask ordinary words.
_SHORTEST = 6

_LOOKS_SECRET = (
    re.compile(r"\bsk-[A-Za-z0-9_*.\-]{6,}"),
    re.compile(r"(?i)(?<=\bbearer )[A-Za-z0-9_.~+/=\-]{6,}"),
    re.compile(r"(?<=://)[^/@\s]+(?=@)"),
)


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` on one line with every known or likely secret replaced by ``***``."""
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in _LOOKS_SECRET:
        text = pattern.sub(MASK, text)
    return " ".join(text.split())


def public_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, for identities and messages."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


def url_secrets(url: str) -> list[str]:
    """Return what a URL holds of secrets: its password and its query."""
    parts = urlsplit(url)
    return [s for s in (parts.password, parts.query) if s]
