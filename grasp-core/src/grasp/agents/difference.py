"""Where two model calls differ first, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_AROUND = 24


def first_difference(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Describe the first difference of two ``call_content`` values; empty if there is none.

    Names the message (from 0) and the character (from 0), and shows both sides.
    """
    old, new = recorded.get("messages", []), asked.get("messages", [])
    for i, (a, b) in enumerate(zip(old, new, strict=False)):
        if a != b:
            return f"message {i} ({b.get('role')}) {_in_message(a, b)}"
    if len(old) != len(new):
        return f"the record has {len(old)} messages, this call {len(new)}"
    for name in sorted(set(recorded) | set(asked)):
        if recorded.get(name) != asked.get(name):
            return f"{name} differs {_in_text(_json(recorded.get(name)), _json(asked.get(name)))}"
    return ""


def _in_message(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if old.get("role") != new.get("role"):
        return f"has the role {new.get('role')!r}, in the record {old.get('role')!r}"
    if old.get("content") != new.get("content"):
        return f"differs {_in_text(_text(old.get('content')), _text(new.get('content')))}"
    name = min(k for k in set(old) | set(new) if old.get(k) != new.get(k))
    return f"differs in {name} {_in_text(_json(old.get(name)), _json(new.get(name)))}"


def _in_text(old: str, new: str) -> str:
    at = equal_start(old, new)
    return f"at character {at}: recorded {_around(old, at)}, now {_around(new, at)}"


def equal_start(one: str, other: str) -> int:
    """Return how many characters two texts have in common at the start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _AROUND), at + _AROUND
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    return repr(f"{before}{text[start:end]}{after}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
