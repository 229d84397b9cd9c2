"""Names to things: resolves what plugins registered, and imports it when it is used."""

from __future__ import annotations

import difflib
import inspect
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from grasp.contracts import ConfigError, GraspError, PluginError
from grasp.plugins.discovery import Plugin, discover
from grasp.plugins.specs import Spec

_log = logging.getLogger("grasp.plugins")

_ONE = {"tasks": "task", "methods": "method", "agents": "agent", "gates": "gate",
        "executors": "executor"}  # fmt: skip


class Registry:
    """All loaded plugins and the names they registered."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = tuple(plugins)
        self._muted: set[str] = set()

    def offers(self, kind: str) -> list[tuple[Plugin, Spec]]:
        """Return what plugins registered of a kind, in the order of ``plugins``."""
        return [(p, s) for p in self.plugins for s in p.specs if s.kind == kind]

    def names(self, kind: str) -> list[str]:
        """Return the names by which something of a kind can be asked for.

        Short where one plugin has it, ``distribution/name`` where several do.
        """
        offers = self.offers(kind)
        short = [s.name for _, s in offers]
        return [
            s.name if short.count(s.name) == 1 else f"{p.distribution}/{s.name}" for p, s in offers
        ]

    def find(self, kind: str, name: str) -> tuple[Plugin, Spec]:
        """Return the plugin and the spec behind a name.

        Raises:
            PluginError: Nobody has it (with the nearest name), or several do.
        """
        one = _ONE[kind]
        matches = [
            (p, s) for p, s in self.offers(kind) if name in (s.name, f"{p.distribution}/{s.name}")
        ]
        if len(matches) == 1:
            return matches[0]
        if matches:
            owners = " and ".join(p.distribution for p, _ in matches)
            raise PluginError(
                f"the {one} {name!r} is registered by {owners}",
                "say which: " + " or ".join(f"{p.distribution}/{name}" for p, _ in matches),
            )
        known = self.names(kind)
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        broken = [p for p in self.plugins if p.status in ("broken", "incompatible")]
        if broken and not near:
            hint += f"; {broken[0].distribution} is {broken[0].status}: {broken[0].error}"
        raise PluginError(f"unknown {one} {name!r}", hint)

    def resolve(self, kind: str, name: str) -> tuple[Callable[..., Any], Spec]:
        """Return the imported factory behind a name.

        Raises:
            PluginError: As in ``find``, or the factory can't be imported.
        """
        plugin, spec = self.find(kind, name)
        return import_factory(plugin, spec), spec

    def build(self, kind: str, name: str, params: Mapping[str, Any]) -> Any:
        """Return what the factory behind a name makes of parameters.

        Raises:
            PluginError: As in ``resolve``.
            ConfigError: A parameter the factory doesn't take.
        """
        factory, spec = self.resolve(kind, name)
        given = {**spec.options, **params}
        _check_parameters(factory, spec, given)
        return factory(**given)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Show an event to every observing plugin; what they raise is logged once."""
        for plugin in self.plugins:
            if plugin.manager is None:
                continue
            for implementation in plugin.manager.hook.grasp_event.get_hookimpls():
                try:
                    implementation.function(
                        *(event for n in implementation.argnames if n == "event")
                    )
                except Exception as error:
                    if plugin.distribution not in self._muted:
                        self._muted.add(plugin.distribution)
                        _log.warning(
                            "%s: its observer failed (%s: %s); further failures are not shown",
                            plugin.distribution,
                            type(error).__name__,
                            error,
                        )


def import_factory(plugin: Plugin, spec: Spec) -> Callable[..., Any]:
    """Import a spec's factory; raises like ``import_target``."""
    target = import_target(plugin, spec, spec.factory)
    if not callable(target):
        raise PluginError(f"{spec.factory} of {plugin.distribution} is not callable")
    factory: Callable[..., Any] = target
    return factory


def import_target(plugin: Plugin, spec: Spec, dotted: str) -> Any:
    """Import something a spec names by its dotted path.

    Raises:
        PluginError: It can't be imported; names the distribution and the remedy.
    """
    module, _, path = dotted.partition(":")
    try:
        target: Any = import_module(module)
        for part in path.split("."):
            target = getattr(target, part)
    except GraspError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        if spec.requires and isinstance(error, ImportError):
            hint = f"pip install '{plugin.distribution}[{','.join(spec.requires)}]'"
        else:
            hint = f"update {plugin.distribution}, or report this to its authors"
        raise PluginError(
            f"the {_ONE[spec.kind]} {spec.name!r} of {plugin.distribution} can't be imported "
            f"({type(error).__name__}: {error})",
            hint,
        ) from error
    return target


def _check_parameters(factory: Callable[..., Any], spec: Spec, given: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return
    parameters = signature.parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                f"the {_ONE[spec.kind]} {spec.name!r} has no parameter {name!r}",
                f"did you mean {near[0]}?" if near else f"it has: {', '.join(known) or 'none'}",
            )
    missing = [
        p.name for p in parameters
        if p.default is p.empty and p.name in known and p.name not in given
    ]  # fmt: skip
    if missing:
        raise ConfigError(f"the {_ONE[spec.kind]} {spec.name!r} needs {', '.join(missing)}")


# -- this process's registry ---------------------------------------------------------

_lock = threading.Lock()
_current: Registry | None = None
_disabled: tuple[str, ...] = ()
_modules: tuple[str, ...] = ()


def configure(disabled: Sequence[str] = (), modules: Sequence[str] = ()) -> None:
    """Say what to leave out and what to load besides, before the first use of the registry.

    Forgets plugins that were loaded before.
    """
    global _current, _disabled, _modules
    with _lock:
        _current, _disabled, _modules = None, tuple(disabled), tuple(modules)


def registry() -> Registry:
    """Return this process's registry; plugins are loaded at the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = Registry(discover(_disabled, _modules))
        return _current


def load_task(name: str, **params: Any) -> Any:
    """Return the task of a name.

    Raises:
        PluginError: Unknown, ambiguous or not importable.
        ConfigError: A parameter it doesn't take.
    """
    task = registry().build("tasks", name, params)
    if not task.name:
        task.name = name
    return task


def load_method(name: str) -> Any:
    """Return the method class of a name; raises like ``load_task``."""
    return registry().resolve("methods", name)[0]


def load_agent(name: str, **params: Any) -> Any:
    """Return the agent backend of a name; raises like ``load_task``."""
    return registry().build("agents", name, params)


def load_gate(name: str, **params: Any) -> Any:
    """Return the gate of a name; raises like ``load_task``."""
    return registry().build("gates", name, params)


def load_executor(name: str, **params: Any) -> Any:
    """Return the executor of a name; raises like ``load_task``."""
    return registry().build("executors", name, params)


def emit(event: Mapping[str, Any]) -> None:
    """Show an event to observing plugins."""
    registry().emit(event)
