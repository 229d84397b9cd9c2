"""Names to things: resolves what plugins registered, and imports it when it is used."""

from __future__ import annotations

import contextlib
import copy
import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from grasp.contracts import PluginError, Task
from grasp.plugins import selection
from grasp.plugins.discovery import load_selected
from grasp.plugins.entrypoints import normal
from grasp.plugins.factories import SINGULAR, import_factory, import_target, make
from grasp.plugins.loading import one_line
from grasp.plugins.nearest import nearest
from grasp.plugins.plugin import Plugin
from grasp.plugins.selection import Wish, configure
from grasp.plugins.specs import KINDS, Spec

__all__ = [
    "Registry",
    "configure",
    "emit",
    "fresh",
    "import_target",
    "load_agent",
    "load_executor",
    "load_gate",
    "load_method",
    "load_task",
    "registry",
]


class Registry:
    """All plugins that were found, and the names they registered."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = tuple(plugins)
        self._observers = [p for p in self.plugins if p.observes]
        self._muted: set[int] = set()

    def offers(self, kind: str) -> list[tuple[Plugin, Spec]]:
        """Return what plugins registered of a kind, in the order of ``plugins``."""
        return [(p, s) for p in self.plugins for s in p.specs if s.kind == kind]

    def names(self, kind: str) -> list[str]:
        """Return the names by which something of a kind can be asked for.

        Short where one plugin has it, ``distribution/name`` where several do.
        """
        offers = self.offers(kind)
        owners = Counter(s.name for _, s in offers)
        return [s.name if owners[s.name] == 1 else f"{p.distribution}/{s.name}" for p, s in offers]

    def clashes(self) -> list[PluginError]:
        """Return, of each short name that several plugins have, why it can't be used."""
        errors: list[PluginError] = []
        for kind in KINDS:
            owners: dict[str, list[tuple[Plugin, Spec]]] = {}
            for plugin, spec in self.offers(kind):
                owners.setdefault(spec.name, []).append((plugin, spec))
            errors.extend(
                self._ambiguous(kind, name, offers)
                for name, offers in owners.items()
                if len(offers) > 1
            )
        return errors

    def find(self, kind: str, name: str) -> tuple[Plugin, Spec]:
        """Return the plugin and the spec behind a name, short or qualified.

        Raises:
            PluginError: Nobody has it (with the nearest name), or several do.
        """
        owner, _, short = name.rpartition("/")
        matches = [
            (p, s)
            for p, s in self.offers(kind)
            if s.name == short and (not owner or normal(owner) == normal(p.distribution))
        ]
        if len(matches) == 1:
            return matches[0]
        raise self._ambiguous(kind, name, matches) if matches else self._unknown(kind, name)

    def _ambiguous(
        self, kind: str, name: str, matches: Sequence[tuple[Plugin, Spec]]
    ) -> PluginError:
        full = [f"{p.distribution}/{s.name}" for p, s in matches]
        owners = " and ".join(p.distribution for p, _ in matches)
        if len(set(full)) < len(full):  # One distribution, several entry points.
            points = " and ".join(p.found.entry_point for p, _ in matches)
            return PluginError(
                f"the {SINGULAR[kind]} {name!r} is registered by the entry points {points}",
                f"leave one out, such as --no-plugin {matches[-1][0].found.entry_point}",
            )
        return PluginError(
            f"the {SINGULAR[kind]} {name!r} is registered by {owners}",
            f"say which: {' or '.join(full)}",
        )

    def _unknown(self, kind: str, name: str) -> PluginError:
        names = self.names(kind)
        near = nearest(name, [*names, *(s.name for _, s in self.offers(kind))])
        remedy = f"did you mean {near}?" if near else f"there are: {', '.join(names) or 'none'}"
        # It may stand in a plugin that is not here, so say which ones are not.
        for plugin in () if near else self.plugins:
            if plugin.failed:
                remedy += f"; {plugin.distribution} is {plugin.status}: {plugin.error}"
            elif plugin.status == "disabled":
                remedy += f"; {plugin.distribution} is switched off"
        return PluginError(f"unknown {SINGULAR[kind]} {name!r}", remedy)

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
            ConfigError: A parameter the factory doesn't take, lacks or refuses.
        """
        return make(*self.find(kind, name), params)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Show an event to every observing plugin.

        An observer can't fail the run: it gets a copy of its own, and what it raises is
        logged the first time.
        """
        for index, plugin in enumerate(self._observers):
            assert plugin.manager is not None
            try:
                plugin.manager.hook.grasp_event(event=copy.deepcopy(dict(event)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._log_once(index, plugin, error)

    def _log_once(self, index: int, plugin: Plugin, error: BaseException) -> None:
        if index in self._muted:
            return
        self._muted.add(index)
        import logging

        logging.getLogger("grasp.plugins").warning(
            "the observer of %s failed (%s); its further failures are not shown",
            plugin.distribution,
            one_line(error),
        )


# -- this process's registry ---------------------------------------------------------


class _Process:
    """The registry in use, and the wish it was loaded for."""

    lock = threading.RLock()
    loading = False
    registry: Registry | None = None
    wish: Wish | None = None


def registry() -> Registry:
    """Return this process's registry; plugins are loaded at the first call.

    Raises:
        PluginError: A plugin asks for it while it is being loaded itself.
    """
    with _Process.lock:
        if _Process.loading:
            raise PluginError(
                "it uses other plugins while it is being loaded",
                "move the call into the function that needs it",
            )
        if _Process.registry is None or _Process.wish is not selection.wish():
            wish = selection.wish()
            _Process.loading = True
            try:
                _Process.registry = Registry(load_selected(wish.selection()))
            finally:
                _Process.loading = False
            _Process.wish = wish
        return _Process.registry


@contextlib.contextmanager
def fresh(disabled: Iterable[str] = (), modules: Iterable[str] = ()) -> Iterator[Registry]:
    """Use a registry of its own inside the block, for tests; the old one comes back.

    >>> with fresh(disabled=["grasp-medagentbench"]) as plugins:
    ...     "medagentbench" in plugins.names("tasks")
    False
    """
    with _Process.lock:
        kept = _Process.registry, _Process.wish
        before = configure(disabled, modules)
    try:
        yield registry()
    finally:
        with _Process.lock:
            selection.restore(before)
            _Process.registry, _Process.wish = kept


def load_task(name: str, /, **params: Any) -> Task:
    """Return the task of a name.

    Raises:
        PluginError: Unknown, ambiguous or not importable.
        ConfigError: A parameter it doesn't take, lacks or refuses.
    """
    task: Task = registry().build("tasks", name, params)
    if not getattr(task, "name", ""):
        task.name = name.rpartition("/")[2]
    task.origin = name, params
    return task


def load_method(name: str) -> Any:
    """Return the method class of a name; raises like ``load_task``."""
    factory, spec = registry().resolve("methods", name)
    return functools.partial(factory, **spec.options) if spec.options else factory


def load_agent(name: str, /, **params: Any) -> Any:
    """Return the agent backend of a name; raises like ``load_task``."""
    return registry().build("agents", name, params)


def load_gate(name: str, /, **params: Any) -> Any:
    """Return the gate of a name; raises like ``load_task``."""
    return registry().build("gates", name, params)


def load_executor(name: str, /, **params: Any) -> Any:
    """Return the executor of a name; raises like ``load_task``."""
    return registry().build("executors", name, params)


def emit(event: Mapping[str, Any]) -> None:
    """Show an event to observing plugins; never fails."""
    registry().emit(event)
