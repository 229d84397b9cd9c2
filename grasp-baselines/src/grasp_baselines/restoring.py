"""Reads what a run has learned back from JSON data, which a file may have damaged."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")

_TEXTS = tuple[str, ...]
_PLAIN: dict[Any, str] = {str: "a text", int: "a number", bool: "a truth value"}


def texts(data: Any, name: str) -> tuple[str, ...]:
    """Return a list of texts.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(data, list | tuple) or not all(isinstance(one, str) for one in data):
        raise ValueError(f"{name} is not a list of texts")
    return tuple(data)


def rows(kind: type[T], data: Any) -> tuple[T, ...]:
    """Return a list of mappings as the dataclass they were made of.

    Its fields are texts, lists of texts, numbers and truth values.

    Raises:
        ValueError: It is no such list, or a field is missing, unknown or of another type.
    """
    name = kind.__name__.lower()
    if not isinstance(data, list | tuple) or not all(isinstance(one, dict) for one in data):
        raise ValueError(f"the {name}s are not a list of mappings")
    return tuple(_row(kind, name, one) for one in data)


def _row(kind: type[T], name: str, data: dict[str, Any]) -> T:
    known = get_type_hints(kind)
    found: dict[str, Any] = {}
    for field, value in data.items():
        if field not in known:
            raise ValueError(f"a {name} has the unknown field {field}")
        wanted = known[field]
        if wanted == _TEXTS:
            found[field] = texts(value, f"{field} of a {name}")
        elif wanted in _PLAIN and type(value) is not wanted:  # A truth value is no number here.
            raise ValueError(f"{field} of a {name} is not {_PLAIN[wanted]}")
        else:
            found[field] = value
    for needed in fields(kind):  # type: ignore[arg-type]
        if needed.name not in found and needed.default is MISSING:
            raise ValueError(f"a {name} has no {needed.name}")
    return kind(**found)
