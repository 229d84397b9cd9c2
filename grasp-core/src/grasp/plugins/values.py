"""Checks that the values of parameters are of the types a plugin declares."""

from __future__ import annotations

import inspect
import math
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from grasp.contracts import ConfigError

#: What YAML has. Callers in Python may have more, which is left to the plugin.
_PLAIN = (type(None), bool, int, float, str, list, tuple, Mapping)
_MODULES = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")


def check_types(holder: Any, told: str, params: Mapping[str, Any]) -> None:
    """Refuse values that are not of the declared types, before a plugin meets them.

    Values come from YAML, which says what is a number and what is text: a text is no number, a
    number no truth value, and ``5.0`` no ``int``; an ``int`` is a ``float``. No number is
    infinite. Parameters without a type, or of one that is no plain data, are left to the plugin.

    Args:
        holder: The factory, or the model of its parameters.
        told: What it makes, for the message.
        params: What it is to be given.

    Raises:
        ConfigError: A value is of another type.
    """
    if not params:
        return
    from pydantic import TypeAdapter, ValidationError

    try:
        types = typing.get_type_hints(_annotated(holder), include_extras=True)
    except Exception:  # Nothing that can be checked; third parties annotate as they like.
        return
    defaults = _defaults(holder)
    for name, value in params.items():
        known = isinstance(value, _PLAIN) and name in types
        if not known or (name in defaults and value is defaults[name]):
            continue
        try:
            taken = TypeAdapter(types[name]).validate_python(value)
            wrong = [one for one, other in _pairs(value, taken) if not _same_kind(one, other)]
        except ValidationError:
            wrong = [value]
        except Exception:  # No type of plain data; pydantic has many ways to say so.
            continue
        if wrong:
            raise ConfigError(f"{told} can't use {name}={value!r}", _remedy(types[name], wrong[0]))


def type_text(annotation: Any) -> str:
    """Return a type as one would write it; empty for none."""
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):
        return annotation
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is typing.Union:  # As Python 3.10 makes of a default of None.
        return " | ".join(type_text(one) for one in typing.get_args(annotation))
    return _MODULES.sub("", inspect.formatannotation(annotation)).replace("NoneType", "None")


def _annotated(holder: Any) -> Any:
    """Return what holds the annotations: of a class that is no model, how it is made."""
    if inspect.isclass(holder) and holder.__init__ is not object.__init__:
        return holder.__init__
    return holder


def _defaults(holder: Any) -> Mapping[str, Any]:
    try:
        found = inspect.signature(holder).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in found if p.default is not p.empty}


def _pairs(value: Any, taken: Any) -> Iterator[tuple[Any, Any]]:
    """Return each plain value within a value, and what it was taken for."""
    if isinstance(value, Mapping) and isinstance(taken, Mapping):
        for key in value.keys() & taken.keys():
            yield from _pairs(value[key], taken[key])
    elif isinstance(value, list) and isinstance(taken, list | tuple) and len(value) == len(taken):
        for one, other in zip(value, taken, strict=True):
            yield from _pairs(one, other)
    else:
        yield value, taken


def _same_kind(value: Any, taken: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if type(taken) not in (bool, int, float):  # Numbers with a meaning of their own, too.
        return True
    if isinstance(value, bool) or isinstance(taken, bool):
        return isinstance(value, bool) and isinstance(taken, bool)
    return isinstance(value, int) or (isinstance(value, float) and isinstance(taken, float))


def _remedy(annotation: Any, value: Any) -> str:
    kind = type_text(annotation)
    if isinstance(value, float) and not math.isfinite(value):
        return f"its type is {kind}, and finite"
    if isinstance(value, str) and _is_number(value):
        return f"its type is {kind}; YAML takes {value} for text: write it as in 1.0e+9"
    if isinstance(value, bool | int | float) and "str" in kind:
        return f"its type is {kind}; YAML takes {value} for no text: put it in quotes of its own"
    return f"its type is {kind}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
