"""What can be set of a thing a plugin registers: names, types, defaults, as JSON schema."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grasp.plugins.factories import import_factory, import_target
from grasp.plugins.plugin import Plugin
from grasp.plugins.specs import Spec
from grasp.plugins.values import type_text

#: Default of a parameter that has none.
REQUIRED: Any = inspect.Parameter.empty

_ENTRY = re.compile(r"(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One thing that can be set.

    Attributes:
        name: Its name.
        type: As one would write it; empty if nothing says it.
        default: What holds where it is not set; ``REQUIRED`` if it must be.
        description: What it is, one line; empty if nothing says it.
        schema: JSON schema of its values, with its ``$defs``.
    """

    name: str
    type: str = ""
    default: Any = REQUIRED
    description: str = ""
    schema: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def required(self) -> bool:
        """It has no default."""
        return self.default is REQUIRED

    def default_json(self) -> Any:
        """Return the default as JSON has it, or its text."""
        return json.loads(json.dumps(self.default, default=_plain))

    def to_json(self) -> dict[str, Any]:
        """Return the parameter as JSON data."""
        shown = {} if self.required else {"default": self.default_json()}
        return {
            "name": self.name,
            "type": self.type,
            "required": self.required,
            **shown,
            "description": self.description,
        }


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Everything that can be set.

    Attributes:
        known: In the order of their declaration.
        others: Others are accepted too.
    """

    known: tuple[Parameter, ...] = ()
    others: bool = False

    def schema(self, prefix: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the JSON schema of a mapping of them, and the definitions it refers to.

        Args:
            prefix: Put before the definitions' names, which stand beside those of others.
        """
        properties: dict[str, Any] = {}
        definitions: dict[str, Any] = {}
        for one in self.known:
            own = dict(one.schema)
            named = own.pop("$defs", {})
            names = {name: f"{prefix}{one.name}.{name}" for name in named}
            properties[one.name] = _renamed(own, names)
            definitions |= {names[n]: _renamed(d, names) for n, d in named.items()}
            if one.description:
                properties[one.name]["description"] = one.description
            if not one.required:
                properties[one.name]["default"] = one.default_json()
        found: dict[str, Any] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": self.others,
        }
        required = [p.name for p in self.known if p.required]
        return {**found, "required": required} if required else found, definitions


@dataclasses.dataclass(frozen=True)
class NoParameters:
    """The ``params_model`` of what takes none."""


def parameters(plugin: Plugin, spec: Spec) -> Parameters:
    """Return what a spec's factory can be given.

    The model of its parameters says it, or the factory's signature and docstring. What
    the plugin has bound itself is left out.

    Raises:
        PluginError: The factory or the model can't be imported.
    """
    factory = import_factory(plugin, spec)
    if spec.params_model is not None:
        model = import_target(plugin, spec, spec.params_model)
        found = Parameters(tuple(_of_model(model)))
    else:
        found = _of_signature(factory)
    known = tuple(p for p in found.known if p.name not in spec.options)
    return dataclasses.replace(found, known=known)


def _of_model(model: Any) -> Iterator[Parameter]:
    """Read a pydantic model, a dataclass or a typed dictionary."""
    told = _told(model)
    hints = _hints(model)
    if hasattr(model, "model_fields"):
        whole = model.model_json_schema(by_alias=False)
        for name, field in model.model_fields.items():
            default = REQUIRED if field.is_required() else field.get_default()
            if field.default_factory is not None:
                default = field.get_default(call_default_factory=True, validated_data={})
            schema = dict(whole.get("properties", {}).get(name, {}))
            if "$defs" in whole:
                schema["$defs"] = whole["$defs"]
            text = " ".join((field.description or told.get(name, "")).split())
            yield Parameter(name, type_text(hints.get(name, REQUIRED)), default, text, schema)
    elif dataclasses.is_dataclass(model):
        for one in dataclasses.fields(model):
            default = one.default
            if one.default_factory is not dataclasses.MISSING:
                default = one.default_factory()
            yield _parameter(
                one.name,
                hints.get(one.name, one.type),
                REQUIRED if default is dataclasses.MISSING else default,
                told,
            )
    else:
        for name, annotation in hints.items():
            optional = name in getattr(model, "__optional_keys__", ())
            yield _parameter(name, annotation, None if optional else REQUIRED, told)


def _of_signature(factory: Callable[..., Any]) -> Parameters:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return Parameters(others=True)
    told = _told(factory)
    hints = _hints(factory.__init__ if inspect.isclass(factory) else factory)
    named = [
        p
        for p in signature.parameters.values()
        if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return Parameters(
        tuple(_parameter(p.name, hints.get(p.name, p.annotation), p.default, told) for p in named),
        others=any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()),
    )


def _parameter(name: str, annotation: Any, default: Any, told: Mapping[str, str]) -> Parameter:
    return Parameter(name, type_text(annotation), default, told.get(name, ""), _schema(annotation))


def _hints(holder: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(holder, include_extras=True)
    except Exception:  # A name that exists for type checkers alone.
        return dict(getattr(holder, "__annotations__", {}))


def _schema(annotation: Any) -> dict[str, Any]:
    """Return the JSON schema of a type; that of anything where it has none."""
    if annotation is REQUIRED or isinstance(annotation, str):
        return {}
    from pydantic import TypeAdapter

    try:
        found: dict[str, Any] = TypeAdapter(annotation).json_schema()
    except Exception:  # Pydantic has many ways to say that it doesn't know a type.
        return {}
    return found


def _told(holder: Any) -> dict[str, str]:
    """Read what a docstring in Google's style says of arguments or attributes."""
    own = getattr(holder, "__init__", None) if inspect.isclass(holder) else None
    texts = [inspect.getdoc(one) or "" for one in (own, holder) if one is not None]
    found: dict[str, str] = {}
    for text in texts:
        inside, depth, name = False, 0, ""
        for line in text.splitlines():
            indent = len(line) - len(line.lstrip())
            if line.strip() and not indent:
                inside, depth, name = line.strip() in ("Args:", "Attributes:"), 0, ""
            elif inside and line.strip():
                depth = depth or indent
                entry = _ENTRY.fullmatch(line.strip()) if indent == depth else None
                if entry:
                    name = entry.group(1)
                    found[name] = entry.group(2).strip()
                elif name:
                    found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    """Return a schema whose references lead to the new names of its definitions."""
    if isinstance(schema, Mapping):
        return {
            k: f"#/$defs/{names[v.rpartition('/')[2]]}"
            if k == "$ref" and isinstance(v, str) and v.rpartition("/")[2] in names
            else _renamed(v, names)
            for k, v in schema.items()
        }
    return [_renamed(v, names) for v in schema] if isinstance(schema, list) else schema


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)
