"""Addresses as agents write them, made into what would go over the wire.

Agents send raw text: blanks, line breaks, unescaped ``|`` and ``+``, hosts of their own.
The original benchmark hands it to the Python library ``requests`` and shows agents that
library's errors, so addresses are escaped and refused here as it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+\-]*):")
_REST = re.compile(r"(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_HOST = re.compile(r"(?:.*@)?(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]@%]*)(?::([0-9]{0,5}))?", re.DOTALL)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_IN_PATH = "!$&'()*+,;=:@/"
_IN_QUERY = _IN_PATH + "?"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"http": 80, "https": 443}
#: Names of the machine itself, which count as one.
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Address:
    """A request's address, seen from a server's base URL.

    ``url`` is the address as sent; ``problem`` says why nothing can answer there, and is
    empty where the server does; ``inside`` tells whether it lies below the base, ``path``
    and ``query`` are then those below it.
    """

    url: str
    path: str = ""
    query: str = ""
    inside: bool = False
    problem: str = ""


@dataclass(frozen=True)
class _Parts:
    url: str
    origin: tuple[str, str, int]
    path: str
    query: str


def locate(url: str, base_url: str) -> Address:
    """Where ``url`` lies relative to ``base_url``; never raises."""
    text = url.lstrip()
    if ":" in text and not text.lower().startswith("http"):
        return Address(text, problem=f"No connection adapters were found for {text!r}")
    try:
        parts = _split(text)
    except ValueError as error:
        return Address(text, problem=str(error))
    base = _split(base_url)
    if parts.origin[0] not in _PORTS:
        return Address(parts.url, problem=f"No connection adapters were found for {parts.url!r}")
    if parts.origin != base.origin:
        scheme, host, port = parts.origin
        problem = f"Failed to establish a connection to {scheme}://{host}:{port}"
        return Address(parts.url, problem=f"{problem}: nothing answers there")
    root = base.path.rstrip("/")
    if parts.path != root and not parts.path.startswith(root + "/"):
        return Address(parts.url, parts.path, parts.query)
    return Address(parts.url, parts.path[len(root) :], parts.query, inside=True)


def _split(text: str) -> _Parts:
    """Take an address apart and escape it.

    Raises:
        ValueError: ``requests`` would refuse the address; the text is its message.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError(
            f"Invalid URL {text!r}: No scheme supplied. Perhaps you meant https://{text}?"
        )
    rest = _REST.fullmatch(text, scheme.end())
    if rest is None:  # The pattern takes any text.
        raise ValueError(f"Failed to parse: {text}")
    authority, path, query, fragment = rest.groups()
    if not authority:
        raise ValueError(f"Invalid URL {text!r}: No host supplied")
    host = _HOST.fullmatch(authority)
    if host is None or int(host[2] or 0) > 65_535:
        raise ValueError(f"Failed to parse: {text}")
    if not host[1]:
        raise ValueError(f"Invalid URL {text!r}: No host supplied")
    name, port = host[1].lower(), host[2]
    kind = scheme[1].lower()
    path = _without_dots(escape(path, _IN_PATH)) or "/"
    shown = f"{kind}://{authority.replace(host[1], name)}{path}"
    query = escape(query or "", _IN_QUERY)
    if query:
        shown += f"?{query}"
    if fragment:
        shown += f"#{escape(fragment, _IN_QUERY)}"
    origin = (kind, "localhost" if name in _LOOPBACK else name, int(port or _PORTS.get(kind, 0)))
    return _Parts(shown, origin, path, query)


def escape(text: str, allowed: str) -> str:
    """Percent-encode what may not stand in a part of a URL.

    Escapes that are there stay, unless one of them is malformed: then every ``%`` is
    taken as itself.
    """
    sound = len(_PERCENT.findall(text)) == text.count("%")
    escaped = quote(text.encode("utf-8", "surrogatepass"), safe=allowed + ("%" if sound else ""))
    return _PERCENT.sub(_tidy, escaped)


def _tidy(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")[1:]
    for part in parts:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    if parts[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
