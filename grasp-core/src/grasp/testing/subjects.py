"""From what a caller names or passes to something that can be examined."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grasp.contracts import PluginError
from grasp.plugins import load_method, registry
from grasp.plugins.entrypoints import normal
from grasp.plugins.factories import SINGULAR, make
from grasp.plugins.nearest import hint
from grasp.plugins.plugin import Plugin
from grasp.plugins.specs import Spec

#: What the kit can check.
KINDS = ("task", "method", "agent", "gate", "plugin")

_CHECKED = [plural for plural, singular in SINGULAR.items() if singular in KINDS]
_PLURAL = {singular: plural for plural, singular in SINGULAR.items()}


@dataclass(frozen=True)
class Subject:
    """Something to examine.

    Attributes:
        name: For messages.
        build: Returns it; a new one each time if ``rebuilds``.
        rebuilds: It was given as a name or a class.
        registered: The name it is registered under, or ``None``.
        plugin: The plugin that registers it, or ``None``.
        spec: How it is registered, or ``None``.
    """

    name: str
    build: Callable[[], Any]
    rebuilds: bool
    registered: str | None = None
    plugin: Plugin | None = None
    spec: Spec | None = None


def subject(kind: str, given: Any, params: Mapping[str, Any]) -> Subject:
    """Return what a caller means.

    Args:
        kind: ``task``, ``method``, ``agent`` or ``gate``.
        given: A registered name, a class, or an object; for tasks, methods and gates also
            a function that makes one.
        params: Parameters to make it with.

    Raises:
        PluginError: Nobody registers that name.
    """
    if isinstance(given, str):
        plugin, spec = registry().find(_PLURAL[kind], given)
        build: Callable[[], Any] = functools.partial(make, plugin, spec, params)
        if kind == "method":  # The class itself; a run makes the object.
            build = functools.partial(load_method, given)
        return Subject(given, build, True, given, plugin, spec)
    name = getattr(given, "__qualname__", "") or type(given).__qualname__
    if kind == "method":
        return Subject(name, lambda: given, True)
    if isinstance(given, type) or (kind != "agent" and callable(given)):
        return Subject(name, functools.partial(given, **params), True)
    return Subject(name, lambda: given, False)


def find_kind(name: str) -> str:
    """Return the one kind of thing that has a name.

    A plugin is meant only where nothing it registers has its name: what is registered is
    checked together with its plugin.

    Raises:
        PluginError: Nothing has it, or several kinds have.
    """
    short = name.rpartition("/")[2]
    kinds = [
        SINGULAR[plural]
        for plural in _CHECKED
        if any(s.name == short for _, s in registry().offers(plural))
    ]
    if not kinds and find_plugins(name):
        return "plugin"
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        kinds.sort(key=KINDS.index)
        raise PluginError(
            f"{name!r} is the name of a {' and of a '.join(kinds)}",
            f"say which: --kind {' or --kind '.join(kinds)}",
        )
    known = [n for plural in _CHECKED for n in registry().names(plural)]
    raise PluginError(
        f"nothing that can be checked is called {name!r}",
        hint(name, [*known, *(p.distribution for p in registry().plugins)]),
    )


def find_plugins(name: str) -> list[Plugin]:
    """Return the plugins of a distribution, of an entry point or of a ``--plugin`` module."""
    wanted = normal(name)
    plugins = registry().plugins
    return [p for p in plugins if normal(p.distribution) == wanted] or [
        p for p in plugins if normal(p.found.entry_point) == wanted
    ]
