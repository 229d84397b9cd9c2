"""Reads entry points from installed metadata, and nothing more.

``importlib.metadata`` takes as long to import as all of click, so ordinary folders of
``sys.path`` are read directly: the entry points stand in one small file of each
distribution's metadata folder. Anything else on the path (a zip archive) is left to
``importlib-metadata``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

GROUP = "grasp"
COMMANDS_GROUP = "grasp.commands"
CORE = "grasp-core"


class Found(NamedTuple):
    """An entry point, before anything is imported.

    ``core_requirement`` is what its distribution asks of grasp-core, such as
    ``>=0.1,<1``; empty if it asks nothing. ``packaged`` is false for a module that was
    named on the command line. ``docs`` is the address of its documentation or its home.
    """

    distribution: str
    version: str
    entry_point: str
    target: str
    core_requirement: str = ""
    packaged: bool = True
    docs: str = ""


def normal(name: str) -> str:
    """Return a distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def entry_points(group: str) -> list[Found]:
    """Return the entry points of a group: core's first, then by distribution and name.

    A distribution that is on the path twice counts once, where Python would import it.
    Two distributions that use one name for an entry point are both there.
    """
    found: list[Found] = []
    seen: set[str] = set()
    for distribution in _distributions(group):
        name = normal(distribution.name)
        if name in seen:
            continue
        seen.add(name)
        requirement = _core_requirement(distribution.requires)
        found.extend(
            Found(name, distribution.version, point, target, requirement, docs=distribution.docs)
            for point, target in distribution.points.items()
        )
    return sorted(found, key=lambda f: (f.distribution != CORE, f.distribution, f.entry_point))


class _Distribution(NamedTuple):
    """What GRASP reads of an installed distribution's metadata."""

    name: str
    version: str
    requires: list[str]
    points: dict[str, str]
    docs: str


def _distributions(group: str) -> Iterator[_Distribution]:
    """Yield the distributions with entry points of a group, in the order of ``sys.path``.

    Of all others, one file is read: nothing is kept from one call to the next, so that
    what is installed or removed meanwhile is seen.
    """
    shadowed: set[str] = set()
    for place in _places():
        try:
            entries = os.listdir(place)
        except NotADirectoryError:
            yield from _archived(place, group)
            continue
        except OSError:
            continue
        for entry in sorted(entries):
            # pip leaves folders with a tilde behind when it is interrupted.
            if not entry.endswith((".dist-info", ".egg-info")) or entry.startswith("~"):
                continue
            stem, _, version = entry.rpartition(".")[0].partition("-")
            if normal(stem) in shadowed:
                continue
            shadowed.add(normal(stem))
            folder = os.path.join(place, entry)
            points = _points(_read(folder, "entry_points.txt"), group)
            if points:
                yield _described(folder, stem, version.partition("-py")[0], points)


def _places() -> list[str]:
    places = []
    for place in sys.path:
        if isinstance(place, str):
            try:
                places.append(place or os.getcwd())
            except OSError:  # The working directory is gone.
                continue
    return list(dict.fromkeys(places))


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _described(folder: str, name: str, version: str, points: dict[str, str]) -> _Distribution:
    """Read name, version and requirements; the folder's name serves where a file lacks."""
    text = _read(folder, "METADATA") or _read(folder, "PKG-INFO")
    requires = _read(folder, "requires.txt").partition("\n[")[0].splitlines()
    addresses: list[str] = []
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        if key == "Name":
            name = value.strip() or name
        elif key == "Version":
            version = value.strip() or version
        elif key == "Requires-Dist":
            requires.append(value.strip())
        elif key == "Project-URL":
            addresses.append(value)
    return _Distribution(name, version, requires, points, _docs(addresses))


def _archived(place: str, group: str) -> Iterator[_Distribution]:
    if not place.endswith((".zip", ".whl", ".egg", ".pyz")):
        return
    try:
        import importlib_metadata

        for one in importlib_metadata.distributions(path=[place]):
            points = _points(one.read_text("entry_points.txt") or "", group)
            if points:
                yield _Distribution(
                    one.metadata["Name"],
                    one.version,
                    list(one.requires or ()),
                    points,
                    _docs(one.metadata.get_all("Project-URL") or ()),
                )
    except Exception:
        return  # A damaged archive has no plugins to offer.


def _docs(addresses: Iterable[str]) -> str:
    """Return the documentation, else the home, of what metadata calls ``Label, address``."""
    known: dict[str, str] = {}
    for text in addresses:
        label, _, address = text.partition(",")
        known.setdefault(re.sub(r"[^a-z]", "", label.lower()), address.strip())
    labels = ("documentation", "docs", "homepage")
    return next((known[label] for label in labels if label in known), "")


def _points(text: str, group: str) -> dict[str, str]:
    """Return the names and targets of a group from the INI form of ``entry_points.txt``."""
    points: dict[str, str] = {}
    if group not in text:
        return points
    inside = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            inside = line[1:-1].strip() == group
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            points[name.strip()] = target.partition("[")[0].strip()
    return points


_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(;.*)?$")


def _core_requirement(requires: list[str]) -> str:
    """Return what the requirements ask of grasp-core; those of extras don't count."""
    ranges = []
    for line in requires:
        match = _REQUIREMENT.match(line)
        if match and normal(match.group(1)) == CORE and not match.group(3):
            ranges.append(match.group(2).strip())
    return ",".join(filter(None, ranges))
