"""Checks of a plugin's hooks and of what they register."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from grasp.plugins.hookspecs import ARGUMENTS, PROJECT
from grasp.plugins.nearest import nearest
from grasp.testing.checks import Blocked, Broken
from grasp.testing.plugin.case import PluginCase


def importable(case: PluginCase) -> Iterator[Broken]:
    """The plugin's module can be imported."""
    if isinstance(case.holder, BaseException):
        error = " ".join(f"{type(case.holder).__name__}: {case.holder}".split())
        yield Broken(
            f"{case.target} can't be imported ({error})",
            "import in plugin.py only grasp and the standard library, and do nothing there but "
            "define hooks; what a factory needs is imported in the factory's module",
        )


def known_hooks(case: PluginCase) -> Iterator[Broken]:
    """Every function that is or looks like a hook is one, and is marked."""
    for name, broken in _misnamed(case).items():
        near = nearest(name, ARGUMENTS)
        remedy = f"did you mean {near}?" if near else f"the hooks are {', '.join(ARGUMENTS)}"
        yield Broken(broken, remedy if "no hook" in broken else f"write @hookimpl above {name}")


def _misnamed(case: PluginCase) -> dict[str, str]:
    found: dict[str, str] = {}
    for attribute in dir(case.hooks):
        function = getattr(case.hooks, attribute, None)
        if not inspect.isroutine(function):
            continue
        options = getattr(function, f"{PROJECT}_impl", None)
        name = (options or {}).get("specname") or attribute
        if options is not None and name not in ARGUMENTS and not options.get("optionalhook"):
            found[name] = f"there is no hook {name}"
        elif options is None and attribute.startswith("grasp_"):
            known = attribute in ARGUMENTS
            why = "is not marked as one" if known else "is not one: there is no hook of that name"
            found[attribute] = f"{attribute} looks like a hook but {why}"
    return found


def loads(case: PluginCase) -> Iterator[Broken]:
    """The hooks register specs, each under a name of its own, with the arguments they have."""
    if _misnamed(case) and case.plugin.status == "broken":
        raise Blocked  # ``known_hooks`` says so already.
    if case.plugin.status == "disabled":
        yield Broken(
            f"{case.plugin.distribution} is switched off",
            "look at GRASP_DISABLE_PLUGINS, GRASP_DISABLE_AUTOLOAD and --no-plugin",
        )
    elif case.plugin.failed:
        yield Broken(
            f"{case.plugin.distribution} is {case.plugin.status}: {case.plugin.error}",
            "a hook takes only its argument of 'grasp.plugins.hookspecs', and calls register() "
            "with specs of its kind"
            if case.plugin.status == "broken"
            else "widen the range of grasp-core in pyproject.toml after testing with it",
        )


def states_its_core(case: PluginCase) -> Iterator[Broken]:
    """A distribution says which versions of grasp-core it is made for."""
    from grasp import __version__
    from grasp.plugins.entrypoints import CORE

    found = case.plugin.found
    if found.packaged and found.distribution != CORE and not found.core_requirement:
        yield Broken(
            f"{found.distribution} doesn't say which grasp-core it needs",
            f'dependencies = ["grasp-core{core_range(__version__)}"] in pyproject.toml: users '
            "are then told when it doesn't fit",
            "warning",
        )


def core_range(version: str) -> str:
    """Return the range of grasp-core to depend on: ``>=X.Y,<X+1``."""
    major, minor = version.split(".")[:2]
    return f">={major}.{minor},<{int(major) + 1}"


def described(case: PluginCase) -> Iterator[Broken]:
    """What is registered says in one line what it is."""
    silent = [f"{s.kind[:-1]} {s.name!r}" for s in case.specs if not s.summary.strip()]
    if silent:
        yield Broken(
            f"{', '.join(silent)}: no summary",
            "give the spec a summary; lists of plugins show it",
            "warning",
        )


CHECKS = (importable, known_hooks, loads, states_its_core, described)
