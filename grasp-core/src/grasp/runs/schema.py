"""The JSON schema of a run's configuration, with what the installed plugins add to it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel

from grasp.agents.settings import FIELDS
from grasp.contracts import GraspError
from grasp.methods.settings import CycleSettings
from grasp.plugins import Registry, registry
from grasp.plugins.parameters import parameters
from grasp.runs.config import RunConfig

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Where a configuration names something of a kind, and the section of its parameters.
_NAMED = (
    (RunConfig, "task", "tasks", "task_params"),
    (RunConfig, "method", "methods", None),
    (RunConfig, "executor", "executors", None),
    (CycleSettings, "gate", "gates", "gate_params"),
)

#: Called with each error that keeps a plugin's section out of the schema.
Complain = Callable[[GraspError], Any]


def run_schema(task: str | None = None, complain: Complain = lambda error: None) -> dict[str, Any]:
    """Return the JSON schema of what ``--config`` takes.

    It has every name of a setting that is accepted, the original's included, and the
    sections of plugins: ``task_params`` of each task, ``gate_params`` of each gate.

    Args:
        task: Only this task's section, and nothing of the others is imported.
        complain: Called for each plugin whose section can't be told.

    Raises:
        PluginError: There is no such task, or what it takes can't be found out.
    """
    plugins = registry()
    whole = RunConfig.model_json_schema(by_alias=False)
    definitions: dict[str, Any] = whole.pop("$defs")
    sections: dict[type[BaseModel], dict[str, Any]] = {
        RunConfig: whole,
        CycleSettings: definitions["CycleSettings"],
    }
    if task is not None:
        plugin, spec = plugins.find("tasks", task)
        section, own = parameters(plugin, spec).schema(f"{task}.")
        definitions |= own
        whole["title"] = f"A run on {task}"
    else:
        whole["title"] = "A run of GRASP"
    for model, key, kind, params in _NAMED:
        schema = sections[model]
        names = [task] if kind == "tasks" and task is not None else _names(plugins, kind)
        schema["properties"][key] = _choice(schema["properties"][key], names)
        if params is None:
            continue
        if kind == "tasks" and task is not None:
            schema["properties"][params] |= section
        else:
            _add_sections(plugins, kind, key, params, schema, definitions, complain)
    for field in ("agent", "writer"):
        known: dict[str, Any] = {name: {} for name in sorted(FIELDS)}
        whole["properties"][f"{field}_params"]["properties"] = known
        told = whole["properties"][field]
        shown = ", ".join(plugins.names("agents"))
        told["description"] = f"{told['description'].rstrip('.')}, such as {shown}."
    for section_of, schema in sections.items():
        _add_aliases(section_of, schema)
    _add_loose(whole, definitions["CycleSettings"])
    # Null is as good as nothing. Said here, an error is still told by the setting's name.
    definitions["CycleSettings"]["type"] = ["object", "null"]
    whole["description"] = "Settings of 'grasp run --config FILE'; all have defaults."
    return {"$schema": _DIALECT, **whole, "$defs": definitions}


def _names(plugins: Registry, kind: str) -> list[str]:
    """Return every name something of a kind can be asked for by: short ones first."""
    full = [f"{p.distribution}/{s.name}" for p, s in plugins.offers(kind)]
    return list(dict.fromkeys([*plugins.names(kind), *full]))


def _choice(schema: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the schema of a text that is one of these names, or null if it may be."""
    kept = {k: v for k, v in schema.items() if k not in ("anyOf", "type")}
    nullable = {"type": "null"} in schema.get("anyOf", ())
    return {**kept, "enum": [*names, None] if nullable else names}


def _add_sections(
    plugins: Registry,
    kind: str,
    key: str,
    params: str,
    schema: dict[str, Any],
    definitions: dict[str, Any],
    complain: Complain,
) -> None:
    """Say what parameters go with each name; where none is named, with the default."""
    rules = []
    short = plugins.names(kind)
    default = schema["properties"][key].get("default")
    for plugin, spec in plugins.offers(kind):
        full = f"{plugin.distribution}/{spec.name}"
        try:
            section, own = parameters(plugin, spec).schema(f"{full}.".replace("/", "."))
        except GraspError as error:
            complain(error)
            continue
        definitions |= own
        name = f"{full}.{params}".replace("/", ".")
        definitions[name] = section
        names = [n for n in (spec.name, full) if n == full or n in short]
        chosen: dict[str, Any] = {"properties": {key: {"enum": names}}}
        if default not in names:
            chosen["required"] = [key]
        then = {"properties": {params: {"$ref": f"#/$defs/{name}"}}}
        rules.append({"if": chosen, "then": then})
    if rules:
        schema["allOf"] = rules


def _add_aliases(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """Add every other name of a setting."""
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        for other in alias.choices if isinstance(alias, AliasChoices) else ():
            if other != name:
                same = copy.deepcopy(schema["properties"][name])
                same.pop("default", None)
                schema["properties"][str(other)] = {
                    **same,
                    "description": f"The original's name of {name}.",
                }
                both = {"type": "object", "required": [name, str(other)]}
                schema.setdefault("allOf", []).append({"not": both})


def _add_loose(whole: dict[str, Any], cycle: Mapping[str, Any]) -> None:
    """Add the loop's settings, which may stand at top level too."""
    for name, schema in cycle["properties"].items():
        if name not in whole["properties"]:
            same = {k: v for k, v in schema.items() if k != "default"}
            whole["properties"][name] = {**same, "description": f"The same as cycle.{name}."}
    whole["properties"]["cycle"] = {
        "$ref": "#/$defs/CycleSettings",
        "description": "How a method learns.",
    }
