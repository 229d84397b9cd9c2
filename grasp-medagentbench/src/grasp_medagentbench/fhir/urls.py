"""Addresses as agents write them, made into what would go over the wire.

Agents send raw text: blanks, line breaks, unescaped ``|`` and ``+``, hosts of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_RESERVED = "!#$%&'()*+,/:;=?@[]~"
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOT_SEGMENT = re.compile(r"/\.\.?(/|$)")


@dataclass(frozen=True)
class Address:
    """A request's address below a server's base URL.

    ``url`` is the address as sent; ``problem`` says why nothing can answer there, and is
    empty where the server answers; ``inside`` tells whether it lies below the base.
    """

    url: str
    path: str = ""
    query: str = ""
    inside: bool = False
    problem: str = ""


def escape_url(text: str) -> str:
    """Percent-encode what can't stand in a URL, and leave the rest as it was written."""
    text = _BAD_PERCENT.sub("%25", text.lstrip())
    return quote(text.encode("utf-8", "surrogatepass"), safe=_RESERVED)


def locate(url: str, base_url: str) -> Address:
    """Where ``url`` lies relative to ``base_url``; never raises."""
    text = url.lstrip()
    scheme, found, _ = text.partition("://")
    if not found or not scheme.isalpha():
        problem = f"Invalid URL {url!r}: No scheme supplied. Perhaps you meant https://{text}?"
        return Address(text, problem=problem)
    if scheme.lower() not in ("http", "https"):
        return Address(text, problem=f"No connection adapters were found for {url!r}")
    sent = escape_url(text)
    try:
        parts, base = urlsplit(sent), urlsplit(base_url)
        origin = (parts.scheme, _host(parts.hostname), parts.port or _port(parts.scheme))
        home = (base.scheme, _host(base.hostname), base.port or _port(base.scheme))
    except ValueError:
        return Address(sent, problem=f"Failed to parse: {sent}")
    if not parts.hostname:
        return Address(sent, problem=f"Invalid URL {url!r}: No host supplied")
    if origin != home:
        there = f"{parts.scheme}://{parts.netloc}"
        problem = f"Failed to establish a connection to {there}: nothing answers there"
        return Address(sent, problem=problem)
    path = _without_dots(parts.path)
    sent = parts._replace(path=path, fragment="").geturl()
    root = base.path.rstrip("/")
    inside = path == root or path.startswith(root + "/")
    return Address(sent, path[len(root) :] if inside else path, parts.query, inside)


def _host(name: str | None) -> str:
    host = (name or "").lower()
    return "localhost" if host in ("127.0.0.1", "::1") else host


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _without_dots(path: str) -> str:
    if not _DOT_SEGMENT.search(path):
        return path or "/"
    kept: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    return "/" + "/".join(kept)
