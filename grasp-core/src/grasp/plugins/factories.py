"""Imports what a spec names, and checks the parameters it is to be made with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from grasp.contracts import ConfigError, GraspError, PluginError
from grasp.plugins.loading import cause
from grasp.plugins.nearest import hint
from grasp.plugins.plugin import Plugin
from grasp.plugins.quiet import stdout_to_stderr
from grasp.plugins.specs import Spec
from grasp.plugins.values import check_types

#: What one thing of a kind is called.
SINGULAR = {
    "tasks": "task",
    "methods": "method",
    "agents": "agent",
    "gates": "gate",
    "executors": "executor",
}


def import_target(plugin: Plugin, spec: Spec, dotted: str) -> Any:
    """Import something a spec names by its dotted path.

    Raises:
        PluginError: It can't be imported; names the distribution and the remedy.
    """
    module, _, path = dotted.partition(":")
    try:
        with stdout_to_stderr():
            target: Any = import_module(module)
        for part in path.split("."):
            target = getattr(target, part)
    except (GraspError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        raise _unusable(plugin, spec, "can't be imported", error) from error
    return target


def import_factory(plugin: Plugin, spec: Spec) -> Callable[..., Any]:
    """Import a spec's factory; raises like ``import_target``."""
    target = import_target(plugin, spec, spec.factory)
    if not callable(target):
        raise PluginError(
            f"{spec.factory} of {plugin.distribution} is not callable",
            f"report this to the authors of {plugin.distribution}",
        )
    factory: Callable[..., Any] = target
    return factory


def make(plugin: Plugin, spec: Spec, params: Mapping[str, Any]) -> Any:
    """Call a spec's factory with its options and parameters.

    Raises:
        PluginError: The factory can't be imported or misses a module.
        ConfigError: A parameter it doesn't take, lacks or refuses.
    """
    factory = import_factory(plugin, spec)
    params = validated(plugin, spec, params)
    given = {**spec.options, **params}
    _check_signature(factory, spec, given)
    check_types(factory, _told(spec), params)
    try:
        return factory(**given)
    except ImportError as error:  # Heavy modules are often imported this late.
        raise _unusable(plugin, spec, "can't be set up", error) from error


def validated(plugin: Plugin, spec: Spec, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters as a spec's model has them; as they are if it has no model.

    Raises:
        PluginError: The model can't be imported.
        ConfigError: A parameter it doesn't have or refuses.
    """
    if spec.params_model is None:
        return params
    return _validated(spec, import_target(plugin, spec, spec.params_model), params)


def extras(plugin: Plugin, spec: Spec) -> str:
    """Return the command that installs the extras a spec needs."""
    return f"pip install '{plugin.distribution}[{','.join(spec.requires)}]'"


def _unusable(plugin: Plugin, spec: Spec, what: str, error: BaseException) -> PluginError:
    distribution = plugin.distribution
    packaged = plugin.found.packaged
    if isinstance(error, ImportError) and spec.requires and packaged:
        remedy = extras(plugin, spec)
    elif isinstance(error, ModuleNotFoundError) and packaged:
        remedy = f"pip install --force-reinstall {distribution}"
    else:
        remedy = f"update {distribution}, or report this to its authors"
    return PluginError(f"{_told(spec)} of {distribution} {what} ({cause(error)})", remedy)


def _check_signature(factory: Callable[..., Any], spec: Spec, given: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return
    named = [p for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        _refuse_unknown(spec, given, (p.name for p in named))
    missing = [p.name for p in named if p.default is p.empty and p.name not in given]
    if missing:
        raise ConfigError(
            f"{_told(spec)} needs {' and '.join(missing)}",
            f"give {missing[0]} among its parameters",
        )


def _told(spec: Spec) -> str:
    return f"the {SINGULAR[spec.kind]} {spec.name!r}"


def _refuse_unknown(spec: Spec, given: Iterable[str], known: Iterable[str]) -> None:
    # What the plugin has bound is not the user's to set, so it is not suggested.
    names = [n for n in known if n not in spec.options]
    for name in given:
        if name not in names and name not in spec.options:
            raise ConfigError(
                f"{_told(spec)} has no parameter {name!r}",
                hint(name, names),
            )


def _validated(spec: Spec, model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Check parameters against a pydantic model, a dataclass or a typed dictionary."""
    validate = getattr(model, "model_validate", None)
    if validate is None:
        known = getattr(model, "__dataclass_fields__", None) or inspect.get_annotations(model)
        _refuse_unknown(spec, params, known)
        check_types(model, _told(spec), params)
        return dict(params)
    from pydantic import ValidationError

    _refuse_unknown(spec, params, model.model_fields)
    try:
        checked = validate(dict(params))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise ConfigError(
            f"{_told(spec)} can't use {where}: {first['msg']}",
            f"see the parameters of {spec.name} in its documentation",
        ) from None
    return {name: getattr(checked, name) for name in params}
