"""Where two records of the same thing differ first, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from grasp.agents.difference import equal_start

_LONGEST = 60
_AROUND = 20


def difference(one: Any, other: Any, path: str = "") -> str:
    """Describe the first difference of two JSON-like values; empty if there is none."""
    where = f"{path}: " if path else ""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in [*one, *(k for k in other if k not in one)]:
            if key not in one or key not in other:
                return f"{where}{key!r} is only in {'the second' if key in other else 'the first'}"
            inner = difference(one[key], other[key], f"{path}.{key}" if path else str(key))
            if inner:
                return inner
        return ""
    if _is_list(one) and _is_list(other):
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            inner = difference(a, b, f"{path}[{index}]")
            if inner:
                return inner
        return "" if len(one) == len(other) else f"{where}{len(one)} items, then {len(other)}"
    if (one == other and type(one) is type(other)) or _both_nan(one, other):
        return ""
    return f"{where}{_shown(one, other)}, then {_shown(other, one)}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _both_nan(one: Any, other: Any) -> bool:
    return all(isinstance(v, float) and math.isnan(v) for v in (one, other))


def _shown(value: Any, other: Any) -> str:
    """Show a value; of a long text the part around the first difference."""
    if isinstance(value, str) and isinstance(other, str) and len(value) > _LONGEST:
        start = max(0, equal_start(value, other) - _AROUND)
        value = ("…" if start else "") + value[start : start + _LONGEST]
    text = repr(value)
    return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST]}…"
