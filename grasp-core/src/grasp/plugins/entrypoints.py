"""Reads entry points from installed metadata, and nothing more.

``importlib.metadata`` takes as long to import as all of click, so ordinary folders of
``sys.path`` are read directly: the name and version stand in the folder's name, the entry
points in one small file. Anything else on the path (a zip archive) is left to it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

GROUP = "grasp"
COMMANDS_GROUP = "grasp.commands"
CORE = "grasp-core"

DISABLE_VARIABLE = "GRASP_DISABLE_PLUGINS"


@dataclass(frozen=True)
class Found:
    """An entry point, before anything is imported.

    ``core_requirement`` is what its distribution asks of grasp-core, such as
    ``>=0.1,<1``; empty if it asks nothing.
    """

    distribution: str
    version: str
    entry_point: str
    target: str
    core_requirement: str = ""


def normal(name: str) -> str:
    """Return a distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def disabled_names(disabled: tuple[str, ...] = (), listed: str | None = None) -> set[str]:
    """Return the names switched off by arguments and by ``GRASP_DISABLE_PLUGINS``.

    Args:
        disabled: Names given as arguments.
        listed: Value of the variable; the environment's own by default.
    """
    names = os.environ.get(DISABLE_VARIABLE, "") if listed is None else listed
    return {normal(n.strip()) for n in (*names.split(","), *disabled) if n.strip()}


def entry_points(group: str) -> list[Found]:
    """Return the entry points of a group: core's first, then by distribution and name.

    A distribution that is on the path twice counts once, where Python would import it.
    """
    found: list[Found] = []
    seen: set[str] = set()
    for name, version, points, requires in _distributions():
        if name in seen:
            continue
        seen.add(name)
        targets = _parse(points).get(group, {})
        wanted = _core_requirement(requires()) if targets else ""
        found.extend(Found(name, version, n, target, wanted) for n, target in targets.items())
    return sorted(found, key=lambda f: (f.distribution != CORE, f.distribution, f.entry_point))


class _Requires:
    """Reads a distribution's requirements when they are asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self) -> list[str]:
        for name, prefix in (("METADATA", "Requires-Dist:"), ("PKG-INFO", "Requires-Dist:")):
            try:
                with open(
                    os.path.join(self._folder, name), encoding="utf-8", errors="replace"
                ) as f:
                    head = f.read().partition("\n\n")[0]
            except OSError:
                continue
            lines = head.splitlines()
            return [line[len(prefix) :].strip() for line in lines if line.startswith(prefix)]
        return []


def _distributions() -> Iterator[tuple[str, str, str, _Requires | _Ready]]:
    """Yield (name, version, text of entry_points.txt, requirements) of GRASP's plugins."""
    for place in dict.fromkeys(p or os.getcwd() for p in sys.path):
        try:
            entries = sorted(e.name for e in os.scandir(place))
        except NotADirectoryError:
            yield from _archived(place)
            continue
        except OSError:
            continue
        for entry in entries:
            if not entry.endswith((".dist-info", ".egg-info")):
                continue
            folder = os.path.join(place, entry)
            try:
                with open(os.path.join(folder, "entry_points.txt"), encoding="utf-8") as file:
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            if f"[{GROUP}" in text:
                name, _, version = entry.rpartition(".")[0].partition("-")
                version = version.partition("-py")[0]
                yield normal(name), version, text, _Requires(folder)


class _Ready:
    """Requirements that are known already."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def __call__(self) -> list[str]:
        return self._lines


def _archived(place: str) -> Iterator[tuple[str, str, str, _Ready]]:
    if not place.endswith((".zip", ".whl", ".egg", ".pyz")):
        return
    import importlib_metadata

    try:
        for one in importlib_metadata.distributions(path=[place]):
            text = one.read_text("entry_points.txt") or ""
            if f"[{GROUP}" in text:
                yield normal(one.metadata["Name"]), one.version, text, _Ready(one.requires or [])
    except Exception:
        return  # A damaged archive has no plugins to offer.


def _parse(text: str) -> dict[str, dict[str, str]]:
    """Read the INI form of ``entry_points.txt``."""
    groups: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            current = groups.setdefault(line[1:-1].strip(), {})
        elif "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            current[name.strip()] = target.partition("[")[0].strip()
    return groups


def _core_requirement(lines: list[str]) -> str:
    for line in lines:
        match = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(;.*)?$", line)
        if match and normal(match.group(1)) == CORE and not match.group(3):
            return match.group(2).strip()
    return ""
