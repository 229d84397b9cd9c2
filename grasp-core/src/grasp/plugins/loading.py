"""Loads one plugin on its own: whatever it does wrong, it breaks nothing but itself."""

from __future__ import annotations

import inspect
import time
from importlib import import_module
from typing import Any

import pluggy

from grasp.contracts import GraspError
from grasp.plugins import hookspecs
from grasp.plugins.entrypoints import Found
from grasp.plugins.hookspecs import ARGUMENTS, PROJECT, REGISTER_HOOKS
from grasp.plugins.nearest import nearest
from grasp.plugins.plugin import Plugin
from grasp.plugins.quiet import stdout_to_stderr
from grasp.plugins.specs import Spec
from grasp.plugins.versions import unfit, upgrade


def load(found: Found) -> Plugin:
    """Import one plugin and let it register; never raises for what the plugin does."""
    plugin = Plugin(found)
    plugin.error = unfit(found)
    if plugin.error:
        plugin.status = "incompatible"
        plugin.hint = upgrade(found)
        return plugin
    started = time.perf_counter()
    try:
        with stdout_to_stderr():
            plugin.manager = _registered(plugin, _import(found.target))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and the like must not end the program.
        plugin.status = "broken"
        plugin.error = str(error) if isinstance(error, Refused) else cause(error)
        plugin.hint = _remedy(found, error)
        plugin.specs = []
    plugin.seconds = time.perf_counter() - started
    return plugin


class Refused(Exception):
    """A plugin does something the hooks don't allow; the text says what."""


def _import(target: str) -> Any:
    module, _, path = target.partition(":")
    holder: Any = import_module(module)
    for part in filter(None, path.split(".")):
        holder = getattr(holder, part)
    return holder


def _registered(plugin: Plugin, holder: Any) -> pluggy.PluginManager:
    """Check the hooks of a module (or object), then call those that register."""
    manager = _Hooks(PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in dir(holder):
        _check_hook(manager, holder, name)
    manager.register(holder, plugin.found.entry_point)
    for hook, kind in REGISTER_HOOKS.items():
        registrar = _Registrar(plugin, hook, kind)
        getattr(manager.hook, hook)(register=registrar)
        registrar.closed = True
    return manager


class _Hooks(pluggy.PluginManager):
    """The hooks of one plugin.

    Every plugin has its own, so pluggy's search for hooks is kept to names that can be one.
    """

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        return super().parse_hookspec_opts(module_or_class, name) if name in ARGUMENTS else None

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


def _check_hook(manager: pluggy.PluginManager, holder: Any, name: str) -> None:
    options = manager.parse_hookimpl_opts(holder, name)
    if options is None:
        looks_like_one = name in ARGUMENTS or name.startswith("grasp_register_")
        if looks_like_one and inspect.isroutine(getattr(holder, name, None)):
            raise Refused(f"{name} is not marked with @grasp.hookimpl")
        return
    hook = options.get("specname") or name
    if hook not in ARGUMENTS:
        if options.get("optionalhook"):
            return
        near = nearest(hook, ARGUMENTS)
        raise Refused(f"there is no hook {hook}" + (f"; did you mean {near}?" if near else ""))
    for argument in _arguments(getattr(holder, name)):
        if argument != ARGUMENTS[hook]:
            raise Refused(f"{hook} takes {ARGUMENTS[hook]!r}, it has no argument {argument!r}")


def _arguments(function: Any) -> list[str]:
    """Return the arguments pluggy would pass: positional ones without a default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional and p.default is p.empty]


class _Registrar:
    """The ``register`` argument of a hook: checks and keeps one spec."""

    def __init__(self, plugin: Plugin, hook: str, kind: type[Spec]) -> None:
        self._plugin, self._hook, self._kind = plugin, hook, kind
        self.closed = False

    def __call__(self, spec: Spec) -> None:
        if self.closed:
            raise Refused(f"{self._hook} is over: register inside the hook")
        if not isinstance(spec, self._kind):
            given = spec.__name__ if isinstance(spec, type) else f"a {type(spec).__name__}"
            raise Refused(f"{self._hook} registered {given}, not a {self._kind.__name__}")
        if any(s.kind == spec.kind and s.name == spec.name for s in self._plugin.specs):
            raise Refused(f"{self._hook} registered {spec.name!r} twice")
        self._plugin.specs.append(spec)


def cause(error: BaseException) -> str:
    """Return on one line what foreign code did instead of what it was called for."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"[:300]
    return one_line(error)


def one_line(error: BaseException, limit: int = 300) -> str:
    """Return an exception's type and text on one line of bounded length."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # An exception that can't even be printed.
        text = ""
    name = type(error).__name__
    if not text or isinstance(error, GraspError):
        return (text or name)[:limit]
    line = f"{name}: {text}"
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _remedy(found: Found, error: BaseException) -> str:
    if not found.packaged:
        if isinstance(error, ModuleNotFoundError):
            if found.target.endswith(".py"):
                return "--plugin takes a module's name: without .py, dots for slashes"
            if error.name == found.target.partition(":")[0]:
                return "look at the spelling, or set PYTHONPATH to the folder it lies in"
        return "mend it and try again"
    off = f"leave it out with --no-plugin {found.distribution}"
    if isinstance(error, ModuleNotFoundError):
        return f"pip install --force-reinstall {found.distribution}, or {off}"
    if isinstance(error, Refused):
        return f"update {found.distribution} (it may be made for another grasp-core), or {off}"
    return f"update {found.distribution}, or {off}"
