"""Whether a run's settings are still those it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.runs.config import RunConfig

#: Settings that change no answer, so that they may change between a run and its resumption.
_FREE = {("cycle", "concurrency"), ("output_dir",), ("executor",), ("budget",)}


def changed_settings(known: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Return each setting that changed, by its name with dots, and what it was and is.

    Args:
        known: What a run's folder says. What a setting of an older release lacks had its default.
        now: The same of the settings now.
    """
    defaults = RunConfig().to_yaml_data()
    found = _differences(_filled(known, defaults), now, ())
    return {
        ".".join(path): f"was {_short(before)}, is {_short(after)}"
        for path, (before, after) in sorted(found.items())
        if not any(path[: len(free)] == free for free in _FREE)
    }


def _filled(known: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    filled = {**defaults, **known}
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(filled[name], dict):
            filled[name] = {**default, **filled[name]}
    return filled


def _differences(a: Any, b: Any, path: tuple[str, ...]) -> dict[tuple[str, ...], tuple[Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict):
        found: dict[tuple[str, ...], tuple[Any, Any]] = {}
        for key in a.keys() | b.keys():
            found |= _differences(a.get(key), b.get(key), (*path, str(key)))
        return found
    return {} if a == b else {path: (a, b)}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
